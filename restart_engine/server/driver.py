"""One execution on its way: its steps are asked of the loader, and what becomes of them is written.

Its moves are made one after another, in one task. Steps that end while a move is written wait, and are
written together: a group of 10,000 steps takes some dozens of transactions. An outcome waits until the
database takes it, or says that the execution was closed.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final, Protocol, final

from attrs import frozen

from restart_engine.core.errors import ImpossibleMove
from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.progress import OVER
from restart_engine.core.status import Status, check_status
from restart_engine.server.activity import ActivityCounter
from restart_engine.server.loader import Loader, StepRun
from restart_engine.server.logs import logger
from restart_engine.server.retrying import DatabaseExecutor
from restart_engine.server.runs import NoExecution, Runs, StepEnd

_AT_ONCE: Final = 500
"""Steps written in one transaction at most, so that it stays short."""


class Events(Protocol):
    """Who counts what happens."""

    def step_ended(self, status: Status, /) -> None:
        """A step of this process ended."""

    def execution_ended(self, status: Status, /) -> None:
        """An execution of this process ended."""

    def now_running(self, executions: int, /) -> None:
        """So many executions are run by this process now."""

    def database_failed(self) -> None:
        """A transaction failed because the database was not available."""


@final
@frozen(kw_only=True)
class DriverContext:
    """What executions are driven with."""

    runs: Runs
    loader: Loader
    events: Events
    activity: ActivityCounter
    """What is under way, but for steps that wait for their loader."""
    executor: DatabaseExecutor


class _Over(Exception):
    """The execution is over."""


class ExecutionDriver:
    """An execution that this process runs, from when this is made until `task` is done."""

    def __init__(self, execution_id: int, context: DriverContext) -> None:
        self.execution_id: Final = execution_id
        self._context = context
        self._log = logger().bind(execution=execution_id)
        self._turn = 0
        """The sequence of the group that was begun last."""
        self._loads: dict[tuple[int, Step], asyncio.Task[None]] = {}
        """The steps that were begun and whose end is not written."""
        self._ended: list[StepEnd] = []
        """Of these, those that have ended."""
        self._looking = False
        self._stopping = False
        self._news = asyncio.Event()
        self._at_rest = False
        context.activity.begin()
        self.task: Final = asyncio.create_task(self._run())
        self.task.add_done_callback(lambda _: self._rest())

    @property
    def tasks(self) -> tuple[asyncio.Task[None], ...]:
        """All that runs for it."""
        return (self.task, *self._loads.values())

    def look(self) -> None:
        """Somebody else may have closed the execution: see whether it is over."""
        self._looking = True
        self._tell()

    def stop(self) -> None:
        """Begin nothing more, cancel the steps, and end when what has ended is written."""
        self._stopping = True
        self._cancel_loads()
        self._tell()

    async def _run(self) -> None:
        try:
            await self._begin()
            while self._ended or not self._stopping:
                await self._await_news()
                if self._looking:
                    await self._look()
                if self._ended:
                    await self._write(self._ended[:_AT_ONCE])
        except _Over:
            pass
        except NoExecution:
            self._log.warning("execution gone")
        except Exception:  # noqa: BLE001  # it is logged, and the runner's next `adopt` takes it up again
            self._log.exception("execution dropped")
        finally:
            self._context.runs.forget(self.execution_id)
            self._cancel_loads()

    async def _await_news(self) -> None:
        if not (self._ended or self._looking or self._stopping):
            self._rest()
            await self._news.wait()
        self._news.clear()

    async def _begin(self) -> None:
        """Begin the group whose turn it is, and ask its steps of the loader."""
        begin = partial(self._context.runs.begin, self.execution_id, frozenset(self._loads))
        begun = await self._context.executor.until_done(begin)
        if self._stopping:
            return
        for run in begun:
            self._turn = run.sequence
            self._log = self._log.bind(tenant=run.tenant, load_plan=run.load_plan)
            self._loads[run.sequence, run.step] = asyncio.create_task(self._load(run))
        if not self._loads:
            await self._look()
            raise RuntimeError("an active execution has nothing to run")

    async def _load(self, run: StepRun) -> None:
        log = self._log.bind(sequence=run.sequence, step=str(run.step))
        try:
            status = await self._context.loader.load(run)
            check_status("status", status, OVER)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("loader cancelled itself")
            status = Status.FAILED
        except Exception:
            # whatever a host's loader raises, its step has failed
            log.exception("loader failed")
            status = Status.FAILED
        if not self._stopping:
            self._ended.append(StepEnd(run.sequence, run.step, status))
            self._tell()

    async def _write(self, ends: list[StepEnd]) -> None:
        """Write how these steps ended, and go on where their group is over."""
        write = partial(self._context.runs.end_steps, self.execution_id, ends)
        try:
            execution = await self._context.executor.until_done(write)
        except ImpossibleMove as error:
            await self._refused(ends, error)
        else:
            self._written(ends)
            await self._go_on(execution)

    async def _refused(self, ends: list[StepEnd], error: ImpossibleMove) -> None:
        """Somebody else has made a move: the execution is over, or one of these steps is."""
        await self._look(ends)
        if len(ends) > 1:
            for end in ends:
                await self._write([end])
            return
        self._log.warning("step told otherwise", step=str(ends[0].step), cause=str(error))
        self._done_with(ends)
        if not self._loads and not self._stopping:
            await self._begin()

    async def _go_on(self, execution: Execution) -> None:
        if not execution.active:
            self._end(execution)
        current = execution.current
        turn = None if current is None else current.sequence
        if turn == self._turn or self._stopping:
            return
        for sequence, step in tuple(self._loads):
            if sequence != turn:  # somebody else told how it ended, and its group is over
                self._loads.pop((sequence, step)).cancel()
        await self._begin()

    async def _look(self, ends: list[StepEnd] | None = None) -> None:
        """Return where the execution is active. `ends` could not be written: perhaps they are already."""
        self._looking = False
        read = partial(self._context.runs.read, self.execution_id)
        execution = (await self._context.executor.until_done(read)).execution
        if execution.active:
            return
        if ends and execution.status is not Status.INTERRUPTED:
            # we did not learn that the last move was kept, and the history of its steps no longer is
            self._written(ends)
            self._end(execution)
        self._log.warning("execution taken away", status=execution.status)
        raise _Over

    def _end(self, execution: Execution) -> None:
        self._log.info("execution ended", status=execution.status)
        self._context.events.execution_ended(execution.status)
        raise _Over

    def _written(self, ends: list[StepEnd]) -> None:
        self._done_with(ends)
        for sequence, step, status in ends:
            tell = self._log.debug if status is Status.SUCCEEDED else self._log.info
            tell("step ended", sequence=sequence, step=str(step), status=status)
            self._context.events.step_ended(status)

    def _done_with(self, ends: list[StepEnd]) -> None:
        for sequence, step, _ in ends:
            self._loads.pop((sequence, step), None)
        done = set(ends)
        self._ended = [end for end in self._ended if end not in done]

    def _cancel_loads(self) -> None:
        for load in self._loads.values():
            if not load.cancelling():  # once: a loader may be at ending its step in good order
                load.cancel()

    def _tell(self) -> None:
        """There is news, and so it counts as active from now on."""
        if self._at_rest and not self.task.done():
            self._at_rest = False
            self._context.activity.begin()
        self._news.set()

    def _rest(self) -> None:
        if not self._at_rest:
            self._at_rest = True
            self._context.activity.end()
