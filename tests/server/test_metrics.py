"""The figures, as a scraper reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from restart_engine.core.errors import InvalidValue
from restart_engine.core.progress import OVER
from restart_engine.core.status import Status
from restart_engine.endpoint import GATES
from restart_engine.server.metrics import Metrics


def figure(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The figure of this name and these labels, none where there is no such series."""
    for family in text_string_to_metric_families(metrics.text()[0].decode()):
        for sample in family.samples:
            if sample.name == f"restart_engine_{name}" and sample.labels == labels:
                return float(sample.value)
    return None


def series(metrics: Metrics) -> int:
    """How many series there are."""
    families = text_string_to_metric_families(metrics.text()[0].decode())
    return sum(len(family.samples) for family in families)


def test_known_series_stand_at_zero() -> None:
    """What can be counted is there before it is: a scraper sees the first one as an increase."""
    metrics = Metrics()
    for gate, row in GATES.items():
        assert figure(metrics, "refusals_total", gate=gate) == (None if row.status == 200 else 0)
    for status in OVER:
        assert figure(metrics, "executions_ended_total", status=status) == 0
        assert figure(metrics, "steps_ended_total", status=status) == 0
    for name in ("executions_started_total", "executions_cut_off_total", "database_errors_total"):
        assert figure(metrics, name) == 0
    assert figure(metrics, "executions_running") == 0


def test_each_is_counted() -> None:
    """Each event adds one to its figure and to no other."""
    metrics = Metrics()
    metrics.refused("H9")
    metrics.refused("H12")
    metrics.execution_started()
    metrics.execution_started()
    metrics.execution_ended(Status.FAILED)
    metrics.step_ended(Status.SUCCEEDED)
    metrics.execution_cut_off()
    metrics.database_failed()
    metrics.now_running(2)
    metrics.now_running(1)
    assert figure(metrics, "refusals_total", gate="H9") == 1
    assert figure(metrics, "refusals_total", gate="H8") == 0
    assert figure(metrics, "refusals_total", gate="H12") is None
    assert figure(metrics, "executions_started_total") == 2
    assert figure(metrics, "executions_ended_total", status="Failed") == 1
    assert figure(metrics, "executions_ended_total", status="Succeeded") == 0
    assert figure(metrics, "steps_ended_total", status="Succeeded") == 1
    assert figure(metrics, "executions_cut_off_total") == 1
    assert figure(metrics, "database_errors_total") == 1
    assert figure(metrics, "executions_running") == 1


def test_requests() -> None:
    """A request is counted under its route, method and status, and its time falls into a bucket."""
    metrics = Metrics()
    metrics.answered(route="/a/{tenant}", method="POST", status=200, seconds=0.03)
    metrics.answered(route="/a/{tenant}", method="POST", status=200, seconds=40)
    labels = {"route": "/a/{tenant}", "method": "POST", "status": "200"}
    assert figure(metrics, "request_seconds_count", **labels) == 2
    assert figure(metrics, "request_seconds_sum", **labels) == pytest.approx(40.03)
    assert figure(metrics, "request_seconds_bucket", **labels, le="0.025") == 0
    assert figure(metrics, "request_seconds_bucket", **labels, le="0.05") == 1
    assert figure(metrics, "request_seconds_bucket", **labels, le="30.0") == 1
    assert figure(metrics, "request_seconds_bucket", **labels, le="+Inf") == 2


def test_clients_make_no_series() -> None:
    """Paths that no route has are one series, and so are methods that nobody knows."""
    metrics = Metrics()
    metrics.answered(route=None, method="BREW0", status=404, seconds=0)
    before = series(metrics)
    for number in range(100):
        metrics.answered(route=None, method=f"BREW{number}", status=404, seconds=0)
    assert series(metrics) == before
    labels = {"route": "unknown", "method": "OTHER", "status": "404"}
    assert figure(metrics, "request_seconds_count", **labels) == 101


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.SKIPPED, "Failed"])
def test_nothing_ends_otherwise(status: Status) -> None:
    """Only what an execution or a step can end with is counted."""
    metrics = Metrics()
    with pytest.raises(InvalidValue, match="`status`"):
        metrics.execution_ended(status)
    with pytest.raises(InvalidValue, match="`status`"):
        metrics.step_ended(status)


def test_two_applications() -> None:
    """Two in one process count each for itself."""
    one, other = Metrics(), Metrics()
    one.execution_started()
    assert figure(other, "executions_started_total") == 0


def test_threads() -> None:
    """Whatever thread tells, no count is lost."""
    metrics = Metrics()
    with ThreadPoolExecutor(8) as threads:
        for _ in range(2000):
            threads.submit(metrics.step_ended, Status.SUCCEEDED)
    assert figure(metrics, "steps_ended_total", status="Succeeded") == 2000


def test_media_type() -> None:
    """The text names itself as Prometheus' own format."""
    assert Metrics().text()[1] == "text/plain; version=0.0.4; charset=utf-8"
