"""From a line of text to a line of answer; the unit is `json.loads` of the same line.

The candidates that wire was chosen from are measured beside it: each reads the line to values of the same
shape, without the checks of `core` and without seeing a member that stands twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
import msgspec
from benchmarks.decide import facts
from benchmarks.measuring import Action, Measurer
from benchmarks.tables import Table, ratio

from restart_engine import Facts, RestartRequest, Status, plan_restart
from restart_engine.wire import (
    Oracle,
    answer,
    decode_scenario,
    encode_decision,
    encode_scenario,
)
from restart_engine.wire.shapes import ScenarioShape

NIGHTLY: Final = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
_SIZES: Final = {1: 1, 10: 2, 100: 5, 1_000: 10, 10_000: 20, 30_000: 30, 100_000: 50}
"""Groups by steps."""
_QUICK_SIZES: Final = {1: 1, 1_000: 10}
NEW: Final = 6
"""At most so many times `json.loads` of a line of 40 steps, with a new plan."""
SEEN: Final = 3
"""The same with the plan of the line before."""


@attrs.frozen
class Group:
    """For cattrs."""

    sequence: int
    steps: list[str]


@attrs.frozen
class Plan:
    """For cattrs."""

    name: str
    groups: list[Group]


@attrs.frozen
class Outcome:
    """For cattrs."""

    sequence: int
    status: Status
    steps: dict[str, Status] | None


@attrs.frozen
class Latest:
    """For cattrs."""

    id: int
    status: Status
    groups: list[Outcome]


@attrs.frozen
class Scenario:
    """For cattrs."""

    plan: Plan
    request: dict[str, Any]
    latest: Latest | None = None


def scenario_line(steps: int, groups: int) -> bytes:
    """A failed night of this size, resumed at what failed."""
    plan, latest = facts(steps, groups)
    return encode_scenario(Facts(plan, RestartRequest(0, execution_id=12), latest))


def nightly_line() -> bytes:
    """The example of the docs, a night of 40 steps, as one line."""
    return json.dumps(json.loads(NIGHTLY.read_text(encoding="utf-8"))).encode()


def lines(*, quick: bool) -> dict[str, bytes]:
    """Scenarios from one step to 100,000."""
    sizes = _QUICK_SIZES if quick else _SIZES
    found = {f"{steps:,}": scenario_line(steps, groups) for steps, groups in sizes.items()}
    return {"40, the example of the docs": nightly_line()} | found


def wire_tables(measurer: Measurer) -> Iterator[Table]:
    """JSON in, JSON out."""
    answered, candidates, reached = [], [], dict[str, float]()
    for name, line in lines(quick=measurer.effort.quick).items():
        actions = _actions(line)
        times = measurer.take_turns(f"JSON, {name} steps", actions)
        unit = times["json.loads"]
        ratios = {action: times[action].to(unit) for action in actions}
        reached = reached or {action: found.middle for action, found in ratios.items()}
        answered.append((name, f"{unit.middle * 1e6:,.1f}", *map(ratio, list(ratios.values())[1:5])))
        candidates.append((name, *map(ratio, list(ratios.values())[5:])))
    yield Table(
        name="wire",
        head=(
            "steps",
            "`json.loads`, microseconds",
            "answered, plan of the line before",
            "answered, new plan",
            "of that: reading it to facts",
            "of that: deciding and writing",
        ),
        rows=tuple(answered),
        below=f"The aim for 40 steps is {NEW} with a new plan, {SEEN} with that of the line before, "
        f"here {reached['answered, new plan']:.1f} and "
        f"{reached['answered, plan of the line before']:.1f}.",
    )
    yield Table(
        name="candidates",
        head=("steps", "msgspec, typed", "`json.loads` and cattrs"),
        rows=tuple(candidates),
    )


def _check(asked: dict[str, Any], said: dict[str, Any]) -> None:
    """The first failed group is started, and of its steps those that did not succeed."""
    groups = {group["sequence"]: group["steps"] for group in asked["plan"]["groups"]}
    failed = next(group for group in asked["latest"]["groups"] if group["status"] == "Failed")
    left = [name for name in groups[failed["sequence"]] if failed["steps"].get(name) != "Succeeded"]
    assert left
    assert (said["rule"], said["start"]["sequence"], said["start"]["run"]) == ("S3", failed["sequence"], left)


def _actions(line: bytes) -> dict[str, Action]:
    """What is done with a line; that all of it comes to the same is made sure of first."""
    text = line.decode()
    found, oracle = decode_scenario(line), Oracle()
    decision = plan_restart(found.plan, found.request, found.latest)
    read_typed = msgspec.json.Decoder(ScenarioShape).decode
    convert = cattrs.Converter(forbid_extra_keys=True)
    convert.register_structure_hook(Status, lambda value, _: Status(value))
    said = encode_decision(decision)
    assert oracle.answer(line) == oracle.answer(line) == answer(line) == said
    _check(json.loads(line), json.loads(said))
    steps = [list(group.names) for group in found.plan.groups]
    assert steps == [group.steps for group in read_typed(line).plan.groups]
    assert steps == [group.steps for group in convert.structure(json.loads(text), Scenario).plan.groups]
    return {
        "json.loads": partial(json.loads, text),
        "answered, plan of the line before": partial(oracle.answer, line),
        "answered, new plan": partial(answer, line),
        "read": partial(decode_scenario, line),
        "decided and written": lambda: encode_decision(plan_restart(found.plan, found.request, found.latest)),
        "msgspec": partial(read_typed, line),
        "cattrs": lambda: convert.structure(json.loads(text), Scenario),
    }
