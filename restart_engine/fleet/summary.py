"""A whole fleet in a few numbers: how much of it can restart, and what helps the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any, Final, final

import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_integer, check_tuple
from restart_engine.core.errors import InvalidValue
from restart_engine.core.rule_table import RULE_IDS, START_RULE_IDS
from restart_engine.fleet.counts import HELPS, RESUMING, Noted, Rejected, Started
from restart_engine.fleet.schemas import DECISIONS

COUNTED: Final = (
    "decision",
    "rule",
    "stepsInPlan",
    "stepsToRun",
    "notes",
    "remedyKind",
)
"""The columns of `DECISIONS` that are counted."""

_KEYS: Final = ("decision", "rule", "remedyKind")


@final
@frozen(kw_only=True)
class Summary(Sealed):
    """What was decided on some scenarios. The summary of two tables is the sum of theirs."""

    started: tuple[Started, ...] = field(default=tuple(map(Started, START_RULE_IDS)))
    """One for each of S1 to S4, in this order."""
    rejected: tuple[Rejected, ...] = ()
    """In the order of the rules, and for each of what helps; those that there are."""
    notes: tuple[Noted, ...] = ()
    """The kinds that there are, by name."""
    errors: int = 0
    """Rows that are no scenario."""

    def __attrs_post_init__(self) -> None:
        check_tuple("started", self.started, Started)
        if tuple(each.rule for each in self.started) != START_RULE_IDS:
            raise InvalidValue("started", self.started, f"one for each of {', '.join(START_RULE_IDS)}")
        check_tuple("rejected", self.rejected, Rejected)
        check_tuple("notes", self.notes, Noted)
        check_integer("errors", self.errors, minimum=0)

    @classmethod
    def of(cls, decisions: pa.RecordBatch | pa.Table) -> Summary:
        """The summary of decisions as columns, of which `COUNTED` have to be there."""
        table = pa.table({name: _plain(decisions, name) for name in COUNTED})
        grouped: Any = table.group_by(list(_KEYS), use_threads=False)
        steps = [("stepsInPlan", "sum"), ("stepsToRun", "sum")]
        rows: list[dict[str, Any]] = grouped.aggregate([*steps, ([], "count_all")]).to_pylist()
        by_start = {row["rule"]: row for row in rows if row["decision"] == "planned"}
        notes = pc.value_counts(pc.list_flatten(table.column("notes")))
        return cls(
            started=tuple(_started(rule, by_start.get(rule)) for rule in START_RULE_IDS),
            rejected=in_order(
                {
                    (row["rule"], row["remedyKind"]): row["count_all"]
                    for row in rows
                    if row["decision"] == "rejected"
                }
            ),
            notes=by_name({str(each["values"]): each["counts"].as_py() for each in notes}),
            errors=sum(row["count_all"] for row in rows if row["decision"] == "error"),
        )

    @classmethod
    def total(cls, summaries: Iterable[Summary]) -> Summary:
        """The sum of these."""
        return reduce(Summary.__add__, summaries, cls())

    def __add__(self, other: Summary) -> Summary:
        rejected: Counter[tuple[str, str]] = Counter()
        for each in (*self.rejected, *other.rejected):
            rejected[each.rule, each.helps] += each.scenarios
        notes: Counter[str] = Counter()
        for noted in (*self.notes, *other.notes):
            notes[noted.note] += noted.scenarios
        return Summary(
            started=tuple(ours + theirs for ours, theirs in zip(self.started, other.started, strict=True)),
            rejected=in_order(rejected),
            notes=by_name(notes),
            errors=self.errors + other.errors,
        )

    @property
    def scenarios(self) -> int:
        """How many rows there are."""
        return self.planned + sum(each.scenarios for each in self.rejected) + self.errors

    @property
    def planned(self) -> int:
        """How many are accepted."""
        return sum(each.scenarios for each in self.started)

    @property
    def resumed(self) -> int:
        """How many of these take up the latest execution."""
        return sum(each.scenarios for each in self.started if each.rule in RESUMING)

    @property
    def steps_in_plan(self) -> int:
        """Steps that would run if every accepted plan started again from the beginning."""
        return sum(each.steps_in_plan for each in self.started)

    @property
    def steps_to_run(self) -> int:
        """Steps that run instead."""
        return sum(each.steps_to_run for each in self.started)

    @property
    def steps_saved(self) -> int:
        """How many fewer those are."""
        return self.steps_in_plan - self.steps_to_run

    def helped_by(self, helps: str) -> int:
        """How many rejected scenarios need this, one of `HELPS`."""
        return sum(each.scenarios for each in self.rejected if each.helps == helps)


def _plain(decisions: pa.RecordBatch | pa.Table, name: str) -> Any:
    """The column as `DECISIONS` has it, whatever layout of text another engine has given it."""
    column: Any = decisions.column(name)
    return column.cast(DECISIONS.field(name).type)


def _started(rule: str, row: dict[str, Any] | None) -> Started:
    if row is None:
        return Started(rule)
    return Started(rule, row["count_all"], row["stepsInPlan_sum"], row["stepsToRun_sum"])


def in_order(rejected: Mapping[tuple[str, str], int]) -> tuple[Rejected, ...]:
    """The counts by rule and by what helps, in their order."""
    helps: list[str] = list(HELPS)
    counted = [Rejected(*key, count) for key, count in rejected.items()]
    return tuple(sorted(counted, key=lambda each: (RULE_IDS.index(each.rule), helps.index(each.helps))))


def by_name(notes: Mapping[str, int]) -> tuple[Noted, ...]:
    """The counts by kind of note, in their order."""
    return tuple(Noted(note, count) for note, count in sorted(notes.items()))
