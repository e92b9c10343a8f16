"""R1 to R5, each where it alone rejects."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    BELOW,
    LATEST,
    NIGHT,
    OVER,
    STOPPED,
    Row,
    ask,
    plan,
    ran,
    resume,
    word,
)

_REQUESTS = {
    "start-over": (0, None),
    "below-zero": (-1, None),
    "at-group": (2, None),
    "resume": (0, LATEST),
    "resume-at-group": (2, LATEST),
    "resume-at-later-group": (4, LATEST),
}
_RUNNING = {
    "all-groups-succeeded": ran("P", "1S aS bS", "2S cS dS", "4S eS fS"),
    "no-group-yet": ran("P"),
    "queued-no-group-yet": ran("Q"),
    "all-groups-in-queue": ran("Q", "1Q aQ bQ", "2Q cQ dQ", "4Q eQ fQ"),
    "last-group-in-progress": ran("P", "1S aS bS", "2S cS dS", "4P eS fP"),
    "lost-history": ran("P", "1S ?", "2P ?"),
    "start-group-succeeded": ran("P", "1S aS bS", "2P cS"),
}


def running() -> Iterator[Row]:
    """R1."""
    for status in "PQ":
        for name, (group, given) in _REQUESTS.items():
            yield Row(
                f"R1/{word(status)}-{name}",
                "an execution that runs or waits rejects whatever is asked, also to resume its failed group",
                ask(NIGHT, ran(status, "1S aS bS", "2F cS dF"), group, given),
            )
    for name, latest in _RUNNING.items():
        yield Row(
            f"R1/{name}",
            "the execution's own status says whether it runs; it is not derived from its groups",
            ask(NIGHT, latest, 1),
        )
    yield Row(
        "R1/in-queue-is-active",
        "an execution that waits to run has not begun, and is still one too many",
        ask(plan("1:a"), ran("Q", "1Q aQ"), 0),
    )


_OTHER_IDS = {
    "id-before": LATEST - 1,
    "id-after": LATEST + 1,
    "first-id": 1,
    "id-of-which-latest-is-a-prefix": 120,
    "far-higher-id": 10**30,
}


def not_most_recent() -> Iterator[Row]:
    """R2."""
    for name, given in _OTHER_IDS.items():
        for at, group in (("", 0), ("-at-group", 2)):
            yield Row(
                f"R2/{name}{at}",
                "only the latest execution can be resumed; its id is compared as a whole and for equality",
                ask(NIGHT, STOPPED, group, given),
            )
    for at, group in (("", 0), ("-at-group", 1), ("-below-zero", -1)):
        yield Row(
            f"R2/never-ran{at}",
            "an id where nothing ever ran names no execution; it is not passed over",
            ask(NIGHT, None, group, 1),
        )
    yield Row(
        "R2/higher-id-was-an-earlier-run",
        "the most recent execution is the one the host says, not the one with the highest id",
        ask(NIGHT, ran("F", "1F aF bS", id_=7), 0, 900),
    )
    for name, (latest, group, wrong) in {
        "no-failed-group": (ran("S", "1S aS bS", "2S cS dS", "4S eS fS"), 0, "R3"),
        "no-failed-group-at-group": (ran("S", "1S aS bS", "2S cS dS", "4S eS fS"), 2, "R3"),
        "first-failed-gone": (ran("F", "1S aS bS", "3F cF"), 0, "R4"),
        "lost-history": (ran("F", "1S aS bS", "2F ?"), 0, "R5"),
        "lost-history-at-group": (ran("F", "1S aS bS", "2F ?"), 2, "R5"),
    }.items():
        yield Row(
            f"R2/{name}",
            f"the groups of the latest execution say nothing of another: R2 holds alone, {wrong} does not",
            ask(NIGHT, latest, group, LATEST - 1),
        )


_NOTHING_FAILED = {
    "succeeded": ran("S", "1S aS bS", "2S cS dS", "4S eS fS"),
    "stopped-between-groups": ran("I", "1S aS bS", "2S cS dS"),
    "no-group-recorded": ran("F"),
    "all-in-queue": ran("I", "1Q aQ bQ", "2Q cQ dQ", "4Q eQ fQ"),
    "failed-step-in-succeeded-group": ran("S", "1S aS bF", "2S cS dI", "4S eS fS"),
    "failed-step-in-queued-group": ran("F", "1S aS bS", "2Q cF dQ"),
    "lost-history-of-succeeded": ran("F", "1S ?", "2S ?", "4S ?"),
}


def no_failed_group() -> Iterator[Row]:
    """R3."""
    for name, latest in _NOTHING_FAILED.items():
        for at, group in (("", 0), ("-at-group", 2)):
            yield Row(
                f"R3/{name}{at}",
                "no group failed, so there is nothing to resume, at whichever group",
                resume(NIGHT, latest, group),
            )
    for status in "WFI":
        yield Row(
            f"R3/{word(status)}-execution-of-succeeded-groups",
            "an execution's status does not make a group failed; groups are asked for theirs",
            resume(NIGHT, ran(status, "1S aS bS", "2S cS dS", "4S eS fS")),
        )
    yield Row(
        "R3/group-never-reached-at-group",
        "resuming at the group that comes next is no way around it: nothing failed",
        resume(NIGHT, ran("F", "1S aS bS", "2S cS dS"), 4),
    )
    for name, group in list(BELOW.items())[1:]:
        yield Row(
            f"R3/succeeded-{name}",
            "a group of 0 or less asks for the first failed one, and there is none",
            resume(NIGHT, ran("S", "1S aS bS", "2S cS dS", "4S eS fS"), group),
        )


_ABSENT = {"in-the-gap": 3, "past-the-end": 5, "far-past-the-end": 10**30}
_GONE = {
    "only-failure": ("2:cd 4:ef", ran("F", "1F aF bS"), (0, -1)),
    "later-failure-remains": ("2:cd 4:ef", ran("F", "1F aF bS", "2F cS dF"), (0, -1)),
    "cut-off-and-a-later-failure-remains": ("2:cd 4:ef", ran("F", "1P aS bP", "2F cS dF"), (0,)),
    "last-of-the-record": ("1:ab 2:cd", ran("F", "1S aS bS", "2S cS dS", "4F eF fS"), (0,)),
    "between": ("1:ab 4:ef", ran("F", "1S aS bS", "2F cF dS"), (0, -1)),
    "with-lost-history": ("1:ab 4:ef", ran("F", "1S aS bS", "2F ?"), (0,)),
    "renumbered": ("1:ab 20:cd 40:ef", ran("F", "1S aS bS", "2F cF dS"), (0,)),
}


def group_not_found() -> Iterator[Row]:
    """R4."""
    for name, group in _ABSENT.items():
        why = "a group is found by its number, never by rounding to the nearest"
        yield Row(f"R4/{name}-never-ran", why, ask(NIGHT, None, group))
        yield Row(f"R4/{name}", why, ask(NIGHT, STOPPED, group))
        yield Row(f"R4/{name}-resuming", why, resume(NIGHT, STOPPED, group))
    for group in (1, 2, 3):
        yield Row(
            f"R4/position-{group}-of-tens",
            "sequences are numbers with gaps: the second group of 10, 20, 30 is not group 2",
            ask(plan("10:a 20:b 30:c"), None, group),
        )
    yield Row(
        "R4/position-resuming",
        "sequences are numbers with gaps, also for whoever resumes",
        resume(plan("10:a 20:b 30:c"), ran("F", "10S aS", "20F bF"), 2),
    )
    yield Row(
        "R4/position-counted-from-0",
        "group 1 of 2, 3 is not the second",
        ask(plan("2:a 3:b"), ran("F", "2F aF"), 1),
    )
    for name, (groups, latest, asked) in _GONE.items():
        for group in asked:
            yield Row(
                f"R4/first-failed-gone-{name}{'' if group == 0 else '-below-zero'}",
                "the first failed group is no longer in the plan; no other one takes its place",
                resume(plan(groups), latest, group),
            )
    yield Row(
        "R4/recorded-but-no-longer-planned",
        "a group that the latest execution had is not there unless the plan has it now",
        ask(plan("1:ab 4:ef"), STOPPED, 2),
    )
    yield Row(
        "R4/recorded-but-no-longer-planned-resuming",
        "a failed group that is asked for by number has to be in the plan as it is now",
        resume(plan("1:ab 4:ef"), STOPPED, 2),
    )
    for name, group in (("", 0), ("-at-group", 1), ("-below-zero", -1)):
        yield Row(
            f"R4/no-group-in-the-plan{name}",
            "a plan without a group has none to start at, whatever is asked",
            ask(plan(""), None, group),
        )
    yield Row(
        "R4/no-group-in-the-plan-anymore",
        "all groups were taken out of a plan that ran",
        resume(plan(""), STOPPED),
    )


def history_unavailable() -> Iterator[Row]:
    """R5."""
    for name, group in BELOW.items():
        yield Row(
            f"R5/first-failed-{name}",
            "the steps of the failed group are not known, so none can be skipped and none may be guessed",
            resume(NIGHT, ran("F", "1S aS bS", "2F ?"), group),
        )
    yield Row(
        "R5/at-the-failed-group",
        "asking for the failed group by number needs its history as well",
        resume(NIGHT, ran("F", "1S aS bS", "2F ?"), 2),
    )
    yield Row(
        "R5/at-the-second-failure",
        "the group asked for is the one whose history is needed",
        resume(NIGHT, ran("F", "1F aF bS", "2F ?"), 2),
    )
    yield Row(
        "R5/first-of-two-failures",
        "the first failed group has no history; the second one, which has, is not taken instead",
        resume(NIGHT, ran("F", "1F ?", "2F cS dF")),
    )
    yield Row(
        "R5/all-history-lost",
        "tracking was off for the whole run",
        resume(NIGHT, ran("F", "1S ?", "2F ?")),
    )
    yield Row(
        "R5/last-group",
        "the last group is one like others",
        resume(plan("1:a 3:b"), ran("F", "1S aS", "3F ?")),
    )
    yield Row("R5/only-group", "the only group is one like others", resume(plan("7:ab"), ran("F", "7F ?")))
    yield Row(
        "R5/group-without-steps",
        "a failed group whose history is lost needs it also where the plan has no step there now",
        resume(plan("1:ab 2: 4:ef"), ran("F", "1S aS bS", "2F ?")),
    )
    for status in OVER:
        yield Row(
            f"R5/cut-off-in-{word(status)}-execution",
            "a group still In Progress in an execution that is over failed, and needs its history",
            resume(NIGHT, ran(status, "1S aS bS", "2P ?")),
        )
    yield Row(
        "R5/cut-off-before-a-failure",
        "the group that was cut off is the first failed one; the later one, whose history is there, is not",
        resume(NIGHT, ran("F", "1P ?", "2F cS dF")),
    )
    yield Row(
        "R5/cut-off-at-group",
        "a group that was cut off failed, also when it is asked for by number",
        resume(NIGHT, ran("F", "1F aF bS", "2P ?"), 2),
    )


def rows() -> Iterator[Row]:
    """All of them."""
    yield from running()
    yield from not_most_recent()
    yield from no_failed_group()
    yield from group_not_found()
    yield from history_unavailable()
