"""Each request has an id, is counted and logged once, and its failure is told to the log alone."""

from __future__ import annotations

import asyncio
import io
import itertools
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from server.listening import Listening, events, head, listening, logged, wait_until
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from restart_engine.server.limits import Limited, Limits
from restart_engine.server.metrics import Metrics
from restart_engine.server.middleware import Accesses, LastResort, RequestIds, new_id


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    """A server with the usual limits."""
    with listening() as here:
        yield here


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged."""
    with logged() as stream:
        yield stream


def counted(server: Listening, **labels: object) -> float:
    """How many answers were counted with these labels."""
    text = server.metrics.text()[0].decode()
    named = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    found = re.search(
        rf"^restart_engine_request_seconds_count\{{{re.escape(named)}\}} (\S+)$", text, re.MULTILINE
    )
    return float(found[1]) if found else 0


class TestIds:
    """The id of a request."""

    @pytest.mark.parametrize("given", ["a", "job-7_of.night", "x" * 64])
    def test_a_decent_id_is_kept(self, server: Listening, log: io.StringIO, given: str) -> None:
        """The client's own id is in the answer, in the scope and in the log."""
        answer = server.ask(head(method="GET", x_request_id=given))
        assert answer.headers["x-request-id"] == given
        assert f'"id":"{given}"'.encode() in answer.body
        assert [event["request"] for event in events(log)] == [given]

    @pytest.mark.parametrize("given", ["", "x" * 65, "a b", "ü", "a;b", '{"a"}'])
    def test_another_id_is_not(self, server: Listening, given: str) -> None:
        """What is no decent id is not taken over anywhere."""
        made = server.ask(head(method="GET", x_request_id=given)).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{32}", made)

    def test_two_ids_are_none(self, server: Listening) -> None:
        """Who names two has named none."""
        answer = server.ask(head(method="GET", x_request_id="a", X_Request_Id="b"))
        assert answer.headers["x-request-id"] not in {"a", "b"}

    def test_refusals_have_one(self, server: Listening) -> None:
        """A request that only the limits have seen has its id too."""
        assert server.ask(head(content_length=10**9, x_request_id="long")).headers["x-request-id"] == "long"

    def test_ids_differ(self) -> None:
        """No two requests have the same."""
        assert new_id() != new_id()


class TestAccesses:
    """One event and one count for each answer."""

    def test_an_answer(self, server: Listening, log: io.StringIO) -> None:
        """The event has who asked for what, and how it went; nothing of query, headers or body."""
        before = counted(server, route="/of/{tenant}", method="GET", status=200)
        server.ask(head("/of/a%20b?token=hidden", "GET", x_request_id="r1", authorization="Bearer hidden"))
        (event,) = events(log)
        assert event.pop("milliseconds") >= 0
        assert event.pop("time").endswith("Z")
        assert event == {
            "level": "info",
            "event": "answered",
            "request": "r1",
            "method": "GET",
            "path": "/of/a b",
            "status": 200,
            "tenant": "acme",
            "user": "ann",
        }
        assert counted(server, route="/of/{tenant}", method="GET", status=200) == before + 1

    @pytest.mark.parametrize(
        ("request_head", "labels"),
        [
            (head("/none", "GET"), {"route": "unknown", "method": "GET", "status": 404}),
            (head("/echo", "PUT"), {"route": "/echo", "method": "PUT", "status": 405}),
            (head("/none", "BREW"), {"route": "unknown", "method": "OTHER", "status": 404}),
            (head("/" + "x" * 3000, "GET"), {"route": "unknown", "method": "GET", "status": 414}),
            (head(content_length=10**9), {"route": "unknown", "method": "POST", "status": 413}),
            (head("/fail", "GET"), {"route": "/fail", "method": "GET", "status": 500}),
        ],
    )
    def test_refusals(
        self, server: Listening, log: io.StringIO, request_head: bytes, labels: dict[str, object]
    ) -> None:
        """They are counted and logged like any answer, under few names whatever the client made up."""
        before = counted(server, **labels)
        server.ask(request_head)
        assert counted(server, **labels) == before + 1
        event = events(log)[-1]
        assert (event["event"], event["status"]) == ("answered", labels["status"])
        assert (event["tenant"], event["user"]) == (None, None)
        assert len(event["path"]) <= 256

    def test_a_client_that_leaves(self, server: Listening, log: io.StringIO) -> None:
        """Whoever leaves before an answer is logged as having left, and nothing as an error."""
        with server.connect() as client:
            client.sendall(head(content_length=100) + b"half")
            client.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: bool(events(log)))
        assert [(event["event"], event["level"]) for event in events(log)] == [("client left", "info")]

    def test_time_is_the_answers(self, log: io.StringIO) -> None:
        """The milliseconds run from the request to the beginning of its answer."""
        ticks = itertools.count(1.0, 0.25)
        ask(Accesses(answering, Metrics(), clock=lambda: next(ticks)))
        assert events(log)[0]["milliseconds"] == 250


