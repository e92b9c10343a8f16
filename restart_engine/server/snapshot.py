"""All that the database holds but the processes, taken at one moment and put back, ids as well.

The caller opens the transaction, and commits it.
"""

from __future__ import annotations

from typing import Any, Final, final

from attrs import frozen
from sqlalchemy import Connection, Table, delete, select, text

from restart_engine.core.status import ACTIVE
from restart_engine.server.tables import executions, load_plans, metadata, processes
from restart_engine.server.world_load import insert_all

_TABLES: Final = tuple(table for table in metadata.sorted_tables if table is not processes)
"""Each after those that it refers to."""
_LOCK: Final = text(
    f"LOCK TABLE {', '.join(f'{table.name}' for table in _TABLES)} IN SHARE ROW EXCLUSIVE MODE"
)
_SEQUENCE: Final = text("SELECT pg_get_serial_sequence('executions', 'id')")


class RunByAnother(Exception):
    """Another server process runs an execution, which cannot be taken from under it."""

    def __init__(self, execution_id: int) -> None:
        super().__init__(execution_id)
        self.execution_id = execution_id

    def __str__(self) -> str:
        return f"another server process runs the execution {self.execution_id}"


@final
@frozen(kw_only=True)
class Snapshot:
    """What `restore` puts back."""

    rows: tuple[tuple[Table, tuple[dict[str, Any], ...]], ...]
    next_id: int
    """What the next execution gets."""


def take_snapshot(connection: Connection) -> Snapshot:
    """The rows of every table, and the id that the next execution gets."""
    rows = tuple(
        (table, tuple(dict(row) for row in connection.execute(select(table)).mappings())) for table in _TABLES
    )
    return Snapshot(rows=rows, next_id=_next_id(connection))


def restore(connection: Connection, snapshot: Snapshot, process: str) -> None:
    """Make the database what it was; raises `RunByAnother` where a process other than this one is at work."""
    clear(connection, process)
    for table, rows in snapshot.rows:
        insert_all(connection, table, rows)
    _go_on_at(connection, snapshot.next_id)


def clear(connection: Connection, process: str) -> None:
    """Delete all but the processes; the next execution gets the id 1. Raises as `restore` does."""
    if connection.dialect.name == "postgresql":
        # plans first, as whoever starts an execution does
        connection.execute(select(load_plans.c.id).order_by(load_plans.c.id).with_for_update()).all()
        connection.execute(_LOCK)
    others = select(executions.c.id).where(executions.c.process != process, executions.c.status.in_(ACTIVE))
    found = connection.execute(others.order_by(executions.c.id).limit(1)).scalar()
    if found is not None:
        raise RunByAnother(found)
    for table in reversed(_TABLES):
        connection.execute(delete(table))
    _go_on_at(connection, 1)


def _next_id(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        sequence = connection.execute(_SEQUENCE).scalar_one()
        last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608  # PostgreSQL's own word for it
        return int(last) + bool(called)
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'executions'")).scalar()
    return 1 if last is None else int(last) + 1


def _go_on_at(connection: Connection, next_id: int) -> None:
    """The next execution gets this id; taken back where the transaction is."""
    if connection.dialect.name == "postgresql":
        sequence = connection.execute(_SEQUENCE).scalar_one()
        connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART WITH {next_id}"))
        return
    connection.execute(text("DELETE FROM sqlite_sequence WHERE name = 'executions'"))
    row = {"last": next_id - 1}
    connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES ('executions', :last)"), row)
