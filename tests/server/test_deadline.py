"""503 is true: what was answered so starts, changes and writes nothing afterwards, whoever holds the lock."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from server.harness.locks import held
from server.listening import Answer, head, read_answer
from server.serving import Served, serving
from server.stores import Store, plan_of, store_at
from sqlalchemy import select, update
from starlette.types import Message

from restart_engine.server.database import Database, NotBegun, Unavailable
from restart_engine.server.deadline import Deadline, current_deadline
from restart_engine.server.limits import Limited, Limits
from restart_engine.server.tables import load_plans, tenants

SECONDS: Final = 0.5
"""Of an answer, where a lock is held for longer."""
WAITING: Final = 40
ROOT: Final = "/incorta/api/v2/acme/load-plan"
PLAN: Final = "/control/tenants/acme/load-plans/P"
WORLD: Final = {
    "tenants": [
        {
            "name": "acme",
            "schemas": [{"id": 1, "name": "A"}],
            "users": [
                {"name": "ada", "roles": ["SuperRole"], "edit": ["A"]},
                {"name": "eve", "roles": ["SuperRole"]},
                {"name": "vic"},
            ],
            "loadPlans": [{"name": "P", "groups": [{"sequence": 1, "steps": ["A.a"]}]}],
            "loading": {"seconds": 1},
        }
    ]
}


@contextmanager
def within(deadline: Deadline) -> Iterator[None]:
    """As a call with this deadline."""
    token = current_deadline.set(deadline)
    try:
        yield
    finally:
        current_deadline.reset(token)


@contextmanager
def on(url: str, folder: Path, seconds: float = SECONDS) -> Iterator[Served]:
    """A server over this database, whose calls have so many seconds."""
    with serving(folder, WORLD, Limits(answer_seconds=seconds), database=url) as server:
        yield server


def request(
    server: Served, method: str, path: str, body: object = None, user: str = "ada", **headers: str
) -> bytes:
    """The bytes of a request with a token of this user, or of the control API."""
    use = "control" if path.startswith("/control/") else "api"
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    token = server.token("acme", user, use=use)
    of_body = {"content-length": str(len(content))} if content else {}
    return head(path, method, authorization=f"Bearer {token}", **of_body, **headers) + content


def execute(server: Served) -> bytes:
    """A start of the plan."""
    return request(server, "POST", f"{ROOT}/execute", {"loadPlanName": "P"})


def groups(server: Served) -> Any:
    """Those of the plan, as the database has them."""
    with server.service.database.reading() as connection:
        return connection.execute(select(load_plans.c.groups)).scalar_one()


def asked(server: Served, *of_request: Any, **more: Any) -> tuple[Answer, float]:
    """What is answered, and after how many seconds."""
    began = time.monotonic()
    return server.ask(request(server, *of_request, **more)), time.monotonic() - began


class TestServed:
    """On a server, with a lock that a stranger holds."""

    def test_a_start_that_was_answered_503_is_not_made(self, database_url: str, tmp_path: Path) -> None:
        """The answer comes in time; with the lock free nothing starts by itself, and the next call does."""
        with on(database_url, tmp_path) as server:
            with held(database_url):
                began = time.monotonic()
                answer = server.ask(execute(server))
                assert answer.status == 503
                assert time.monotonic() - began < SECONDS + 0.5
            time.sleep(0.3)
            assert server.executions() == 0
            assert server.ask(execute(server)).status == 200
            assert server.executions() == 1

    def test_a_start_waits_for_a_lock(self, database_url: str, tmp_path: Path) -> None:
        """One that is free before the deadline keeps nobody from starting."""
        with on(database_url, tmp_path, 10) as server, server.connect() as client:
            with held(database_url):
                client.sendall(execute(server))
                time.sleep(0.5)
            assert read_answer(client).status == 200

    def test_a_change_that_was_answered_503_is_not_made(self, database_url: str, tmp_path: Path) -> None:
        """Neither is what the control API was told to change."""
        with on(database_url, tmp_path) as server:
            before = groups(server)
            with held(database_url):
                save = request(server, "PUT", PLAN, {"groups": [{"sequence": 5, "steps": ["B.b"]}]})
                assert server.ask(save).status == 503
            time.sleep(0.3)
            assert groups(server) == before
            assert server.ask(save).status == 200
            assert groups(server) != before

    def test_readers_are_answered_while_starts_wait(self, database_url: str, tmp_path: Path) -> None:
        """However many starts wait for a lock, a status and the health of the server are answered at once."""
        with on(database_url, tmp_path, 1.5) as server, ExitStack() as connections:
            assert server.ask(execute(server)).status == 200
            cut = request(server, "POST", f"{PLAN}/cut-off")
            assert server.ask(cut).status == 200
            start = execute(server)
            with held(database_url):
                waiting = [connections.enter_context(server.connect()) for _ in range(WAITING)]
                for client in waiting:
                    client.sendall(start)
                time.sleep(0.5)
                began = time.monotonic()
                assert asked(server, "GET", f"{ROOT}/status/1")[0].status == 200
                assert server.ask(head("/health/ready", "GET")).status == 200
                assert asked(server, "POST", f"{ROOT}/execute", {"loadPlanName": "X"})[0].status == 404
                assert time.monotonic() - began < 0.7
                assert {read_answer(client).status for client in waiting} == {503}
            assert server.executions() == 1

    @pytest.mark.parametrize(
        ("status", "user", "body", "headers"),
        [
            (400, "ada", b"{", {}),
            (422, "ada", {}, {}),
            (404, "ada", {"loadPlanName": "X"}, {}),
            (403, "vic", {"loadPlanName": "P"}, {}),
            (403, "eve", {"loadPlanName": "P"}, {}),
            (401, "nobody", {"loadPlanName": "P"}, {}),
            (415, "ada", {"loadPlanName": "P"}, {"content_type": "text/plain"}),
        ],
    )
    def test_a_refusal_waits_for_no_lock(
        self, held_server: Served, status: int, user: str, body: object, headers: dict[str, str]
    ) -> None:
        """Who starts nothing is told so while a stranger has the lock."""
        answer, took = asked(held_server, "POST", f"{ROOT}/execute", body, user, **headers)
        assert answer.status == status
        assert took < SECONDS

    def test_what_was_started_goes_on_after_the_deadline(self, sqlite_url: str, tmp_path: Path) -> None:
        """A deadline is of the call alone: the steps that it led to are run, and their outcomes kept."""
        with on(sqlite_url, tmp_path, 0.3) as server:
            assert server.ask(execute(server)).status == 200
            time.sleep(0.4)
            assert server.ask(request(server, "POST", "/control/advance", {"seconds": 5})).status == 200
            answer = server.ask(request(server, "GET", f"{ROOT}/status/1"))
            assert json.loads(answer.body)["status"] == "Succeeded"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def held_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over a database whose lock a stranger holds."""
    folder = tmp_path_factory.mktemp("held")
    url = f"sqlite:///{folder}/held.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").new_database()
    with on(url, folder) as server, held(url):
        yield server


