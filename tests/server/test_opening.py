"""Whose database it is, and of which version: what is not ours stays as it is, and readers change nothing."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from server.postgres import SUPERUSER, PrivatePostgres
from server.processes import DEMO
from server.worlds import as_dumped
from sqlalchemy import create_engine, inspect, make_url

from restart_engine.server import migrations
from restart_engine.server.database import APPLICATION_ID, Database, Unavailable
from restart_engine.server.migration import UnusableDatabase, opened
from restart_engine.server.world import World, read_world
from restart_engine.server.world_dump import dump_world
from restart_engine.server.world_load import load_world

NOBODY: Final = 65534
PAGE: Final = (Path(__file__).parents[2] / "docs" / "endpoint.md").read_text(encoding="utf-8")
WORLD: Final = as_dumped(read_world(DEMO.read_bytes(), name=DEMO.name))


def told(url: str, *statements: str) -> None:
    """PostgreSQL is told so by its superuser."""
    plain = make_url(url).set(drivername="postgresql", username=SUPERUSER).render_as_string()
    with psycopg.connect(plain, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def url_of(database: Path | str) -> str:
    """The URL of a file of SQLite, or the one that is given."""
    return database if isinstance(database, str) else f"sqlite:///{quote(str(database))}"


def written(database: Path | str) -> None:
    """What `serve` and `world load` do first."""
    with opened(url_of(database)):
        pass


def dumped(database: Path | str) -> World:
    """What `world dump` and `simulate` do."""
    with opened(url_of(database), reads_only=True) as source, source.reading() as connection:
        return dump_world(connection)


def filled(database: Path | str) -> None:
    """A database of ours with the demonstration's world."""
    with opened(url_of(database)) as target, target.writing() as connection:
        load_world(connection, WORLD, replace=True)


def said(file: Path, *statements: str) -> None:
    """SQLite is told so, by no program of ours."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def left(folder: Path) -> dict[str, bytes]:
    """Every file of the folder, byte for byte."""
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def strange(file: Path) -> None:
    """Somebody's data."""
    said(file, "CREATE TABLE songs (name)", "INSERT INTO songs VALUES ('a')")


def strange_in_wal_mode(file: Path) -> None:
    """In the mode of ours."""
    said(file, "PRAGMA journal_mode=WAL", "CREATE TABLE songs (name)")


def strange_and_migrated(file: Path) -> None:
    """Alembic's first revision is often called so, and tables are often called like ours."""
    said(
        file,
        "CREATE TABLE alembic_version (version_num)",
        "INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE users (id)",
        "CREATE TABLE executions (id)",
    )


def strange_with_an_id(file: Path) -> None:
    """A program that says whose the file is, and has no table yet."""
    said(file, "PRAGMA application_id = 252006673", "CREATE TABLE t (x)", "DROP TABLE t")


def strange_and_broken_off(file: Path) -> None:
    """A transaction that was being written: whoever opens the file to write would roll it back."""
    said(file, "CREATE TABLE songs (name)", "INSERT INTO songs VALUES (zeroblob(20000))")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.execute("UPDATE songs SET name = randomblob(20000)")
        halfway = {name: data for name, data in left(file.parent).items() if name.startswith(file.name)}
        assert len(halfway) == 2
    for name, data in halfway.items():
        (file.parent / name).write_bytes(data)


def text_file(file: Path) -> None:
    """A mistyped name."""
    file.write_text("tenants: []\n" * 100)


def newer(file: Path) -> None:
    """A version that this program does not know."""
    filled(file)
    said(file, "UPDATE alembic_version SET version_num = '9999'")


