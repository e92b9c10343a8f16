"""The server as real processes: when it says that it serves, how it stops, and what its processes share."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import define
from prometheus_client.parser import text_string_to_metric_families
from server.listening import wait_until
from server.processes import DEMO, PROGRAM

from restart_engine.server import SigningKey, issue_token
from restart_engine.server.serving import prepare
from restart_engine.server.world import read_world

KEY = "the-key-of-these-tests-and-of-nothing-else"
API = "/incorta/api/v2/demo/load-plan"
SLOW = pytest.mark.slow  # each process takes its second to start


@define
class Command:
    """`restart-engine serve` that has written a line on standard output, or closed it."""

    process: subprocess.Popen[str]
    first_line: str
    folder: Path

    @property
    def address(self) -> str:
        """Where it says that it serves."""
        found = re.match(r"serving (http://\S+)/incorta/api/v2 ", self.first_line)
        assert found is not None, (self.first_line, self.complaints)
        return found[1]

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """What it answers to a call with a token, on a connection of its own."""
        now = time.time()
        token = issue_token(SigningKey(KEY.encode()), tenant="demo", user="ada", now=now, lifetime=3600)
        headers = {"authorization": f"Bearer {token}"}
        return httpx.request(method, self.address + path, headers=headers, timeout=30, **more)

    def restart(self) -> None:
        """Start an execution that takes longer than a test."""
        body = {"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 12}
        assert self.ask("POST", f"{API}/restart", json=body).status_code == 200

    @property
    def complaints(self) -> list[str]:
        """What is on standard error and no event of the log."""
        lines = (self.folder / "stderr").read_text().splitlines()
        return [line for line in lines if not line.startswith("{")]

    @property
    def children(self) -> list[int]:
        """Its processes that serve."""
        listed = subprocess.run(  # noqa: S603  # the program is the system's
            ["/bin/ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(line.split()[0]) for line in listed.stdout.splitlines() if "spawn_main" in line]

    def connect(self, sent: bytes) -> socket.socket:
        """A connection on which this was sent, and that reads little."""
        url = httpx.URL(self.address)
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((url.host, url.port or 80))
        client.settimeout(0.5)
        with suppress(TimeoutError):  # it does not take more
            client.sendall(sent)
        return client

    def figures(self) -> dict[tuple[str, str], float]:
        """What is counted, by name and the value of its label."""
        families = text_string_to_metric_families(self.ask("GET", "/metrics").text)
        samples = [sample for family in families for sample in family.samples]
        return {(sample.name, "".join(sample.labels.values())): sample.value for sample in samples}


@contextmanager
def command(folder: Path, *options: str, **environment: str) -> Iterator[Command]:
    """The command with the demonstration's world; what still runs at the end of it is killed."""
    database = folder / "a.db"
    prepare(f"sqlite:///{database}", read_world(DEMO.read_bytes(), name="demo.yaml"))
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    fixed = ("--port", "0", "--database", f"sqlite:///{database}", "--speed", "0.1")
    with (
        (folder / "stderr").open("wb") as stderr,
        subprocess.Popen(  # noqa: S603  # the command is the project's own
            [*PROGRAM, "serve", *fixed, *options],
            env=ours | {"RESTART_ENGINE_KEY": KEY} | environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield Command(process, process.stdout.readline(), folder)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def in_database(folder: Path, statement: str) -> Any:
    """What the statement says of the command's database."""
    with closing(sqlite3.connect(folder / "a.db")) as connection, connection:
        return connection.execute(statement).fetchone()


class TestStarting:
    """What is announced has happened."""

    @pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=SLOW)])
    def test_it_is_announced_when_every_process_has_started(self, tmp_path: Path, workers: str) -> None:
        """By then each is known to the others, and has its key from the environment, not its command line."""
        with command(tmp_path, "--workers", workers) as server:
            assert in_database(tmp_path, "select count(*) from processes") == (int(workers),)
            assert len(server.children) == (2 if workers == "2" else 0)
            for pid in (server.process.pid, *server.children):
                assert KEY.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
            for _ in range(4):
                assert server.ask("GET", f"{API}/status/12").status_code == 200

    @pytest.mark.parametrize("workers", [pytest.param("1", marks=SLOW), "2"])
    def test_a_start_that_fails_ends_with_one_line(self, tmp_path: Path, workers: str) -> None:
        """Nothing is announced, and the exit status says so."""
        prepare(f"sqlite:///{tmp_path}/a.db", None)
        refuse = "create trigger t before insert on processes begin select raise(abort, 'full'); end"
        in_database(tmp_path, refuse)
        with command(tmp_path, "--workers", workers) as server:
            assert server.first_line == ""
            assert server.process.wait(30) == 2
            assert server.complaints == ["restart-engine: the server did not start; its log says why"]

    @SLOW
    def test_development_that_others_reach_is_said_to_be_so(self, tmp_path: Path) -> None:
        """In one line on standard error, where the log is too."""
        with command(tmp_path, "--dev", "--host", "0.0.0.0") as server:  # noqa: S104  # what it is about
            wait_until(lambda: bool(server.complaints))
            told = "--dev is for this machine alone, and 0.0.0.0 is open to others"
            assert server.complaints == [f"restart-engine: {told}: tokens and all else travel in the clear"]

    @SLOW
    def test_development_on_this_machine_is_quiet(self, tmp_path: Path) -> None:
        """All that is on standard error is the log."""
        with command(tmp_path, "--dev") as server:
            assert server.ask("GET", "/health/live").status_code == 200
            assert server.complaints == []


