"""Answers as text, counted as they are made: each scenario is decided once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.rules import Facts
from restart_engine.fleet.deciding import pieces, scenarios_in
from restart_engine.fleet.schemas import ANSWERS
from restart_engine.fleet.tally import Tally
from restart_engine.wire import WireError, encode_decision, error_line
from restart_engine.wire.decision import decision_shape
from restart_engine.wire.shapes import PlannedShape

BYTES: Final = 2**24
"""Of the answers that come out at once, at the most, but for the last."""


def answer_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same decisions as text: one column `answer`, what `restart-engine oracle` answers to each."""
    for answers in _answers(batches, Tally()):
        yield pa.RecordBatch.from_arrays([pa.array(answers, pa.string())], schema=ANSWERS)


def answered_lines(batches: Iterable[pa.RecordBatch], tally: Tally) -> Iterator[bytes]:
    """The same as lines, some thousands at once; each is counted."""
    for answers in _answers(batches, tally):
        yield b"\n".join([*answers, b""])


def _answers(batches: Iterable[pa.RecordBatch], tally: Tally) -> Iterator[list[bytes]]:
    for scenarios, batch in scenarios_in(batches):
        answers = (_answer(facts, tally) for facts in scenarios.readings(batch))
        for _, piece in pieces(answers, len, BYTES):
            yield piece


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
