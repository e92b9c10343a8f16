"""S1 to S4: where a restart begins when nothing rejects, and what it runs there."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    NIGHT,
    OF_RUN,
    OVER,
    STATUSES,
    STOPPED,
    Row,
    ask,
    plan,
    ran,
    resume,
    word,
)

_WHOLE = ran("S", "1S aS bS", "2S cS dS", "4S eS fS")
_TENS = plan("10:a 20:bc 30:d")
_DIGITS = plan("2:a 9:b 10:c 11:d 100:e")
"""Sequences that sort otherwise as text."""

_BEFORE = {
    "after-a-success": _WHOLE,
    "after-a-failure": STOPPED,
    "after-lost-history": ran("F", "1F ?", "2F ?"),
    "after-an-interruption": ran("I", "1S aS bS", "2I cS dI"),
    "after-nothing-began": ran("F"),
    "after-a-first-group-of-successes": ran("F", "1S aS bS", "2S cS dS"),
    "after-the-first-group-failed": ran("F", "1F aS bF"),
}
"""Executions that are over, by what they are like."""


def start_over() -> Iterator[Row]:
    """S1."""
    yield Row("S1/never-ran", "what never ran starts at the first group", ask(NIGHT, None, 0))
    for name, latest in _BEFORE.items():
        yield Row(
            f"S1/{name}",
            "without an id the restart starts over, whole: nothing is resumed and nothing is skipped",
            ask(NIGHT, latest, 0),
        )
    for status in OVER:
        yield Row(
            f"S1/{word(status)}-execution",
            "an execution that is over, in whichever way, is no job that runs",
            ask(plan("1:ab 3:c"), ran(status, "1F aS bF"), 0),
        )
    for name, groups in {
        "gap-before-the-first": "5:a 6:b",
        "single-group": "3:abc",
        "tens": "10:a 20:bc 30:d",
    }.items():
        yield Row(
            f"S1/{name}",
            "the first group is the one of the lowest number, not group 1",
            ask(plan(groups), None, 0),
        )
    yield Row(
        "S1/digits",
        "groups are ordered as numbers: 2 before 10 and 100",
        ask(_DIGITS, ran("F", "2S aS", "9F bF"), 0),
    )
    yield Row(
        "S1/first-failed-gone",
        "without an id nobody looks for the failed group, so that it is gone rejects nothing",
        ask(plan("2:cd 4:ef"), ran("F", "1F aF bS"), 0),
    )
    yield Row(
        "S1/recorded-groups-before-the-plan",
        "the first group of the plan as it is now, not of the record",
        ask(plan("3:a 4:b"), ran("S", "1S xS", "2S yS", "3S aS", "4S bS"), 0),
    )


def start_at_group() -> Iterator[Row]:
    """S2."""
    for group in (1, 2, 4):
        yield Row(
            f"S2/never-ran-at-{group}",
            "a plan that never ran can start at any of its groups, which runs whole",
            ask(NIGHT, None, group),
        )
        yield Row(
            f"S2/after-a-success-at-{group}",
            "without an id nothing is skipped, also where all had succeeded",
            ask(NIGHT, _WHOLE, group),
        )
        yield Row(
            f"S2/after-a-failure-at-{group}",
            "without an id nothing is skipped, also in the group that failed",
            ask(NIGHT, STOPPED, group),
        )
    yield Row(
        "S2/skipped-steps",
        "Skipped in the record does not make a step skipped without an id",
        ask(NIGHT, ran("F", "2F cK dF"), 2),
    )
    yield Row(
        "S2/lost-history",
        "the history of the start group is needed for resuming alone",
        ask(NIGHT, ran("F", "1S ?", "2F ?"), 2),
    )
    yield Row(
        "S2/earlier-group-failed",
        "the group asked for is the start, whatever failed before it",
        ask(NIGHT, ran("F", "1F aF bF"), 4),
    )
    yield Row(
        "S2/first-failed-gone",
        "without an id nobody looks for the failed group",
        ask(plan("2:cd 4:ef"), ran("F", "1F aF bS"), 4),
    )
    yield Row("S2/tens", "20 is group 20, not the twentieth", ask(_TENS, None, 20))
    for group in (10, 100, 2):
        yield Row(
            f"S2/digits-{group}",
            "before and after are by number: 9 is before 10, 100 after 11",
            ask(_DIGITS, None, group),
        )
    yield Row(
        "S2/sequence-that-is-also-an-id",
        "a group's number is no execution's id",
        ask(plan("11:a 12:b"), ran("F", "11F aF"), 12),
    )


def resume_at_first_failed() -> Iterator[Row]:
    """S3."""
    for group, latest in {
        1: ran("F", "1F aS bF"),
        2: STOPPED,
        4: ran("F", "1S aS bS", "2S cS dS", "4F eF fS"),
    }.items():
        yield Row(
            f"S3/failed-at-{group}",
            "the restart begins where the execution failed, without what was completed there",
            resume(NIGHT, latest),
        )
    for status in OVER:
        yield Row(
            f"S3/{word(status)}-execution",
            "a failed group can be resumed however its execution ended: its status says nothing of groups",
            resume(NIGHT, ran(status, "1S aS bS", "2F cS dI")),
        )
        yield Row(
            f"S3/cut-off-in-{word(status)}-execution",
            "a group still In Progress in an execution that is over was cut off, and counts as failed",
            resume(NIGHT, ran(status, "1S aS bS", "2P cS dP")),
        )
    for name, (latest, why) in {
        "lowest-of-two": (
            ran("F", "1S aS bS", "2F cF dS", "4F eF fS"),
            "of two failed groups the lower one is the start, not the last that failed",
        ),
        "lowest-of-three": (
            ran("F", "1F aS bF", "2F cS dF", "4F eS fF"),
            "of three failed groups the lowest is the start",
        ),
        "lowest-is-recorded-last": (
            ran("F", "4F eF fS", "2F cF dS", "1S aS bS"),
            "the first failed group is the lowest, not the first in the record",
        ),
        "failed-around-a-success": (
            ran("F", "1F aF bS", "2S cS dS", "4F eF fS"),
            "a success between two failures does not move the start",
        ),
        "cut-off-before-failed": (
            ran("F", "1P aS bP", "2F cF dS"),
            "a group that was cut off comes before one that failed, if its number is lower",
        ),
        "failed-before-cut-off": (
            ran("I", "1F aS bF", "2P cP dS"),
            "a group that failed comes before one that was cut off, if its number is lower",
        ),
        "queued-before-failed": (
            ran("F", "1Q aQ bQ", "2F cF dS"),
            "a group in queue did not fail, so it is not the start",
        ),
        "failed-step-in-a-succeeded-group-before": (
            ran("F", "1S aF bS", "2F cF dS"),
            "a failed step does not make its group failed; the group's own status does",
        ),
        "failed-group-without-a-failed-step": (
            ran("F", "1F aS bF", "2S cS dS"),
            "the first failed group is found by the status of groups",
        ),
        "execution-stopped-after-a-failure": (
            ran("I", "1F aF bS", "2S cS dS"),
            "groups that ran after the failed one do not move the start",
        ),
    }.items():
        yield Row(f"S3/{name}", why, resume(NIGHT, latest))
    yield Row(
        "S3/digits",
        "the lowest failed group is found by number: 9 before 10 and 100",
        resume(_DIGITS, ran("F", "2S aS", "9F bF", "10F cF", "100F eF")),
    )
    yield Row(
        "S3/digits-after",
        "what follows is in the order of numbers",
        resume(_DIGITS, ran("F", "2F aF")),
    )
    yield Row(
        "S3/tens",
        "the first failed group is group 20, not the group of position 20",
        resume(_TENS, ran("F", "10S aS", "20F bS cF")),
    )
    yield Row(
        "S3/third-of-tens",
        "neither the position of a group nor that of its outcome is its number",
        resume(_TENS, ran("F", "30F dF")),
    )
    yield Row(
        "S3/id-of-a-sequence",
        "an id that is also the number of a group asks for no group",
        resume(plan("1:a 2:b 3:c"), ran("F", "1S aS", "2F bF", id_=3)),
    )
    yield Row(
        "S3/later-group-lost-history",
        "the history of the start group alone is needed",
        resume(NIGHT, ran("F", "1S ?", "2F cS dF", "4F ?")),
    )
    yield Row(
        "S3/history-that-is-empty",
        "no step recorded is a history too: none was completed, all run",
        resume(NIGHT, ran("F", "1S aS bS", "2F")),
    )
    yield Row(
        "S3/only-steps-of-other-groups-completed",
        "what was completed in another group is not skipped in this one",
        resume(NIGHT, ran("F", "1S aS bS", "2F cF dF", "4S eS fS")),
    )
    yield Row(
        "S3/order-of-the-record",
        "steps are found by name, not by their place in the record",
        resume(plan("1:abcd 2:e"), ran("F", "1F dS bF aS cF")),
    )


_AT = {
    "before-the-failure": (NIGHT, ran("F", "1S aS bS", "2S cS dS", "4F eS fF"), 2),
    "after-the-failure": (NIGHT, ran("F", "1F aS bF"), 2),
    "between-two-failures": (plan("1:ab 2:cd 3:e 4:f"), ran("F", "1F aS bF", "2S cS dF", "4F fF"), 2),
    "at-the-second-failure": (NIGHT, ran("F", "1F aS bF", "2F cS dF"), 2),
    "at-the-first-of-two-failures": (NIGHT, ran("F", "1F aS bF", "2F cS dF"), 1),
    "at-the-last-of-three-failures": (NIGHT, ran("F", "1F aS bF", "2F cS dF", "4F eF fS"), 4),
    "at-a-cut-off-group": (NIGHT, ran("I", "1F aS bF", "2P cS dP"), 2),
    "digits": (_DIGITS, ran("F", "2S aS", "9F bF", "10S cS", "100F eF"), 100),
    "tens": (_TENS, ran("F", "10S aS", "20F bS cF", "30F dF"), 20),
    "group-of-the-latest-id": (plan("11:a 12:bc 13:d"), ran("F", "11S aS", "12F bS cF"), 12),
    "failed-group-gone-elsewhere": (plan("1:ab 4:ef"), ran("F", "1S aS bF", "2F cF dS"), 1),
    "first-failed-gone": (plan("2:cd 4:ef"), ran("F", "1F aF bS", "2F cS dF"), 2),
    "first-failed-lost-history": (NIGHT, ran("F", "1F ?", "2F cS dF"), 2),
}
_ABOUT = {
    "failed-group-gone-elsewhere": "a group that is asked for is the start, wherever the failed one went",
    "first-failed-gone": "that the first failed group is gone matters only when no group is asked for",
    "first-failed-lost-history": "the history of the group asked for is needed, not the first failed one's",
}


def resume_at_group() -> Iterator[Row]:
    """S4."""
    for name, (groups, latest, group) in _AT.items():
        why = _ABOUT.get(name, "the group asked for is the start, and the steps completed there are skipped")
        yield Row(f"S4/{name}", why, resume(groups, latest, group))
    for status in STATUSES:
        yield Row(
            f"S4/step-{word(status)}",
            "Succeeded and Skipped are completed, and nothing else is",
            resume(NIGHT, ran("F", "1S aS bS", f"2F c{status} dF"), 2),
        )
    for status in OF_RUN:
        yield Row(
            f"S4/group-{word(status)}",
            "completed steps of the group asked for are skipped, whatever its own status",
            resume(NIGHT, ran("F", "1F aF bS", f"2{status} cF dS"), 2),
        )
    for status in OVER:
        yield Row(
            f"S4/{word(status)}-execution",
            "how the execution ended does not matter to whoever resumes a group of it",
            resume(NIGHT, ran(status, "1S aS bS", "2F cF dS"), 2),
        )


def rows() -> Iterator[Row]:
    """All of them."""
    yield from start_over()
    yield from start_at_group()
    yield from resume_at_first_failed()
    yield from resume_at_group()
