"""Serving the application with uvicorn, in one process or in several."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, final

import uvicorn
from attrs import asdict, frozen
from sqlalchemy import select
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from restart_engine.server.app import create_app
from restart_engine.server.database import Database
from restart_engine.server.limits import Limits
from restart_engine.server.logs import Form, Level, set_up_logging
from restart_engine.server.migration import migrate
from restart_engine.server.protocol import Connection
from restart_engine.server.settings import Settings
from restart_engine.server.tables import tenants
from restart_engine.server.tokens import read_key
from restart_engine.server.world_load import load_world
from restart_engine.server.world_reading import read_world
from restart_engine.server.world_values import World

_HANDED_ON: Final = "RESTART_ENGINE_SERVING"
"""How a process that uvicorn starts learns what to serve; it names files, and holds no key."""
_STOPPING: Final = 10
"""Seconds for the calls under way when the server is told to stop."""


@final
@frozen(kw_only=True)
class Serving:
    """What to serve, and where."""

    database: str
    key_file: str
    host: str
    port: int
    workers: int
    speed: float | None
    control: bool
    dead_after: float
    log_form: Form
    log_level: Level

    def app(self) -> Starlette:
        """The application of one process; its log is set up."""
        set_up_logging(level=self.log_level, form=self.log_form)
        return create_app(
            Settings(
                database=self.database,
                key=read_key(Path(self.key_file)),
                speed=self.speed,
                control=self.control,
                dead_after=self.dead_after,
            )
        )


def app_handed_on() -> Starlette:
    """The application, in a process that uvicorn has started."""
    return Serving(**json.loads(os.environ[_HANDED_ON])).app()


def demo_world() -> World:
    """The world that a newcomer finds: failed nights, in tenants with users."""
    name = "demo.yaml"
    return read_world((Path(__file__).parent / name).read_bytes(), name=name)


def prepare(url: str, world: World | None) -> bool:
    """Bring the tables up to date and load the world if there is no tenant; whether it was loaded."""
    database = Database(url)
    try:
        migrate(database)
        with database.writing() as connection:
            empty = connection.execute(select(tenants.c.id).limit(1)).first() is None
            if empty and world is not None:
                load_world(connection, world)
        return empty and world is not None
    finally:
        database.close()


def serve(serving: Serving, announce: Callable[[str], None]) -> None:
    """Serve until a signal ends it; `announce` is told the address, once connections are taken."""
    several = serving.workers > 1
    config = uvicorn.Config(
        "restart_engine.server.serving:app_handed_on" if several else serving.app(),
        factory=several,
        host=serving.host,
        port=serving.port,
        workers=serving.workers,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=Limits().head_bytes,
        timeout_graceful_shutdown=_STOPPING,
    )
    listening = config.bind_socket()
    listening.listen(config.backlog)  # a call waits from here on, and is answered once a process is ready
    announce(_address(serving.host, listening))
    if several:
        os.environ[_HANDED_ON] = json.dumps(asdict(serving))
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


def _address(host: str, listening: socket.socket) -> str:
    port: Any = listening.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
