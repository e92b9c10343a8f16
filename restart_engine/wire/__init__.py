"""JSON, strictly: scenarios, plans and executions to values of `core` and back, decisions to text and back.

Needs the extra `wire`.
"""

from restart_engine.strict_json import MAX_BYTES, WireError
from restart_engine.wire.decision import decode_decision, encode_decision
from restart_engine.wire.options import encode_options
from restart_engine.wire.oracle import Oracle, answer, error_line
from restart_engine.wire.scenario import (
    ScenarioReader,
    decode_execution,
    decode_plan,
    decode_scenario,
    encode_execution,
    encode_plan,
    encode_scenario,
)
from restart_engine.wire.schema import schema_text

__all__ = [
    "MAX_BYTES",
    "Oracle",
    "ScenarioReader",
    "WireError",
    "answer",
    "decode_decision",
    "decode_execution",
    "decode_plan",
    "decode_scenario",
    "encode_decision",
    "encode_execution",
    "encode_options",
    "encode_plan",
    "encode_scenario",
    "error_line",
    "schema_text",
]
