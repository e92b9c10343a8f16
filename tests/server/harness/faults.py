"""Faults: servers killed, databases that go away or fill up, clocks that jump, processes that stand still.

    PYTHONPATH=tests python tests/server/harness/faults.py --database postgresql --kills 100
    PYTHONPATH=tests python tests/server/harness/faults.py --database sqlite --only full read-only

Under each, clients restart and follow plans whose steps fail now and then. Afterwards every 200 that a
client saw has its execution, no plan ran twice at once, no id was answered twice, nothing is left running,
no outcome that was once shown has changed, and every restart skipped what was completed in its start group,
and only that. Where a stranger holds a lock, what was answered 503 was not started either.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from server.harness import clocks, disks, kills, locks, outages, pauses
from server.harness.crowd import SPEED, tenants
from server.harness.invariants import check_all
from server.harness.ledger import Ledger
from server.harness.stage import KINDS, Kind, Stage, fresh_database
from server.harness.table import say, table
from server.postgres import PrivatePostgres

Figures: TypeAlias = Counter[str]


class CannotBe(Exception):
    """A fault that cannot be made here; the text says why."""


@contextlib.contextmanager
def staged(url: str, *, environments: dict[int, dict[str, str]] | None = None) -> Iterator[Stage]:
    """Two servers over this database, with the tenants that the crowd asks."""
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        options = (*SPEED, "--dead-after", str(kills.DEAD_AFTER))
        with Stage(url, Path(folder), *options, environments=environments) as stage:
            stage.load(*tenants())
            try:
                yield stage
            finally:
                if "Traceback" in (said := stage.logs()):
                    say(f"a server logs an error of its own:\n{said[said.index('Traceback') - 300 :][:3000]}")


def killed(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """Servers end by kill -9."""
    with fresh_database(kind) as (url, _), staged(url) as stage:
        figures = kills.kill(stage, ledger, times, seed=seed)
        return figures + check_all(stage, ledger)


def gone(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """PostgreSQL is stopped in three ways, and started again; SQLite's file is locked by another program."""
    with fresh_database(kind) as (url, postgres), staged(url) as stage:
        if postgres is None:
            figures = outages.lock_file(stage, ledger, times, seed=seed)
        else:
            figures = outages.stop_postgres(stage, ledger, postgres, times, seed=seed)
        return figures + check_all(stage, ledger, begun_once=postgres is None)


def full(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """The disk is full, and then has room again."""
    if (why := disks.can_mount()) is not None:
        if kind == "postgresql":
            raise CannotBe(f"a small disk cannot be mounted ({why})")
        say(f"a small disk cannot be mounted ({why}): the server processes may write no file instead")
        return unwritable(kind, ledger, seed, times)
    with ExitStack() as stack:
        if kind == "sqlite":
            disk = stack.enter_context(disks.small_disk("16m"))
            url = f"sqlite:///{disk}/restart.db"
        else:
            disk = stack.enter_context(disks.small_disk("96m"))
            log = stack.enter_context(tempfile.TemporaryDirectory(prefix="harness-wal-"))
            Path(log).chmod(0o1777)
            made = PrivatePostgres(data_parent=disk, wal_parent=Path(log))
            url = stack.enter_context(made).new_database()
        stage = stack.enter_context(staged(url))
        figures = disks.spoil(stage, ledger, partial(disks.filled, disk), times, seed=seed)
        return figures + check_all(stage, ledger, begun_once=False)


def unwritable(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """SQLite's file cannot be written any more; PostgreSQL takes no transaction that writes."""
    with fresh_database(kind) as (url, _), staged(url) as stage:
        bad = disks.not_written if kind == "sqlite" else disks.read_only_database
        figures = disks.spoil(stage, ledger, partial(bad, stage), times, seed=seed)
        return figures + check_all(stage, ledger, begun_once=False)


def unwritable_at_start(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """A server is started on a file that is read-only, and again when it is not."""
    if kind == "postgresql":
        raise CannotBe("its files are PostgreSQL's own affair")
    if (why := disks.can_mount()) is not None:
        raise CannotBe(f"a disk cannot be mounted ({why})")
    figures: Figures = Counter()
    with disks.small_disk("16m") as disk, staged(f"sqlite:///{disk}/restart.db") as stage:
        for time_ in range(times):
            figures += kills.kill(stage, ledger, 1, seed=seed + time_)
            for number in range(len(stage.servers)):
                stage.kill(number)
            stage.forget_connections()
            with disks.read_only_disk(disk):
                figures += disks.refused_at_start(stage, ledger)
            for number in range(len(stage.servers)):
                stage.start(number)
        return figures + check_all(stage, ledger)


def jumping(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """The servers' clocks jump by days."""
    lib = clocks.library()
    if lib is None:
        raise CannotBe("libfaketime is not installed: on Debian it comes with the package `faketime`")
    with (
        fresh_database(kind) as (url, _),
        tempfile.TemporaryDirectory(prefix="harness-clock-") as folder,
        staged(url, environments=clocks.environments(lib, Path(folder))) as stage,
    ):
        figures: Figures = Counter()
        for time_ in range(times):
            figures += clocks.jump(stage, ledger, Path(folder), seed=seed + time_)
        return figures + check_all(stage, ledger)


def paused(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """A process stands still for longer than the others wait."""
    with fresh_database(kind) as (url, _), staged(url) as stage:
        figures = pauses.pause(stage, ledger, times, seed=seed)
        return figures + check_all(stage, ledger)


def held(kind: Kind, ledger: Ledger, seed: int, times: int) -> Figures:
    """A stranger holds a lock for longer than a call may take."""
    with fresh_database(kind) as (url, _), staged(url) as stage:
        figures = locks.hold(stage, ledger, times, seed=seed)
        return figures + check_all(stage, ledger)


Fault: TypeAlias = Callable[[Kind, Ledger, int, int], Figures]
FAULTS: Final[dict[str, Fault]] = {
    "kill": killed,
    "gone": gone,
    "full": full,
    "read-only": unwritable,
    "read-only-start": unwritable_at_start,
    "clock": jumping,
    "pause": paused,
    "lock": held,
}


def main() -> int:
    """The figures of each fault, and 1 where anything was violated."""
    parser = argparse.ArgumentParser(description="Faults under load, on real servers.")
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--times", type=int, default=3, help="how often every other fault is made")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=list(FAULTS), default=list(FAULTS))
    asked = parser.parse_args()
    violated = False
    for name in asked.only:
        ledger = Ledger()
        began = time.monotonic()
        times = asked.kills if name == "kill" else asked.times
        try:
            figures = FAULTS[name](asked.database, ledger, asked.seed, times)
        except CannotBe as why:
            say(f"\n{name}, {asked.database}: left out, {why}")
            continue
        seen = {**dict(sorted(figures.items())), **dict(sorted(ledger.counts.items()))}
        outcomes = {"outcomes seen, each for ever": ledger.ended()}
        seconds = {"seconds": round(time.monotonic() - began)}
        violations = {"violations": len(ledger.violations)}
        table(f"{name}, {asked.database}", {**seen, **outcomes, **seconds, **violations})
        for violation in ledger.violations[:20]:
            say(f"  violation: {violation}")
        violated |= bool(ledger.violations)
    return 1 if violated else 0


if __name__ == "__main__":
    sys.exit(main())