def truncated(file: Path) -> None:
    """A copy that broke off."""
    filled(file)
    os.truncate(file, file.stat().st_size // 2)


def word(file: Path) -> None:
    """Shorter than a header."""
    file.write_text("yes")


def headless(file: Path) -> None:
    """A copy that broke off at once."""
    filled(file)
    os.truncate(file, 50)


def folder(file: Path) -> None:
    """No file."""
    file.mkdir()


def pipe(file: Path) -> None:
    """Nobody writes to it."""
    os.mkfifo(file)


def listening(file: Path) -> None:
    """A socket."""
    before = Path.cwd()
    os.chdir(file.parent)  # its name is limited to 108 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(file.name)
    os.chdir(before)


def below_a_file(file: Path) -> None:
    """A folder of its path is none."""
    file.parent.rmdir()
    file.parent.touch()


REFUSED: Final = [
    (strange, "the database is another program's: it has a table `songs`"),
    (strange_in_wal_mode, "the database is another program's: it has a table `songs`"),
    (strange_and_migrated, "the database is another program's: it has a table `alembic_version`"),
    (strange_with_an_id, "the database is another program's, whose application id is 252006673"),
    (strange_and_broken_off, "the database is another program's: it has a table `songs`"),
    (text_file, "cannot use `FILE`: file is not a database"),
    (newer, "the database has version `9999`, which only a newer program may know"),
    (truncated, "cannot use `FILE`: database disk image is malformed"),
    (headless, "cannot use `FILE`: database disk image is malformed"),
    (word, "cannot use `FILE`: file is not a database"),
    (folder, "cannot use `FILE`: it is no regular file"),
    (pipe, "cannot use `FILE`: it is no regular file"),
    (listening, "cannot use `FILE`: it is no regular file"),
    (below_a_file, "cannot use `FILE`: not a directory"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database may be, alone in a folder, under a name that a URL would read otherwise."""
    (tmp_path / "of ours").mkdir()
    return tmp_path / "of ours" / "50%3f#1.db"


@pytest.mark.parametrize("use", [written, dumped])
@pytest.mark.parametrize(("made", "line"), REFUSED)
def test_what_is_not_ours_is_refused_and_stays_as_it_was(
    file: Path, made: Callable[[Path], None], line: str, use: Callable[[Path], object]
) -> None:
    """By who writes as by who reads; no byte of it is another, and no file is beside it."""
    made(file)
    before = left(file.parent.parent)
    with pytest.raises(UnusableDatabase) as refused:
        use(file)
    assert str(refused.value) == line.replace("FILE", str(file))
    assert left(file.parent.parent) == before


@pytest.mark.parametrize("use", [written, dumped])
def test_what_another_program_has_open_is_refused_at_once(file: Path, use: Callable[[Path], object]) -> None:
    """In WAL mode its table is not even in the file yet; nobody waits for a lock of its."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        for statement in ("PRAGMA journal_mode=WAL", "CREATE TABLE songs (name)", "BEGIN IMMEDIATE"):
            other.execute(statement)
        before = left(file.parent)
        assert len(before) == 3
        with pytest.raises(UnusableDatabase, match="it has a table `songs`"):
            use(file)
        assert left(file.parent) == before


def empty(file: Path) -> None:
    """As `touch` and `mktemp` make it."""
    file.touch()


def without_a_table(file: Path) -> None:
    """As SQLite's own shell may leave it."""
    said(file, "CREATE TABLE t (x)", "DROP TABLE t")


def missing(_file: Path) -> None:
    """None."""


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (missing, "there is no database `FILE`"),
        (empty, "there is no database `FILE`"),
        (without_a_table, "the database has no tables yet: `restart-engine serve` makes them"),
    ],
)
def test_only_a_writer_makes_a_database(file: Path, made: Callable[[Path], None], line: str) -> None:
    """A reader leaves what is empty as it is."""
    made(file)
    before = left(file.parent)
    with pytest.raises(UnusableDatabase) as refused:
        dumped(file)
    assert str(refused.value) == line.replace("FILE", str(file))
    assert left(file.parent) == before
    filled(file)
    assert dumped(file) == WORLD


def test_who_comes_while_another_makes_the_database_waits(file: Path) -> None:
    """Several servers may be started at once."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.execute, ["ROLLBACK"]).start()
        filled(file)
    assert dumped(file) == WORLD


def test_ours_says_so_in_its_header(file: Path) -> None:
    """Where `file` and others look for it, and as the page says."""
    filled(file)
    assert file.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4)
    assert f"application id {APPLICATION_ID}," in PAGE


def test_an_older_one_of_ours_that_does_not_say_so_is_ours(file: Path) -> None:
    """Whoever reads leaves it so; the next who writes has it say so."""
    filled(file)
    said(file, "PRAGMA application_id = 0")
    before = left(file.parent)
    assert dumped(file) == WORLD
    assert left(file.parent) == before
    written(file)
    assert file.read_bytes()[68:72] == APPLICATION_ID.to_bytes(4)


def aged(url: str) -> None:
    """Taken back to the first version, which knew no application id."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    with closing(Database(url)) as database, database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        if database.embedded:
            connection.exec_driver_sql("PRAGMA application_id = 0")


def test_an_older_version_is_migrated_by_who_writes_alone(database_url: str, tmp_path: Path) -> None:
    """Whoever only reads is told who migrates it."""
    filled(database_url)
    aged(database_url)
    before = left(tmp_path)
    with pytest.raises(UnusableDatabase, match=r"^the database has version `0001`, not .* brings it there$"):
        dumped(database_url)
    assert left(tmp_path) == before
    written(database_url)
    assert dumped(database_url) == WORLD


def test_who_reads_changes_nothing(file: Path) -> None:
    """Neither beside nobody, nor beside a server, nor what a server left that was killed."""
    filled(file)
    before = left(file.parent)
    assert set(before) == {file.name}
    assert dumped(file) == WORLD
    assert left(file.parent) == before
    with opened(url_of(file)) as database:
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE tenants SET loader_services = 7")
        running = left(file.parent)
        assert dumped(file).tenants[0].loader_services == 7
        assert {name: left(file.parent)[name] for name in (file.name, f"{file.name}-wal")} == {
            name: data for name, data in running.items() if not name.endswith("-shm")
        }
    for name, data in running.items():
        (file.parent / name).write_bytes(data)
    assert dumped(file).tenants[0].loader_services == 7
    killed = left(file.parent)
    assert [killed[name] for name in (file.name, f"{file.name}-wal")] == [
        running[name] for name in (file.name, f"{file.name}-wal")
    ]


def test_who_reads_sees_one_moment(file: Path) -> None:
    """Also where a server starts meanwhile, writes and stops."""
    filled(file)
    with opened(url_of(file), reads_only=True) as source, source.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM tenants").scalar_one() == len(WORLD.tenants)
        with opened(url_of(file)) as server, server.writing() as writing:
            writing.exec_driver_sql("UPDATE users SET roles = '[]'")
        assert dump_world(connection) == WORLD
    assert dumped(file) != WORLD
    assert set(left(file.parent)) == {file.name}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may do everything; somebody without rights is whoever runs the tests, or nobody in its place."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def shelf() -> Iterator[Path]:
    """A folder that everybody may enter, with a database of ours in it."""
    made = Path(tempfile.mkdtemp())
    filled(made / "a.db")
    written(made / "a.db")  # and everything that this imports is imported
    dumped(made / "a.db")
    made.chmod(0o755)
    (made / "a.db").chmod(0o644)
    if os.geteuid() != 0:
        made.chmod(0o555)
        (made / "a.db").chmod(0o444)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


def test_who_may_not_write_reads(shelf: Path) -> None:
    """While nobody has it open, and then nothing is left beside it; and while a server does."""
    before = left(shelf)
    with as_nobody():
        assert dumped(shelf / "a.db") == WORLD
        with pytest.raises(UnusableDatabase, match=r"^cannot use `.*a.db`: attempt to write a readonly"):
            written(shelf / "a.db")
        with pytest.raises(UnusableDatabase, match=r"^cannot use `.*b.db`: unable to open database file$"):
            written(shelf / "b.db")
    assert left(shelf) == before
    with opened(url_of(shelf / "a.db")) as server, server.reading() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        with as_nobody():
            assert dumped(shelf / "a.db") == WORLD


def test_who_may_not_read_is_told(shelf: Path) -> None:
    """Whether the file is closed to them, or its folder."""
    before = left(shelf)
    (shelf / "a.db").chmod(0)
    for use in (written, dumped):
        with as_nobody(), pytest.raises(UnusableDatabase, match=r"^cannot use `.*`: permission denied$"):
            use(shelf / "a.db")
    shelf.chmod(0)
    for use in (written, dumped):
        with as_nobody(), pytest.raises(UnusableDatabase, match=r"^cannot use `.*`: permission denied$"):
            use(shelf / "a.db")
    shelf.chmod(0o755)
    (shelf / "a.db").chmod(0o644)
    assert left(shelf) == before


def test_a_page_that_is_damaged_is_told(file: Path) -> None:
    """By who comes upon it; the rest is no reason to refuse the file."""
    filled(file)
    content = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'executions'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    content[(root - 1) * size : root * size] = b"\xff" * size
    file.write_bytes(content)
    with pytest.raises(UnusableDatabase, match=r"^cannot use `.*`: database disk image is malformed$"):
        dumped(file)
    refused = pytest.raises(Unavailable, match="malformed")
    with opened(url_of(file)) as database, refused, database.reading() as connection:
        dump_world(connection)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE executions SET status = 'Sxcceeded'", "'Sxcceeded' is not a valid Status"),
        ("UPDATE load_plans SET groups = '[{'", "Input data was truncated"),
        ("UPDATE schemas SET id = id + 1000", "185"),
    ],
)
def test_a_record_that_is_damaged_is_told(file: Path, statement: str, found: str) -> None:
    """SQLite itself does not notice, as it keeps no checksums."""
    filled(file)
    said(file, statement)
    with pytest.raises(UnusableDatabase) as refused:
        dumped(file)
    assert str(refused.value).startswith(f"a record of the database is damaged: {found}")


