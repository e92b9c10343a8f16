"""Serving the application with uvicorn, in one process or in several."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, final

import uvicorn
from attrs import asdict, frozen
from sqlalchemy import select
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from restart_engine.core.errors import InvalidValue
from restart_engine.server.app import create_app
from restart_engine.server.errors import CannotListen, CannotStart
from restart_engine.server.limits import Limits
from restart_engine.server.logs import Form, Level, set_up_logging
from restart_engine.server.metrics import SHARED_BY, forget_process
from restart_engine.server.migration import opened
from restart_engine.server.protocol import Connection
from restart_engine.server.settings import Settings
from restart_engine.server.tables import tenants
from restart_engine.server.tokens import find_key
from restart_engine.server.world import World, read_world
from restart_engine.server.world_load import load_world

_HANDED_ON: Final = "RESTART_ENGINE_SERVING"
"""How a process that uvicorn starts learns what to serve; it names the key's file, and holds no key.

It does hold the database's URL, with the password where one is in it: whoever may read the environment of
these processes may read that.
"""
_BACKLOG: Final = 2048
"""Connections that wait to be taken, as many as uvicorn would let wait."""
_STOPPING: Final = 3
"""Seconds for the calls under way when the server is told to stop; `Service.close` has as long after that.

Together with what the processes need to hear of it that is less than the ten seconds that Docker waits.
"""
_ROOT_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


@final
@frozen(kw_only=True)
class Serving:
    """What to serve, and where."""

    database: str
    key_file: str | None
    """None where the key is in the environment."""
    host: str
    port: int
    root_path: str
    """What a proxy puts before our paths, whether or not it takes it off again."""
    workers: int
    speed: float | None
    control: bool
    dead_after: float
    log_form: Form
    log_level: Level

    def settings(self) -> Settings:
        """How each process is set up; raises the error of the first value that is not accepted."""
        return Settings(
            database=self.database,
            key=find_key(None if self.key_file is None else Path(self.key_file)),
            speed=self.speed,
            control=self.control,
            dead_after=self.dead_after,
        )

    def app(self) -> Starlette:
        """The application of one process; its log is set up."""
        set_up_logging(level=self.log_level, form=self.log_form)
        return create_app(self.settings())


def app_handed_on() -> Starlette:
    """The application, in a process that uvicorn has started."""
    return Serving(**json.loads(os.environ[_HANDED_ON])).app()


def demo_world() -> World:
    """The world that a newcomer finds: failed nights, in tenants with users."""
    name = "demo.yaml"
    return read_world((Path(__file__).parent / name).read_bytes(), name=name)


def prepare(url: str, world: World | None) -> bool:
    """Bring the tables up to date and load the world if there is no tenant; whether it was loaded."""
    with opened(url) as database, database.writing() as connection:
        empty = connection.execute(select(tenants.c.id).limit(1)).first() is None
        if empty and world is not None:
            load_world(connection, world)
    return empty and world is not None


@final
@frozen(kw_only=True)
class Started:
    """What is told once calls are answered."""

    address: str
    """With the root path."""
    loaded: bool
    """Whether the world was loaded."""
    exposed: bool
    """Whether other machines may reach it."""


def serve(serving: Serving, world: World | None, announce: Callable[[Started], None]) -> None:
    """Serve until a signal ends it, a world of one's own where the database has none.

    `announce` is called when every process has started, and never where one cannot.
    """
    # what is wrong with them is told once, here, and not by each process that is started
    serving.settings()
    if _ROOT_PATH.fullmatch(serving.root_path) is None:
        raise InvalidValue(
            "root_path", serving.root_path, "a path such as `/restarts`, with no slash at its end"
        )
    listener = listen(serving.host, serving.port)  # where it cannot, no database is made
    host, port = listener.getsockname()[:2]
    started = Started(
        address=f"http://{_address(serving.host, port)}{serving.root_path}",
        loaded=prepare(serving.database, world),
        exposed=not ip_address(host).is_loopback,
    )
    if serving.workers == 1:
        app = serving.app()
        server = _Server(server_config(app, root_path=serving.root_path), lambda: announce(started))
        try:
            server.run(sockets=[listener])
        except SystemExit:
            raise CannotStart from None
        return
    with TemporaryDirectory(prefix="restart-engine-") as folder:
        os.environ[SHARED_BY] = folder
        os.environ[_HANDED_ON] = json.dumps(asdict(serving))
        name = "restart_engine.server.serving:app_handed_on"
        config = server_config(name, factory=True, workers=serving.workers, root_path=serving.root_path)
        workers = _Workers(config, listener, lambda: announce(started))
        workers.run()
    if workers.failed:
        raise CannotStart


def server_config(app: Starlette | str, limits: Limits | None = None, **more: Any) -> uvicorn.Config:
    """How uvicorn serves our application; `more` takes the place of what is usual."""
    usual: dict[str, Any] = {
        "backlog": _BACKLOG,
        "http": Connection,
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "h11_max_incomplete_event_size": (limits or Limits()).head_bytes,
        "timeout_graceful_shutdown": _STOPPING,
    }
    return uvicorn.Config(app, **(usual | more))


class _Server(uvicorn.Server):
    """The server of a single process."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the program where the application cannot start."""
        await super().startup(sockets)
        self._announce()


class _Workers(Multiprocess):
    """The processes of a server that has several."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, announce: Callable[[], None]) -> None:
        super().__init__(config, [listener])
        self._announce = announce
        self._started = False
        self.failed = False

    def keep_subprocess_alive(self) -> None:
        """Called twice a second until a signal has come."""
        if self.should_exit.is_set():
            return
        if self._started:
            before = {process.pid for process in self.processes if process.pid is not None}
            super().keep_subprocess_alive()
            for pid in before - {process.pid for process in self.processes}:
                forget_process(pid)
            self.failed = self.should_exit.is_set()  # one that took another's place could not start
        elif any(process.exitcode is not None for process in self.processes):
            self.failed = True
            self.should_exit.set()
        elif all(process.is_ready(timeout=1) for process in self.processes):
            self._started = True
            self._announce()


def listen(host: str, port: int, limits: Limits | None = None) -> socket.socket:
    """A call waits here from now on, and is answered once a process is ready.

    uvicorn, where it cannot listen, would log why and end the program itself.
    """
    limits = limits or Limits()
    # asyncio lets answers leave at once only where the socket was made for TCP by number
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, proto=socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux has it
            milliseconds = int(limits.write_seconds * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, TypeError) as error:  # the latter for what cannot be encoded as a host's name
        listener.close()
        why = "this is no host name" if isinstance(error, TypeError) else error.strerror or str(error)
        raise CannotListen(_address(host, port), why) from error
    listener.set_inheritable(True)
    return listener


def _address(host: str, port: int) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}"
