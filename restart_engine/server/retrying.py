"""Asking the database from an event loop: in threads, and again until it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from restart_engine.server.database import Unavailable

_T = TypeVar("_T")
_FIRST: Final = 0.1
"""Seconds to wait after the first failure, twice as many after each that follows."""
_LONGEST: Final = 5.0


class DatabaseExecutor:
    """A few threads of one's own, so that no one else's work keeps this waiting, nor this theirs.

    What is asked here has no deadline, though a call with one may have led to it: its context stays behind.
    """

    def __init__(self, threads: int, failed: Callable[[], None]) -> None:
        """`failed` is told of each time that the database was not available."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._failed = failed

    async def once(self, call: Callable[[], _T]) -> _T:
        """What the call gives; `Unavailable` where it could not."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except Unavailable:
            self._failed()
            raise

    async def until_done(self, call: Callable[[], _T]) -> _T:
        """What the call gives, made again until the database is available."""
        pause = _FIRST
        while True:
            try:
                return await self.once(call)
            except Unavailable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST)
