"""C6 to C9: what implementations get wrong of the steps of the start group."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    NIGHT,
    OVER,
    STOPPED,
    Row,
    plan,
    ran,
    resume,
    word,
)


def edited_plan() -> Iterator[Row]:
    """C6."""
    for name, (groups, latest, why) in {
        "step-added": ("1:ab 2:cdx", "2F cS dF", "a step added since has no outcome, and runs"),
        "step-removed": (
            "1:ab 2:d",
            "2F cS dF",
            "a completed step that the plan no longer has is not skipped, it is gone",
        ),
        "failed-step-removed": ("1:ab 2:c", "2F cS dF", "a failed step that is gone does not run"),
        "step-renamed": ("1:ab 2:cx", "2F cS dF", "a step is its name: under a new one it runs"),
        "all-steps-exchanged": ("1:ab 2:xy", "2F cS dS", "outcomes of steps that are gone skip nothing"),
        "group-emptied": (
            "1:ab 2: 4:ef",
            "2F cS dF",
            "a failed group without a step is the start all the same",
        ),
        "step-never-recorded": ("1:ab 2:cde", "2F cS dF", "a step without an outcome runs"),
        "step-added-in-front": ("1:ab 2:xcd", "2F cS dF", "outcomes are not matched to steps by place"),
    }.items():
        yield Row(f"C6/{name}", why, resume(plan(groups), ran("F", "1S aS bS", latest)))
        yield Row(
            f"C6/{name}-at-group",
            f"{why}, also where the group is asked for",
            resume(plan(groups), ran("F", "1S aS bS", latest), 2),
        )
    yield Row(
        "C6/succeeded-group-with-a-step-added",
        "a succeeded group asked for runs the step that it did not have then",
        resume(plan("1:abx 2:cd"), ran("F", "1S aS bS", "2F cS dF"), 1),
    )
    yield Row(
        "C6/step-moved-here",
        "a step that completed in another group has no outcome in this one, and runs",
        resume(plan("1:a 2:bcd"), ran("F", "1S aS bS", "2F cS dF")),
    )
    yield Row(
        "C6/step-moved-away",
        "a step that moved to a later group is not the start group's any more",
        resume(plan("1:ab 2:d 4:cef"), ran("F", "1S aS bS", "2F cS dF")),
    )
    yield Row(
        "C6/swapped-steps-of-two-groups",
        "what completed in a group counts in that group alone, also when two groups exchange steps",
        resume(plan("1:cd 2:ab"), ran("F", "1S aS bS", "2F cS dF")),
    )
    for name, group in (("", 0), ("-at-group", 2)):
        yield Row(
            f"C6/failed-step-moved-before-the-start{name}",
            "groups were inserted: the failed step is in a group before the start now, and nobody runs it",
            resume(plan("1:cd 2:f 3:g"), ran("F", "1S aS bS", "2F cF dS"), group),
        )
        yield Row(
            f"C6/step-added-before-the-start{name}",
            "a step added to a group before the start is run by nobody",
            resume(plan("1:abx 2:cd"), ran("F", "1S aS bS", "2F cS dF"), group),
        )


def nothing_to_run() -> Iterator[Row]:
    """C7."""
    for name, (groups, latest, group, why) in {
        "failed-without-a-failed-step": (
            NIGHT,
            ran("F", "1S aS bS", "2F cS dS"),
            0,
            "a group that failed after its steps is the start, with nothing of it to run",
        ),
        "failed-without-a-failed-step-at-group": (
            NIGHT,
            ran("F", "1S aS bS", "2F cS dS"),
            2,
            "a group that failed after its steps is the start, also by number",
        ),
        "all-skipped": (
            NIGHT,
            ran("F", "1S aS bS", "2F cK dK"),
            0,
            "Skipped steps are completed: nothing is left to run",
        ),
        "cut-off-with-all-steps-done": (
            NIGHT,
            ran("I", "1S aS bS", "2P cS dS"),
            0,
            "a group cut off after its last step is the start",
        ),
        "last-group": (
            NIGHT,
            ran("F", "1S aS bS", "2S cS dS", "4F eS fS"),
            0,
            "a restart with nothing to run and nothing after it is planned all the same",
        ),
        "only-group": (
            plan("1:a"),
            ran("F", "1F aS"),
            0,
            "a restart of nothing at all is planned all the same",
        ),
        "next-group-failed-too": (
            NIGHT,
            ran("F", "1F aS bS", "2F cF dS"),
            0,
            "the start does not move on to the next group that has something to run",
        ),
        "failed-step-removed": (
            plan("1:ab 2:c 4:ef"),
            STOPPED,
            0,
            "only the failed step was taken out of the plan: nothing is left to run",
        ),
    }.items():
        yield Row(f"C7/{name}", why, resume(groups, latest, group))


def unfinished_steps() -> Iterator[Row]:
    """C8."""
    for status in "WFIPQ":
        why = f"a step that is {word(status).replace('-', ' ')} is not completed, and runs again"
        yield Row(f"C8/{word(status)}", why, resume(NIGHT, ran("F", "1S aS bS", f"2F c{status} dS")))
        yield Row(
            f"C8/{word(status)}-of-a-cut-off-group",
            why,
            resume(NIGHT, ran("I", "1S aS bS", f"2P c{status} dS")),
        )
        yield Row(
            f"C8/{word(status)}-of-a-succeeded-group",
            f"{why}, also in a group that succeeded",
            resume(NIGHT, ran("F", f"1S aS b{status}", "2F cS dF"), 1),
        )
    yield Row(
        "C8/every-status-at-once",
        "Succeeded and Skipped steps are skipped, all others run",
        resume(plan("1:abcdefgh"), ran("F", "1F aS bK cF dW eI fP gQ")),
    )
    for status in OVER:
        yield Row(
            f"C8/every-status-in-{word(status)}-execution",
            "how the execution ended says nothing of its steps",
            resume(plan("3:abcdefgh 5:x"), ran(status, "3F aF bS cK dW eI fP gQ")),
        )


def skipped_elsewhere() -> Iterator[Row]:
    """C9."""
    for name, (latest, group, why) in {
        "one-step": (("1S aS bS", "2F cF dK"), 0, "a Skipped step is completed, whoever recorded it"),
        "at-group": (
            ("1S aS bS", "2W cK dF"),
            2,
            "a Skipped step is completed, also where its group is asked",
        ),
        "beside-a-succeeded-step": (
            ("1S aS bS", "2F cK dS"),
            0,
            "Skipped and Succeeded steps are completed alike",
        ),
        "every-step": (
            ("1S aS bS", "2I cK dK"),
            0,
            "a group with only Skipped steps has nothing left to run",
        ),
        "of-a-succeeded-group": (
            ("1F aF bS", "2S cK dS"),
            2,
            "a group that succeeded may have Skipped steps",
        ),
        "of-the-third-group": (("1S aS bS", "2S cS dS", "4F eK fF"), 0, "it is the same in any later group"),
        "in-two-groups": (("1F aK bF", "2F cK dF"), 2, "what an earlier group has Skipped changes nothing"),
        "of-a-group-cut-off": (("1S aS bS", "2P cK dP"), 0, "also in a group that was cut off"),
    }.items():
        yield Row(f"C9/{name}", why, resume(NIGHT, ran("F", *latest), group))


def rows() -> Iterator[Row]:
    """All of them."""
    yield from edited_plan()
    yield from nothing_to_run()
    yield from unfinished_steps()
    yield from skipped_elsewhere()
