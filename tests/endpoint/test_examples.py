"""The room in a host of one's own: the examples in Flask and in FastAPI, in process and over HTTP."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypeAlias

import httpx
import pytest
import uvicorn
from werkzeug.serving import make_server

from restart_engine import Execution, GroupOutcome, LoadPlan, Status, progress
from restart_engine.endpoint import Access, SchemaSeen

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather find another client than httpx
    from fastapi.testclient import TestClient

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "endpoint"
BASE = "/incorta/api/v2/demo/load-plan"
ADA = {"Authorization": "Bearer token-of-ada"}
RESUME = {"loadPlanName": "Nightly", "groupSequence": 0, "recentLoadPlanExecution": 12}
RUNNING = "INC_05290501: A load job cannot be started as another job of the same load plan is being executed."
Answer: TypeAlias = tuple[int, Any]


def example(name: str) -> ModuleType:
    """The module of an example, which is no package."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


flask_host, fastapi_host = example("flask_host"), example("fastapi_host")


class Host(NamedTuple):
    """A host at work, its store, and how it is asked: method, path, body and headers."""

    store: Any
    send: Callable[[str, str, bytes, dict[str, str]], tuple[int, str, str]]

    def post(self, call: str, members: object, headers: dict[str, str] = ADA, base: str = BASE) -> Answer:
        """What a call with this body is answered."""
        text = members if isinstance(members, bytes) else json.dumps(members).encode()
        return self._answered("POST", f"{base}/{call}", text, headers)

    def status(self, execution_id: object, level: int = 1, headers: dict[str, str] = ADA) -> Answer:
        """What a question after a status is answered."""
        return self._answered("GET", f"{BASE}/status/{execution_id}?level={level}", b"", headers)

    def _answered(self, method: str, path: str, text: bytes, headers: dict[str, str]) -> Answer:
        status, kind, body = self.send(method, path, text, headers)
        assert kind == "application/json"
        return status, json.loads(body)


