"""The freedoms, each alone and those that meet: more than one answer is allowed, to different profiles.

The freedom of the id 0 meets no other: whoever takes 0 for an id rejects by R2 without a look at the groups
of the latest execution, and whoever takes it for none does not look at them either.
"""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    LATEST,
    NIGHT,
    STOPPED,
    Document,
    Row,
    ask,
    plan,
    ran,
    resume,
    word,
)

_GONE = plan("1:ab 4:ef")


def a_status_that_fails_or_not() -> Iterator[Row]:
    """Interrupted and Finished With Errors."""
    for status in "IW":
        scenarios: dict[str, Document] = {
            "only-failure": resume(NIGHT, ran("F", "1S aS bS", f"2{status} cS dF")),
            "only-failure-below-zero": resume(NIGHT, ran("F", "1S aS bS", f"2{status} cS dF"), -1),
            "only-failure-at-group": resume(NIGHT, ran("F", "1S aS bS", f"2{status} cS dF"), 2),
            "only-failure-before-the-start": resume(NIGHT, ran("F", "1S aS bS", f"2{status} cS dF"), 4),
            "only-failure-after-the-start": resume(NIGHT, ran("F", "1S aS bF", f"2{status} cS dF"), 1),
            "only-failure-of-its-execution": resume(NIGHT, ran(status, "1S aS bS", f"2{status} cS dF")),
            "only-failure-all-steps-done": resume(NIGHT, ran(status, "1S aS bS", f"2{status} cS dS")),
            "before-a-failed-group": resume(NIGHT, ran("F", f"1{status} aS bF", "2F cS dF")),
            "before-a-cut-off-group": resume(NIGHT, ran("F", f"1{status} aS bF", "2P cS dP")),
            "no-such-group": resume(NIGHT, ran("F", "1S aS bS", f"2{status} cS dF"), 3),
            "gone": resume(_GONE, ran("F", "1S aS bS", f"2{status} cS dF")),
            "gone-before-a-failed-group": resume(_GONE, ran("F", f"2{status} cS dF", "4F eS fF")),
            "lost-history": resume(NIGHT, ran("F", "1S aS bS", f"2{status} ?")),
            "lost-history-before-a-failed-group": resume(NIGHT, ran("F", f"1{status} ?", "2F cS dF")),
            "active": resume(NIGHT, ran("P", "1S aS bS", f"2{status} cS dF", "4P eP")),
            "no-group-in-the-plan": resume(plan(""), ran("F", f"1{status} aF")),
        }
        for name, scenario in scenarios.items():
            yield Row(
                f"freedoms/{word(status)}-{name}",
                f"whether {word(status).replace('-', ' ')} counts as failed is free, but one way throughout",
                scenario,
            )
        yield Row(
            f"freedoms/{word(status)}-after-a-failed-group",
            "a failed group before it is the start, whether this one counts as failed or not",
            resume(NIGHT, ran("F", "1F aS bF", f"2{status} cS dF")),
        )


def the_id_0() -> Iterator[Row]:
    """An id like others, or none."""
    for name, (groups, latest, asked) in {
        "resume": (NIGHT, STOPPED, 0),
        "below-zero": (NIGHT, STOPPED, -1),
        "at-failed-group": (NIGHT, STOPPED, 2),
        "at-succeeded-group": (NIGHT, STOPPED, 1),
        "never-ran": (NIGHT, None, 0),
        "never-ran-at-group": (NIGHT, None, 4),
        "no-such-group": (NIGHT, STOPPED, 3),
        "never-ran-no-such-group": (NIGHT, None, 5),
        "active": (NIGHT, ran("P", "1S aS bS", "2P cS dP"), 0),
        "active-no-such-group": (NIGHT, ran("Q"), 3),
        "no-failed-group": (NIGHT, ran("S", "1S aS bS", "2S cS dS", "4S eS fS"), 0),
        "lost-history": (NIGHT, ran("F", "1S aS bS", "2F ?"), 2),
        "first-failed-gone": (_GONE, STOPPED, 0),
        "no-group-in-the-plan": (plan(""), None, 0),
        "latest-is-1": (NIGHT, ran("F", "1F aF bS", id_=1), 0),
        "interrupted-group-which-is-not-asked": (NIGHT, ran("F", "1I aF bS"), 0),
    }.items():
        yield Row(
            f"freedoms/id-0-{name}",
            "0 is an id that no execution has, or means that none is given, but one way throughout",
            ask(groups, latest, asked, 0),
        )


