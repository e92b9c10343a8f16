"""A PostgreSQL server of one's own, for as long as a test or a harness needs it."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self

import psycopg
from psycopg import sql

DEBIAN: Final = Path("/usr/lib/postgresql")
PATIENCE_SECONDS: Final = 60.0
PORTS_TRIED: Final = 20
SUPERUSER: Final = "postgres"

QUICK: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
STOPPING: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

# what PostgreSQL says before it ends because the port belongs to someone else
PORT_IS_TAKEN: Final = "could not create any TCP/IP sockets"

# It reads which postmaster runs, a line for each change, until its owner closes the pipe or dies in
# whatever way; a postmaster that still runs is then ended, and the directories go; the first has the data.
# The lock file tells the postmaster from another process that got its number since.
GUARDIAN: Final = """
trap '' HUP INT TERM
while read -r line; do postmaster=$line; done
[ "$postmaster" ] && read -r locked <"$1/postmaster.pid"
if [ "$locked" ] && [ "$locked" = "$postmaster" ]; then
    kill -QUIT "$postmaster"
    tries=0
    while [ -e "$1/postmaster.pid" ] && [ $((tries += 1)) -le 100 ]; do sleep 0.1; done
    [ -e "$1/postmaster.pid" ] && kill -KILL "$postmaster"
fi
rm -rf -- "$@"
"""


class PostgresError(Exception):
    """No PostgreSQL server could be had, or it did not do as told."""


class PortTaken(PostgresError):
    """Another process has the server's port."""


