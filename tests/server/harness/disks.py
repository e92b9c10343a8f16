"""Disks that are full, and files that cannot be written, under load; and then they can."""

from __future__ import annotations

import contextlib
import re
import resource
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg
from server.harness.crowd import Crowd
from server.harness.invariants import await_over, check_started
from server.harness.ledger import Ledger
from server.harness.outages import AWAY
from server.harness.stage import Stage
from server.harness.table import progress

_GRACE: Final = 40.0
_BAD_SECONDS: Final = 4.0


class CannotMount(Exception):
    """Nothing is mounted by this account, or on this machine."""


@contextlib.contextmanager
def small_disk(size: str) -> Iterator[Path]:
    """A file system of so many bytes, in memory."""
    with tempfile.TemporaryDirectory(prefix="harness-disk-") as folder:
        _mount("-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", folder)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=False)  # noqa: S603, S607  # the system's own


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607  # the system's own
    except FileNotFoundError:
        raise CannotMount("there is no program `mount`") from None
    if done.returncode:
        raise CannotMount(" ".join(done.stderr.split()))


def can_mount() -> str | None:
    """None where small disks can be had; otherwise what stands in the way."""
    try:
        with small_disk("1m"):
            return None
    except CannotMount as error:
        return str(error)


@contextlib.contextmanager
def filled(disk: Path) -> Iterator[None]:
    """There is no room left on this disk."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for portion in (1 << 20, 1 << 12):
                with contextlib.suppress(OSError):
                    while file.write(bytes(portion)) == portion:
                        pass
        yield
    finally:
        ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def not_written(stage: Stage) -> Iterator[None]:
    """The server processes may write to no file; what they have open they keep, and may read."""
    limits = {server.process.pid: resource.RLIMIT_FSIZE for server in stage.servers}
    before = {pid: resource.prlimit(pid, kind) for pid, kind in limits.items()}
    try:
        for pid, (_, most) in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
        yield
    finally:
        for pid, limit in before.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)


@contextlib.contextmanager
def read_only_database(stage: Stage) -> Iterator[None]:
    """The PostgreSQL database takes no writing transaction: as after a switch to a standby."""
    _set_read_only(stage.url, "on")
    try:
        yield
    finally:
        _set_read_only(stage.url, "off")


def _set_read_only(url: str, to: str) -> None:
    name = url.rpartition("/")[2]
    plain = url.replace("postgresql+psycopg://", "postgresql://").removesuffix(name) + "postgres"
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {to}")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )


def spoil(
    stage: Stage,
    ledger: Ledger,
    bad: Callable[[], contextlib.AbstractContextManager[None]],
    times: int,
    *,
    seed: int = 0,
) -> Counter[str]:
    """Nothing can be written for a while, so many times; the servers recover by themselves."""
    figures: Counter[str] = Counter()
    with Crowd(stage, ledger, seed=seed, statuses=(AWAY,)):
        for _ in range(times):
            time.sleep(1.5)
            failed = _failed(stage)
            with bad():
                _await_failure(stage, ledger, failed)
                time.sleep(_BAD_SECONDS)
            figures["times"] += 1
            stage.forget_connections()
            for number in range(len(stage.servers)):
                stage.await_ready(number)
            _await_a_start(ledger)
            check_started(stage, ledger)
            progress(f"spoilt {figures['times']} times, {len(ledger.violations)} violations")
    await_over(stage, ledger, _GRACE)
    figures["transactions of runners that failed"] = int(_failed(stage))
    return figures


def _failed(stage: Stage) -> float:
    """How many transactions the servers' own threads could not make: beats and outcomes of steps."""
    said = "\n".join(server.client.get("/metrics").text for server in stage.servers)
    return sum(map(float, re.findall(r"^restart_engine_database_errors_total (\S+)$", said, re.MULTILINE)))


def _await_failure(stage: Stage, ledger: Ledger, before: float) -> None:
    """Nothing can be written, also not where room was left in a file."""
    until = time.monotonic() + _GRACE
    while _failed(stage) == before:
        if time.monotonic() > until:
            ledger.wrong("nobody noticed that nothing could be written")
            return
        time.sleep(0.1)


def _await_a_start(ledger: Ledger) -> None:
    """Once there is room again, plans are started again."""
    before, until = ledger.counts["started"], time.monotonic() + _GRACE
    while ledger.counts["started"] == before:
        if time.monotonic() > until:
            ledger.wrong("nothing is started any more though everything can be written again")
            return
        time.sleep(0.05)


@contextlib.contextmanager
def read_only_disk(disk: Path) -> Iterator[None]:
    """Nothing of this disk can be written, by whomever; nobody may have a file of it open to write."""
    _mount("-o", "remount,ro", str(disk))
    try:
        yield
    finally:
        _mount("-o", "remount,rw", str(disk))


def refused_at_start(stage: Stage, ledger: Ledger) -> Counter[str]:
    """A server that cannot write its database says so on one line, and ends."""
    try:
        stage.start(0)
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1]
        if "Traceback" in str(error) or re.search(r"cannot use `/.*\.db`: unable to open", last) is None:
            ledger.wrong(f"a server that cannot write its database says {error}")
        return Counter({"refused to start": 1})
    ledger.wrong("a server that cannot write its database is ready")
    return Counter()
