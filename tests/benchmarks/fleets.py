"""Fleets to decide on: many tenants, thousands of plans, many scenarios a plan, and what is to come of each.

Row `n` of a fleet is the same whenever and wherever it is made. What a row says is known from how it was
made, not from the engine: its rule, or that it is no scenario.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pyarrow as pa
from attrs import field, frozen
from pyarrow import parquet

from restart_engine.core.rule_table import RULE_IDS
from restart_engine.fleet import SCENARIO_COLUMNS

Document: TypeAlias = dict[str, Any]
_Kinds: TypeAlias = list[tuple[str, int | None, list[str]]]
"""What is expected, and the text in parts: between them stands the execution's id."""
ERROR: Final = "error"
"""What stands for a rule where a row is no scenario."""
STARTS: Final = ("S3", "S3", "S3", "S4", "S3", "S3", "S2", "S1")
"""Rules of the scenarios that are accepted, as often as they stand here: each has another failure."""
REJECTIONS: Final = RULE_IDS
_BESIDE: Final[tuple[pa.Field[Any], ...]] = (
    pa.field("tenant", pa.string()),
    pa.field("expected", pa.string()),
    pa.field("expectedSteps", pa.int64()),
)
TEXT: Final = pa.schema([*_BESIDE, pa.field("scenario", pa.string())])
NESTED: Final = pa.schema([*_BESIDE, *SCENARIO_COLUMNS])
_IN_A_BATCH: Final = 10_000
_THOUSAND: Final = 1_000
_OUT_OF_ORDER: Final = 7_919
"""A prime, so that what follows each other looks unordered and every kind comes as often as it has to."""
_FIRST: Final = 500
"""So that the first row is an accepted one."""
_ID: Final = "987654321"


class Row(NamedTuple):
    """A row of a fleet."""

    tenant: str
    expected: str
    """The rule that is to decide it, or `ERROR`."""
    steps: int | None
    """How many steps are to run; none where nothing is."""
    scenario: str


@frozen(kw_only=True)
class Fleet:
    """What a fleet is like."""

    plans: int = 4_000
    tenants: int = 200
    of_a_plan: int = 25
    """Scenarios of a plan that follow each other; 1 where each has another plan than the one before."""
    groups: tuple[int, int] = (2, 6)
    """Least and most of a plan."""
    steps: tuple[int, int] = (1, 6)
    """Least and most of a group."""
    rejected: int = 200
    """Of a thousand."""
    bad: int = 2
    """Of a thousand: rows that are no scenario."""
    seed: int = 6
    _made: Any = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_made", lru_cache(maxsize=self.plans)(self._of_plan))

    def rows(self, first: int, last: int) -> Iterator[Row]:
        """Those from the first up to, and without, the last; an execution's id tells rows apart."""
        for number in range(first, last):
            plan = number // self.of_a_plan % self.plans
            chosen, kind = divmod(_FIRST + number * _OUT_OF_ORDER, _THOUSAND)
            good, rejected, bad = self._made(plan)
            kinds = bad if kind < self.bad else rejected if kind < self.bad + self.rejected else good
            rule, steps, parts = kinds[chosen % len(kinds)]
            yield Row(f"tenant {plan % self.tenants}", rule, steps, str(number + 1).join(parts))

    def _of_plan(self, number: int) -> tuple[_Kinds, _Kinds, _Kinds]:
        """A plan's scenarios that are accepted, that are rejected, and that are none."""
        drawn = random.Random(f"{self.seed} {number}")  # noqa: S311  # no secret
        plan = self._plan(number, drawn)
        good: _Kinds = []
        rejected: _Kinds = []
        for kinds, rules in ((good, STARTS), (rejected, REJECTIONS)):
            for rule in rules:
                scenario = _scenario(plan, rule, drawn)
                kinds.append((rule, _to_run(scenario, rule), _text(scenario).split(_ID)))
        bad: _Kinds = [(ERROR, None, text.split(_ID)) for text in _spoilt(_scenario(plan, "S3", drawn))]
        return good, rejected, bad

    def _plan(self, number: int, drawn: random.Random) -> Document:
        groups = [
            {
                "sequence": 10 * place,
                "steps": [
                    f"Schema_{number % 97}.Object_{place}_{n}" for n in range(drawn.randint(*self.steps))
                ],
            }
            for place in range(1, drawn.randint(*self.groups) + 1)
        ]
        return {"name": f"Plan {number}", "groups": groups}


