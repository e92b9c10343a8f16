"""Scenarios as nested columns: `plan`, `latest` and `request`, with the members of the JSON.

A batch is taken apart once, into flat lists of numbers and names; a row is then a few slices of these. A row
that the values of `core` refuse is written as JSON and read by the definition, so that it says what is wrong
with it in the words that its text would.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, TypeAlias

import pyarrow as pa
from pyarrow import types

from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.core.status import Status
from restart_engine.fleet.columns import Lists, check_kind, member, texts_of
from restart_engine.fleet.schemas import SCENARIO_COLUMNS
from restart_engine.wire import WireError
from restart_engine.wire.cache import BoundedCache
from restart_engine.wire.scenario import read_facts_carefully

_OPTIONAL: Final = frozenset({"request.recentLoadPlanExecution"})
KEPT_NAMES: Final = 500_000
"""Steps and groups of the plans that are kept, and of the outcomes: some thousands of plans."""
_STATUSES: Final = {str(status): status for status in Status}
_PlanKey: TypeAlias = tuple[str, tuple[int, ...], tuple[int, ...], tuple[str, ...]]
_OutcomeKey: TypeAlias = tuple[int, str, tuple[str, ...] | None, tuple[str, ...] | None]


class NestedScenarios:
    """Reads batches with these columns; plans that repeat are made once."""

    columns: Final = tuple(SCENARIO_COLUMNS.names)

    def __init__(self, schema: pa.Schema) -> None:
        """Raises `WireError` where a column is missing or cannot hold what it has to."""
        for field in SCENARIO_COLUMNS:
            check_kind(schema.field(field.name).type, field.type, field.name, _OPTIONAL)
        self._plans = BoundedCache(_plan_of, lambda key: 1 + len(key[1]) + len(key[-1]), KEPT_NAMES)
        self._outcomes = BoundedCache(_outcome_of, lambda key: 1 + len(key[-1] or ()), KEPT_NAMES)

    def readings(self, batch: pa.RecordBatch) -> Iterator[Facts | WireError]:
        """The facts of each row, or what is wrong with it."""
        plans = _Plans(batch.column("plan"))
        executions = _Executions(batch.column("latest"))
        requests = _Requests(batch.column("request"))
        for index in range(batch.num_rows):
            try:
                plan = self._plans.get(plans.key(index))
                latest = executions.execution(index, self._outcomes)
                yield Facts(plan, requests.request(index, plan), latest)
            except (InvalidValue, LookupError, TypeError):
                yield _read_carefully(batch, index)


class _Plans:
    """The column `plan` of a batch, taken apart."""

    def __init__(self, column: Any) -> None:
        self._names = texts_of(member(column, "name"))
        self._groups = Lists(member(column, "groups"))
        self._sequences = member(self._groups.values, "sequence").to_pylist()
        self._steps = Lists(member(self._groups.values, "steps"))
        starts = self._steps.starts
        self._sizes = [end - start for start, end in pairwise(starts)]
        self._step_names = texts_of(self._steps.values)

    def key(self, index: int) -> _PlanKey:
        """All that a row's plan is made from: equal for equal plans alone."""
        first, last = self._groups.starts[index : index + 2]
        if self._groups.missing[index] or any(self._steps.missing[first:last]):
            raise LookupError(index)
        starts = self._steps.starts
        return (
            self._names[index],
            tuple(self._sequences[first:last]),
            tuple(self._sizes[first:last]),
            tuple(self._step_names[starts[first] : starts[last]]),
        )


def _plan_of(key: _PlanKey) -> LoadPlan:
    name, sequences, sizes, names = key
    groups: list[LoadGroup] = []
    start = 0
    for sequence, size in zip(sequences, sizes, strict=True):
        groups.append(LoadGroup(sequence, names[start : start + size]))
        start += size
    return LoadPlan(name, tuple(groups))


class _Executions:
    """The column `latest` of a batch, taken apart."""

    def __init__(self, column: Any) -> None:
        self._missing = column.is_null().to_pylist()
        self._ids = member(column, "id").to_pylist()
        self._statuses = texts_of(member(column, "status"))
        self._groups = Lists(member(column, "groups"))
        outcomes = self._groups.values
        self._sequences = member(outcomes, "sequence").to_pylist()
        self._group_statuses = texts_of(member(outcomes, "status"))
        self._steps = Lists(member(outcomes, "steps"))
        self._step_names, self._step_statuses = map(texts_of, self._steps.pairs())

    def execution(self, index: int, outcomes: BoundedCache[_OutcomeKey, GroupOutcome]) -> Execution | None:
        """A row's latest execution, or none where the column is null."""
        if self._missing[index]:
            return None
        if self._groups.missing[index]:
            raise LookupError(index)
        places = range(*self._groups.starts[index : index + 2])
        groups = [outcomes.get(self._key(place)) for place in places]
        return Execution(self._ids[index], _STATUSES[self._statuses[index]], tuple(groups))

    def _key(self, place: int) -> _OutcomeKey:
        """All that a group's outcome is made from."""
        sequence, status = self._sequences[place], self._group_statuses[place]
        if self._steps.missing[place]:
            return sequence, status, None, None
        start, end = self._steps.starts[place : place + 2]
        return sequence, status, tuple(self._step_statuses[start:end]), tuple(self._step_names[start:end])


def _outcome_of(key: _OutcomeKey) -> GroupOutcome:
    sequence, status, statuses, names = key
    if names is None or statuses is None:
        return GroupOutcome(sequence, _STATUSES[status], None)
    steps = dict(zip(names, map(_STATUSES.__getitem__, statuses), strict=True))
    if len(steps) < len(names):
        raise LookupError(key)
    return GroupOutcome(sequence, _STATUSES[status], steps)


class _Requests:
    """The column `request` of a batch, taken apart."""

    def __init__(self, column: Any) -> None:
        self._names = texts_of(member(column, "loadPlanName"))
        self._sequences = member(column, "groupSequence").to_pylist()
        self._ids = member(column, "recentLoadPlanExecution").to_pylist()

    def request(self, index: int, plan: LoadPlan) -> RestartRequest:
        """A row's request, which has to name the plan."""
        if self._names[index] != plan.name:
            raise LookupError(index)
        return RestartRequest(self._sequences[index], execution_id=self._ids[index])


def _read_carefully(batch: pa.RecordBatch, index: int) -> Facts | WireError:
    try:
        members = [
            f'"{field.name}": {_json(batch.column(field.name)[index].as_py(), field.type)}'
            for field in SCENARIO_COLUMNS
        ]
        return read_facts_carefully(f"{{{', '.join(members)}}}".encode())
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        return WireError("", f"holding text that is not UTF-8: byte {byte:#04x}", "texts in UTF-8")
    except WireError as error:
        return error


def _json(value: Any, meant: Any) -> str:
    """A value of such a column as JSON: a map as an object, in which a member may stand twice."""
    if value is None:
        return "null"
    if types.is_struct(meant):
        given = [(field.name, _json(value[field.name], field.type)) for field in meant if field.name in value]
    elif types.is_map(meant):
        pairs = [(pair["key"], pair["value"]) if isinstance(pair, dict) else pair for pair in value]
        given = [(key or "", json.dumps(item)) for key, item in pairs]
    elif types.is_list(meant):
        return f"[{', '.join(_json(item, meant.value_type) for item in value)}]"
    else:
        return json.dumps(value)
    return f"{{{', '.join(f'{json.dumps(name)}: {text}' for name, text in given)}}}"
