"""The server as part of a program: in a thread, as an application, and as a pytest plugin."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpcore  # noqa: F401  # pytester forgets what is first imported inside it, httpx does not
import httpx
import pytest
import structlog

from restart_engine.core.errors import InvalidValue
from restart_engine.core.status import Status
from restart_engine.server import ControlRefused, StandIn, StepRun, application, running
from restart_engine.server.serving import demo_world
from restart_engine.wire import WireError

pytest_plugins = ["pytester"]

EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "endpoint"
MY_PLAN: Final = {"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 12}
BASE: Final = "/incorta/api/v2/demo/load-plan"
SMALL: Final = "tenants:\n  - name: demo\n    users: [{name: ada, superUser: true}]\n"


@pytest.fixture(scope="module", autouse=True)
def structlog_as_it_was() -> Iterator[None]:
    """A program that has not set structlog up, and no stand-in's set-up left to the other tests."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    """A server with the world of `--dev`."""
    with running() as server:
        yield server


def _restart(server: StandIn) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.token('demo', 'ada')}"}
    return httpx.post(f"{server.url}{BASE}/restart", json=MY_PLAN, headers=headers)


class TestRunning:
    """A server in a thread."""

    def test_it_answers_as_a_server_does(self, stand_in: StandIn) -> None:
        """With its tokens and no others."""
        stand_in.reset()
        assert _restart(stand_in).json() == {"loadPlanExecutionId": 13}
        stand_in.reset()
        assert _restart(stand_in).json() == {"loadPlanExecutionId": 13}
        assert httpx.post(f"{stand_in.url}{BASE}/restart", json=MY_PLAN).status_code == 401
        headers = {"authorization": f"Bearer {stand_in.control_token()}"}
        assert httpx.get(f"{stand_in.url}/control/faults", headers=headers).json() == []

    @pytest.mark.parametrize("form", ["file", "text", "bytes", "values", "world"])
    def test_worlds(self, stand_in: StandIn, tmp_path: Path, form: str) -> None:
        """A file, its text or its values, or a world, for the server or for one test."""
        file = tmp_path / "small.yaml"
        file.write_text(SMALL)
        values = {"tenants": [{"name": "demo", "users": [{"name": "ada", "superUser": True}]}]}
        forms: dict[str, Any] = {
            "file": file,
            "text": SMALL,
            "bytes": SMALL.encode(),
            "values": values,
            "world": demo_world(),
        }
        stand_in.replace_world(forms[form])
        tenants = stand_in.control("GET", "/control/world")["tenants"]
        assert tenants[0]["name"] == "demo"
        assert (tenants == values["tenants"]) is (form != "world")

    def test_what_is_no_world(self) -> None:
        """It is refused in a line, before anything is started."""
        with (
            pytest.raises(WireError, match=r"`tenants\[0\].nme` .*is an unknown member"),
            running("tenants: [{nme: x}]"),
        ):
            pass
        with (
            pytest.raises(InvalidValue, match=r"a file is given as Path\('night.yaml'\)"),
            running("night.yaml"),
        ):
            pass

    def test_what_is_refused(self, stand_in: StandIn) -> None:
        """Says what was asked, and what stands against it."""
        with pytest.raises(
            ControlRefused, match=r"^PUT /control/faults was answered 422: `\[0\].statu` is an "
        ):
            stand_in.inject({"statu": 500})
        with pytest.raises(ControlRefused) as raised:
            stand_in.control("PUT", "/control/tenants/none/loading", {})
        assert (raised.value.status, raised.value.message) == (404, "there is no tenant `none`")

    def test_it_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither thread nor database is there afterwards, nor an error, though a call was being delayed."""
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        threads = set(threading.enumerate())
        with running(SMALL) as server:
            server.inject({"delaySeconds": 60.0})
            assert len(list(tmp_path.glob("restart-engine-*"))) == 1
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{server.url}{BASE}/status/1", timeout=httpx.Timeout(30, read=0.3))
        assert list(tmp_path.iterdir()) == []
        assert "restart-engine" not in {thread.name for thread in set(threading.enumerate()) - threads}
        assert [each for each in caplog.records if each.levelname == "ERROR"] == []
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)

    def test_time_by_hand(self) -> None:
        """Without a speed it stands still until it is told to pass."""
        with running(speed=None) as server:
            _restart(server)
            server.control("POST", "/control/advance", {"seconds": 11})
            headers = {"authorization": f"Bearer {server.token('demo', 'ada')}"}
            seen = httpx.get(f"{server.url}{BASE}/status/13", headers=headers).json()
        assert seen["status"] == "In Progress"

    def test_a_loader_of_ones_own(self) -> None:
        """It is asked in place of the one that pretends."""
        loaded = threading.Event()

        class Loader:
            async def load(self, run: StepRun, /) -> Status:
                assert run.load_plan == "MyLoadPlan"
                loaded.set()
                return Status.SUCCEEDED

        with running(loader=Loader()) as server:
            _restart(server)
            assert loaded.wait(5)

    def test_its_log_is_the_programs(
        self, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Events go to a logger of the standard library, without a token; nothing is printed."""
        caplog.set_level("INFO")
        with running() as server:
            _restart(server)
            token = server.token("demo", "ada")
        said = [each.getMessage() for each in caplog.records if each.name == "restart_engine"]
        assert any("event='answered'" in line and "status=200" in line for line in said)
        assert not any(token in line for line in said)
        assert capfd.readouterr() == ("", "")


