"""The database: SQLite in a file, or PostgreSQL by its URL. One transaction is one `with`.

A writer holds the one lock of SQLite from its beginning; on PostgreSQL it locks the rows that it changes. A
call waits for a lock until its deadline, and commits nothing after it. SQLite syncs at every commit (WAL,
synchronous FULL).
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import quote

from psycopg import Error as PostgresError
from psycopg.pq import Conninfo
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from restart_engine.server.deadline import Deadline, current_deadline

_PATIENCE_SECONDS: Final = 30
"""To wait for a lock of SQLite or a connection of the pool, for who has no deadline."""
_CONNECTING: Final = 5
"""Seconds to wait until PostgreSQL answers."""
_STILL: Final = 20
"""Seconds after which PostgreSQL ends a transaction that stands still: others wait for what it has locked."""
THREADS: Final = 16
"""Connections of a process at most, and so transactions at the same time."""
WRITERS: Final = 8
"""Calls of a process that write at the same time, at most: the other connections are left to who reads."""
_BEGIN: Final = "restart_engine_begin"
_PATIENCE: Final = "restart_engine_patience"
"""Seconds to wait for locks; none for who has no deadline."""
_LEAST: Final = 0.001
"""Seconds: what is less PostgreSQL would take for no limit at all."""
_LATE: Final = "a lock could not be had in time"
_SEVERAL: Final = frozenset({"host", "port"})
"""Parameters of PostgreSQL that a URL may give more than once."""
_ONE_STATE: Final = {"isolation_level": "REPEATABLE READ"}
_NOT_NOW: Final = frozenset({"42501", "42P01"})
"""SQLSTATEs of a right that was taken away, and of tables that are away while a backup is restored."""
APPLICATION_ID: Final = int.from_bytes(b"RstE")
"""How SQLite's header names the program that made a file."""
_HEADER: Final = slice(68, 72)
"""Where the header does so."""


