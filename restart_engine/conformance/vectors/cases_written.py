"""The same facts written otherwise: groups in any order, members absent or in another order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from restart_engine.conformance.vectors.builders import (
    LATEST,
    Document,
    Row,
    ask,
    plan,
    ran,
    resume,
    without_nulls,
)

_PLAN: Final = plan("1:ab 2:cd 4:ef 10:g")
_RECORD: Final = ran("F", "1S aS bS", "2F cF dK", "4F eS fF")
_SCENARIOS: Final = {
    "never-ran": ask(_PLAN, None, 0),
    "start-over": ask(_PLAN, _RECORD, 0),
    "at-group": ask(_PLAN, _RECORD, 4),
    "resume": resume(_PLAN, _RECORD),
    "resume-at-group": resume(_PLAN, _RECORD, 4),
    "active": ask(_PLAN, ran("P", "1S aS bS", "2P cS dP"), 0),
    "other-id": ask(_PLAN, _RECORD, 2, LATEST + 1),
    "lost-history": resume(_PLAN, ran("F", "1S aS bS", "2F ?", "4F eS fF")),
}


def _descending(scenario: Document) -> Document:
    latest = scenario["latest"]
    recorded = None if latest is None else {**latest, "groups": list(reversed(latest["groups"]))}
    planned = {**scenario["plan"], "groups": list(reversed(scenario["plan"]["groups"]))}
    return {**scenario, "plan": planned, "latest": recorded}


def _mixed(scenario: Document) -> Document:
    """The third group first, and recorded steps from the last to the first."""
    one, two, three, *rest = scenario["plan"]["groups"]
    planned = {**scenario["plan"], "groups": [three, one, *rest, two]}
    latest = scenario["latest"]
    if latest is not None:
        first, *others = (_steps_reversed(group) for group in latest["groups"])
        latest = {**latest, "groups": [*others, first]}
    return {**scenario, "plan": planned, "latest": latest}


def _steps_reversed(group: Document) -> Document:
    steps = group["steps"]
    return {**group, "steps": None if steps is None else dict(reversed(steps.items()))}


def _members_reversed(scenario: Document) -> Document:
    """Every object's members in the opposite order."""
    turned: Document = json.loads(json.dumps(scenario), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    return turned


_WAYS: Final[dict[str, tuple[str, Callable[[Document], Document]]]] = {
    "descending": ("groups come in any order, here from the last to the first", _descending),
    "mixed": ("groups and recorded steps come in any order", _mixed),
    "members-reversed": ("members of an object come in any order", _members_reversed),
    "without-nulls": ("a member that is absent says what null says", without_nulls),
}


def rows() -> Iterator[Row]:
    """All of them; where nothing is null, absence does not show."""
    for name, scenario in _SCENARIOS.items():
        yield Row(f"edges/written-{name}", "the facts that other cases write otherwise", scenario)
        for way, (why, change) in _WAYS.items():
            changed = change(scenario)
            if way != "without-nulls" or changed != scenario:
                yield Row(f"edges/written-{name}-{way}", why, changed)