class TestLastResort:
    """What the application did not expect."""

    def test_an_error(self, server: Listening, log: io.StringIO) -> None:
        """The client has the request's id and nothing else; the log has the error, without its secrets."""
        answer = server.ask(head("/fail", "GET", x_request_id="r2"))
        assert (answer.status, answer.message) == (500, "internal error, request id r2")
        error = events(log)[0]
        assert (error["level"], error["event"], error["request"]) == ("error", "internal error", "r2")
        assert "RuntimeError: Bearer ***mnop did not open postgresql://ann:***@host/db" in error["exception"]
        assert "Traceback" in error["exception"]
        assert "abcdefghijkl" not in log.getvalue()

    def test_no_answer(self, server: Listening, log: io.StringIO) -> None:
        """An application that says nothing is an error too."""
        answer = server.ask(head("/silent", "GET", x_request_id="r3"))
        assert (answer.status, answer.message) == (500, "internal error, request id r3")
        assert events(log)[0]["level"] == "error"

    def test_half_an_answer(self, server: Listening, log: io.StringIO) -> None:
        """An answer that fails halfway ends with its connection: the client sees that it is not whole."""
        with server.connect() as client, client.makefile("rb") as stream:
            client.sendall(head("/half", "GET"))
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            assert stream.read().endswith(b"x" * 10)
        assert any("half an answer" in event.get("exception", "") for event in events(log))

    def test_a_client_that_left(self, log: io.StringIO) -> None:
        """An application that notices it while it reads has not failed."""

        async def reading(_scope: Scope, receive: Receive, _send: Send) -> None:
            if (await receive())["type"] == "http.disconnect":
                raise ClientDisconnect

        assert ask(LastResort(reading)) == []
        assert events(log) == []

    def test_an_error_after_the_answer(self, log: io.StringIO) -> None:
        """The answer stands, and the error is logged."""

        async def failing(scope: Scope, receive: Receive, send: Send) -> None:
            await answering(scope, receive, send)
            raise RuntimeError("afterwards")

        assert [message["type"] for message in ask(LastResort(failing))] == [
            "http.response.start",
            "http.response.body",
        ]
        assert "afterwards" in events(log)[0]["exception"]


@pytest.mark.parametrize(
    "around",
    [RequestIds, LastResort, lambda app: Accesses(app, Metrics()), lambda app: Limited(app, Limits())],
)
def test_what_is_no_request_passes(around: Any) -> None:
    """Lifespan events are the application's own."""
    assert ask(around(answering), {"type": "lifespan"})[0]["type"] == "http.response.start"


async def answering(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer 204."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def ask(app: Any, scope: Scope | None = None) -> list[Message]:
    """What the application sends to a client that has left."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asked = scope or {"type": "http", "method": "GET", "path": "/", "headers": []}
    asyncio.run(app(asked, receive, send))
    return sent
