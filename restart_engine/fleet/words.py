"""What the parts of a summary are called, in the table and in the picture."""

from __future__ import annotations

from typing import Final

from restart_engine.fleet.summary import Summary

STARTED: Final = {
    "S3": "resume at the first failed group",
    "S4": "resume at the group that they name",
    "S2": "start at the group that they name",
    "S1": "start over",
}
"""By starting rule, those that resume first."""

REJECTED: Final = {
    "R1": "the load plan is running already",
    "R2": "the id is not the latest execution's",
    "R3": "no group failed in the latest execution",
    "R4": "the load plan has no such group",
    "R5": "the group's step history is unavailable",
}

NOTED: Final = {
    "earlierGroupsStayFailed": "failed groups before the start stay failed",
    "groupsChanged": "the plan's groups have changed since",
    "nothingToRun": "the start group has nothing left to run",
    "stepsChanged": "the start group's steps have changed since",
}


def share(part: int, whole: int) -> str:
    """A part as a percentage; neither all nor nothing where it is not exactly that."""
    if not whole:
        return "-"
    text = f"{part / whole:.0%}"
    if part and text == "0%":
        return "<1%"
    return ">99%" if part < whole and text == "100%" else text


def finding(summary: Summary) -> str:
    """The fleet in one sentence."""
    count = summary.scenarios
    if not count:
        return "no scenarios"
    of = f"{summary.resumed:,} of {count:,} scenarios can resume ({share(summary.resumed, count)})"
    if not summary.steps_in_plan:
        return of
    saved = share(summary.steps_saved, summary.steps_in_plan)
    return f"{of}; the accepted restarts save {saved} of their steps"
