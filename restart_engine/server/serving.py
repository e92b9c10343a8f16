"""Serving the application with uvicorn, in one process or in several."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, final

import uvicorn
from attrs import asdict, frozen
from sqlalchemy import select
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from restart_engine.server.app import create_app
from restart_engine.server.database import Database
from restart_engine.server.errors import CannotListen
from restart_engine.server.limits import Limits
from restart_engine.server.logs import Form, Level, set_up_logging
from restart_engine.server.migration import migrate
from restart_engine.server.protocol import Connection
from restart_engine.server.settings import Settings
from restart_engine.server.tables import tenants
from restart_engine.server.tokens import read_key
from restart_engine.server.world import World, read_world
from restart_engine.server.world_load import load_world

_HANDED_ON: Final = "RESTART_ENGINE_SERVING"
"""How a process that uvicorn starts learns what to serve; it names the key's file, and holds no key.

It does hold the database's URL, with the password where one is in it: whoever may read the environment of
these processes may read that.
"""
_BACKLOG: Final = 2048
"""Connections that wait to be taken, as many as uvicorn would let wait."""
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

    def settings(self) -> Settings:
        """How each process is set up; raises the error of the first value that is not accepted."""
        return Settings(
            database=self.database,
            key=read_key(Path(self.key_file)),
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


def serve(serving: Serving, world: World | None, announce: Callable[[str, bool], None]) -> None:
    """Serve until a signal ends it, a world of one's own where the database has none.

    `announce` is told the address, once connections are taken, and whether the world was loaded.
    """
    serving.settings()  # what is wrong with them is told once, here, and not by each process that is started
    listening = _listening(serving.host, serving.port)  # where it cannot, no database is made
    loaded = prepare(serving.database, world)
    several = serving.workers > 1
    config = uvicorn.Config(
        "restart_engine.server.serving:app_handed_on" if several else serving.app(),
        factory=several,
        host=serving.host,
        port=serving.port,
        workers=serving.workers,
        backlog=_BACKLOG,
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
    announce(f"http://{_address(serving.host, listening.getsockname()[1])}", loaded)
    if several:
        os.environ[_HANDED_ON] = json.dumps(asdict(serving))
        Multiprocess(config, sockets=[listening]).run()
    else:
        uvicorn.Server(config).run(sockets=[listening])


def _listening(host: str, port: int) -> socket.socket:
    """A call waits here from now on, and is answered once a process is ready.

    uvicorn, where it cannot listen, would log why and end the program itself.
    """
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except (OSError, TypeError) as error:  # the latter for what cannot be encoded as a host's name
        listening.close()
        why = "this is no host name" if isinstance(error, TypeError) else error.strerror or str(error)
        raise CannotListen(_address(host, port), why) from error
    listening.set_inheritable(True)
    return listening


def _address(host: str, port: int) -> str:
    return f"{f'[{host}]' if ':' in host else host}:{port}"