MIGRATED: Final = (
    "CREATE TABLE alembic_version (version_num text)",
    "INSERT INTO alembic_version VALUES ('0001')",
)


@pytest.mark.parametrize("use", [written, dumped])
@pytest.mark.parametrize(
    ("statements", "line"),
    [
        (MIGRATED, "the database is another program's: it has a table `alembic_version`"),
        (("CREATE TABLE users (id int)",), "the database is another program's: it has a table `users`"),
    ],
)
def test_tables_of_another_program_that_are_called_like_ours_are_refused(
    postgresql_url: str, statements: tuple[str, ...], line: str, use: Callable[[str], object]
) -> None:
    """And nothing is made beside them."""
    told(postgresql_url, *statements)
    with pytest.raises(UnusableDatabase) as refused:
        use(postgresql_url)
    assert str(refused.value) == line
    engine = create_engine(postgresql_url)
    assert len(inspect(engine).get_table_names()) == 1
    engine.dispose()


def test_other_tables_beside_ours_are_nobodys_harm(postgresql_url: str) -> None:
    """A schema of PostgreSQL may be shared."""
    told(postgresql_url, "CREATE TABLE songs (name text)")
    with pytest.raises(UnusableDatabase, match="no tables yet"):
        dumped(postgresql_url)
    filled(postgresql_url)
    assert dumped(postgresql_url) == WORLD


