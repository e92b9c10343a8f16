"""The conformance kit over HTTP: it finds nothing in the server, and what is planted there it finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from server.faulty_server import FAULTS, program
from server.harness.stage import Stage
from server.http_host import HttpHost

from restart_engine.conformance import check_host, host_report_text
from restart_engine.conformance.host_report import HostReport

FINDS = {
    "no plan_restart": {"R2", "R3", "S2", "S3", "S4"},
    "no execution id": {"R2", "R3", "S3", "S4"},
    "nothing skipped": {"S3", "S4", "chain"},
    "two transactions": {"one act"},
    "older latest": {"R2", "S3", "S4"},
}
"""The faults, and rules of which at least one is found to be broken."""


def host_of(stage: Stage) -> Callable[[], HttpHost]:
    """A host is a tenant of its own; its calls go to all servers in turn."""
    return lambda: HttpHost(stage.servers, stage.key_file)


def check(url: str, folder: Path, *, examples: int, steps: int, seed: int = 0) -> HostReport:
    """The kit's verdict on two servers over this database."""
    with Stage(url, folder) as stage:
        report = check_host(host_of(stage), seed=seed, examples=examples, steps=steps)
        assert "Traceback" not in stage.logs()
        return report


def test_the_kit_finds_nothing(sqlite_url: str, tmp_path: Path) -> None:
    """Two servers over one database conform, told the scripts."""
    report = check(sqlite_url, tmp_path, examples=0, steps=12)
    assert not report.faults, host_report_text(report)
    assert report.failure is None, host_report_text(report)


@pytest.mark.slow
def test_the_kit_finds_nothing_in_a_whole_run(database_url: str, tmp_path: Path) -> None:
    """Two servers over one database conform, and every rule and law was exercised."""
    report = check(database_url, tmp_path, examples=80, steps=30, seed=5)
    assert report.conforms, host_report_text(report)


def found_in(fault: str, url: str, folder: Path) -> str:
    """The kit's report on two servers with this fault, which is found."""
    with Stage(url, folder, program=program(fault)) as stage:
        report = check_host(host_of(stage), examples=0)
    text = host_report_text(report)
    assert report.verdict == "does not conform", text
    assert FINDS[fault] & {found.rule for found in report.faults}, text
    return text


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, sqlite_url: str, tmp_path: Path) -> None:
    """A server that decides by itself, forgets the id, skips nothing, or does not lock is found out."""
    found_in(fault, sqlite_url, tmp_path)


@pytest.mark.slow
def test_a_server_that_does_not_lock_is_found_on_postgresql(postgresql_url: str, tmp_path: Path) -> None:
    """The one fault for which the kind of database matters."""
    found_in("two transactions", postgresql_url, tmp_path)
