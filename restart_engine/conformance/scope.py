"""The small scope: every scenario of a few small plans, each with every kind of latest execution.

A plan stands for the executions that are tried with it, and an execution for its requests, so that each
value is made once. Everything is enumerated and nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Final

Plain = dict[str, Any]
Request = tuple[int, int | None]

OVER: Final = ("Succeeded", "Finished With Errors", "Failed", "Interrupted")
RUN: Final = (*OVER, "In Progress", "In Queue")
OF_STEP: Final = (*RUN, "Skipped")
FAR: Final = 10**30


def plan(*groups: tuple[int, str]) -> Plain:
    """A plan of groups whose steps are named by letters: `(2, "ab")` has S.a and S.b."""
    steps = [
        {"sequence": sequence, "steps": [f"S.{letter}" for letter in letters]} for sequence, letters in groups
    ]
    return {"name": "P", "groups": steps}


PLANS: Final = {
    "two groups, two steps each": plan((1, "ab"), (3, "ab")),
    "a gap, given in descending order": plan((FAR, "c"), (4, "b"), (2, "a")),
    "three groups, the second without a step": plan((1, "a"), (2, ""), (3, "b")),
    "a group of three": plan(
        (2, "abc"),
    ),
    "no group": plan(),
    "edited: group 1 is gone, group 2 new, a step exchanged": plan((2, "a"), (3, "bd")),
    "one group, one step": plan((1, "a")),
    "three groups, two steps each": plan((1, "ab"), (2, "cd"), (5, "ab")),
}
"""By what each is there to show."""


def histories(letters: str, statuses: tuple[str, ...]) -> Iterator[Plain | None]:
    """Lost, and every way in which up to these steps came out, a step never reached included."""
    yield None
    for combination in product((*statuses, None), repeat=len(letters)):
        yield {
            f"S.{letter}": status
            for letter, status in zip(letters, combination, strict=True)
            if status is not None
        }


def outcomes(sequence: int, letters: str, statuses: tuple[str, ...] = OF_STEP) -> list[Plain | None]:
    """Every outcome of a group, its never having been reached included."""
    known: list[Plain | None] = [None]
    for status in RUN:
        known += [
            {"sequence": sequence, "status": status, "steps": steps} for steps in histories(letters, statuses)
        ]
    return known


FEW: Final = ("Succeeded", "Failed", "Skipped")
RECORDED: Final = {
    "two groups, two steps each": (outcomes(1, "ab", FEW), outcomes(3, "b", FEW)),
    "a gap, given in descending order": (
        outcomes(2, "a", FEW),
        outcomes(4, "b", FEW),
        outcomes(FAR, "", ())[:4],
    ),
    "three groups, the second without a step": (
        outcomes(1, "", ()),
        outcomes(2, "", ()),
        outcomes(3, "b", FEW),
    ),
    "a group of three": (outcomes(2, "abc"),),
    "no group": (outcomes(1, "a"), outcomes(2, "", ())),
    "edited: group 1 is gone, group 2 new, a step exchanged": (outcomes(1, "a", FEW), outcomes(3, "bc", FEW)),
    "one group, one step": (outcomes(1, "a"), outcomes(2, "", ())),
    "three groups, two steps each": (outcomes(1, "", ())[::3], outcomes(2, "cd"), outcomes(5, "", ())[::3]),
}
"""For each plan the outcomes of which every combination is tried."""
LATEST: Final = 7


def executions(name: str) -> Iterator[Plain | None]:
    """None, and every execution of this plan, in each status; groups in descending order."""
    yield None
    for groups in product(*RECORDED[name]):
        recorded = [group for group in reversed(groups) if group is not None]
        for status in RUN:
            yield {"id": LATEST, "status": status, "groups": recorded}


def requests(name: str) -> list[Request]:
    """From far below 0 to past the end, without an id and with the ids around the latest."""
    sequences = {group["sequence"] for group in PLANS[name]["groups"]}
    asked = sorted({-(2**63), 0, 1, FAR + 1} | sequences)
    ids = (None, LATEST, LATEST - 1)
    few = [(0, 0), (-1, LATEST), (1, -LATEST), (2**63, LATEST + 1)]
    return [*product(asked, ids), *few]


def documents() -> Iterator[Plain]:
    """Every scenario of the scope as its JSON object."""
    for name, of_plan in PLANS.items():
        asked = requests(name)
        for latest in executions(name):
            for sequence, given in asked:
                request = {"loadPlanName": "P", "groupSequence": sequence, "recentLoadPlanExecution": given}
                yield {"plan": of_plan, "latest": latest, "request": request}
