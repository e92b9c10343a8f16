"""JSON, strictly: scenarios to facts and back, decisions to text and back. Needs the extra `wire`."""

from restart_engine.wire.decision import decode_decision, encode_decision
from restart_engine.wire.errors import WireError
from restart_engine.wire.options import encode_options
from restart_engine.wire.oracle import Oracle, answer, error_line
from restart_engine.wire.reading import MAX_BYTES
from restart_engine.wire.scenario import ScenarioReader, decode_scenario, encode_scenario
from restart_engine.wire.schema import schema_text

__all__ = [
    "MAX_BYTES",
    "Oracle",
    "ScenarioReader",
    "WireError",
    "answer",
    "decode_decision",
    "decode_scenario",
    "encode_decision",
    "encode_options",
    "encode_scenario",
    "error_line",
    "schema_text",
]