def history_of_any_start() -> Iterator[Row]:
    """R5 for start groups that did not fail."""
    for name, scenario in {
        "succeeded": resume(NIGHT, ran("F", "1F aF bS", "2S ?", "4S eS fS"), 2),
        "succeeded-before-the-failure": resume(NIGHT, ran("F", "1S ?", "2F cF dS"), 1),
        "succeeded-last": resume(NIGHT, ran("F", "1F aF bS", "2S cS dS", "4S ?"), 4),
        "succeeded-without-steps": resume(plan("1:ab 2: 4:ef"), ran("F", "1F aF bS", "2S ?"), 2),
        "succeeded-with-a-step-added": resume(plan("1:abx 2:cd"), ran("F", "1S ?", "2F cS dF"), 1),
        "in-queue": resume(NIGHT, ran("F", "1F aF bS", "2Q ?"), 2),
        "in-queue-before-the-failure": resume(NIGHT, ran("F", "1Q ?", "2F cF dS"), 1),
        "active-succeeded": resume(NIGHT, ran("P", "1F aF bS", "2S ?"), 2),
        "active-in-progress": resume(NIGHT, ran("P", "1F aF bS", "2P ?"), 2),
        "active-in-queue": resume(NIGHT, ran("P", "1F aF bS", "2Q ?"), 2),
        "no-failed-group": resume(NIGHT, ran("S", "1S ?", "2S ?", "4S ?"), 1),
        "no-failed-group-in-queue": resume(NIGHT, ran("I", "1S aS bS", "2Q ?"), 2),
        "all-lost-but-the-failed": resume(NIGHT, ran("F", "1S ?", "2F cF dS", "4S ?"), 4),
    }.items():
        yield Row(
            f"freedoms/history-{name}",
            "whether a start group that did not fail needs its history is free, but one way throughout",
            scenario,
        )
    for name, scenario in {
        "of-the-failed-start": resume(NIGHT, ran("F", "1S ?", "2F cF dS", "4S ?"), 2),
        "of-the-first-failed": resume(NIGHT, ran("F", "1S ?", "2F cF dS", "4S ?")),
        "of-a-start-never-reached": resume(NIGHT, ran("F", "1S ?", "2F cF dS"), 4),
        "of-no-id": ask(NIGHT, ran("F", "1S ?", "2F cF dS"), 1),
        "of-another-id": ask(NIGHT, ran("F", "1S ?", "2F cF dS"), 1, LATEST - 1),
        "of-a-group-that-is-gone": resume(plan("2:cd 4:ef"), ran("F", "1S ?", "2F cF dS"), 1),
    }.items():
        yield Row(
            f"freedoms/history-{name}",
            "R5 looks at the start group of a restart that resumes, and at nothing else, in whichever way",
            scenario,
        )


def that_meet() -> Iterator[Row]:
    """Two freedoms or three at once."""
    for first, second in ("IW", "WI"):
        for name, scenario in {
            "both-failures": resume(NIGHT, ran("F", f"1{first} aS bF", f"2{second} cS dF")),
            "second-at-group": resume(NIGHT, ran("F", f"1{first} aS bF", f"2{second} cS dF"), 2),
            "before-a-failed-group": resume(
                NIGHT, ran("F", f"1{first} aS bF", f"2{second} cS dF", "4F eS fF")
            ),
            "first-gone": resume(plan("2:cd 4:ef"), ran("F", f"1{first} aS bF", f"2{second} cS dF")),
            "first-lost-history": resume(NIGHT, ran("F", f"1{first} ?", f"2{second} cS dF")),
            "no-such-group": resume(NIGHT, ran("F", f"1{first} aS bF", f"2{second} cS dF"), 3),
            "active": resume(NIGHT, ran("P", f"1{first} aS bF", f"2{second} cS dF")),
        }.items():
            yield Row(
                f"freedoms/{word(first)}-{word(second)}-{name}",
                "two freedoms meet: each of the two statuses counts as failed or not, on its own",
                scenario,
            )
    for status in "IW":
        for name, scenario in {
            "lost-history-at-group": resume(NIGHT, ran("F", "1F aS bF", f"2{status} ?"), 2),
            "lost-history-only-failure-at-group": resume(NIGHT, ran("F", "1S aS bS", f"2{status} ?"), 2),
            "only-failure-start-lost-history": resume(NIGHT, ran("F", "1S ?", f"2{status} cS dF"), 1),
            "only-failure-queued-start-lost-history": resume(NIGHT, ran("F", f"2{status} cS dF", "4Q ?"), 4),
            "active-lost-history-at-group": resume(NIGHT, ran("P", "1F aS bF", f"2{status} ?"), 2),
        }.items():
            yield Row(
                f"freedoms/{word(status)}-history-{name}",
                "two freedoms meet: what counts as failed, and which start groups need their history",
                scenario,
            )
    yield Row(
        "freedoms/three-meet-at-the-second-failure",
        "three freedoms meet: two statuses that count as failed or not, and a start without history",
        resume(NIGHT, ran("F", "1I aS bF", "2W ?"), 2),
    )
    yield Row(
        "freedoms/three-meet-at-a-succeeded-group",
        "three freedoms meet: two statuses that count as failed or not, and a start without history",
        resume(NIGHT, ran("F", "1I aS bF", "2W cS dF", "4S ?"), 4),
    )


def rows() -> Iterator[Row]:
    """All of them."""
    yield from a_status_that_fails_or_not()
    yield from the_id_0()
    yield from history_of_any_start()
    yield from that_meet()
