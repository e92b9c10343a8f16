"""Decisions over a whole fleet: Arrow record batches in, record batches out. Needs the extra `fleet`."""

from restart_engine.fleet.answering import answer_batches
from restart_engine.fleet.deciding import decide_batches, decided_schema
from restart_engine.fleet.schemas import ANSWERS, DECISIONS, SCENARIO_COLUMNS, SCENARIO_TEXT
from restart_engine.fleet.summary import Summary

__all__ = [
    "ANSWERS",
    "DECISIONS",
    "SCENARIO_COLUMNS",
    "SCENARIO_TEXT",
    "Summary",
    "answer_batches",
    "decide_batches",
    "decided_schema",
]
