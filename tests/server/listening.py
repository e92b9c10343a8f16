"""A small application behind everything that stands around ours, on a real uvicorn and real sockets."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvicorn
from attrs import define, field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from restart_engine.server.limits import Limits
from restart_engine.server.logs import Form, Level, set_up_logging
from restart_engine.server.metrics import Metrics
from restart_engine.server.middleware import around
from restart_engine.server.protocol import Connection
from restart_engine.server.serving import listen, server_config

PATIENCE: Final = 30
"""Seconds until a test that waits for the server gives up."""


@define
class Listening:
    """A server that runs, and what a test has to know of it."""

    port: int
    metrics: Metrics
    connections: set[Any] = field(factory=set)
    """What uvicorn has of them now."""
    seen: list[str] = field(factory=list)
    """What its application did, in order."""
    go_on: threading.Event = field(factory=threading.Event)

    def connect(self) -> socket.socket:
        """A new connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(self, *parts: bytes) -> Answer:
        """What it says to these bytes, sent one part after the other on a connection of their own."""
        with self.connect() as client:
            for part in parts:
                client.sendall(part)
            return read_answer(client)

    def await_seen(self, what: str) -> None:
        """Return once its application has done that."""
        wait_until(lambda: what in self.seen)


@define
class Answer:
    """One answer off the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> str:
        """What the answer says, which has to be in this one shape."""
        assert self.headers["content-type"] == "application/json"
        assert self.headers["content-length"] == str(len(self.body))
        said: dict[str, str] = json.loads(self.body)
        assert list(said) == ["message"]
        return said["message"]

    @property
    def closes(self) -> bool:
        """Whether it is the last of its connection."""
        return self.headers.get("connection") == "close"


def read_answer(client: socket.socket) -> Answer:
    """The next answer of this connection, interim ones left out."""
    # no byte more is read than the answer has: what follows is left for the next
    with client.makefile("rb", buffering=0) as stream:
        status = 100
        headers: dict[str, str] = {}
        while status == 100:
            line = stream.readline()
            assert line, "the connection was closed without an answer"
            status, headers = int(line.split()[1]), {}
            while line := stream.readline().strip():
                name, _, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
        body = b""
        while len(body) < int(headers["content-length"]):
            more = stream.read(int(headers["content-length"]) - len(body))
            assert more, "the connection was closed within an answer"
            body += more
    return Answer(status, headers, body)


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once this holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it does not come to hold"
        time.sleep(0.01)


def closed(client: socket.socket) -> bool:
    """Whether the server says no more on this connection; waits until it does either."""
    return client.recv(1) == b""


def head(target: str = "/echo", method: str = "POST", **headers: object) -> bytes:
    """A request's head; underscores stand for hyphens."""
    lines = [f"{method} {target} HTTP/1.1", "host: here"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def impatient(limits: Limits) -> type[Connection]:
    """A connection that waits for a head as long as these limits say."""

    class Impatient(Connection):
        head_seconds = limits.head_seconds

    return Impatient


@contextmanager
def listening(**limits: Any) -> Iterator[Listening]:
    """A server with these limits on a free port, until it is left."""
    of_server = Limits(**limits)
    bound = listen("127.0.0.1", 0, of_server)
    here = Listening(bound.getsockname()[1], Metrics())
    http = impatient(of_server)
    server = uvicorn.Server(
        server_config(_application(here, of_server), of_server, http=http, lifespan="off")
    )
    here.connections = server.server_state.connections
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield here
    finally:
        here.go_on.set()
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


@contextmanager
def logged(level: Level = "info", form: Form = "json") -> Iterator[io.StringIO]:
    """What is logged while this is open, written as the server does; then logging is as it was."""
    names = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic")
    loggers = [logging.getLogger(name) for name in names]
    before = [(each, each.level, each.propagate, list(each.handlers)) for each in loggers]
    stream = io.StringIO()
    set_up_logging(stream, level, form)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        for each, level_before, propagate, handlers in before:
            each.setLevel(level_before)
            each.propagate = propagate
            each.handlers[:] = handlers


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    """The events of a log in JSON, one a line."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _application(here: Listening, limits: Limits) -> Starlette:
    async def echo(request: Request) -> Response:
        body = await request.body()
        here.seen.append("echo")
        request.state.tenant, request.state.user = "acme", "ann"
        return JSONResponse({"bytes": len(body), "id": request.state.request_id})

    async def fail(_request: Request) -> Response:
        raise RuntimeError("Bearer abcdefghijklmnop did not open postgresql://ann:pass@host/db")

    async def wait(_request: Request) -> Response:
        here.seen.append("began")
        await asyncio.to_thread(here.go_on.wait, PATIENCE)
        here.seen.append("ended")
        return Response("too late")

    async def large(_request: Request) -> Response:
        here.seen.append("large")
        return Response(b"x" * 20_000_000)

    async def slowly(_request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a"
            await asyncio.to_thread(here.go_on.wait, PATIENCE)
            yield b"b"

        return StreamingResponse(parts(), headers={"content-length": "2"})

    return Starlette(
        routes=[
            Route("/echo", echo, methods=["GET", "POST"]),
            Route("/of/{tenant}", echo),
            Route("/fail", fail),
            Route("/wait", wait),
            Route("/large", large),
            Route("/slowly", slowly, methods=["POST"]),
            Route("/silent", _Silent()),
            Route("/half", _Half()),
        ],
        middleware=around(limits, here.metrics),
    )


class _Silent:
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say nothing."""


class _Half:
    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Begin an answer, and fail."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"x" * 10, "more_body": True})
        raise RuntimeError("half an answer")
