"""A database that goes away under load, and comes back."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from random import Random
from typing import Final, Literal, TypeAlias

from server.harness.crowd import Crowd
from server.harness.invariants import await_over, check_started
from server.harness.ledger import Ledger
from server.harness.stage import Stage
from server.harness.table import progress
from server.postgres import PrivatePostgres

Way: TypeAlias = Literal["fast", "immediate", "kill"]
WAYS: Final[tuple[Way, ...]] = ("fast", "immediate", "kill")
AWAY: Final = 503
_AWAY_SECONDS: Final = 1.5
_GRACE: Final = 40.0


def stop_postgres(
    stage: Stage, ledger: Ledger, postgres: PrivatePostgres, times: int, *, seed: int = 0
) -> Counter[str]:
    """PostgreSQL is stopped in each way so many times; the servers recover by themselves."""
    random = Random(f"outages {seed}")  # noqa: S311  # a schedule that can be told again
    figures: Counter[str] = Counter()
    with Crowd(stage, ledger, seed=seed, statuses=(AWAY,)):
        for way in WAYS * times:
            time.sleep(0.5 + random.random())
            if way == "kill":
                postgres.kill()
            else:
                postgres.stop(way)
            time.sleep(_AWAY_SECONDS)
            postgres.start()
            for number in range(len(stage.servers)):
                stage.await_ready(number)
            stage.forget_connections()
            check_started(stage, ledger)
            figures[f"stopped: {way}"] += 1
            progress(f"PostgreSQL was away {figures.total()} times, {len(ledger.violations)} violations")
        time.sleep(2)
    await_over(stage, ledger, _GRACE)
    figures["answered 503"] = ledger.counts["answered 503"]
    if not figures["answered 503"]:
        ledger.wrong("nobody noticed that the database was away")
    return figures


def lock_file(stage: Stage, ledger: Ledger, times: int, *, seed: int = 0) -> Counter[str]:
    """Another program locks the SQLite file: the servers wait, and go on."""
    file = stage.url.removeprefix("sqlite:///")
    figures: Counter[str] = Counter()
    with Crowd(stage, ledger, seed=seed):
        for _ in range(times):
            time.sleep(1)
            other = sqlite3.connect(file, timeout=30, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(3)
            other.execute("ROLLBACK")
            other.close()
            figures["locked for 3 seconds"] += 1
            progress(f"locked {figures.total()} times, {len(ledger.violations)} violations")
        time.sleep(2)
    await_over(stage, ledger, _GRACE)
    return figures
