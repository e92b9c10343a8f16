"""What a host is asked, in which order and of what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from endpoint.house import GRANTED, PLAN, THERE, execute, restart, status

from restart_engine.endpoint import HostLookups


class Recorder:
    """The house, which keeps each question and what it was asked of."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def __getattr__(self, question: str) -> Any:
        def answer(*of: Any) -> Any:
            self.asked.append((question, *of))
            return getattr(THERE, question)(*of)

        return answer


ADMITTED = [("bearer", "abcde12345"), ("tenant_open", "demo"), ("user", GRANTED.bearer)]
STARTED = [
    *ADMITTED,
    ("plan", "demo", "Nightly"),
    ("schemas", GRANTED.bearer, ("Sales", "Finance", "OnlineStore")),
    ("latest", "demo", PLAN),
    ("loader_available", "demo"),
]


def test_of_a_restart() -> None:
    """Each question once; the schemas once for all groups, in the plan's order."""
    recorder = Recorder()
    restart(cast("HostLookups", recorder))
    assert recorder.asked == STARTED


def test_of_an_execution() -> None:
    """As of a restart: R1 looks at the latest execution too."""
    recorder = Recorder()
    execute(cast("HostLookups", recorder))
    assert recorder.asked == STARTED


def test_of_a_status() -> None:
    """Nothing that only a start needs; the execution's id as a number."""
    recorder = Recorder()
    status(cast("HostLookups", recorder), "0012", "4")
    assert recorder.asked == [
        *ADMITTED,
        ("execution", "demo", 12),
        ("schemas", GRANTED.bearer, ("Sales", "Finance", "OnlineStore")),
    ]


def test_an_id_that_is_no_number_is_not_looked_up() -> None:
    """No host has to know what to make of it."""
    recorder = Recorder()
    status(cast("HostLookups", recorder), "twelve")
    assert recorder.asked == ADMITTED


class Meeting:
    """The house, in which two calls have to be at this question at the same moment."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.both_there = threading.Barrier(2, timeout=10)

    def __getattr__(self, question: str) -> Any:
        if question == self.question:
            self.both_there.wait()
        return getattr(THERE, question)


@pytest.mark.parametrize(
    ("ask", "question"),
    [
        *[(restart, question) for question, *_ in STARTED],
        *[(status, question) for question in ("bearer", "user", "execution", "schemas")],
    ],
)
def test_no_call_waits_for_the_lookups_of_another(ask: Callable[..., object], question: str) -> None:
    """Two threads look the same up side by side."""
    known = Meeting(question)
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: ask(known), range(2))
    assert first == second == ask()
