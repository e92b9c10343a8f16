"""Restarts of restarts: the latest execution began at some group, with steps Skipped there."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import NIGHT, Document, Row, ask, plan, ran, resume

_OPENED = ran("Q", "2Q cK dQ", "4Q eQ fQ")
_CHAINS: dict[str, tuple[Document, str]] = {
    "failed-again": (
        resume(NIGHT, ran("F", "2F cK dF", "4Q eQ fQ")),
        "a step that the restart skipped is completed: the restart of the restart skips it too",
    ),
    "failed-again-at-group": (
        resume(NIGHT, ran("F", "2F cK dF", "4Q eQ fQ"), 2),
        "a step that the restart skipped is completed, also where its group is asked for",
    ),
    "failed-again-recorded-as-succeeded": (
        resume(NIGHT, ran("F", "2F cS dF", "4Q eQ fQ")),
        "a host that records skipped steps as Succeeded gets the same answer",
    ),
    "one-more-step-done": (
        resume(plan("1:ab 2:cde 4:f"), ran("F", "2F cK dS eF", "4Q fQ")),
        "what was skipped and what was done since are both completed",
    ),
    "third-in-a-row": (
        resume(plan("1:ab 2:cde 4:f"), ran("F", "2F cK dK eF", "4Q fQ")),
        "work of the first run and of the second is not repeated by the third restart",
    ),
    "nothing-left": (
        resume(NIGHT, ran("F", "2F cK dS", "4Q eQ fQ")),
        "every step is done at last, but the group failed: it is the start, with nothing to run",
    ),
    "failed-in-the-next-group": (
        resume(NIGHT, ran("F", "2S cK dS", "4F eS fF")),
        "the restart got further: the next one begins where it failed, not where it began",
    ),
    "failed-in-the-next-group-then-again": (
        resume(NIGHT, ran("F", "4F eK fF")),
        "a restart's record has no groups before its start, and none of them failed",
    ),
    "group-before-its-start": (
        resume(NIGHT, ran("F", "2F cK dF", "4Q eQ fQ"), 1),
        "a group before the restart's own start has no outcome in it, so all of it runs",
    ),
    "succeeded-group-with-skipped-steps": (
        resume(NIGHT, ran("F", "2S cK dS", "4F eS fF"), 2),
        "Skipped and Succeeded steps of a succeeded group are both skipped",
    ),
    "skipped-whole-group": (
        resume(NIGHT, ran("F", "2S cK dK", "4F eF fS")),
        "a start group with nothing to run succeeded, and the restart failed later",
    ),
    "cut-off-before-it-began": (
        resume(NIGHT, ran("I", "2Q cK dQ", "4Q eQ fQ")),
        "a restart that began no group has no failed one",
    ),
    "cut-off-before-it-began-at-group": (
        resume(NIGHT, ran("I", "2Q cK dQ", "4Q eQ fQ"), 2),
        "a restart that began no group has no failed one, at whichever group",
    ),
    "cut-off-in-its-start-group": (
        resume(NIGHT, ran("I", "2P cK dP", "4Q eQ fQ")),
        "the group that was running when the restart was cut off failed; its skipped steps are completed",
    ),
    "began-after-a-failure": (
        resume(NIGHT, ran("F", "4F eF fS")),
        "the restart began after the failed group of the run before, which is not looked at any more",
    ),
    "began-after-a-failure-and-succeeded": (
        resume(NIGHT, ran("S", "4S eS fS")),
        "the latest execution has no failed group, whatever failed in the run before it",
    ),
    "began-after-a-failure-resume-there": (
        resume(NIGHT, ran("F", "4F eF fS"), 2),
        "a group that failed in an earlier run has no outcome in the latest: all of it runs",
    ),
    "succeeded": (
        resume(NIGHT, ran("S", "2S cK dS", "4S eS fS")),
        "the restart finished the work: there is nothing to resume",
    ),
    "succeeded-at-group": (
        resume(NIGHT, ran("S", "2S cK dS", "4S eS fS"), 2),
        "the restart finished the work: there is nothing to resume, at whichever group",
    ),
    "skipped-alone-is-no-failure": (
        resume(NIGHT, ran("S", "2S cK dK", "4S eK fK"), 4),
        "Skipped is neither a failure nor work left",
    ),
    "opened": (
        resume(NIGHT, _OPENED),
        "a restart that was accepted is the latest execution, and waits to run",
    ),
    "opened-start-over": (
        ask(NIGHT, _OPENED, 0),
        "two restarts at the same moment: the second one finds the first in queue",
    ),
    "id-of-the-run-before": (
        ask(NIGHT, ran("F", "2F cK dF", "4Q eQ fQ", id_=13), 0, 12),
        "the run that was restarted is not the latest any more",
    ),
    "lower-id-than-the-run-before": (
        resume(NIGHT, ran("F", "2F cK dF", "4Q eQ fQ", id_=3)),
        "a restart may get a lower id than the run before it: the host says which one is the latest",
    ),
    "started-over-and-failed-later": (
        resume(NIGHT, ran("F", "1S aS bS", "2S cS dS", "4F eF fS", id_=13)),
        "a plan that was started over is resumed where it failed this time",
    ),
    "step-added-meanwhile": (
        resume(plan("1:ab 2:cdx 4:ef"), ran("F", "2F cK dF", "4Q eQ fQ")),
        "a step added between two restarts has no outcome, and runs",
    ),
    "skipped-step-removed-meanwhile": (
        resume(plan("1:ab 2:d 4:ef"), ran("F", "2F cK dF", "4Q eQ fQ")),
        "a skipped step that is gone is not skipped, it is gone",
    ),
    "lost-history": (
        resume(NIGHT, ran("F", "2F ?", "4Q eQ fQ")),
        "the restart kept no history, so what the run before it completed does not count",
    ),
}


def rows() -> Iterator[Row]:
    """All of them."""
    for name, (scenario, why) in _CHAINS.items():
        yield Row(f"chains/{name}", why, scenario)
