"""Faults under load, on two servers: each of `harness/faults.py`, a few times."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from server.faulty_server import program
from server.harness.crowd import SPEED, tenants
from server.harness.faults import FAULTS, CannotBe
from server.harness.invariants import check_all
from server.harness.kills import kill
from server.harness.ledger import Ledger
from server.harness.stage import KINDS, Kind, Stage, fresh_database
from sqlalchemy import text

from restart_engine.server import database
from restart_engine.server.database import Database, Unavailable
from restart_engine.server.migration import migrate

KILLS = 3


def violations_of(fault: str, kind: Kind, times: int = 1) -> tuple[list[str], Counter[str]]:
    """What the fault made the servers violate, and how often what happened."""
    ledger = Ledger()
    try:
        figures = FAULTS[fault](kind, ledger, 0, times)
    except CannotBe as why:
        pytest.skip(str(why))
    assert figures["executions"] > 0
    return ledger.violations, figures


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_servers_are_killed(kind: Kind) -> None:
    """After kill -9 nothing that was answered is lost, nothing runs twice, and a restart resumes right."""
    violations, figures = violations_of("kill", kind, KILLS)
    assert violations == []
    assert figures["kills"] >= KILLS


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_database_goes_away(kind: Kind) -> None:
    """PostgreSQL that is stopped is answered with 503, a SQLite file that is locked is waited for."""
    violations, _ = violations_of("gone", kind)
    assert violations == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_database_is_read_only(kind: Kind) -> None:
    """What cannot be written is answered with 503, and outcomes wait until they can."""
    violations, figures = violations_of("read-only", kind)
    assert violations == []
    assert figures["transactions of runners that failed"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_process_stands_still(kind: Kind) -> None:
    """What it ran is closed by the other; what it believes to have run since is not kept; it goes on."""
    violations, figures = violations_of("pause", kind)
    assert violations == []
    assert figures["closed by the other"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_stranger_holds_a_lock(kind: Kind) -> None:
    """Starts that wait for it for too long are answered 503, and are not made later."""
    violations, figures = violations_of("lock", kind)
    assert violations == []
    assert figures["answered 503"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["full", "read-only-start", "clock"])
@pytest.mark.parametrize("kind", KINDS)
def test_disks_and_clocks(fault: str, kind: Kind) -> None:
    """A full disk, a file that is read-only from the beginning, a clock that jumps: each where it can be."""
    violations, _ = violations_of(fault, kind)
    assert violations == []


def test_a_transaction_that_stands_still_is_ended(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever holds a lock and is not heard of for a while loses it, and learns so when it goes on."""
    monkeypatch.setattr(database, "_STILL", 1)
    holder, other = Database(postgresql_url), Database(postgresql_url)
    migrate(holder)
    lock = text("lock table load_plans in exclusive mode")
    held, over, learned = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with holder.writing() as connection:
            connection.execute(lock)
            held.set()
            over.wait(30)

    def hold_in_vain() -> None:
        with pytest.raises(Unavailable):
            hold()
        learned.set()

    thread = threading.Thread(target=hold_in_vain)
    thread.start()
    assert held.wait(30)
    with other.writing() as connection:
        connection.execute(lock)
    over.set()
    thread.join()
    assert learned.is_set()
    with holder.reading() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
    holder.close()
    other.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_harness_finds_a_planted_fault(kind: Kind, tmp_path: Path) -> None:
    """Servers whose restarts skip nothing violate what the harness checks."""
    ledger = Ledger()
    with (
        fresh_database(kind, durable=False) as (url, _),
        Stage(url, tmp_path, *SPEED, "--dead-after", "2", program=program("nothing skipped")) as stage,
    ):
        stage.load(*tenants())
        kill(stage, ledger, 1)
        check_all(stage, ledger)
    assert any("skipped set(), completed were" in violation for violation in ledger.violations)