class PrivatePostgres:
    """A server with its own data, port and directory; at the end of the `with` nothing of it is left.

    It listens on 127.0.0.1 and on a unix socket, trusts everyone, and also works when started as root.
    If its owner dies without leaving the `with`, a guardian process clears up all the same.

    `durable=False` is faster, and a crash, also by `kill`, may take what was committed last. The data lies
    in a fresh directory below `data_parent`, such as a small tmpfs. So does the write-ahead log, unless
    `wal_parent` says where: a full disk below the data fails the statement, one below the log the server.
    `settings` are further lines of `postgresql.conf`.
    """

    def __init__(
        self,
        *,
        durable: bool = True,
        data_parent: Path | None = None,
        wal_parent: Path | None = None,
        max_connections: int = 300,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.port = 0
        self._binaries = server_binaries()
        self._account = _account_without_rights()
        self._data_parent = data_parent
        self._wal_parent = wal_parent
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "max_connections": str(max_connections),
            **({} if durable else QUICK),
            **(settings or {}),
        }
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undoing:
            self.directory = self._fresh_directory(None, undoing)
            self._data = self._fresh_directory(self._data_parent or self.directory, undoing)
            self._wal = self._wal_parent and self._fresh_directory(self._wal_parent, undoing)
            self._log = self.directory / "log"
            self._log.touch()
            directories = [self._data, self.directory, *([self._wal] if self._wal else [])]
            self._guardian = undoing.enter_context(_guardian_of(directories))
            undoing.callback(self._end_for_good)
            self._make_cluster()
            self._start_on_a_free_port()
            self._undoing = undoing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undoing.close()

    @property
    def running(self) -> bool:
        """Does the server run?"""
        return self._postmaster is not None and self._postmaster.poll() is None

    def processes(self) -> list[int]:
        """The postmaster, when it runs, and its living children."""
        if not self._postmaster or not self.running:
            return []
        return [self._postmaster.pid, *_living_children(self._postmaster.pid)]

    def url(self, database: str = "postgres") -> str:
        """Where SQLAlchemy finds a database of this server."""
        return f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a fresh, empty database."""
        name = f"fresh_{next(self._numbers)}"
        with self._connection() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """A database from `new_database` is gone; whoever is still connected to it is cut off."""
        name = sql.Identifier(url.rpartition("/")[2])
        with self._connection() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def start(self) -> None:
        """The server runs and answers, at the address and on the data it had."""
        if self.running:
            return
        said_before = len(self.logs())
        self._postmaster = self._run("postgres", "-D", self._data, "-p", self.port, "-k", self.directory)
        self._tell_guardian(str(self._postmaster.pid))
        try:
            self._await_answer(self._postmaster, said_before)
        except BaseException:
            self.stop("immediate")
            raise

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """The server ends: `fast` in good order, `immediate` as in a crash, though its processes agree."""
        if self._postmaster:
            self._postmaster.send_signal(STOPPING[mode])
            self._await_end(self._postmaster)

    def kill(self) -> None:
        """The postmaster and all its children are gone at once by SIGKILL, as in a crash."""
        if self._postmaster:
            self._postmaster.send_signal(signal.SIGSTOP)  # so that it replaces no child meanwhile
            while children := self.processes()[1:]:
                for child in children:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                time.sleep(0.005)
            self._postmaster.kill()
            self._await_end(self._postmaster)

    def logs(self) -> str:
        """All that the server has said since it was made."""
        return self._log.read_text("utf-8", errors="replace")

    def _fresh_directory(self, parent: Path | None, undoing: contextlib.ExitStack) -> Path:
        directory = Path(tempfile.mkdtemp(prefix="postgres-", dir=parent))
        undoing.callback(shutil.rmtree, directory, ignore_errors=True)
        if self._account:
            os.chown(directory, self._account.pw_uid, self._account.pw_gid)
        return directory

    def _make_cluster(self) -> None:
        wal = [f"--waldir={self._wal}"] if self._wal else []
        made = self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",  # no power fails between this and the first start
            *wal,
        )
        if made.wait():
            raise PostgresError(f"initdb failed: {self.logs()}")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in self._settings.items())

    def _start_on_a_free_port(self) -> None:
        for _ in range(PORTS_TRIED):
            self.port = some_port()
            with contextlib.suppress(PortTaken):
                return self.start()
        raise PortTaken(f"none of {PORTS_TRIED} ports was free, the last was {self.port}")

    def _run(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        """A program of PostgreSQL, run by an account it accepts and free of the caller's settings."""
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        account = self._account
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # the program is PostgreSQL's own
                [str(self._binaries / program), *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env={**surroundings, "LC_ALL": "C", "TZ": "UTC"},
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=[] if account else None,
                start_new_session=True,  # an interrupt at the terminal is not for it
            )

    def _connection(self) -> psycopg.Connection:
        # by the socket: on the port another server may answer
        return psycopg.connect(
            host=str(self.directory), port=self.port, user=SUPERUSER, dbname="postgres", autocommit=True
        )

    def _await_answer(self, postmaster: subprocess.Popen[bytes], said_before: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while postmaster.poll() is None:
            try:
                return self._connection().close()
            except psycopg.OperationalError as problem:
                if time.monotonic() > deadline:
                    raise PostgresError(f"no answer in {PATIENCE_SECONDS:.0f} s: {self.logs()}") from problem
            time.sleep(0.02)
        said = self.logs()[said_before:]
        if PORT_IS_TAKEN in said:
            raise PortTaken(f"port {self.port} is taken: {said}")
        raise PostgresError(f"the server ended with exit code {postmaster.returncode}: {said}")

    def _await_end(self, postmaster: subprocess.Popen[bytes]) -> None:
        try:
            postmaster.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise PostgresError(f"no end in {PATIENCE_SECONDS:.0f} s: {self.logs()}") from None
        self._tell_guardian("")

    def _tell_guardian(self, postmaster: str) -> None:
        assert self._guardian.stdin
        self._guardian.stdin.write(f"{postmaster}\n")
        self._guardian.stdin.flush()

    def _end_for_good(self) -> None:
        if not self.running and (self._data / "postmaster.pid").exists():
            with contextlib.suppress(PostgresError):
                self.start()  # only a start removes what a crash has left in shared memory
        self.stop("immediate")


def server_binaries(installed: Path = DEBIAN) -> Path:
    """The directory of `postgres` and `initdb`: the one on PATH, or else Debian's of the highest version."""
    on_path = shutil.which("postgres")
    by_version = sorted(installed.glob("*/bin"), key=lambda found: _version(found.parent.name), reverse=True)
    for found in [*([Path(on_path).resolve().parent] if on_path else []), *by_version]:
        if all(os.access(found / program, os.X_OK) for program in ("postgres", "initdb")):
            return found
    raise PostgresError(
        f"no PostgreSQL server found: neither on PATH nor in {installed}/*/bin are there `postgres` and"
        " `initdb`; on Debian they come with the package `postgresql`"
    )


def some_port() -> int:
    """A port that is free now, and that no outgoing connection is given while the server is down."""
    while True:
        # not the `random` module's: it is seeded alike in each process of a test run
        port = 20000 + secrets.randbelow(10000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdecimal())


def _account_without_rights() -> pwd.struct_passwd | None:
    """Who runs the server in place of root, whom PostgreSQL refuses; otherwise the caller does."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError("root cannot run PostgreSQL, and there is neither a user `postgres` nor `nobody`")


def _guardian_of(directories: list[Path]) -> subprocess.Popen[str]:
    """A process that outlives its owner just long enough to clear up; closing its pipe ends it too."""
    return subprocess.Popen(  # noqa: S603  # the script is above
        ["/bin/sh", "-c", GUARDIAN, "guardian", *map(str, directories)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _living_children(parent: int) -> list[int]:
    """The processes whose parent this is, but for those that only wait to be buried, by Linux' /proc."""
    children: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, its_parent = stat.read_text("utf-8", errors="replace").rpartition(")")[2].split()[:2]
            if int(its_parent) == parent and state not in "ZX":
                children.append(int(stat.parent.name))
    return children
