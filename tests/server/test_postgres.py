"""The tests' own PostgreSQL server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from server import postgres as module
from server.postgres import PostgresError, PrivatePostgres, server_binaries, some_port
from sqlalchemy import create_engine, inspect, text

TESTS = Path(__file__).parents[1]
WAITS_TO_BE_KILLED = """
import time
from server.postgres import PrivatePostgres

with PrivatePostgres(durable=False) as server:
    print(server.directory, *server.processes(), flush=True)
    time.sleep(600)
"""


def count_up(url: str) -> int:
    """One more row in a table, and how many there are then."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS counted (n INTEGER)"))
            connection.execute(text("INSERT INTO counted VALUES (1)"))
            return int(connection.execute(text("SELECT count(*) FROM counted")).scalar_one())
    finally:
        engine.dispose()


def any_lives(processes: Iterable[int]) -> bool:
    """Is one of the processes still there, other than to be buried?"""
    for process in processes:
        try:
            state = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            return True
    return False


@pytest.fixture
def own() -> Iterator[PrivatePostgres]:
    """A server that a test may end; what was committed stays."""
    with PrivatePostgres() as server:
        yield server


@pytest.mark.parametrize("times", [1, 2])
def test_each_test_begins_with_an_empty_database(database_url: str, times: int) -> None:
    """What one test writes, the next does not find."""
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    assert [count_up(database_url) for _ in range(times)] == [1, 2][:times]


def in_good_order(server: PrivatePostgres) -> None:
    """The server is told to finish."""
    server.stop()


def at_once(server: PrivatePostgres) -> None:
    """The server is told to drop everything."""
    server.stop("immediate")


@pytest.mark.slow
@pytest.mark.parametrize("end", [in_good_order, at_once, PrivatePostgres.kill])
def test_data_and_address_outlive_an_end(
    own: PrivatePostgres, end: Callable[[PrivatePostgres], None]
) -> None:
    """Ended in whichever way and started again, the server has its data at the same URL."""
    url = own.new_database()
    processes = own.processes()
    assert len(processes) > 1
    assert count_up(url) == 1
    end(own)
    assert not own.running
    assert not any_lives(processes)
    own.start()
    assert count_up(url) == 2
    assert ("was not properly shut down" in own.logs()) == (end is not in_good_order)


@pytest.mark.parametrize("crashes", [False, True])
def test_nothing_is_left_at_the_end(*, crashes: bool) -> None:
    """After the `with` no process, directory or shared memory is left, whether the server ran or crashed."""
    with PrivatePostgres(durable=False) as server:
        processes = server.processes()
        directory = server.directory
        memory = shared_memory_of(server)
        assert memory in all_shared_memory()
        if crashes:
            server.kill()
    assert not directory.exists()
    assert not any_lives(processes)
    assert memory not in all_shared_memory()


def shared_memory_of(server: PrivatePostgres) -> str:
    """Which System V segment it holds; its lock file tells."""
    return next(server.directory.glob("*/postmaster.pid")).read_text("utf-8").splitlines()[6].split()[1]


def all_shared_memory() -> list[str]:
    """The machine's System V segments."""
    return [line.split()[1] for line in Path("/proc/sysvipc/shm").read_text("utf-8").splitlines()]


def test_a_killed_owner_leaves_nothing() -> None:
    """When whoever made the server is killed, the server ends and its directory goes."""
    with subprocess.Popen(  # noqa: S603  # the code is above
        [sys.executable, "-c", WAITS_TO_BE_KILLED], cwd=TESTS, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout
        directory, *processes = owner.stdout.readline().split()
        assert Path(directory).exists()
        owner.kill()
    deadline = time.monotonic() + 60
    while Path(directory).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(directory).exists()
    assert not any_lives(map(int, processes))


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose port is taken between looking and listening takes another."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = iter([taken, taken])
        monkeypatch.setattr(module, "some_port", lambda: next(ports, None) or some_port())
        with PrivatePostgres(durable=False) as server:
            assert server.port != taken
            assert "Address already in use" in server.logs()
            assert count_up(server.url()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("durable", [True, False])
def test_only_a_quick_server_forgoes_durability(*, durable: bool) -> None:
    """What keeps data through a crash of the machine is on, unless speed is asked for."""
    with PrivatePostgres(durable=durable, settings={"work_mem": "7MB"}) as server:
        engine = create_engine(server.url())
        with engine.connect() as connection:
            shown = {
                name: connection.execute(text(f"SHOW {name}")).scalar_one()
                for name in ("fsync", "synchronous_commit", "full_page_writes", "work_mem", "max_connections")
            }
        engine.dispose()
    kept = "on" if durable else "off"
    assert shown == {
        "fsync": kept,
        "synchronous_commit": kept,
        "full_page_writes": kept,
        "work_mem": "7MB",
        "max_connections": "300",
    }


def test_a_setting_that_postgresql_refuses_is_told() -> None:
    """When the server does not start, the error has its own words, and nothing is left."""
    refused = PrivatePostgres(settings={"work_mem": "a lot"})
    with pytest.raises(PostgresError, match="invalid value for parameter"), refused:
        pass
    assert not refused.directory.exists()


def test_the_highest_version_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server on PATH, the newest of the complete installations is used."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for version, programs in {
        "9.6": ["initdb", "postgres"],
        "14": ["initdb", "postgres"],
        "15": ["initdb"],
    }.items():
        for program in programs:
            file = tmp_path / version / "bin" / program
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(0o755)
    assert server_binaries(tmp_path) == tmp_path / "14" / "bin"


def test_a_machine_without_postgresql_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server at all is an error that names the package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgresError, match="the package `postgresql`"):
        server_binaries(tmp_path)
