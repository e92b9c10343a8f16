"""Decisions over a whole fleet: Arrow record batches in, record batches out. Needs the extra `fleet`."""

from restart_engine.fleet.deciding import answer_batches, decide_batches, decided_schema
from restart_engine.fleet.schemas import ANSWERS, DECISIONS, SCENARIO_COLUMNS, SCENARIO_TEXT

__all__ = [
    "ANSWERS",
    "DECISIONS",
    "SCENARIO_COLUMNS",
    "SCENARIO_TEXT",
    "answer_batches",
    "decide_batches",
    "decided_schema",
]