def test_a_newer_version_is_refused(postgresql_url: str) -> None:
    """As in SQLite."""
    filled(postgresql_url)
    told(postgresql_url, "UPDATE alembic_version SET version_num = '9999'")
    for use in (written, dumped):
        with pytest.raises(UnusableDatabase, match="version `9999`, which only a newer program may know"):
            use(postgresql_url)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_an_encoding_that_does_not_hold_every_name_is_refused(
    postgres: PrivatePostgres, encoding: str
) -> None:
    """At the start, and not by the first name that it does not hold."""
    name = f"in_{encoding.lower()}"
    told(
        postgres.url(),
        f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'",
    )
    with pytest.raises(UnusableDatabase) as refused:
        written(postgres.url(name))
    assert str(refused.value) == f"the database has the encoding `{encoding}`, accepted is UTF8"


ALL_TABLES, ALL_SEQUENCES, READ_TABLES = (
    f"{grant} TO clerk" for grant in re.findall(r"^(GRANT .*) TO (?:server|reader);$", PAGE, re.MULTILINE)
)
LACKING: Final = (
    "the role needs SELECT, INSERT, UPDATE and DELETE on the tables, and USAGE and UPDATE on their sequences;"
    " it lacks "
)


@pytest.fixture
def clerk_url(postgres: PrivatePostgres, postgresql_url: str) -> Iterator[str]:
    """An empty database, for an ordinary role."""
    told(postgres.url(), "CREATE ROLE clerk LOGIN")
    yield str(make_url(postgresql_url).set(username="clerk"))
    told(postgresql_url, "DROP OWNED BY clerk CASCADE", "DROP ROLE clerk")