class Unavailable(Exception):
    """The database cannot be reached, read or written now; `cause` is what it said, on one line."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause

    def __str__(self) -> str:
        return f"the database is not available: {self.cause}"


class NotBegun(Unavailable):
    """Not even a transaction could be begun, so nothing was read or written."""


class BadUrl(ValueError):
    """The text names no database that this server knows; its text never shows a password."""


def read_url(text: str) -> URL:
    """The database that a URL names: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise BadUrl(
            "the text is no database URL, like sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise BadUrl(f"`{url.drivername}` is no database that this server knows: sqlite or postgresql")
    if url.drivername == "sqlite":
        _check_file(url)
    else:
        if text.count("@") > 1:  # what follows the first would be told as the host's name
            raise BadUrl("the URL has more than one `@`: in a name or a password it is written as %40")
        _check_parameters(url)
    return url


class Database:
    """An engine, and its transactions. One that `reads_only` changes nothing, whosever the database is."""

    def __init__(self, url: str | URL, *, reads_only: bool = False) -> None:
        self.url: Final = url if isinstance(url, URL) else read_url(url)
        self.embedded: Final = self.url.drivername == "sqlite"
        self.engine: Final = _engine(self.url, reads_only=reads_only)
        self._writer = Lock()

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, at one state of the database."""
        # PostgreSQL otherwise lets each statement see what was committed until then
        return self._transaction({_BEGIN: "BEGIN"} if self.embedded else _ONE_STATE)

    @contextmanager
    def writing(self, patience: float | None = None) -> Generator[Connection]:
        """A transaction that writes, and commits when it is left without an error, before the deadline.

        `patience` are the seconds to wait for SQLite's lock at most; `NotBegun` where it could not be had.
        """
        deadline = current_deadline.get()
        begun = committing = False
        try:
            with self._turn(deadline, patience):
                seconds = _seconds(deadline, patience if self.embedded else None)
                with self._transaction({_PATIENCE: seconds}) as connection:
                    begun = True
                    yield connection
                    if deadline is not None and not deadline.may_commit():
                        raise Unavailable(_LATE)  # noqa: TRY301  # the transaction has to be rolled back
                    committing = True
        except Unavailable as error:
            if not begun:
                raise NotBegun(error.cause) from error
            if committing and not self.embedded:
                raise Unavailable(f"{error.cause}; whether it was committed is not known") from error
            raise

    def close(self) -> None:
        """Close every connection that no transaction holds."""
        self.engine.dispose()

    def _connection(self, options: dict[str, Any]) -> Connection:
        connection = self.engine.connect()
        return connection.execution_options(**options) if options else connection

    @contextmanager
    def _turn(self, deadline: Deadline | None, patience: float | None) -> Generator[None]:
        """Threads take turns at SQLite's lock: SQLite itself lets a waiter sleep, and starve."""
        seconds = _seconds(deadline, patience)
        if not self.embedded:
            yield
        elif self._writer.acquire(timeout=-1 if seconds is None else seconds):
            try:
                yield
            finally:
                self._writer.release()
        else:
            raise Unavailable(_LATE)

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Generator[Connection]:
        try:
            with self._connection(options) as connection, connection.begin():
                yield connection
        except IntegrityError:
            raise
        except (OperationalError, InternalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable(cause_of(error)) from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_away(error):
                raise Unavailable(cause_of(error)) from error
            raise


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what to do where the row is there already; both databases say it alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _check_file(url: URL) -> None:
    """A parameter could make something else of a file; what is in memory is each connection's own."""
    named = url.database and url.database != ":memory:" and "\0" not in url.database
    if not named or url != URL.create("sqlite", database=url.database):
        raise BadUrl("a database of SQLite has to be in a file, its URL names nothing else: sqlite:///FILE")


def _check_parameters(url: URL) -> None:
    """The driver would find out only when it connects, and then say it like a defect."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    for name, value in url.query.items():
        if name not in known:
            raise BadUrl(f"`{name}` is no parameter of PostgreSQL")
        if isinstance(value, tuple) and name not in _SEVERAL:
            raise BadUrl(f"the parameter `{name}` is given more than once")
    try:
        url.get_dialect()().create_connect_args(url)
    except (ArgumentError, ValueError):
        raise BadUrl("the parameters `host` and `port` do not name servers of PostgreSQL") from None


def cause_of(error: Exception) -> str:
    """What the driver or the pool said, on one line."""
    said = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(said, PostgresError) and said.diag.message_primary:
        return said.diag.message_primary  # what is left out repeats the statement
    return " ".join(str(said).split())


def _is_away(error: DBAPIError) -> bool:
    """What SQLite says of a damaged file has no class of its own; the rest is PostgreSQL's."""
    return type(error) is DatabaseError or (
        isinstance(error.orig, PostgresError) and error.orig.sqlstate in _NOT_NOW
    )


def _engine(url: URL, *, reads_only: bool) -> Engine:
    pool: dict[str, Any] = {"pool_size": THREADS, "max_overflow": 0, "pool_timeout": _PATIENCE_SECONDS}
    if url.drivername != "sqlite":
        connecting = {
            "connect_timeout": _CONNECTING,
            "client_encoding": "utf8",
            "prepare_threshold": None,  # behind a pool the next transaction may run in another session
        }
        engine = create_engine(url, pool_pre_ping=True, connect_args=connecting, **pool)
        event.listen(engine, "begin", _limit)
        return engine
    if reads_only:
        assert url.database is not None
        engine = create_engine(url, creator=partial(_connect_to_read, url.database), **pool)
    else:
        engine = create_engine(
            url, connect_args={"timeout": _PATIENCE_SECONDS, "check_same_thread": False}, **pool
        )
        event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _connect_to_read(file: str) -> sqlite3.Connection:
    """A connection that changes nothing in the file and leaves nothing beside it.

    In WAL mode SQLite reads only with a -wal and a -shm beside the file. It makes them where they are not
    there, and takes them away only where it may write. So a file of ours is opened to be written, and then is
    not; one of anybody else, or where we may not write, is read as one that nobody changes.
    """
    if Path(f"{file}-wal").exists():
        how = "mode=ro"
    elif _is_ours(file) and os.access(file, os.W_OK) and os.access(Path(file).parent, os.W_OK):
        how = "mode=rw"
    else:
        how = "immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(file))}?{how}",
        uri=True,
        timeout=_PATIENCE_SECONDS,
        check_same_thread=False,
        isolation_level=None,
    )
    connection.execute("PRAGMA query_only=ON")
    return connection


def _is_ours(file: str) -> bool:
    with Path(file).open("rb") as opened:
        return opened.read(_HEADER.stop)[_HEADER] == APPLICATION_ID.to_bytes(4)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """What SQLite forgets with a connection; transactions are begun by `_begin`, not by the driver."""
    connection.isolation_level = None
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    """The first to open a file changes its mode, and for that lock alone SQLite does not wait."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _seconds(deadline: Deadline | None, patience: float | None) -> float | None:
    """How long to wait for a lock; none for who has no deadline. Raises `Unavailable` where that is over."""
    if deadline is None:
        return patience
    if deadline.left < _LEAST:
        raise Unavailable(_LATE)
    return deadline.left if patience is None else min(patience, deadline.left)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if _PATIENCE in options:
        patience = _PATIENCE_SECONDS if options[_PATIENCE] is None else options[_PATIENCE]
        connection.connection.cursor().execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
    connection.exec_driver_sql(options.get(_BEGIN, "BEGIN IMMEDIATE"))


def _limit(connection: Connection) -> None:
    """A process that is stopped, or cut off from PostgreSQL, keeps its locks for so long and no longer.

    Said in each transaction that writes: behind a pool of transactions a session is not ours to set.
    """
    options = connection.get_execution_options()
    if _PATIENCE not in options:
        return
    patience = options[_PATIENCE]
    waiting = "" if patience is None else f"; SET LOCAL lock_timeout = {int(patience * 1000)}"
    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_STILL}s'{waiting}")
