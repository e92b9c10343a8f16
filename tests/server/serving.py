"""The application as it is served, in a thread of the test: real sockets, a world, a key and tokens."""

from __future__ import annotations

import io
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Final

import uvicorn
from attrs import define, field
from server.listening import PATIENCE, Answer, events, impatient, logged, read_answer, wait_until
from sqlalchemy import func, select
from uvicorn.server import ServerState

from restart_engine.server import Settings, SigningKey, create_app, issue_token
from restart_engine.server.limits import Limits
from restart_engine.server.openapi import described
from restart_engine.server.service import Service
from restart_engine.server.serving import listen, prepare, server_config
from restart_engine.server.tables import executions
from restart_engine.server.world import read_world

_DAY: Final = 86_400
_TEMPLATES: Final[tuple[str, ...]] = tuple(described()["paths"])


@define
class Served:
    """A server that runs, and what a test has to know of it."""

    port: int
    key: SigningKey
    service: Service
    log: io.StringIO
    state: ServerState
    """What uvicorn knows of its connections."""
    secrets: list[str] = field(factory=list)
    """The key, and every token that was issued."""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def token(self, tenant: str, user: str, *, issued: float | None = None, **more: Any) -> str:
        """A token of this server's key, for a day from now on."""
        now = time.time() if issued is None else issued
        token = issue_token(self.key, tenant=tenant, user=user, now=now, **({"lifetime": _DAY} | more))
        self.secrets.append(token)
        return token

    def connect(self) -> socket.socket:
        """A new connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def ask(self, *parts: bytes) -> Answer:
        """What it says to these bytes, sent one part after the other on a connection of their own."""
        with self.connect() as client:
            for part in parts:
                client.sendall(part)
            return read_answer(client)

    def hear(self, *parts: bytes) -> bytes:
        """All that it says until it closes."""
        heard = b""
        with self.connect() as client:
            with suppress(ConnectionError):  # it need not read all
                for part in parts:
                    client.sendall(part)
            with suppress(ConnectionError):
                while more := client.recv(65536):
                    heard += more
        return heard

    def executions(self) -> int:
        """How many executions there are, in all tenants."""
        with self.service.database.reading() as connection:
            count: int = connection.execute(select(func.count()).select_from(executions)).scalar_one()
        return count

    def answered(self) -> set[tuple[str, str, int]]:
        """What the log says was answered: the path as it is documented, the method and the status."""
        told = (event for event in events(self.log) if event["event"] == "answered")
        asked = ((_template(event["path"]), event["method"].lower(), event["status"]) for event in told)
        return {(path, method, status) for path, method, status in asked if path is not None}

    def undocumented(self) -> list[tuple[str, str, int]]:
        """What was answered with a status that the document does not know for the call."""
        paths = described()["paths"]
        return [
            (path, method, status)
            for path, method, status in sorted(self.answered())
            if method in paths[path] and str(status) not in paths[path][method]["responses"]
        ]


def _template(path: str) -> str | None:
    """The path of the document that has this one as an instance."""
    parts = path.split("/")
    for template in _TEMPLATES:
        of_template = template.split("/")
        pairs = zip(parts, of_template, strict=False)
        if len(parts) == len(of_template) and all(b.startswith("{") or a == b for a, b in pairs):
            return template
    return None


@contextmanager
def serving(
    folder: Path,
    world: Any,
    limits: Limits | None = None,
    log: io.StringIO | None = None,
    root_path: str = "",
    **more: Any,
) -> Iterator[Served]:
    """A server on SQLite in this folder, with this world, until it is left; time is moved by hand.

    One beside another writes to the same `log`.
    """
    limits = Limits() if limits is None else limits
    key = SigningKey(secrets.token_urlsafe(48).encode())
    usual: dict[str, Any] = {"database": f"sqlite:///{folder}/served.db", "speed": None, "control": True}
    settings = Settings(**usual | more, key=key, limits=limits)
    prepare(settings.database, read_world(json.dumps(world).encode(), name="world.json"))
    with logged() if log is None else nullcontext(log) as stream:
        app = create_app(settings)
        bound = listen("127.0.0.1", 0, limits)
        http = impatient(limits)
        server = uvicorn.Server(server_config(app, limits, http=http, root_path=root_path))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            wait_until(lambda: server.started or not thread.is_alive())
            assert server.started, stream.getvalue()
            known = [key.secret.decode()]
            yield Served(bound.getsockname()[1], key, app.state.service, stream, server.server_state, known)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()