@pytest.mark.parametrize(
    ("statements", "cause"),
    [
        ((), "permission denied for schema public"),
        (("REVOKE USAGE ON SCHEMA public FROM PUBLIC",), "no schema has been selected to create in"),
    ],
)
def test_a_role_that_may_not_make_tables_is_told_what_it_needs(
    clerk_url: str, postgresql_url: str, statements: tuple[str, ...], cause: str
) -> None:
    """As PostgreSQL 15 and later have it for every role but the owner."""
    told(postgresql_url, *statements)
    with pytest.raises(UnusableDatabase) as refused:
        written(clerk_url)
    said = "the role may not make the tables, which needs CREATE on the schema"
    assert str(refused.value) == f"{said}: {cause}"


def test_a_role_with_rights_on_the_tables_alone_reads_and_writes(clerk_url: str, postgresql_url: str) -> None:
    """Where somebody else has made them, of this version."""
    written(postgresql_url)
    told(postgresql_url, ALL_TABLES, ALL_SEQUENCES)
    filled(clerk_url)
    filled(clerk_url)
    assert dumped(clerk_url) == WORLD


@pytest.mark.parametrize(
    ("statements", "lacking"),
    [
        ((READ_TABLES,), "INSERT on tenants"),
        ((ALL_TABLES,), "USAGE on public.tenants_id_seq"),
        ((ALL_TABLES, ALL_SEQUENCES, "REVOKE DELETE ON grants FROM clerk"), "DELETE on grants"),
    ],
)
def test_a_role_that_lacks_a_right_reads_and_does_not_serve(
    clerk_url: str, postgresql_url: str, statements: tuple[str, ...], lacking: str
) -> None:
    """It is told at the start, and not by the first call that needs the right."""
    filled(postgresql_url)
    told(postgresql_url, *statements)
    assert dumped(clerk_url) == WORLD
    with pytest.raises(UnusableDatabase) as refused:
        written(clerk_url)
    assert str(refused.value) == f"{LACKING}{lacking}"


def test_a_role_that_may_not_even_read_is_told(clerk_url: str, postgresql_url: str) -> None:
    """In PostgreSQL's words."""
    filled(postgresql_url)
    for use in (written, dumped):
        with pytest.raises(Unavailable, match="permission denied for table alembic_version"):
            use(clerk_url)


def test_where_nothing_can_be_written_there_is_no_server(postgres: PrivatePostgres, clerk_url: str) -> None:
    """A standby, or a role that only reads by its settings."""
    told(postgres.url(), "ALTER ROLE clerk SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="it is read-only: a standby, or `default_transaction_read_only`"):
        written(clerk_url)
