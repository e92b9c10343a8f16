"""A PgBouncer of one's own in front of a PostgreSQL server, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from server.postgres import PATIENCE_SECONDS, SUPERUSER, PostgresError, PrivatePostgres, some_port

CONFIGURATION = """
[databases]
* = host=127.0.0.1 port={server} user={role}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {sessions}
unix_socket_dir =
"""


@contextmanager
def pooling(server: PrivatePostgres, sessions: int) -> Generator[int]:
    """The port of a pool that gives so many sessions of the server to transactions, whosever they are.

    PgBouncer refuses to run as root, and so is run as nobody.
    """
    with tempfile.TemporaryDirectory() as folder:
        port = some_port()
        file = Path(folder, "pgbouncer.ini")
        file.write_text(
            CONFIGURATION.format(server=server.port, port=port, role=SUPERUSER, sessions=sessions)
        )
        Path(folder).chmod(0o755)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        with (
            Path(folder, "log").open("wb") as log,
            subprocess.Popen(  # noqa: S603  # the program is PgBouncer
                [pgbouncer(), *user, str(file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            ) as process,
        ):
            try:
                _await_answer(process, port, Path(folder, "log"))
                yield port
            finally:
                process.terminate()


def pgbouncer() -> str:
    """The program, on PATH or where Debian has it."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if found is None:
        raise PostgresError("no PgBouncer found; on Debian it comes with the package `pgbouncer`")
    return found


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            return psycopg.connect(host="127.0.0.1", port=port, user=SUPERUSER, dbname="postgres").close()
        time.sleep(0.02)
    raise PostgresError(f"PgBouncer does not answer: {log.read_text()}")
