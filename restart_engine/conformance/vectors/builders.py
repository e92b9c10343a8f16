"""The notation of the tables: a plan is `plan("1:ab 2:c")`, an execution `ran("F", "1S aS bS", "2F cF")`.

A step is a letter, which stands for X.a, X.b and so on; a status is a letter of `STATUSES`. `?` is history
unavailable. Everything stands in the scenario in the order in which it is written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.status import Status

Document: TypeAlias = dict[str, Any]

STATUSES: Final = {
    "S": Status.SUCCEEDED,
    "W": Status.FINISHED_WITH_ERRORS,
    "F": Status.FAILED,
    "I": Status.INTERRUPTED,
    "P": Status.IN_PROGRESS,
    "Q": Status.IN_QUEUE,
    "K": Status.SKIPPED,
}
OVER: Final = "SWFI"
"""The statuses of an execution that is over."""
OF_RUN: Final = "SWFIPQ"
"""Those of a group or an execution."""
LATEST: Final = 12
"""The id of the latest execution, where nothing else is said."""


@final
@frozen
class Row(Sealed):
    """A case as a table states it."""

    id: str
    """Its file, a slash, and a slug."""
    why: str
    scenario: Document
    ours: bool = False
    """Decided by these rules alone in a way that the facts do not show; else `marks` finds out."""


def word(status: str) -> str:
    """The status of this letter as a part of a slug."""
    return STATUSES[status].lower().replace(" ", "-")


def plan(text: str) -> Document:
    """`1:ab 2:` is a plan whose group 1 has the steps X.a and X.b, and whose group 2 has none."""
    groups = (group.split(":") for group in text.split())
    return plan_of({int(sequence): [f"X.{letter}" for letter in letters] for sequence, letters in groups})


def plan_of(groups: dict[int, list[str]], name: str = "Nightly") -> Document:
    """A plan of groups whose steps have any names."""
    return {
        "name": name,
        "groups": [{"sequence": sequence, "steps": steps} for sequence, steps in groups.items()],
    }


def ran(status: str, *groups: str, id_: int = LATEST) -> Document:
    """`"2F aS bF"` recorded group 2 as Failed, X.a as Succeeded, X.b as Failed; `"2F ?"` no steps at all."""
    return ran_of(status, map(_outcome, groups), id_=id_)


def ran_of(status: str, groups: Iterable[Document], id_: int = LATEST) -> Document:
    """An execution of outcomes that are made already."""
    return {"id": id_, "status": STATUSES[status].value, "groups": list(groups)}


def outcome(sequence: int, status: str, steps: dict[str, str] | None) -> Document:
    """What became of a group whose steps have any names."""
    recorded = None if steps is None else {name: STATUSES[letter].value for name, letter in steps.items()}
    return {"sequence": sequence, "status": STATUSES[status].value, "steps": recorded}


def _outcome(text: str) -> Document:
    group, *steps = text.split()
    recorded = None if steps == ["?"] else {f"X.{step[0]}": step[1] for step in steps}
    return outcome(int(group[:-1]), group[-1], recorded)


def ask(plan: Document, latest: Document | None, group: int, given: int | None = None) -> Document:
    """The scenario; an id that is not given is written as null, and so is a latest execution."""
    request = {"loadPlanName": plan["name"], "groupSequence": group, "recentLoadPlanExecution": given}
    return {"plan": plan, "latest": latest, "request": request}


def resume(plan: Document, latest: Document, group: int = 0) -> Document:
    """The scenario that asks with the id of the latest execution."""
    return ask(plan, latest, group, latest["id"])


def without_nulls(scenario: Document) -> Document:
    """The same scenario with members absent that would be null."""
    request = {name: value for name, value in scenario["request"].items() if value is not None}
    kept = {"plan": scenario["plan"], "latest": scenario["latest"], "request": request}
    return {name: value for name, value in kept.items() if value is not None}


NIGHT: Final = plan("1:ab 2:cd 4:ef")
"""The plan of most cases: three groups with a gap."""
STOPPED: Final = ran("F", "1S aS bS", "2F cS dF")
"""Its latest execution in most cases: it failed in group 2."""
BELOW: Final = {"0": 0, "minus-1": -1, "minus-2-to-63": -(2**63), "minus-10-to-30": -(10**30)}
"""Groups that ask for none, by their part of a slug."""