def _scenario(plan: Document, rule: str, drawn: random.Random) -> Document:
    """A scenario of this plan that this rule decides: where the rule allows, the middle group failed."""
    place = len(plan["groups"]) // 2
    groups = [_outcome(group, "Succeeded", drawn) for group in plan["groups"][:place]]
    groups.append(_outcome(plan["groups"][place], "Failed", drawn))
    sequence = groups[-1]["sequence"]
    latest: Document = {"id": int(_ID), "status": "Failed", "groups": groups}
    request: Document = {
        "loadPlanName": plan["name"],
        "groupSequence": 0,
        "recentLoadPlanExecution": int(_ID),
    }
    match rule:
        case "S1":
            request["recentLoadPlanExecution"] = None
        case "S2":
            request |= {"groupSequence": sequence, "recentLoadPlanExecution": None}
        case "S4":
            request["groupSequence"] = sequence
        case "R1":
            latest["status"] = "In Progress"
        case "R2":
            request["recentLoadPlanExecution"] = -1
        case "R3":
            latest |= {"status": "Interrupted", "groups": groups[:-1]}
        case "R4":
            request["groupSequence"] = sequence + 1
        case "R5":
            groups[-1]["steps"] = None
        case _:
            assert rule == "S3"
    return {"plan": plan, "latest": latest, "request": request}


def _to_run(scenario: Document, rule: str) -> int | None:
    """How many steps are to run: of the failed group perhaps only what failed, and all after it."""
    if rule in REJECTIONS:
        return None
    failed = scenario["latest"]["groups"][-1]
    first = 0 if rule == "S1" else failed["sequence"]
    sizes = [len(group["steps"]) for group in scenario["plan"]["groups"] if group["sequence"] >= first]
    spared = list(failed["steps"].values()).count("Succeeded") if rule in ("S3", "S4") else 0
    return sum(sizes) - spared


def _outcome(group: Document, status: str, drawn: random.Random) -> Document:
    steps = dict.fromkeys(group["steps"], "Succeeded")
    if status == "Failed":
        failed = drawn.sample(group["steps"], drawn.randint(1, len(steps)))
        steps |= dict.fromkeys(failed, "Failed")
    return {"sequence": group["sequence"], "status": status, "steps": steps}


def _spoilt(scenario: Document) -> list[str]:
    """The scenario with one place spoilt: some still are JSON, and some even have the right types."""
    text = _text(scenario)
    return [
        text.replace('"status":"Failed"', '"status":"Broken"', 1),
        text.replace('"loadPlanName":"', '"loadPlanName":"Not ', 1),
        text.replace('"sequence":10,', '"sequence":-1,', 1),
        text[: len(text) // 2],
        text.replace('"sequence":10,', '"sequence":"10",', 1),
        "",
    ]


def _text(scenario: Document) -> str:
    return json.dumps(scenario, separators=(",", ":"))


def batches(fleet: Fleet, rows: int) -> Iterator[pa.RecordBatch]:
    """So many rows of a fleet, with their scenarios as text."""
    for first in range(0, rows, _IN_A_BATCH):
        columns = zip(*fleet.rows(first, min(first + _IN_A_BATCH, rows)), strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, TEXT, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=TEXT)


def nested_batches(fleet: Fleet, rows: int) -> Iterator[pa.RecordBatch]:
    """The same with nested columns; what no such columns can hold is left out."""
    for batch in batches(fleet, rows):
        found = [_nested(row) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist([row for row in found if row is not None], schema=NESTED)


def _nested(row: Document) -> Document | None:
    try:
        scenario: Document = json.loads(row.pop("scenario"))
    except ValueError:
        return None
    if any(type(group["sequence"]) is not int for group in scenario["plan"]["groups"]):
        return None
    for outcome in scenario["latest"]["groups"]:
        outcome["steps"] = None if outcome["steps"] is None else list(outcome["steps"].items())
    return row | scenario


def write_parquet(fleet: Fleet, rows: int, file: Path) -> None:
    """A Parquet file of so many rows."""
    with parquet.ParquetWriter(file, TEXT, compression="zstd") as writer:
        for batch in batches(fleet, rows):
            writer.write_batch(batch)


def write_lines(fleet: Fleet, rows: int, file: Path) -> None:
    """A scenario a line."""
    with file.open("w", encoding="utf-8") as stream:
        made = fleet.rows(0, rows)
        while some := list(islice(made, _IN_A_BATCH)):
            stream.writelines(f"{row.scenario}\n" for row in some)