class TestStopping:
    """A stop takes less than the ten seconds that Docker waits."""

    @SLOW
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_whatever_clients_do(self, tmp_path: Path, workers: str) -> None:
        """One sends half a head, one half a body, one does not read; and an execution runs."""
        half_body = f"POST {API}/restart HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n{{".encode()
        many = b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n" * 500
        with command(tmp_path, "--workers", workers) as server:
            server.restart()
            clients = [server.connect(sent) for sent in (b"", b"POST /x HT", half_body, many)]
            began = time.monotonic()
            server.process.terminate()
            server.process.wait(30)
            assert 1 < time.monotonic() - began < 8  # who sends half a body is waited for
            for client in clients:
                client.close()
        status = in_database(tmp_path, "select status from executions order by id desc")
        assert status == ("Interrupted",)

    @SLOW
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_while_the_database_is_locked(self, tmp_path: Path, workers: str) -> None:
        """What cannot be written is left to whoever finds the process dead."""
        with command(tmp_path, "--workers", workers) as server:
            server.restart()
            with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as stranger:
                stranger.execute("begin immediate")
                began = time.monotonic()
                server.process.terminate()
                server.process.wait(30)
                assert time.monotonic() - began < 8


class TestCounting:
    """What the processes of one server count adds up, whichever is asked."""

    def test_each_counts_for_all(self, tmp_path: Path) -> None:
        """The folder where they count goes with them."""
        folder = tmp_path / "temporary"
        folder.mkdir()
        with command(tmp_path, "--workers", "2", TMPDIR=str(folder)) as server:
            assert in_database(tmp_path, "select count(*) from processes") == (2,)
            for _ in range(12):  # each on a connection of its own, which either process may take
                assert server.ask("GET", f"{API}/status/99").status_code == 404
            server.restart()
            for _ in range(6):
                figures = server.figures()
                assert figures["restart_engine_refusals_total", "V2"] == 12
                assert figures["restart_engine_executions_started_total", ""] == 1
                assert figures["restart_engine_executions_running", ""] == 1
            server.process.terminate()
            assert server.process.wait(30) == 0
        assert list(folder.iterdir()) == []

    @SLOW
    def test_the_killed_are_counted(self, tmp_path: Path) -> None:
        """What they have counted stays; what they ran runs no longer."""
        with command(tmp_path, "--workers", "2") as server:
            assert server.ask("GET", f"{API}/status/99").status_code == 404
            server.restart()
            before = server.children
            assert len(before) == 2
            for pid in before:
                os.kill(pid, signal.SIGKILL)
            wait_until(lambda: len(set(server.children) - set(before)) == 2)
            figures = server.figures()
            assert figures["restart_engine_refusals_total", "V2"] == 1
            assert figures["restart_engine_executions_running", ""] == 0
