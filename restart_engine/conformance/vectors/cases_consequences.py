"""C1 to C5: what implementations get wrong of where a restart begins and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    BELOW,
    LATEST,
    NIGHT,
    STOPPED,
    Row,
    ask,
    plan,
    ran,
    resume,
)

_LATER_SUCCEEDED = ran("F", "1S aS bS", "2F cS dF", "4S eS fS")


def later_groups() -> Iterator[Row]:
    """C1."""
    for name, (latest, group, given) in {
        "later-group-succeeded": (_LATER_SUCCEEDED, 0, LATEST),
        "later-group-succeeded-at-group": (_LATER_SUCCEEDED, 2, LATEST),
        "two-later-groups-succeeded": (ran("F", "1F aF bS", "2S cS dS", "4S eS fS"), 0, LATEST),
        "later-group-failed-with-completed-steps": (ran("F", "1F aF bS", "2F cS dS"), 0, LATEST),
        "later-group-skipped": (ran("F", "1F aF bS", "2S cK dK", "4S eK fK"), 0, LATEST),
        "later-group-lost-history": (ran("F", "1F aF bS", "2S cS dS", "4S ?"), 0, LATEST),
        "start-before-two-failures": (ran("F", "1S aS bS", "2F cS dF", "4F eS fS"), 1, LATEST),
        "no-id": (_LATER_SUCCEEDED, 0, None),
        "no-id-at-group": (_LATER_SUCCEEDED, 2, None),
    }.items():
        yield Row(
            f"C1/{name}",
            "a group after the start runs whole, also one whose steps had all succeeded",
            ask(NIGHT, latest, group, given),
        )


def no_group_asked_for() -> Iterator[Row]:
    """C2."""
    for name, group in list(BELOW.items())[1:]:
        why = "every group of 0 or less asks for none, however far below"
        yield Row(f"C2/never-ran-{name}", why, ask(NIGHT, None, group))
        yield Row(f"C2/no-id-{name}", why, ask(NIGHT, STOPPED, group))
        yield Row(f"C2/resume-{name}", why, resume(NIGHT, STOPPED, group))
        yield Row(f"C2/other-id-{name}", why, ask(NIGHT, STOPPED, group, LATEST - 1))
    for group in (-2, -4):
        yield Row(
            f"C2/minus-{-group}-of-a-group-{-group}",
            "the group of a negative number is none, not the group of the number without its sign",
            resume(NIGHT, ran("F", "1F aF bS"), group),
        )
    yield Row(
        "C2/minus-1-of-lists", "-1 is not the last group", ask(plan("1:a 2:b 3:c"), ran("F", "3F cF"), -1)
    )


def no_id_given() -> Iterator[Row]:
    """C3."""
    for name, latest in {
        "a-failure": ran("F", "1S aS bS", "2S cS dS", "4F eS fF"),
        "lost-history": ran("F", "1F ?"),
        "no-failed-group": ran("I", "1S aS bS"),
        "a-cut-off-group": ran("I", "1P aS bP"),
        "a-failed-group-that-is-gone": ran("F", "1S aS bS", "3F cF"),
        "steps-that-were-skipped": ran("F", "1S aK bK", "2F cK dF"),
    }.items():
        for at, group in (("", 0), ("-at-group", 2)):
            yield Row(
                f"C3/no-id-after-{name}{at}",
                "without an id the latest execution matters only while it is active",
                ask(NIGHT, latest, group),
            )
    for given in (-1, -LATEST, -(2**63)):
        for at, group in (("", 0), ("-at-group", 2)):
            name = {-(2**63): "2-to-63"}.get(given, str(-given))
            yield Row(
                f"C3/id-minus-{name}{at}",
                "a negative id is given and is no execution's; it does not mean that none is given",
                ask(NIGHT, STOPPED, group, given),
            )
    yield Row(
        "C3/id-minus-1-never-ran",
        "a negative id is an id also where nothing ever ran",
        ask(NIGHT, None, 0, -1),
    )


def start_that_did_not_fail() -> Iterator[Row]:
    """C4."""
    for name, (latest, group, why) in {
        "succeeded": (STOPPED, 1, "a group that succeeded skips all that it completed, which is everything"),
        "succeeded-with-a-failed-step": (
            ran("F", "1S aF bS", "2F cS dF"),
            1,
            "a group that succeeded skips its completed steps, and no others, where they are known",
        ),
        "succeeded-with-a-step-not-recorded": (
            ran("F", "1S aS", "2F cS dF"),
            1,
            "a step of a succeeded group that was not recorded runs, because the history is there",
        ),
        "succeeded-with-no-step-recorded": (
            ran("F", "1S", "2F cS dF"),
            1,
            "an empty history is not an unavailable one: nothing was completed, all run",
        ),
        "never-reached": (STOPPED, 4, "a group never reached has completed nothing"),
        "never-reached-before-the-failure": (
            ran("F", "2F cS dF"),
            1,
            "a group with no outcome has completed nothing",
        ),
        "in-queue": (
            ran("F", "1S aS bS", "2F cS dF", "4Q eQ fQ"),
            4,
            "a group in queue has completed nothing",
        ),
        "in-queue-with-completed-steps": (
            ran("F", "1Q aK bQ", "2F cS dF"),
            1,
            "a restart cut off before its first group began keeps the steps that it skips",
        ),
        "succeeded-after-the-failure": (
            ran("F", "1F aF bS", "2S cS dS"),
            2,
            "a group that succeeded after the failed one skips all that it completed",
        ),
        "skipped-steps": (
            ran("F", "1S aK bS", "2F cS dF"),
            1,
            "Skipped steps of a succeeded group are completed",
        ),
    }.items():
        yield Row(f"C4/{name}", why, resume(NIGHT, latest, group))
    for name, (latest, group) in {
        "succeeded-lost-history": (ran("F", "1S ?", "2F cS dF"), 1),
        "succeeded-lost-history-after-the-failure": (ran("F", "1F aF bS", "2S ?"), 2),
        "in-queue-lost-history": (ran("F", "1S aS bS", "2F cS dF", "4Q ?"), 4),
        "in-queue-lost-history-before-the-failure": (ran("F", "1Q ?", "2F cS dF"), 1),
    }.items():
        yield Row(
            f"C4/{name}",
            "a group that did not fail is no failure without history: Succeeded skips all, any other nothing",
            resume(NIGHT, latest, group),
        )
    yield Row(
        "C4/added-after-the-run",
        "a group that the plan has now and the execution did not have was never reached",
        resume(plan("1:ab 2:cd 3:xy 4:ef"), STOPPED, 3),
    )


def start_after_a_failure() -> Iterator[Row]:
    """C5."""
    for name, (latest, group) in {
        "at-the-group-after": (ran("F", "1F aF bS"), 2),
        "past-a-group": (ran("F", "1F aF bS"), 4),
        "past-two-failures": (ran("F", "1F aF bS", "2F cF dS"), 4),
        "at-a-succeeded-group": (ran("F", "1F aF bS", "2S cS dF"), 2),
        "past-a-failure-without-history": (ran("F", "1F ?"), 2),
        "past-a-cut-off-group": (ran("I", "1P aS bP"), 2),
        "at-the-second-failure-past-the-first": (ran("F", "1F aF bF", "4F eS fF"), 4),
    }.items():
        yield Row(
            f"C5/{name}",
            "a start after the first failed group is what the caller asked for, and is not moved back",
            resume(NIGHT, latest, group),
        )
    yield Row(
        "C5/past-a-failure-that-is-gone",
        "a failed group that the plan no longer has is no obstacle to a start after it",
        resume(plan("2:cd 4:ef"), ran("F", "1F aF bS"), 4),
    )


def rows() -> Iterator[Row]:
    """All of them."""
    yield from later_groups()
    yield from no_group_asked_for()
    yield from no_id_given()
    yield from start_that_did_not_fail()
    yield from start_after_a_failure()
