"""A stand-in inside a program: the server in a thread, or its application for a transport without sockets.

Both have a database of their own, a temporary file, and the control API. Steps take their simulated seconds a
thousand times faster, unless another speed is asked for.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias, final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from restart_engine.core.errors import InvalidValue
from restart_engine.server.app import create_app
from restart_engine.server.loader import Loader
from restart_engine.server.logs import without_secrets
from restart_engine.server.serving import demo_world, listen, prepare, server_config
from restart_engine.server.settings import Settings
from restart_engine.server.tokens import SigningKey, issue_token
from restart_engine.server.world import World, read_world, world_of, world_text

AnyWorld: TypeAlias = "World | Mapping[str, Any] | os.PathLike[str] | str | bytes"
"""A world, the values of a world file, the path of one, or the text of one."""
_SPEED: Final = 1000.0
_STARTING: Final = 60.0
_ASKING: Final = 60.0


class ControlRefused(Exception):
    """The control API did not do what it was asked for."""

    def __init__(self, asked: str, status: int, message: str) -> None:
        super().__init__(asked, status, message)
        self.asked = asked
        self.status = status
        self.message = message

    def __str__(self) -> str:
        return f"{self.asked} was answered {self.status}: {self.message}"


class Issuer:
    """Issues tokens, each for a day unless it is said how long."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def token(self, tenant: str, user: str, *, seconds: float = 86_400) -> str:
        """An access token of this user."""
        return issue_token(self._key, tenant=tenant, user=user, now=time.time(), lifetime=seconds)

    def control_token(self) -> str:
        """A token for the control API."""
        now = time.time()
        return issue_token(self._key, tenant="any", user="test", now=now, lifetime=86_400, use="control")


@final
class StandIn(Issuer):
    """A server that runs in a thread."""

    def __init__(self, url: str, key: SigningKey) -> None:
        super().__init__(key)
        self.url: Final = url
        """Where it listens, like `http://127.0.0.1:12345`."""

    def control(self, method: str, path: str, body: object = None) -> Any:
        """What the control API answers, as values of JSON; `ControlRefused` where it refuses."""
        return self._asked(method, path, None if body is None else json.dumps(body).encode())

    def reset(self) -> None:
        """The world of the start, ids too; what runs is dropped, and no fault is left."""
        self.control("POST", "/control/reset")

    def replace_world(self, world: AnyWorld) -> None:
        """Until the next reset nothing but this world; what runs is dropped, and no fault is left."""
        self._asked("PUT", "/control/world", world_text(any_world(world), "json"))

    def inject(self, *faults: Mapping[str, Any]) -> None:
        """These faults on purpose, in this order, in place of those before."""
        self.control("PUT", "/control/faults", faults)

    def _asked(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"authorization": f"Bearer {self.control_token()}", "content-type": "application/json"}
        request = Request(f"{self.url}{path}", body, headers, method=method)  # noqa: S310  # it is ours
        try:
            with urlopen(request, timeout=_ASKING) as answer:  # noqa: S310  # likewise
                return json.load(answer)
        except HTTPError as error:
            with error:
                message = json.load(error)["message"]
            raise ControlRefused(f"{method} {path}", error.code, message) from None


@final
class Application(Issuer):
    """The ASGI application, started: no transport needs to see to its lifespan."""

    def __init__(self, app: Starlette, key: SigningKey) -> None:
        super().__init__(key)
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._app(scope, receive, send)


@contextmanager
def running(
    world: AnyWorld | None = None, *, speed: float | None = _SPEED, loader: Loader | None = None
) -> Generator[StandIn]:
    """A server on a free port of this machine, with this world or that of `serve --dev`, until it is left.

    `speed` are simulated seconds a second; with none, time stands still until `/control/advance`. `loader`
    loads the steps in place of the one that pretends.
    """
    with _prepared(world, speed) as settings, listen("127.0.0.1", 0) as listening:
        config = server_config(create_app(settings, loader), timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listening]}, name="restart-engine", daemon=True
        )
        thread.start()
        try:
            _await_start(server, thread)
            stand_in = StandIn(f"http://127.0.0.1:{listening.getsockname()[1]}", settings.key)
            yield stand_in
            stand_in.inject()  # nobody is delayed any more, whom the server would wait for
        finally:
            server.should_exit = True
            thread.join()


@asynccontextmanager
async def application(
    world: AnyWorld | None = None, *, speed: float | None = _SPEED, loader: Loader | None = None
) -> AsyncGenerator[Application]:
    """The application alone, for a client's in-process transport; the arguments are those of `running`.

    `httpx.ASGITransport(app)` takes it as it is. Its steps run in the event loop that entered it.
    """
    with _prepared(world, speed) as settings:
        app = create_app(settings, loader)
        async with app.router.lifespan_context(app):
            yield Application(app, settings.key)


def any_world(world: AnyWorld) -> World:
    """The world that this is, or states; `WireError` where it is or states none."""
    match world:
        case World() | Mapping():
            return world_of(world)
        case os.PathLike():
            path = Path(world)
            return read_world(path.read_bytes(), name=path.name)
        case str() if "\n" not in world and Path(world).suffix in {".yaml", ".yml", ".json"}:
            raise InvalidValue(
                "world", world, f"the text of a world file; a file is given as Path({world!r})"
            )
        case str():
            return read_world(world.encode(), name="")
        case bytes():
            return read_world(world, name="")


@contextmanager
def _prepared(world: AnyWorld | None, speed: float | None) -> Generator[Settings]:
    """Settings for a database that has the world, and is deleted in the end."""
    loaded = demo_world() if world is None else any_world(world)
    _log_to_standard_library()
    with TemporaryDirectory(prefix="restart-engine-") as folder:
        settings = Settings(
            database=f"sqlite:///{folder}/stand-in.db",
            key=SigningKey(secrets.token_urlsafe(48).encode()),
            speed=speed,
            control=True,
        )
        prepare(settings.database, loaded)
        yield settings


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _STARTING
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("the server did not start; the log says why")
        time.sleep(0.005)


def _log_to_standard_library() -> None:
    """Events go to the logger `restart_engine`, unless the program has decided where structlog writes."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
            lambda _logger, _method, line: without_secrets(str(line)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        logger_factory=lambda *_: logging.getLogger("restart_engine"),
    )
