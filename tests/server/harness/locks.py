"""Locks that a stranger holds for longer than a call may take: it is answered 503, and starts nothing.

On SQLite the stranger has the file's one writer's lock, as a backup or a browser of databases has; on
PostgreSQL the rows of all load plans.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import psycopg
from server.harness.crowd import Crowd
from server.harness.invariants import await_over
from server.harness.ledger import Ledger
from server.harness.outages import AWAY
from server.harness.stage import Stage
from server.harness.table import progress

_HELD_SECONDS: Final = 33.0
"""A little more than a call may take."""
_GRACE: Final = 40.0


@contextmanager
def held(url: str) -> Iterator[None]:
    """A stranger holds the lock until this is left."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as stranger:
            stranger.execute("BEGIN IMMEDIATE")
            yield
            stranger.execute("ROLLBACK")
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            # for no longer, should whoever waits for it wait in the thread that is to release it
            connection.execute("SET idle_in_transaction_session_timeout = '60s'")
            connection.execute("SELECT * FROM load_plans FOR UPDATE")
            yield
            connection.rollback()


def hold(stage: Stage, ledger: Ledger, times: int, *, seed: int = 0) -> Counter[str]:
    """The lock is held so many times; an execution of which nobody was told is one that 503 had denied."""
    figures: Counter[str] = Counter()
    with Crowd(stage, ledger, seed=seed, statuses=(AWAY,)):
        for _ in range(times):
            time.sleep(1)
            with held(stage.url):
                time.sleep(_HELD_SECONDS)
            figures[f"held for {_HELD_SECONDS:g} seconds"] += 1
            progress(f"held {figures.total()} times, {len(ledger.violations)} violations")
        time.sleep(2)
    await_over(stage, ledger, _GRACE)
    denied = {row[0] for row in stage.rows("select id from executions")} - ledger.started.keys()
    if denied:
        ledger.wrong(f"executions that nobody was told of: {sorted(denied)}")
    figures["answered 503"] = ledger.counts["answered 503"]
    if not figures["answered 503"]:
        ledger.wrong("nobody noticed that the lock was held")
    return figures
