"""Counts what is under way in one event loop, so that others can wait until nothing is."""

from __future__ import annotations

import asyncio
from types import TracebackType


class ActivityCounter:
    """A count of what is under way: `with activity:` while something is, or `begin` and `end` in pairs."""

    def __init__(self) -> None:
        self._count = 0
        self._still = asyncio.Event()
        self._still.set()

    def begin(self) -> None:
        """One thing more is under way."""
        self._count += 1
        self._still.clear()

    def end(self) -> None:
        """One of them is done."""
        self._count -= 1
        if not self._count:
            self._still.set()

    async def still(self) -> None:
        """Return when nothing is under way, nor what began meanwhile."""
        while self._count:
            await self._still.wait()

    def __enter__(self) -> None:
        self.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
