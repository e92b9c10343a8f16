"""The executions that a server process runs: taken as they are started, adopted, and left in good order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

from restart_engine.core.status import Status
from restart_engine.server.activity import ActivityCounter
from restart_engine.server.database import Unavailable
from restart_engine.server.driver import DriverContext, Events, ExecutionDriver
from restart_engine.server.loader import Loader
from restart_engine.server.logs import logger
from restart_engine.server.retrying import DatabaseExecutor
from restart_engine.server.runs import Runs

_THREADS: Final = 4
_GRACE: Final = 1.5
"""Seconds for what is being written, and for loaders to end, when the server stops."""


class Runner:
    """Drives executions, in one event loop."""

    def __init__(
        self,
        runs: Runs,
        loader: Loader,
        process: str,
        events: Events,
        activity: ActivityCounter | None = None,
    ) -> None:
        """`activity` counts what is under way, but for steps that wait for their loader."""
        self._runs = runs
        self._process = process
        self._executor = DatabaseExecutor(_THREADS, events.database_failed)
        self._context = DriverContext(
            runs=runs,
            loader=loader,
            events=events,
            activity=ActivityCounter() if activity is None else activity,
            executor=self._executor,
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._driven: dict[int, ExecutionDriver] = {}
        self._stopping = False

    @property
    def running(self) -> int:
        """How many executions run now."""
        return len(self._driven)

    def take(self, execution_id: int) -> None:
        """Run this execution of this process until it is over. May be called in any thread."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is not None and self._loop in (None, here):
            self._loop = here
            self._drive(execution_id)
        elif self._loop is not None:  # else nothing runs yet, and `adopt` will find it
            with suppress(RuntimeError):  # the loop is closed, and nothing runs any more
                self._loop.call_soon_threadsafe(self._drive, execution_id)

    async def adopt(self) -> None:
        """Take what is this process's and active; look after what is no longer. May raise `Unavailable`.

        So an execution is run though nobody learned that its start was committed, and one that was closed by
        somebody else is let go.
        """
        self._loop = asyncio.get_running_loop()
        driven = dict(self._driven)
        active = await self._executor.once(partial(self._runs.active_of, self._process))
        for execution_id in active:
            if execution_id not in driven:
                self._drive(execution_id)
        for execution_id in driven.keys() - set(active):
            driven[execution_id].look()

    @asynccontextmanager
    async def paused(self) -> AsyncGenerator[None]:
        """Nothing runs inside: what ran is let go where it stands, and at the end what is active is taken."""
        self._stopping = True
        try:
            await self._end_all()
            yield
        finally:
            self._stopping = False
            with suppress(Unavailable):  # then it is adopted later, as ever
                await self.adopt()

    async def stop(self) -> None:
        """Stop in good order: steps are cancelled, what had ended is written, the rest is Interrupted."""
        self._stopping = True
        await self._end_all()
        try:
            closed = await self._executor.once(partial(self._runs.cut_off_all, self._process))
        except Unavailable as error:
            # they find out by themselves that this process is gone
            logger().warning("executions left to others", cause=error.cause)
            return
        for execution_id in closed:
            logger().info("execution ended", execution=execution_id, status=Status.INTERRUPTED)
            self._context.events.execution_ended(Status.INTERRUPTED)

    async def _end_all(self) -> None:
        """Steps are cancelled, and what had ended is written."""
        for each in self._driven.values():
            each.stop()
        tasks = [task for each in self._driven.values() for task in each.tasks]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE)
            for task in late:
                task.cancel()

    def _drive(self, execution_id: int) -> None:
        if self._stopping or execution_id in self._driven:
            return
        each = self._driven[execution_id] = ExecutionDriver(execution_id, self._context)
        each.task.add_done_callback(lambda _: self._let_go(execution_id))
        self._context.events.now_running(len(self._driven))

    def _let_go(self, execution_id: int) -> None:
        del self._driven[execution_id]
        self._context.events.now_running(len(self._driven))