@contextmanager
def flask_client() -> Iterator[Host]:
    """Flask's own test client."""
    store = flask_host.failed_night()
    client = flask_host.create_app(store).test_client()

    def send(method: str, path: str, text: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        answer = client.open(path, method=method, data=text, headers=headers)
        return answer.status_code, answer.content_type, answer.text

    yield Host(store, send)


@contextmanager
def fastapi_client() -> Iterator[Host]:
    """FastAPI's own test client."""
    store = fastapi_host.failed_night()
    with TestClient(fastapi_host.create_app(store)) as client:
        yield Host(store, sender(client))


@contextmanager
def flask_server() -> Iterator[Host]:
    """Flask behind a socket, a thread a request."""
    store = flask_host.failed_night()
    server = make_server("127.0.0.1", 0, flask_host.create_app(store), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
            yield Host(store, sender(client))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def fastapi_server() -> Iterator[Host]:
    """FastAPI behind a socket, on one event loop."""
    store = fastapi_host.failed_night()
    config = uvicorn.Config(
        fastapi_host.create_app(store), port=0, log_level="warning", http="h11", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield Host(store, sender(client))
    finally:
        server.should_exit = True
        thread.join()


def sender(client: httpx.Client) -> Callable[[str, str, bytes, dict[str, str]], tuple[int, str, str]]:
    """How a client of httpx sends."""

    def send(method: str, path: str, text: bytes, headers: dict[str, str]) -> tuple[int, str, str]:
        answer = client.request(method, path, content=text, headers=headers)
        return answer.status_code, answer.headers["content-type"], answer.text

    return send


SERVERS = [flask_server, fastapi_server]


@pytest.fixture(params=[flask_client, fastapi_client, *SERVERS], ids=lambda way: way.__name__)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """Each of the examples, in each way."""
    with request.param() as made:
        yield made


def failing(run: Execution) -> Execution:
    """The run, whose first step that may begin has failed."""
    turn = progress.ready(run)
    assert turn is not None
    run = progress.begin_step(run, turn.sequence, turn.steps[0])
    return progress.advance(progress.end_step(run, turn.sequence, turn.steps[0], Status.FAILED))


class TestStory:
    """A night that failed, restarted from its failed step."""

    def test_a_failed_night_is_restarted_followed_and_restarted_again(self, host: Host) -> None:
        """What had succeeded is skipped, in the restart and in the restart of the restart."""
        assert host.post("restart", RESUME) == (200, {"loadPlanExecutionId": 13})
        seen = {"loadPlanExecutionId": 13, "loadPlanName": "Nightly", "status": "In Queue"}
        assert host.status(13) == (200, seen)
        objects = [{"name": "Ledger", "status": "In Queue"}, {"name": "Rates", "status": "Skipped"}]
        schema = {"name": "Finance", "statuses": {"In Queue": 1, "Skipped": 1}, "objects": objects}
        group = {"sequence": 2, "status": "In Queue", "schemas": [schema]}
        assert host.status(13, 4) == (200, {**seen, "groups": [group]})
        assert host.post("restart", RESUME) == (400, {"message": RUNNING})
        runs = host.store.executions["demo", "Nightly"]
        runs[-1] = failing(runs[-1])
        assert host.status(13)[1]["status"] == "Failed"
        again = {**RESUME, "recentLoadPlanExecution": 13}
        assert host.post("restart", again) == (200, {"loadPlanExecutionId": 14})
        assert host.status(14, 3)[1]["groups"][0]["schemas"][0]["statuses"] == {"In Queue": 1, "Skipped": 1}

    def test_an_execution_starts_over(self, host: Host) -> None:
        """From the first group, skipping nothing."""
        assert host.post("execute", {"loadPlanName": "Nightly"}) == (200, {"loadPlanExecutionId": 13})
        groups = host.status(13, 2)[1]["groups"]
        assert [group["sequence"] for group in groups] == [1, 2]

    def test_a_restart_with_nothing_left_to_run_is_over_at_once(self, host: Host) -> None:
        """It need not wait for a loader to notice."""
        (failed,) = host.store.executions["demo", "Nightly"]
        steps = {**failed.groups[1].statuses, "Finance.Ledger": Status.SUCCEEDED}
        done = GroupOutcome(2, Status.FAILED, steps)
        host.store.executions["demo", "Nightly"] = [failed.with_group(done)]
        assert host.post("restart", RESUME)[0] == 200
        assert host.status(13)[1]["status"] == "Succeeded"


class TestRefusals:
    """Each gate answers for itself, through either framework."""

    def test_each_gate(self, host: Host) -> None:
        """From the token to the loader, with nothing started."""
        invalid = "INC_09030108: Invalid authentication header. Invalid Token"
        ada = host.store.bearers["token-of-ada"]
        assert host.post("restart", RESUME, {}) == (401, {"message": f"{invalid} []"})
        wrong = {"Authorization": "Bearer wrong"}
        assert host.post("restart", RESUME, wrong) == (401, {"message": f"{invalid} [*rong]"})
        assert host.status(12, 1, wrong) == (401, {"message": f"{invalid} [*rong]"})
        other = BASE.replace("demo", "Demo")
        assert host.post("restart", RESUME, base=other) == (401, {"message": f"{invalid} [******-ada]"})
        assert host.post("restart", b"{")[0] == 400
        assert host.post("execute", {}) == (422, {"message": "INC_01210000: loadPlanName may not be null"})
        missing = {"message": "INC_05290503: The [SALES] LOAD_PLAN cannot be found."}
        assert host.post("execute", {"loadPlanName": "SALES"}) == (404, missing)
        assert host.post("restart", {**RESUME, "recentLoadPlanExecution": 11})[0] == 400
        assert host.status(11)[0] == 404
        assert host.status("x")[0] == 404
        assert host.status(12, 5)[0] == 422
        host.store.loaders["demo"] = 0
        assert host.post("restart", RESUME)[0] == 500
        host.store.access[ada] = dict.fromkeys(["Sales", "Finance"], SchemaSeen(185, Access.NONE))
        assert host.post("restart", RESUME)[0] == 403
        assert host.status(12)[0] == 403
        del host.store.loaders["demo"]
        gone = {"message": "Invalid [demo] tenant in resource path"}
        assert host.post("restart", RESUME) == (404, gone)
        assert len(host.store.executions["demo", "Nightly"]) == 1

    def test_a_user_who_is_gone(self, host: Host) -> None:
        """With what was granted to them."""
        host.store.users.clear()
        host.store.access.clear()
        assert host.post("restart", RESUME)[0] == 401
        assert host.status(12)[0] == 401

    def test_a_plan_that_never_ran(self, host: Host) -> None:
        """It has no latest execution, and starts from the beginning."""
        host.store.executions.clear()
        assert host.status(12)[0] == 404
        assert host.post("restart", {**RESUME, "recentLoadPlanExecution": None})[0] == 200


class TestRaces:
    """Two restarts at the same moment start one execution."""

    @pytest.mark.parametrize("server", SERVERS, ids=lambda way: way.__name__)
    def test_of_many_one_is_started(self, server: Any) -> None:
        """All others are told that it is running."""
        with server() as host, ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(lambda _: host.post("restart", RESUME), range(24)))
            assert len(host.store.executions["demo", "Nightly"]) == 2
        assert sorted(status for status, _ in answers) == [200, *[400] * 23]
        assert {body["message"] for status, body in answers if status == 400} == {RUNNING}

    def test_nobody_decides_between_a_decision_and_its_start(self) -> None:
        """The second waits for the lock, whatever time the first takes to look up the latest execution."""
        with flask_server() as host, ThreadPoolExecutor(2) as threads:
            both_looking, latest = threading.Barrier(2, timeout=0.5), host.store.latest

            def slowly(tenant: str, plan: LoadPlan, /) -> Execution | None:
                seen: Execution | None = latest(tenant, plan)
                with suppress(threading.BrokenBarrierError):
                    both_looking.wait()
                return seen

            host.store.latest = slowly
            answers = list(threads.map(lambda _: host.post("restart", RESUME), range(2)))
        assert sorted(status for status, _ in answers) == [200, 400]

    def test_of_two_that_were_decided_on_the_same_facts_one_decides_again(self) -> None:
        """It finds its precondition gone, looks again and is told what is so now."""
        store = fastapi_host.failed_night()
        answers = asyncio.run(two_decided_together(store))
        assert {answer.status_code: answer.json() for answer in answers} == {
            200: {"loadPlanExecutionId": 13},
            400: {"message": RUNNING},
        }
        assert len(store.executions["demo", "Nightly"]) == 2

    def test_a_plan_that_was_edited_since_it_was_decided_is_decided_again(self) -> None:
        """What starts is the plan as it stands then."""
        with fastapi_client() as host:
            opened = host.store.open

            async def edited(tenant: str, restart: Any) -> Any:
                host.store.plans["demo", "Nightly"] = LoadPlan("Nightly", restart.facts.plan.groups[-1:])
                return await opened(tenant, restart)

            host.store.open = edited
            assert host.post("execute", {"loadPlanName": "Nightly"})[0] == 200
            assert [group["sequence"] for group in host.status(13, 2)[1]["groups"]] == [2]

    def test_a_plan_that_is_gone_when_it_is_opened(self) -> None:
        """It is not found, as if it had been asked for a moment later."""
        with fastapi_client() as host:
            opened = host.store.open

            async def gone(tenant: str, restart: Any) -> Any:
                host.store.plans.clear()
                return await opened(tenant, restart)

            host.store.open = gone
            assert host.post("execute", {"loadPlanName": "Nightly"})[0] == 404


async def two_decided_together(store: Any) -> list[httpx.Response]:
    """Two restarts, neither of which is opened before both are decided."""
    both_decided, opened, first_two = asyncio.Barrier(2), store.open, iter((1, 2))

    async def after_both(tenant: str, restart: Any) -> Any:
        if next(first_two, None):
            await both_decided.wait()
        return await opened(tenant, restart)

    store.open = after_both
    transport = httpx.ASGITransport(fastapi_host.create_app(store))
    async with httpx.AsyncClient(transport=transport, base_url="http://host", headers=ADA) as client:
        return await asyncio.gather(*(client.post(f"{BASE}/restart", json=RESUME) for _ in range(2)))


def test_nothing_is_looked_up_for_a_token_that_is_refused() -> None:
    """A store that knows tokens and nothing else answers as well."""

    class Tokens:
        async def bearer(self, token: str) -> Any:
            return fastapi_host.failed_night().bearers.get(token)

    client = TestClient(fastapi_host.create_app(Tokens()))
    assert client.post(f"{BASE}/restart", json=RESUME).status_code == 401
    assert client.post(f"{BASE.replace('demo', 'x')}/restart", json=RESUME, headers=ADA).status_code == 401
    assert client.get(f"{BASE}/status/12").status_code == 401