class TestApplication:
    """The application for a transport in the client's process."""

    def test_it_answers_and_runs(self) -> None:
        """As the server does, with steps that run."""

        async def story() -> list[Any]:
            async with application() as app:
                transport = httpx.ASGITransport(app)
                headers = {"authorization": f"Bearer {app.token('demo', 'ada')}"}
                async with httpx.AsyncClient(
                    transport=transport, base_url="http://stand-in", headers=headers
                ) as client:
                    started = await client.post(f"{BASE}/restart", json=MY_PLAN)
                    while True:
                        status = await client.get(f"{BASE}/status/13")
                        if status.json()["status"] not in {"In Queue", "In Progress"}:
                            break
                        await asyncio.sleep(0.01)
                    control = {"authorization": f"Bearer {app.control_token()}"}
                    fault = [{"drop": True}]
                    await client.put("/control/faults", json=fault, headers=control)
                    with pytest.raises(ConnectionResetError, match="a fault on purpose"):
                        await client.post(f"{BASE}/restart", json=MY_PLAN)
                    reset = await client.post("/control/reset", headers=control)
                    return [started.json(), status.json()["status"], reset.json()]

        answers = asyncio.run(story())
        assert answers == [{"loadPlanExecutionId": 13}, "Failed", {"nextExecutionId": 13}]


NAIVE: Final = '''
import httpx


def test_the_script_starts_once(restart_endpoint):
    """It asks again whenever it is answered 503."""
    restart_endpoint.inject({"operation": "execute", "before": False, "times": 1})
    url = f"{restart_endpoint.url}/incorta/api/v2/acme/load-plan/execute"
    headers = {"authorization": f"Bearer {restart_endpoint.token('acme', 'loader')}"}
    for _ in range(100):
        answer = httpx.post(url, json={"loadPlanName": "Nightly"}, headers=headers)
        if answer.is_success:
            break
    executions = restart_endpoint.control("GET", "/control/world")["tenants"][0]["loadPlans"][0]["executions"]
    assert [execution["id"] for execution in executions] == [12, 13]
'''


MARKED: Final = """
import pytest


def tenants(endpoint):
    return [tenant["name"] for tenant in endpoint.control("GET", "/control/world")["tenants"]]


@pytest.mark.restart_world("tenants: [{name: other}]")
def test_another(restart_endpoint):
    assert tenants(restart_endpoint) == ["other"]


def test_the_usual(restart_endpoint):
    assert tenants(restart_endpoint) == ["acme"]


@pytest.mark.restart_world()
def test_none(restart_endpoint):
    pass
"""


def _project(folder: Path, *names: str) -> None:
    for name in ("conftest.py", "world.yaml", *names):
        shutil.copy(EXAMPLE / name, folder)


class TestPlugin:
    """A project that has the plugin in its conftest.py, and nothing else of ours."""

    def test_the_client_of_the_docs(self, pytester: pytest.Pytester) -> None:
        """It passes its tests, and no warning is given."""
        _project(pytester.path, "client.py", "test_client.py")
        done = pytester.runpytest_inprocess("-p", "no:randomly", "-W", "error", "--strict-markers")
        done.assert_outcomes(passed=14)

    @pytest.mark.slow
    def test_a_server_for_each_worker(self, tmp_path: Path) -> None:
        """Likewise in processes side by side, in any order."""
        _project(tmp_path, "client.py", "test_client.py")
        command = [sys.executable, "-m", "pytest", "-n", "2", "-W", "error", "--strict-markers"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(  # noqa: S603  # the list is ours
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
        )
        assert re.search(r"^=+ 14 passed in ", done.stdout, re.MULTILINE), done.stdout + done.stderr

    def test_a_bug_is_found(self, pytester: pytest.Pytester) -> None:
        """A script that tries again what had started is caught; the log shows what it was answered."""
        _project(pytester.path)
        pytester.makepyfile(test_naive=NAIVE)
        done = pytester.runpytest_inprocess("-p", "no:randomly", "--log-level=INFO")
        done.assert_outcomes(failed=1)
        done.stdout.fnmatch_lines(["*assert [[]12, 13, 14] == [[]12, 13]*", "*fault injected*"])

    def test_marks(self, pytester: pytest.Pytester) -> None:
        """A marker's world is that test's alone; one without a world is said to be wrong."""
        _project(pytester.path)
        pytester.makepyfile(test_marks=MARKED)
        done = pytester.runpytest_inprocess("-p", "no:randomly", "--strict-markers")
        done.assert_outcomes(passed=2, errors=1)
        done.stdout.fnmatch_lines(["*`restart_world` has one argument, the world: a Path, a text or values"])


class TestContainerfile:
    """The image's commands, as they stand there; to build it takes a registry."""

    @pytest.mark.slow
    def test_it_starts_and_is_ready(self, tmp_path: Path) -> None:
        """Its command says that it is serving, its health check succeeds, and its signal ends it in time."""
        text = (EXAMPLE / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            text = text.replace("8080", str(free.getsockname()[1]))
        serve, *arguments = json.loads(re.findall(r"^CMD (.*)", text, re.MULTILINE)[0])
        python, *check = json.loads(re.findall(r"^HEALTHCHECK .*? CMD (.*)", text, re.MULTILINE)[0])
        assert (serve, python) == ("restart-engine", "python")
        assert re.findall(r"^STOPSIGNAL (.*)", text, re.MULTILINE) == ["SIGTERM"]
        program = [sys.executable, "-m", "restart_engine", *arguments]
        with subprocess.Popen(  # noqa: S603  # the image's own
            program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as server:
            try:
                assert server.stdout is not None
                assert server.stdout.readline().startswith(b"serving ")
                subprocess.run([sys.executable, *check], check=True)  # noqa: S603  # likewise
                server.terminate()
                # done, uvicorn ends by the signal itself, which the first process of a container ignores
                assert server.wait(20) in {0, -signal.SIGTERM}
            finally:
                server.kill()
