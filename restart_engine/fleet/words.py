"""How the table and the picture say a share, and the fleet in one sentence."""

from __future__ import annotations

from restart_engine.fleet.summary import Summary


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
