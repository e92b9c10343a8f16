"""Which server processes live, and what becomes of the executions of one that does not.

Each process counts its beat up in the database every second. Another holds it to be dead when it has seen
its beat stand still for `dead_after` seconds by its own monotonic clock: no clock of another machine is
asked, and none that may jump. It then closes what the dead process ran as Interrupted, so that it may be
restarted. A process that was only stopped for a while finds its executions closed, drops them, and begins to
beat again.

Nobody is judged by what was not watched: not at first sight, and not after a time in which this process
itself could not beat or look.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from threading import Lock
from typing import Final, NamedTuple, Protocol

from sqlalchemy import bindparam, delete, insert, select, update

from restart_engine.core.status import ACTIVE
from restart_engine.server.database import Database, Unavailable, upsert
from restart_engine.server.logs import logger
from restart_engine.server.retrying import DatabaseExecutor
from restart_engine.server.runs import Runs
from restart_engine.server.tables import executions, processes

_OWNERS: Final = (
    select(executions.c.process)
    .where(executions.c.process.is_not(None), executions.c.status.in_(sorted(ACTIVE)))
    .distinct()
)
_BEAT: Final = (
    update(processes).where(processes.c.id == bindparam("process")).values(beat=processes.c.beat + 1)
)
_GONE: Final = delete(processes).where(processes.c.id == bindparam("process"))
_GONE_AT: Final = _GONE.where(processes.c.beat == bindparam("seen"))


class Counts(Protocol):
    """Who counts what is found."""

    def execution_cut_off(self) -> None:
        """An execution was closed because its process had died."""

    def database_failed(self) -> None:
        """A transaction failed because the database was not available."""


class _Seen(NamedTuple):
    beat: int | None
    """None where the process runs executions and has no row."""
    since: float
    """When this beat was first seen."""


class Liveness:
    """The sign of life of this process, and its watch over the others."""

    def __init__(
        self,
        database: Database,
        runs: Runs,
        process: str,
        *,
        dead_after: float = 10.0,
        metrics: Counts,
    ) -> None:
        self._database = database
        self._runs = runs
        self._process = process
        self._dead_after = dead_after
        self._metrics = metrics
        self._executor = DatabaseExecutor(1, metrics.database_failed)
        self._seen: dict[str, _Seen] = {}
        self._watched: float | None = None
        self._beating = Lock()
        self._left = False

    def register(self) -> None:
        """Say that this process lives, before it runs anything."""
        with self._database.writing() as connection:
            row = upsert(connection, processes).values(id=self._process, beat=0)
            connection.execute(row.on_conflict_do_nothing())

    def beat(self) -> None:
        """Say that it still lives, also where another has held it to be dead."""
        with self._beating:
            if self._left:
                return
            with self._database.writing() as connection:
                if connection.execute(_BEAT, {"process": self._process}).rowcount == 0:
                    connection.execute(insert(processes), {"id": self._process, "beat": 0})

    def leave(self) -> None:
        """Say that it runs nothing any more, and ends."""
        with self._beating:
            self._left = True
            with self._database.writing() as connection:
                connection.execute(_GONE, {"process": self._process})

    def watch(self, monotonic: Callable[[], float] = time.monotonic) -> tuple[int, ...]:
        """Look at the others, and give the executions that were closed because theirs is dead."""
        before = monotonic()
        if self._watched is None or before - self._watched >= self._dead_after:
            self.look_away()
        beats = self._beats()
        self._watched = after = monotonic()
        seen: dict[str, _Seen] = {}
        for process, beat in beats.items():
            known = self._seen.get(process)
            seen[process] = known if known is not None and known.beat == beat else _Seen(beat, after)
        self._seen = seen
        # what stood still did so from the end of one look to the beginning of another
        dead = [process for process in seen if before - seen[process].since >= self._dead_after]
        return tuple(closed for process in dead for closed in self._close(process))

    def look_away(self) -> None:
        """What was seen until now proves nothing any more: every wait begins anew."""
        self._seen.clear()

    async def run(self, adopt: Callable[[], Awaitable[None]], interval: float = 1.0) -> None:
        """Beat, watch and adopt what is ours, again and again until cancelled."""
        away = False
        while True:
            try:
                await self._executor.once(self.beat)
                await self._executor.once(self.watch)
                await adopt()
            except Unavailable as error:
                self.look_away()
                if not away:
                    logger().warning("database away", cause=error.cause)
                away = True
            except Exception:  # noqa: BLE001  # whatever it is, others must not take us for dead
                logger().exception("beat failed")
            else:
                if away:
                    logger().info("database back")
                away = False
            await asyncio.sleep(interval)

    def _beats(self) -> dict[str, int | None]:
        """The beat of each other process that there is, or that has to be there."""
        with self._database.reading() as connection:
            beats: dict[str, int | None] = dict.fromkeys(connection.execute(_OWNERS).scalars().all())
            found = connection.execute(select(processes.c.id, processes.c.beat))
            beats |= {process: beat for process, beat in found}  # noqa: C416  # rows are no pairs to a checker
        beats.pop(self._process, None)
        return beats

    def _close(self, process: str) -> tuple[int, ...]:
        """Delete its row, unless it has beaten since, and cut off what it ran."""
        beat = self._seen.pop(process).beat
        if beat is not None:
            with self._database.writing() as connection:
                gone = connection.execute(_GONE_AT, {"process": process, "seen": beat}).rowcount
            if gone == 0:
                return ()  # it lives after all, or another process has seen to it
        closed = self._runs.cut_off_all(process)
        logger().warning("process dead", process=process, executions=closed)
        for execution_id in closed:
            logger().warning("execution cut off", execution=execution_id, process=process)
            self._metrics.execution_cut_off()
        return closed