def touch(store: Store) -> None:
    """Write all load plans anew."""
    with store.database.writing() as connection:
        connection.execute(update(load_plans).values(etag=1))


class TestTransactions:
    """On the database alone."""

    def test_a_lock_is_waited_for_until_the_deadline(self, database_url: str) -> None:
        """Then the thread is free again, and nothing was written."""
        store = store_at(database_url)
        store.plan(plan_of(["A.a"]))
        began = time.monotonic()
        with held(database_url), within(Deadline(0.3)), pytest.raises(Unavailable):
            touch(store)
        assert 0.2 < time.monotonic() - began < 1
        store.close()

    def test_threads_of_one_process_wait_until_the_deadline(self, sqlite_url: str) -> None:
        """Likewise for the turn that another thread has."""
        store = store_at(sqlite_url)
        over = threading.Event()

        def hold() -> None:
            with store.database.writing():
                begun.set()
                over.wait(30)

        begun = threading.Event()
        thread = threading.Thread(target=hold)
        thread.start()
        assert begun.wait(30)
        began = time.monotonic()
        with within(Deadline(0.2)), pytest.raises(NotBegun), store.database.writing():
            pass
        assert time.monotonic() - began < 1
        over.set()
        thread.join()
        store.close()

    @pytest.mark.parametrize("given_up", [True, False])
    def test_nothing_is_committed_after_the_deadline(self, database_url: str, given_up: bool) -> None:
        """Neither when the time is over, nor when the call was answered before; the next one writes."""
        store = store_at(database_url)
        deadline = Deadline(30 if given_up else 0.05)

        def disable() -> None:
            with store.database.writing() as connection:
                connection.execute(update(tenants).values(enabled=False))
                if given_up:
                    assert deadline.give_up()
                else:
                    time.sleep(0.1)

        with within(deadline), pytest.raises(Unavailable):
            disable()
        assert store.database.reading().__enter__().exec_driver_sql("select enabled from tenants").scalar()
        store.close()

    def test_after_the_deadline_no_transaction_begins(self, database_url: str) -> None:
        """A call that had to wait for a thread for too long asks the database for nothing."""
        database = Database(database_url)
        with within(Deadline(0)), pytest.raises(NotBegun), database.writing():
            raise AssertionError
        database.close()

    def test_who_has_no_deadline_waits(self, database_url: str) -> None:
        """What the server does by itself waits for the lock, also on a connection that a call had before."""
        store = store_at(database_url)
        store.plan(plan_of(["A.a"]))
        with within(Deadline(0.1)):
            touch(store)
        begun = threading.Event()

        def hold() -> None:
            with held(database_url):
                begun.set()
                time.sleep(0.4)

        thread = threading.Thread(target=hold)
        thread.start()
        assert begun.wait(30)
        touch(store)
        thread.join()
        store.close()


class TestDeadline:
    """Who is first."""

    def test_a_call_that_commits_is_not_given_up(self) -> None:
        """Its own answer is the true one."""
        deadline = Deadline(30)
        assert deadline.may_commit()
        assert not deadline.give_up()
        assert deadline.may_commit()

    def test_a_call_that_is_given_up_does_not_commit(self) -> None:
        """Though there may be time left, by its thread's clock."""
        deadline = Deadline(30)
        assert deadline.give_up()
        assert not deadline.may_commit()

    @pytest.mark.parametrize(
        ("takes", "status", "said"),
        [
            (0.3, 200, b"done"),
            (0.7, 503, b"no answer within 0.4 seconds; it may have been done: ask for the status"),
        ],
    )
    def test_a_commit_at_the_deadline_is_waited_for(self, takes: float, status: int, said: bytes) -> None:
        """For as long again; then the answer says that it is not known."""
        sent: list[Message] = []

        async def commit(_scope: object, _receive: object, send: Any) -> None:
            deadline = current_deadline.get()
            assert deadline is not None
            assert deadline.may_commit()
            await asyncio.sleep(takes)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"done"})

        async def send(message: Message) -> None:
            sent.append(message)

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        scope = {"type": "http", "headers": [], "path": "/", "query_string": b"", "http_version": "1.1"}
        scope["headers"] = [(b"content-length", b"0")]
        asyncio.run(Limited(commit, Limits(answer_seconds=0.2))(scope, receive, send))
        assert sent[0]["status"] == status
        assert said in sent[1]["body"]
