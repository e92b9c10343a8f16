"""What a host is asked, in which order and of what."""

from __future__ import annotations

from typing import Any, cast

from endpoint.house import GRANTED, PLAN, execute, restart, status

from restart_engine.endpoint import Known


class Recorder:
    """The house, which keeps each question and what it was asked of."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __getattr__(self, question: str) -> Any:
        def answer(*of: Any) -> Any:
            self.asked.append((question, *of))
            return getattr(GRANTED, question)(*of)

        return answer


ADMITTED = [("bearer", "abcde12345"), ("tenant_open", "demo"), ("user", GRANTED.caller)]
STARTED = [
    *ADMITTED,
    ("plan", "demo", "Nightly"),
    ("schemas", GRANTED.caller, ("Sales", "Finance", "OnlineStore")),
    ("latest", "demo", PLAN),
    ("loader_available", "demo"),
]


def test_of_a_restart() -> None:
    """Each question once; the schemas once for all groups, in the plan's order."""
    recorder = Recorder()
    restart(cast("Known", recorder))
    assert recorder.asked == STARTED


def test_of_an_execution() -> None:
    """As of a restart: R1 looks at the latest execution too."""
    recorder = Recorder()
    execute(cast("Known", recorder))
    assert recorder.asked == STARTED


def test_of_a_status() -> None:
    """Nothing that only a start needs; the execution's id as a number."""
    recorder = Recorder()
    status(cast("Known", recorder), "0012", "4")
    assert recorder.asked == [
        *ADMITTED,
        ("execution", "demo", 12),
        ("schemas", GRANTED.caller, ("Sales", "Finance", "OnlineStore")),
    ]
