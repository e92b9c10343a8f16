"""The stage of a harness: one database, several `restart-engine serve` over it, and tokens for both APIs."""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias
from urllib.parse import quote

import httpx
from server.postgres import PrivatePostgres
from server.processes import PROGRAM, ServerProcess, new_key_file
from sqlalchemy import text

from restart_engine.server import SigningKey, issue_token
from restart_engine.server.database import Database

Kind: TypeAlias = Literal["sqlite", "postgresql"]
KINDS: Final[tuple[Kind, ...]] = ("sqlite", "postgresql")
DAY: Final = 86_400.0
USER: Final = "operator"


@contextlib.contextmanager
def fresh_database(kind: Kind, *, durable: bool = True) -> Iterator[tuple[str, PrivatePostgres | None]]:
    """The URL of an empty database of this kind, and the PostgreSQL server that it is in, if any."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="harness-") as folder:
            yield f"sqlite:///{folder}/restart.db", None
    else:
        with PrivatePostgres(durable=durable) as postgres:
            yield postgres.new_database(), postgres


class Stage:
    """Server processes over one database. Those that are killed can be started again, at another port."""

    def __init__(
        self,
        url: str,
        folder: Path,
        *options: str,
        servers: int = 2,
        program: tuple[str, ...] = PROGRAM,
        environments: Mapping[int, dict[str, str]] | None = None,
    ) -> None:
        self.url = url
        self.key_file = new_key_file(folder)
        self._folder = folder
        self._options = ("--control", "--log-level", "warning", *options)
        self._program = program
        self._environments = environments or {}
        self._database = Database(url)
        self.servers: list[ServerProcess] = []
        self.asleep = set[int]()
        """The servers that nobody is sent to."""
        try:
            for number in range(servers):
                self.servers.append(self._new(number))
        except BaseException:
            self.close()
            raise

    def _new(self, number: int) -> ServerProcess:
        log = self._folder / f"server-{number}.log"
        return ServerProcess(
            self.url,
            self.key_file,
            log,
            *self._options,
            program=self._program,
            environment=self._environments.get(number),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Every server is killed."""
        for server in self.servers:
            server.kill()
        self._database.close()

    @property
    def addresses(self) -> list[str]:
        """Where the servers listen now that can be asked."""
        return [server.address for n, server in enumerate(self.servers) if n not in self.asleep]

    def kill(self, number: int) -> None:
        """End a server by kill -9."""
        self.servers[number].kill()

    def start(self, number: int) -> None:
        """A server that was killed is there again."""
        self.servers[number] = self._new(number)

    def logs(self) -> str:
        """All that the servers said."""
        return "".join(
            log.read_text("utf-8", errors="replace") for log in sorted(self._folder.glob("server-*.log"))
        )

    def token(self, tenant: str, *, use: Literal["api", "control"] = "api") -> str:
        """An access token of the one user that every tenant has here, for days before and after now."""
        return self.short_token(tenant, begin=-5 * DAY, seconds=10 * DAY, use=use)

    def short_token(
        self, tenant: str, *, begin: float, seconds: float, use: Literal["api", "control"] = "api"
    ) -> str:
        """Likewise, from so many seconds after now and for so many."""
        key = SigningKey(self.key_file.read_bytes().strip())
        now = time.time() + begin
        return issue_token(key, tenant=tenant, user=USER, now=now, lifetime=seconds, use=use)

    def control(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        server: int = 0,
        accepted: Sequence[int] = (200,),
    ) -> Any:
        """Ask the control API, and give its answer's JSON."""
        answer = self.servers[server].client.request(
            method,
            f"/control/{path}",
            content=None if body is None else json.dumps(body),
            headers={"authorization": f"Bearer {self.token('any', use='control')}"},
        )
        if answer.status_code not in accepted:
            raise RuntimeError(f"{method} /control/{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def load(self, *tenants: dict[str, Any]) -> None:
        """Load these tenants; each has the one user, who may do everything."""
        user = {"name": USER, "roles": ["SuperRole"], "everySchema": "edit"}
        self.control("POST", "world", {"tenants": [{**tenant, "users": [user]} for tenant in tenants]})

    def rows(self, query: str, **asked: object) -> list[Any]:
        """What the database itself says."""
        with self._database.reading() as connection:
            return list(connection.execute(text(query), asked).all())

    def forget_connections(self) -> None:
        """The harness's own connections to the database are closed."""
        self._database.close()

    def await_ready(self, number: int, seconds: float = 60.0) -> None:
        """Wait until a server says that it can answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(httpx.TransportError):
                if self.servers[number].client.get("/health/ready").status_code == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"server {number} is not ready within {seconds:g} seconds")


def plan_path(tenant: str, plan: str) -> str:
    """Of a plan, below `/control/`."""
    return f"tenants/{quote(tenant, safe='')}/load-plans/{quote(plan, safe='')}"


def api_path(tenant: str, call: str) -> str:
    """Of a call of the endpoint."""
    return f"/incorta/api/v2/{quote(tenant, safe='')}/load-plan/{call}"


def schemas_of(names: Sequence[str]) -> list[dict[str, Any]]:
    """The schemas of these steps, as a world lists them."""
    found = dict.fromkeys(name.partition(".")[0] for name in names)
    return [{"id": number, "name": name} for number, name in enumerate(found, 1)]
