"""From one line of text to one line of answer."""

from __future__ import annotations

import msgspec

from restart_engine.core.decision import plan_restart
from restart_engine.wire.decision import encode_decision
from restart_engine.wire.errors import WireError
from restart_engine.wire.scenario import ScenarioReader


class Oracle:
    """Answers scenario after scenario."""

    def __init__(self) -> None:
        self._reader = ScenarioReader()

    def answer(self, line: str | bytes) -> bytes:
        """The decision on a scenario's JSON, as one line of JSON; raises `WireError` for any other text."""
        facts = self._reader.read(line)
        return encode_decision(plan_restart(facts.plan, facts.request, facts.latest))


def answer(line: str | bytes) -> bytes:
    """What a new `Oracle` answers."""
    return Oracle().answer(line)


def error_line(error: WireError) -> bytes:
    """What is answered to a line that is not a scenario."""
    return msgspec.json.encode({"error": {"path": error.path, "message": str(error)}})
