"""What is counted, in the format of Prometheus: by an application, or by all processes of a server together.

Every label takes one of few values, whatever clients send: a series costs memory for as long as the process
lives. Where the values are known beforehand, their series are there from the start, at 0.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import (
    MultiProcessCollector,
    mark_process_dead,  # pyright: ignore[reportUnknownVariableType]  # the library has no types here
)

from restart_engine.core.progress import OVER
from restart_engine.core.status import Status, check_status
from restart_engine.endpoint import GATES, GateId

SHARED_BY: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The environment's variable that names the folder where the processes of one server count.

prometheus_client reads it when it is imported.
"""
UNKNOWN: Final = "unknown"
"""The route of a path that no route has."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def forget_process(pid: int) -> None:
    """What this process ran it runs no longer; what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]  # likewise


class Metrics:
    """The counters of one application. Each may be told of from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "restart_engine_request_seconds",
            "How long requests took to their answer.",
            ("route", "method", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._refusals = self._counter("refusals", "Requests refused, by the gate that refused.", "gate")
        self._started = self._counter("executions_started", "Executions started.")
        self._ended = self._counter("executions_ended", "Executions that ended, by status.", "status")
        self._steps = self._counter("steps_ended", "Steps that ended, by status.", "status")
        self._cut_off = self._counter(
            "executions_cut_off", "Executions closed because their process had died."
        )
        self._errors = self._counter("database_errors", "Transactions that the database failed.")
        self._running = Gauge(
            "restart_engine_executions_running",
            "Executions that run now.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        for gate in GATES.values():
            if gate.refuses:
                self._refusals.labels(gate.id)
        for status in OVER:
            self._ended.labels(status.value)
            self._steps.labels(status.value)

    def answered(self, *, route: str | None, method: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is the template of its route, none where it has none."""
        known = method if method in _METHODS else "OTHER"
        self._requests.labels(route or UNKNOWN, known, str(status)).observe(seconds)

    def refused(self, gate: GateId) -> None:
        """A gate refused; to pass the last one is no refusal, and counts nowhere."""
        if GATES[gate].refuses:
            self._refusals.labels(gate).inc()

    def execution_started(self) -> None:
        """An execution was started, by whichever call."""
        self._started.inc()

    def execution_ended(self, status: Status) -> None:
        """An execution of this process ended."""
        check_status("status", status, OVER)
        self._ended.labels(status.value).inc()

    def step_ended(self, status: Status) -> None:
        """A step of this process ended."""
        check_status("status", status, OVER)
        self._steps.labels(status.value).inc()

    def execution_cut_off(self) -> None:
        """An execution was closed because its process had died."""
        self._cut_off.inc()

    def database_failed(self) -> None:
        """A transaction failed because the database was not available."""
        self._errors.inc()

    def now_running(self, executions: int) -> None:
        """So many executions are run by this process now."""
        self._running.set(executions)

    def text(self) -> tuple[bytes, str]:
        """All of it as Prometheus reads it, and the media type of that."""
        registry = self._registry
        if SHARED_BY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # likewise
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"restart_engine_{name}", meaning, labels, registry=self._registry)
