"""Answers as text, counted as they are made: each scenario is decided once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.facts import Facts
from restart_engine.fleet.deciding import ROWS, Scenarios, kind
from restart_engine.fleet.tally import Tally
from restart_engine.wire import WireError, encode_decision, error_line
from restart_engine.wire.decision import decision_shape
from restart_engine.wire.shapes import PlannedShape


def answered_lines(batches: Iterable[pa.RecordBatch], tally: Tally) -> Iterator[bytes]:
    """The lines that `restart-engine oracle` answers, of each `ROWS` rows at once; each is counted.

    Scenarios come as they do to `decide_batches`.
    """
    schema: pa.Schema | None = None
    scenarios: Scenarios | None = None
    for batch in batches:
        if schema is None or scenarios is None or not batch.schema.equals(schema):
            schema = batch.schema
            scenarios = kind(schema)(schema)
        for start in range(0, batch.num_rows, ROWS):
            readings = scenarios.readings(batch.slice(start, ROWS))
            yield b"\n".join([*(_answer(facts, tally) for facts in readings), b""])


def _answer(facts: Facts | WireError, tally: Tally) -> bytes:
    try:
        if isinstance(facts, WireError):
            raise facts
        decision = plan_restart(facts.plan, facts.request, facts.latest)
        shape = decision_shape(decision)
        line = encode_decision(shape)
    except WireError as error:  # also of a number with more digits than JSON is written with
        tally.refused(error)
        return error_line(error)
    if isinstance(decision, RestartPlan):
        assert isinstance(shape, PlannedShape)
        tally.planned(decision, shape)
    else:
        tally.rejected(decision, decision.rules[0])
    return line
