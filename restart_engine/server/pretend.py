"""A loader that pretends, and the simulated time that it takes: real time sped up, or moved by hand.

By hand, time stands still until it is advanced, and never passes anyone by: whoever sleeps until a moment
goes on at that moment, and time moves on once all that follows from it is still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from math import isfinite
from typing import Final, TypeAlias

from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.status import Status
from restart_engine.server.activity import ActivityCounter
from restart_engine.server.loader import StepRun
from restart_engine.server.loading import outcome, seconds
from restart_engine.server.retrying import DatabaseExecutor
from restart_engine.server.world import Loading

_NANOSECONDS: Final = 10**9
"""Time by hand is counted in these: ten times a tenth of a second is a second."""
_THREADS: Final = 2
_Sleeper: TypeAlias = "tuple[int, int, asyncio.Future[None]]"


class PretendClock:
    """Simulated time, in one event loop."""

    def __init__(self, speed: float | None) -> None:
        """`speed` are simulated seconds a second; without it time is moved by hand."""
        if speed is not None and not (isfinite(speed) and speed > 0):
            raise InvalidValue("speed", speed, "simulated seconds a second, more than 0")
        self.activity: Final = ActivityCounter()
        """What has to be still before time by hand moves on; others may count theirs here too."""
        self._speed = speed
        self._now = 0
        self._sleepers: list[_Sleeper] = []
        """A heap by when they wake, and then by who went to sleep first; some may have been cancelled."""
        self._cancelled = 0
        self._order = count()
        self._advancing = asyncio.Lock()

    async def sleep(self, seconds: float) -> None:
        """Return when so much simulated time has passed."""
        if self._speed is not None:
            await asyncio.sleep(seconds / self._speed)
        elif seconds > 0:
            await self._sleep_until(self._now + round(seconds * _NANOSECONDS))

    async def advance(self, seconds: float) -> None:
        """Let so much time pass by hand, and return when all that follows from it is still."""
        if self._speed is not None:
            raise ImpossibleMove("advance", "the simulated time", "it passes by itself")
        if not (isfinite(seconds) and seconds >= 0):
            raise InvalidValue("seconds", seconds, "simulated seconds, 0 or more")
        async with self._advancing:
            until = self._now + round(seconds * _NANOSECONDS)
            await self._settle()
            while self._sleepers and self._sleepers[0][0] <= until:
                self._wake_next()
                await self._settle()
            self._now = until

    async def _settle(self) -> None:
        await asyncio.sleep(0)  # what was to begin just now does, and is counted
        await self.activity.still()

    async def _sleep_until(self, due: int) -> None:
        woken = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (due, next(self._order), woken))
        try:
            await woken
        finally:
            if woken.cancelled():
                self._clear_away()
            else:
                self.activity.end()

    def _wake_next(self) -> None:
        """All who wake at the next moment at which anyone does."""
        self._now = self._sleepers[0][0]
        while self._sleepers and self._sleepers[0][0] == self._now:
            _, _, woken = heappop(self._sleepers)
            if woken.cancelled():
                self._cancelled -= 1
            else:
                self.activity.begin()  # until its turn has come
                woken.set_result(None)

    def _clear_away(self) -> None:
        """One more was cancelled; when half of them are, they go."""
        self._cancelled += 1
        if 2 * self._cancelled > len(self._sleepers):
            self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].cancelled()]
            heapify(self._sleepers)
            self._cancelled = 0


class PretendLoader:
    """Loads nothing: it takes the time and gives the outcome that the tenant's `loading` says."""

    def __init__(self, clock: PretendClock, loading_of: Callable[[str], Loading]) -> None:
        """`loading_of` reads it from the database, in a thread."""
        self._clock = clock
        self._loading_of = loading_of
        self._executor = DatabaseExecutor(_THREADS, lambda: None)
        self._asked: dict[str, asyncio.Task[Loading]] = {}
        """By tenant: readings that have not begun, and so will see whatever is true now."""

    async def load(self, run: StepRun, /) -> Status:
        """Sleep, and give the outcome; both as the world is when the step begins."""
        with self._clock.activity:
            loading = await self._loading(run.tenant)
        await self._clock.sleep(seconds(loading, run.step))
        return outcome(loading, run.load_plan, run.sequence, run.step, run.attempt)

    async def _loading(self, tenant: str) -> Loading:
        """One reading serves all steps that begin together."""
        asked = self._asked.get(tenant)
        if asked is None:
            asked = self._asked[tenant] = asyncio.create_task(self._read(tenant))
            asked.add_done_callback(_look_at)
        return await asyncio.shield(asked)

    async def _read(self, tenant: str) -> Loading:
        del self._asked[tenant]
        return await self._executor.until_done(lambda: self._loading_of(tenant))


def _look_at(asked: asyncio.Task[Loading]) -> None:
    """Its error is raised to those who wait for it; that nobody does any more is no other error."""
    if not asked.cancelled():
        asked.exception()
