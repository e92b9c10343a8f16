"""From one line of text to one line of answer."""

from __future__ import annotations

import msgspec

from restart_engine.core.decision import decide
from restart_engine.core.rules import Facts
from restart_engine.strict_json import WireError
from restart_engine.wire.decision import encode_decision
from restart_engine.wire.scenario import ScenarioReader, decode_scenario


class Oracle:
    """Answers scenario after scenario."""

    def __init__(self) -> None:
        self._reader = ScenarioReader()

    def answer(self, line: str | bytes) -> bytes:
        """The decision on a scenario's JSON, as one line of JSON; raises `WireError` for any other text."""
        return _answer(self._reader.read(line))


def answer(line: str | bytes) -> bytes:
    """What an `Oracle` answers, for one line alone."""
    return _answer(decode_scenario(line))


def _answer(facts: Facts) -> bytes:
    return encode_decision(decide(facts))


def error_line(error: WireError) -> bytes:
    """What is answered to a line that is not a scenario."""
    return msgspec.json.encode({"error": {"path": error.path, "message": str(error)}})
