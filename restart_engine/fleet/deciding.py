"""From a stream of scenarios to a stream of decisions, in the same order and in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias, TypeVar

import pyarrow as pa

from restart_engine.core.rules import Facts
from restart_engine.fleet.nested import NestedScenarios
from restart_engine.fleet.rows import Row, columns_of, decided, refused, size_of
from restart_engine.fleet.schemas import DECISIONS
from restart_engine.fleet.texts import TextScenarios
from restart_engine.wire import WireError

ROWS: Final = 4096
"""Rows of a batch that comes out, at the most."""
ITEMS: Final = 2**18
"""Names and sequences in the lists of such a batch, at the most, but for the last row's."""

_T = TypeVar("_T")
Scenarios: TypeAlias = TextScenarios | NestedScenarios


def decide_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The decisions on a stream of scenarios, as columns: `decided_schema` of the batches' schema.

    A batch has its scenarios as text in the column `scenario`, or nested in the columns `plan`, `latest` and
    `request`; its other columns are carried over, and stand first. Order is kept; a batch that comes out has
    `ROWS` rows at the most, fewer where plans are large. A row that is no scenario is answered `error` in its
    row. Raises `WireError` where the columns are not those of scenarios.
    """
    for scenarios, batch in scenarios_in(batches):
        schema = decided_schema(batch.schema)
        carried = batch.select(carried_names(batch.schema))
        for start, rows in pieces(map(_row, scenarios.readings(batch)), size_of, ITEMS):
            columns = [*carried.slice(start, len(rows)).columns, *columns_of(rows)]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def decided_schema(schema: pa.Schema) -> pa.Schema:
    """The schema of the decisions on scenarios of this schema: what is carried over, and `DECISIONS`.

    Raises `WireError` where the columns are not those of scenarios, or one carried over is named like one of
    a decision.
    """
    kind(schema)(schema)
    carried = [schema.field(name) for name in carried_names(schema)]
    for field in carried:
        if field.name in DECISIONS.names:
            raise WireError(field.name, "a column that a decision has too", "a column of another name")
    return pa.schema([*carried, *DECISIONS])


def carried_names(schema: pa.Schema) -> list[str]:
    """The names of the columns that are carried over."""
    of_scenarios = kind(schema).columns
    return [name for name in schema.names if name not in of_scenarios]


def kind(schema: pa.Schema) -> type[Scenarios]:
    """Which form of scenarios a schema has; raises `WireError` where it has neither or both."""
    names = schema.names
    for name in names:
        if names.count(name) > 1:
            raise WireError(name, "a column that is there more than once", "each column once")
    forms = [form for form in (TextScenarios, NestedScenarios) if set(form.columns) <= set(names)]
    if len(forms) != 1:
        found = "of both forms" if forms else f"columns {', '.join(names)}"
        raise WireError("", found, "a column `scenario`, or columns `plan`, `latest` and `request`")
    return forms[0]


def scenarios_in(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[Scenarios, pa.RecordBatch]]:
    """Each batch in pieces, with what reads it: plans are kept from one to the next."""
    schema, scenarios = None, None
    for batch in batches:
        if scenarios is None or batch.schema != schema:
            schema = batch.schema
            scenarios = kind(schema)(schema)
        for start in range(0, batch.num_rows, ROWS):
            yield scenarios, batch.slice(start, ROWS)


def pieces(items: Iterable[_T], size: Callable[[_T], int], most: int) -> Iterator[tuple[int, list[_T]]]:
    """The items in pieces of that size or a little more, each with the place of its first."""
    start, piece, sizes = 0, list[_T](), 0
    for item in items:
        piece.append(item)
        sizes += size(item)
        if sizes >= most:
            yield start, piece
            start, piece, sizes = start + len(piece), [], 0
    if piece:
        yield start, piece


def _row(facts: Facts | WireError) -> Row:
    return refused(facts) if isinstance(facts, WireError) else decided(facts)
