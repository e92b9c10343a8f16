"""One server process without its HTTP: what answers, what runs, and what tells others that it lives."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from typing import Final, TypeVar

import anyio.to_thread
from sqlalchemy import bindparam, select

from restart_engine.endpoint import Bearer, StartCall
from restart_engine.endpoint.calls import token_in
from restart_engine.server.database import THREADS, WRITERS, Database, NotBegun, Unavailable
from restart_engine.server.faults import Faults
from restart_engine.server.liveness import Liveness
from restart_engine.server.loader import Loader
from restart_engine.server.loading import read_loading
from restart_engine.server.logs import logger
from restart_engine.server.metrics import Metrics
from restart_engine.server.migration import migrate
from restart_engine.server.pretend import PretendClock, PretendLoader
from restart_engine.server.runner import Runner
from restart_engine.server.runs import Runs
from restart_engine.server.settings import Settings
from restart_engine.server.snapshot import Snapshot, take_snapshot
from restart_engine.server.starts import Answer, Starts
from restart_engine.server.tables import tenants
from restart_engine.server.times import WALL, Clock
from restart_engine.server.tokens import Claims, TokenFault, TokenReader, Use
from restart_engine.server.world import Loading

_T = TypeVar("_T")
_CLOSING: Final = 3.0
"""Seconds: a database that does not answer must not keep the server from ending."""
_MOMENT: Final = 0.1
"""Seconds in which others of this process are done with SQLite's lock."""
_TRIES: Final = 30
"""Starts of one plan, or changes of it, by others between our deciding and starting; in practice one."""
_LOADING: Final = select(tenants.c.loading).where(tenants.c.name == bindparam("tenant"))


class Service:
    """The parts, put together. `loader` loads the steps; without one the loader that pretends does."""

    def __init__(self, settings: Settings, loader: Loader | None = None, clock: Clock = WALL) -> None:
        self.settings = settings
        self.clock = clock
        self.process = uuid.uuid4().hex
        self.metrics = Metrics()
        self._tokens = TokenReader(settings.key)
        self.database = Database(settings.database)
        self.runs = Runs(self.database, clock)
        self.starts = Starts(self.database, self.process, clock)
        self.pretended = PretendClock(settings.speed)
        loader = loader or PretendLoader(self.pretended, self.loading_of)
        self.runner = Runner(self.runs, loader, self.process, self.metrics, self.pretended.activity)
        self.liveness = Liveness(
            self.database, self.runs, self.process, dead_after=settings.dead_after, metrics=self.metrics
        )
        self.faults = Faults()
        self.found: Snapshot | None = None
        """What the database held when this process started, for the control API."""
        self._beating: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Bring the tables up to date and begin to live; `Unavailable` where the database is not."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        await anyio.to_thread.run_sync(migrate, self.database)
        if self.settings.control:
            self.found = await anyio.to_thread.run_sync(self._take_snapshot)
        await anyio.to_thread.run_sync(self.liveness.register)
        self._beating = asyncio.create_task(self.liveness.run(self.runner.adopt))

    async def close(self) -> None:
        """Stop in good order, within `_CLOSING`; what is not done by then is left to other processes."""
        closing = asyncio.create_task(self._close())
        done, _ = await asyncio.wait({closing}, timeout=_CLOSING)
        if done:
            await closing
        else:
            logger().warning("stopped before all was written", seconds=_CLOSING)

    async def _close(self) -> None:
        """What runs is Interrupted at once, and nobody waits for this process to die."""
        if self._beating is not None:
            self._beating.cancel()
            await asyncio.gather(self._beating, return_exceptions=True)
        await self.runner.stop()
        with suppress(Unavailable):  # then the others find out by themselves
            await anyio.to_thread.run_sync(self.liveness.leave)
        self.database.close()

    def claims(self, authorization: str | None, use: Use = "api") -> Claims | TokenFault:
        """What the header's token says, if it is valid now."""
        return self._tokens.read(token_in(authorization), now=self.clock(), use=use)

    async def start(self, call: StartCall, bearer: Bearer) -> Answer:
        """Answer a restart or an execution, and open what is accepted; `Unavailable` where that cannot be."""
        for _ in range(_TRIES):
            answer = await self._start_at_once(call, bearer)
            if answer is None:  # who is refused need not wait for the lock that others have
                refused = await anyio.to_thread.run_sync(self.starts.refusal, call, bearer)
                if refused is not None:
                    return Answer(reply=refused)
                answer = await self.write(partial(self.starts.start, call, bearer))
            if answer is not None:
                return answer
        raise Unavailable("others start the same load plan all the time")

    async def _start_at_once(self, call: StartCall, bearer: Bearer) -> Answer | None:
        if self._writers.available_tokens:
            with suppress(NotBegun):
                return await self.write(partial(self.starts.start, call, bearer, _MOMENT))
        return None

    async def write(self, change: Callable[[], _T]) -> _T:
        """What the change gives, made in a thread: those that wait for a lock keep no reader waiting."""
        return await anyio.to_thread.run_sync(change, limiter=self._writers)

    @cached_property
    def _writers(self) -> anyio.CapacityLimiter:
        return anyio.CapacityLimiter(WRITERS)

    def loading_of(self, tenant: str) -> Loading:
        """How the tenant's steps are loaded, as the database has it now."""
        with self.database.reading() as connection:
            return read_loading(connection.execute(_LOADING, {"tenant": tenant}).scalar_one())

    def _take_snapshot(self) -> Snapshot:
        with self.database.reading() as connection:
            return take_snapshot(connection)
