"""Values at the edge of what is legal: integers that no float holds, empty and big plans, a step twice."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    LATEST,
    NIGHT,
    STOPPED,
    Document,
    Row,
    ask,
    outcome,
    plan,
    plan_of,
    ran,
    ran_of,
    resume,
)

_FAR = 10**30
_BIG = {"2-to-53": 2**53, "2-to-63": 2**63, "2-to-64": 2**64, "10-to-30": 10**30}
"""Integers that some types do not hold, and of which the next one is the same as a float."""


def ids() -> Iterator[Row]:
    """Ids."""
    for name, id_ in _BIG.items():
        failed = ran("F", "1S aS bS", "2F cS dF", id_=id_)
        yield Row(
            f"edges/id-{name}",
            "ids have no upper bound: the id of the latest execution is its own",
            resume(NIGHT, failed),
        )
        yield Row(
            f"edges/id-{name}-given-one-more",
            "ids are compared exactly: as a float the next one would be the same",
            ask(NIGHT, failed, 0, id_ + 1),
        )
        yield Row(
            f"edges/id-{name}-is-one-less",
            "ids are compared exactly, from either side",
            ask(NIGHT, ran("F", "1S aS bS", "2F cS dF", id_=id_ + 1), 2, id_),
        )
    yield Row("edges/id-1", "1 is an id", resume(NIGHT, ran("F", "1F aF bS", id_=1)))
    yield Row(
        "edges/id-modulo-2-to-64",
        "an id does not wrap around: 2 to the 64th and 12 more is not 12",
        ask(NIGHT, STOPPED, 0, 2**64 + LATEST),
    )
    yield Row(
        "edges/id-modulo-2-to-32",
        "an id does not wrap around: 2 to the 32nd and 12 more is not 12",
        ask(NIGHT, STOPPED, 0, 2**32 + LATEST),
    )


def sequences() -> Iterator[Row]:
    """Sequences of groups."""
    far = plan_of({1: ["X.a"], _FAR: ["X.b", "X.c"]})
    failed_far = ran("F", "1S aS", f"{_FAR}F bS cF")
    why = "sequences have no upper bound, and any gap between them is legal"
    yield Row("edges/sequences-1-and-10-to-30", why, ask(far, None, 0))
    yield Row("edges/sequences-1-and-10-to-30-at-group", why, ask(far, None, _FAR))
    yield Row("edges/sequences-1-and-10-to-30-resume", why, resume(far, failed_far))
    yield Row("edges/sequences-1-and-10-to-30-resume-at-group", why, resume(far, failed_far, _FAR))
    for name, group in {"less": _FAR - 1, "more": _FAR + 1}.items():
        yield Row(
            f"edges/sequence-10-to-30-one-{name}",
            "sequences are compared exactly: as a float this group would exist",
            ask(far, None, group),
        )
    for name, sequence in _BIG.items():
        close = plan_of({sequence: ["X.a"], sequence + 1: ["X.b"], sequence + 2: ["X.c"]})
        yield Row(
            f"edges/sequences-from-{name}",
            "neighbours that are the same as floats are two groups: the failed one is the start",
            resume(close, ran("F", f"{sequence}S aS", f"{sequence + 1}F bF")),
        )
    yield Row(
        "edges/group-modulo-2-to-32",
        "a group's number does not wrap around",
        ask(NIGHT, STOPPED, 2**32 + 2),
    )
    yield Row(
        "edges/group-modulo-2-to-64",
        "a group's number does not wrap around",
        resume(NIGHT, STOPPED, 2**64 + 2),
    )
    yield Row(
        "edges/group-below-0-modulo-2-to-64",
        "a number below 0 asks for no group, also where it would wrap around to one",
        resume(NIGHT, STOPPED, 4 - 2**64),
    )


def sizes() -> Iterator[Row]:
    """From no step to many."""
    hollow = plan("1: 2:cd 4:")
    why = "a group without a step is a group like others"
    yield Row("edges/no-step-first", why, ask(hollow, None, 0))
    yield Row("edges/no-step-last", why, ask(hollow, None, 4))
    yield Row("edges/no-step-after", why, resume(hollow, ran("F", "1S", "2F cS dF")))
    yield Row("edges/no-step-failed", why, resume(hollow, ran("F", "1F")))
    yield Row("edges/no-step-succeeded-at-group", why, resume(hollow, ran("F", "1S", "2F cS dF"), 1))
    between = ran("F", "1F aF bS", "2S", "4F eF fS")
    for at, group in (("", 0), ("-at-group", 4)):
        yield Row(f"edges/no-step-between-failures{at}", why, resume(plan("1:ab 2: 4:ef"), between, group))
    yield Row("edges/no-step-failed-first", why, resume(hollow, ran("F", "1F", "2F cS dF")))
    yield Row("edges/no-step-anywhere", why, ask(plan("1: 2:"), None, 0))
    yield Row("edges/single-step-failed", "one step is a plan", resume(plan("1:a"), ran("F", "1F aF")))
    yield Row("edges/single-step-succeeded", "one step is a plan", resume(plan("1:a"), ran("S", "1S aS")))
    yield Row("edges/single-step-never-ran", "one step is a plan", ask(plan("1:a"), None, 1))
    middle = 250
    many = {sequence: [f"X.s{sequence}", f"Y.s{sequence}"] for sequence in range(5, 500, 5)}
    done = [
        outcome(sequence, "S", dict.fromkeys(steps, "S"))
        for sequence, steps in many.items()
        if sequence < middle
    ]
    failed = outcome(middle, "F", {f"X.s{middle}": "S", f"Y.s{middle}": "F"})
    yield Row(
        "edges/many-groups",
        "ninety-nine groups, the fiftieth failed: number, position and text order differently",
        resume(plan_of(many), ran_of("F", [*done, failed])),
    )
    wide = [f"X.s{number}" for number in range(300)]
    letters = {name: "SFKIW"[number % 5] for number, name in enumerate(wide)}
    yield Row(
        "edges/many-steps",
        "three hundred steps side by side, completed and not in turn",
        resume(plan_of({1: wide, 2: ["X.s0"]}), ran_of("F", [outcome(1, "F", letters)])),
    )


def twice() -> Iterator[Row]:
    """A step in two groups."""
    both = plan("1:ab 2:ac")
    scenarios: dict[str, Document] = {
        "succeeded-before-failed-here": resume(both, ran("F", "1S aS bS", "2F aF cS")),
        "succeeded-before-not-recorded-here": resume(both, ran("F", "1S aS bS", "2F cF")),
        "failed-before-succeeded-here": resume(both, ran("F", "1F aF bS", "2F aS cF"), 2),
        "succeeded-later-failed-here": resume(both, ran("F", "1F aF bS", "2S aS cS")),
        "skipped-before-failed-here": resume(both, ran("F", "1S aK bS", "2F aF cK")),
        "lost-before-failed-here": resume(both, ran("F", "1S ?", "2F aF cS")),
        "no-id": ask(both, ran("F", "1S aS bS", "2F aF cS"), 2),
    }
    for name, scenario in scenarios.items():
        yield Row(
            f"edges/step-in-two-groups-{name}",
            "the same object in two groups is two steps, each with its own outcome",
            scenario,
        )


def records() -> Iterator[Row]:
    """Executions that look odd and are legal, and plans whose groups were edited since."""
    for name, (scenario, why) in {
        "group-added-before-the-failure": (
            resume(plan("1:ab 2:cd 4:ef 5:gh"), ran("F", "1S aS bS", "4F eS fF")),
            "a group added before the failed one is not run, and does not move the start",
        ),
        "group-added-after-the-failure": (
            resume(plan("1:ab 2:cd 3:x 4:ef"), STOPPED),
            "a group added after the start runs",
        ),
        "later-group-removed": (
            resume(plan("1:ab 2:cd"), ran("F", "1S aS bS", "2F cS dF", "4Q eQ fQ")),
            "a group that the plan no longer has does not run, though it is recorded",
        ),
        "earlier-group-removed": (
            resume(plan("2:cd 4:ef"), STOPPED),
            "that a group before the start is gone moves nothing",
        ),
        "steps-in-a-new-order": (
            resume(plan("1:ab 2:dc"), STOPPED),
            "steps are found by name, not by the place that they had",
        ),
        "groups-the-plan-no-longer-has": (
            resume(NIGHT, ran("F", "1S aS bS", "2F cS dF", "3S xS", "5S yS", "9Q zQ")),
            "outcomes of groups that the plan does not have are ignored, and none of them runs",
        ),
        "failed-groups-after-the-start-that-are-gone": (
            resume(NIGHT, ran("F", "1S aS bS", "2F cS dF", "3F xF", "5F ?")),
            "failed groups that are gone matter only if one of them is the first",
        ),
        "over-with-a-later-group-in-progress": (
            resume(NIGHT, ran("F", "1S aS bS", "2F cS dF", "4P eS fP")),
            "of a failed group and a later one that was cut off the failed one is the start",
        ),
        "succeeded-with-a-group-in-progress": (
            resume(NIGHT, ran("S", "1S aS bS", "2S cS dS", "4P eS fP")),
            "an execution that says Succeeded and left a group In Progress has a failed group",
        ),
        "failed-group-of-steps-in-queue": (
            resume(NIGHT, ran("F", "1F aQ bQ")),
            "a group can fail before any of its steps begins",
        ),
        "lost-history-around-the-start": (
            resume(NIGHT, ran("F", "1S ?", "2F cF dS", "4Q ?")),
            "history is needed of the start group, not of its neighbours",
        ),
        "lost-history-around-the-start-at-group": (
            resume(NIGHT, ran("F", "1S ?", "2F cF dS", "4F ?"), 2),
            "history is needed of the start group, not of its neighbours, failed or not",
        ),
        "skipped-in-a-first-run": (
            resume(NIGHT, ran("F", "1F aK bF")),
            "a Skipped step is completed wherever it is recorded",
        ),
    }.items():
        yield Row(f"edges/{name}", why, scenario)


def rows() -> Iterator[Row]:
    """All of them."""
    yield from ids()
    yield from sequences()
    yield from sizes()
    yield from twice()
    yield from records()
