"""The tables as Alembic keeps them: a database is ours, and of this version, before anything else is done.

Nothing is written into a database that is another program's, and a reader writes nothing at all.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from stat import S_ISREG
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName
from sqlalchemy import ARRAY, Connection, Text, bindparam, inspect, text
from sqlalchemy.exc import ProgrammingError

from restart_engine.server.database import APPLICATION_ID, Database, Unavailable, cause_of
from restart_engine.server.tables import metadata

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 5_290_503
"""Any number that is ours: who migrates a PostgreSQL holds it."""
_VERSIONS: Final = "alembic_version"
_KNOWN_BY: Final = frozenset({_VERSIONS, "load_plans", "executions", "group_outcomes", "step_outcomes"})
"""Tables that every version of ours has, and nobody else has all of."""
_OUR_NAMES: Final = frozenset({_VERSIONS, *metadata.tables})
_LACKING: Final = text(
    """
    SELECT privilege || ' on ' || name
    FROM unnest(:tables) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE NOT has_table_privilege(name, privilege)
    UNION ALL
    SELECT privilege || ' on ' || numbers
    FROM unnest(:numbered) AS name, pg_get_serial_sequence(name, 'id') AS numbers,
        unnest(ARRAY['USAGE', 'UPDATE']) AS privilege
    WHERE NOT has_sequence_privilege(numbers, privilege)
    """
).bindparams(
    bindparam("tables", list(metadata.tables), ARRAY(Text)),
    bindparam(
        "numbered",
        [table.name for table in metadata.sorted_tables if table.autoincrement_column is not None],
        ARRAY(Text),
    ),
)


class UnusableDatabase(Exception):
    """The database is another program's, of another version, damaged, closed to us, or not there."""


@contextmanager
def opened(url: str, *, reads_only: bool = False) -> Generator[Database]:
    """The database of this URL, at this version; closed at the end.

    One that is written is made where there is none, and migrated; one that is only read has to be there, and
    at this version. Raises `BadUrl`, `UnusableDatabase`, or `Unavailable` where PostgreSQL does not answer.
    """
    database = Database(url, reads_only=reads_only)
    try:
        if reads_only:
            _check_current(database)
        else:
            migrate(database)
        yield database
    except Unavailable as error:
        if database.embedded:
            raise UnusableDatabase(f"cannot use `{database.url.database}`: {error.cause}") from error
        raise
    except (KeyError, ValueError) as error:
        if reads_only:  # SQLite does not notice every byte that is another
            said = " ".join(str(error).split())
            raise UnusableDatabase(f"a record of the database is damaged: {said}") from error
        raise
    finally:
        database.close()


def migrate(database: Database) -> None:
    """Bring the tables to this version; an empty database gets them. Several processes may do so at once."""
    if database.embedded and _is_there(database):
        # before a writer opens it, which already changes a file to WAL mode
        with closing(Database(database.url, reads_only=True)) as reader, reader.reading() as connection:
            _version(connection)
    with database.writing() as connection:
        if not database.embedded:
            _check_server(connection)
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _version(connection) != _scripts().get_current_head():
            _upgrade(connection)
        if not database.embedded:
            _check_rights(connection)
        elif _application_id(connection) != APPLICATION_ID:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _check_current(database: Database) -> None:
    if database.embedded and not _is_there(database):
        raise UnusableDatabase(f"there is no database `{database.url.database}`")
    with database.reading() as connection:
        found, current = _version(connection), _scripts().get_current_head()
    if found is None:
        raise UnusableDatabase("the database has no tables yet: `restart-engine serve` makes them")
    if found != current:
        raise UnusableDatabase(
            f"the database has version `{found}`, not `{current}`: `restart-engine serve` brings it there"
        )


def _is_there(database: Database) -> bool:
    """Whether SQLite's file has anything in it; raises where it is no file that could have."""
    file = Path(str(database.url.database))
    try:
        if not S_ISREG(file.stat().st_mode):  # to open a pipe would wait for whoever writes to it
            raise UnusableDatabase(f"cannot use `{file}`: it is no regular file")
        with file.open("rb") as content:
            return content.read(1) != b""
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UnusableDatabase(f"cannot use `{file}`: {str(error.strerror).lower()}") from error


def _version(connection: Connection) -> str | None:
    """The version of the tables, or none where there are none; raises where the database is not ours."""
    application_id = _application_id(connection)
    tables = frozenset(inspect(connection).get_table_names())
    if application_id in {None, 0, APPLICATION_ID}:
        if tables >= _KNOWN_BY:
            found = ", ".join(MigrationContext.configure(connection).get_current_heads())
            if found in {script.revision for script in _scripts().walk_revisions()}:
                return found
            raise UnusableDatabase(f"the database has version `{found}`, which only a newer program may know")
        # one of SQLite is a program's own, one of PostgreSQL may have others' tables beside ours
        strange = tables if connection.dialect.name == "sqlite" else tables & _OUR_NAMES
        if not strange:
            return None
        raise UnusableDatabase(f"the database is another program's: it has a table `{min(strange)}`")
    raise UnusableDatabase(f"the database is another program's, whose application id is {application_id}")


def _application_id(connection: Connection) -> int | None:
    """Which program SQLite's file is of, 0 where it does not say."""
    if connection.dialect.name != "sqlite":
        return None
    found: int = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    return found


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_SCRIPTS))


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except ProgrammingError as error:
        if not isinstance(error.orig, InsufficientPrivilege | InvalidSchemaName):
            raise
        raise UnusableDatabase(
            f"the role may not make the tables, which needs CREATE on the schema: {cause_of(error)}"
        ) from error


def _check_server(connection: Connection) -> None:
    """What PostgreSQL would only say, or get wrong, when something is written."""
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UnusableDatabase(f"the database has the encoding `{encoding}`, accepted is UTF8")
    if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
        raise Unavailable("it is read-only: a standby, or `default_transaction_read_only` is on")


def _check_rights(connection: Connection) -> None:
    lacking = connection.execute(_LACKING).scalars().first()
    if lacking is not None:
        raise UnusableDatabase(
            "the role needs SELECT, INSERT, UPDATE and DELETE on the tables, and USAGE and UPDATE on their"
            f" sequences; it lacks {lacking}"
        )
