"""Rules that reject together: every pair, and the triples."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.conformance.vectors.builders import (
    LATEST,
    NIGHT,
    Document,
    Row,
    ask,
    plan,
    ran,
)

_ACTIVE_FAILED = ran("P", "1S aS bS", "2F cS dF")
_ACTIVE = ran("P", "1S aS bS", "2P cS dP")
_QUEUED = ran("Q", "1Q aQ bQ", "2Q cQ dQ", "4Q eQ fQ")
_DONE = ran("S", "1S aS bS", "2S cS dS", "4S eS fS")
_FAILED = ran("F", "1S aS bS", "2F cS dF")
_GONE = plan("1:ab 4:ef")
_EMPTY = plan("")

_TOGETHER: dict[str, dict[str, Document]] = {
    "R1+R2": {
        "older-id": ask(NIGHT, _ACTIVE_FAILED, 0, LATEST - 1),
        "older-id-at-group": ask(NIGHT, _ACTIVE_FAILED, 2, LATEST - 1),
        "later-id": ask(NIGHT, _ACTIVE, 0, LATEST + 1),
        "in-queue": ask(NIGHT, _QUEUED, 0, LATEST - 1),
        "in-queue-at-group": ask(NIGHT, _QUEUED, 1, LATEST - 1),
        "negative-id": ask(NIGHT, _ACTIVE, 0, -1),
        "lost-history-which-is-not-asked": ask(NIGHT, ran("P", "1F ?"), 0, LATEST - 1),
        "no-failed-group-which-is-not-asked": ask(NIGHT, ran("P", "1S aS bS"), 2, LATEST - 1),
    },
    "R1+R3": {
        "in-progress": ask(NIGHT, _ACTIVE, 0, LATEST),
        "in-progress-at-group": ask(NIGHT, _ACTIVE, 2, LATEST),
        "in-progress-lost-history": ask(NIGHT, ran("P", "1S ?", "2P ?"), 0, LATEST),
        "in-queue": ask(NIGHT, _QUEUED, 0, LATEST),
        "in-queue-nothing-recorded": ask(NIGHT, ran("Q"), 4, LATEST),
        "all-groups-done": ask(NIGHT, ran("P", "1S aS bS", "2S cS dS", "4S eS fS"), 0, LATEST),
        "all-groups-done-below-zero": ask(NIGHT, ran("P", "1S aS bS", "2S cS dS", "4S eS fS"), -1, LATEST),
        "two-groups-in-progress": ask(NIGHT, ran("P", "1P aS bP", "2P cS dP"), 1, LATEST),
    },
    "R1+R4": {
        "no-such-group": ask(NIGHT, _ACTIVE, 3),
        "no-such-group-resuming": ask(NIGHT, _ACTIVE_FAILED, 3, LATEST),
        "in-queue-past-the-end": ask(NIGHT, _QUEUED, 10**30),
        "first-failed-gone": ask(_GONE, _ACTIVE_FAILED, 0, LATEST),
        "first-failed-gone-below-zero": ask(_GONE, _ACTIVE_FAILED, -1, LATEST),
        "group-gone-by-number": ask(_GONE, _ACTIVE_FAILED, 2, LATEST),
        "no-group-in-the-plan": ask(_EMPTY, _ACTIVE, 0),
        "no-group-in-the-plan-at-group": ask(_EMPTY, _ACTIVE_FAILED, 1, LATEST),
    },
    "R1+R5": {
        "first-failed": ask(NIGHT, ran("P", "1S aS bS", "2F ?"), 0, LATEST),
        "first-failed-below-zero": ask(NIGHT, ran("P", "1S aS bS", "2F ?"), -1, LATEST),
        "at-group": ask(NIGHT, ran("P", "1S aS bS", "2F ?", "4P eS fP"), 2, LATEST),
        "in-queue": ask(NIGHT, ran("Q", "1F ?"), 0, LATEST),
        "second-failure-at-group": ask(NIGHT, ran("P", "1F aF bS", "2F ?"), 2, LATEST),
    },
    "R2+R4": {
        "no-such-group": ask(NIGHT, _FAILED, 3, LATEST - 1),
        "past-the-end": ask(NIGHT, _FAILED, 10**30, LATEST + 1),
        "never-ran": ask(NIGHT, None, 3, 1),
        "never-ran-no-group-in-the-plan": ask(_EMPTY, None, 0, 1),
        "no-group-in-the-plan": ask(_EMPTY, _FAILED, 0, LATEST - 1),
        "no-group-in-the-plan-at-group": ask(_EMPTY, _FAILED, 2, LATEST - 1),
        "group-gone-by-number": ask(_GONE, _FAILED, 2, LATEST - 1),
        "negative-id": ask(NIGHT, _FAILED, 3, -LATEST),
    },
    "R3+R4": {
        "no-such-group": ask(NIGHT, _DONE, 3, LATEST),
        "past-the-end": ask(NIGHT, _DONE, 10**30, LATEST),
        "stopped-between-groups": ask(NIGHT, ran("I", "1S aS bS"), 5, LATEST),
        "nothing-recorded": ask(NIGHT, ran("F"), 3, LATEST),
        "succeeded-group-gone": ask(_GONE, _DONE, 2, LATEST),
        "no-group-in-the-plan": ask(_EMPTY, _DONE, 0, LATEST),
        "no-group-in-the-plan-at-group": ask(_EMPTY, _DONE, 1, LATEST),
    },
    "R1+R2+R4": {
        "no-such-group": ask(NIGHT, _ACTIVE, 3, LATEST - 1),
        "in-queue": ask(NIGHT, _QUEUED, 10**30, LATEST + 1),
        "no-group-in-the-plan": ask(_EMPTY, _ACTIVE_FAILED, 0, LATEST - 1),
        "negative-id": ask(NIGHT, _ACTIVE_FAILED, 5, -1),
    },
    "R1+R3+R4": {
        "no-such-group": ask(NIGHT, _ACTIVE, 3, LATEST),
        "in-queue": ask(NIGHT, _QUEUED, 10**30, LATEST),
        "no-group-in-the-plan": ask(_EMPTY, _ACTIVE, 0, LATEST),
        "all-groups-done": ask(NIGHT, ran("P", "1S aS bS", "2S cS dS", "4S eS fS"), 5, LATEST),
    },
}


def rows() -> Iterator[Row]:
    """All of them."""
    for rules, scenarios in _TOGETHER.items():
        several = rules.replace("+", " and ")
        for name, scenario in scenarios.items():
            yield Row(
                f"pairs/{rules.lower().replace('+', '-')}-{name}",
                f"{several} hold at once: any of them may be named, and no other rule",
                scenario,
            )
