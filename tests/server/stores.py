"""Databases with a small world in them, and what a runner is given in tests."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, field, frozen
from sqlalchemy import Connection, insert, update

from restart_engine.core import progress
from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status
from restart_engine.server.database import Database, Unavailable
from restart_engine.server.loader import StepRun
from restart_engine.server.migration import migrate
from restart_engine.server.records import PLAN, Opening, groups_text, open_execution
from restart_engine.server.runs import Runs
from restart_engine.server.tables import load_plans, tenants
from restart_engine.server.times import text_of

PROCESS: Final = "process one"
TENANT: Final = "acme"
PATIENCE: Final = 30
"""Seconds until a test that waits gives up."""


class Flaky(Database):
    """A database that is away now and then: before a transaction, or just after it was committed."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.away_before = 0
        """Of so many transactions that write, the next ones, nothing is done."""
        self.away_after = 0
        """So many are committed, and nobody learns it."""

    @contextmanager
    def writing(self, patience: float | None = None) -> Generator[Connection]:
        """Fail as it was told."""
        if self.away_before:
            self.away_before -= 1
            raise Unavailable("it is away")
        with super().writing(patience) as connection:
            yield connection
        if self.away_after:
            self.away_after -= 1
            raise Unavailable("the connection was lost at the commit")


@frozen
class Store:
    """A migrated database with one tenant, and plans as they are asked for."""

    database: Flaky
    runs: Runs
    tenant_id: int
    others: list[Database] = field(factory=list)

    def plan(self, plan: LoadPlan) -> int:
        """The row of a new plan."""
        row = {"tenant_id": self.tenant_id, "name": plan.name, "groups": groups_text(plan)}
        with self.database.writing() as connection:
            found: int = connection.execute(insert(load_plans).returning(load_plans.c.id), row).scalar_one()
        return found

    def opened(
        self, restart: RestartPlan, plan_id: int, *, keeps_history: bool = True, process: str | None = PROCESS
    ) -> Execution:
        """The execution that starting this opens."""
        latest = restart.facts.latest
        value = progress.advance(progress.opening_record(restart, 1 if latest is None else latest.id + 1))
        with self.database.reading() as connection:
            plan = connection.execute(PLAN.where(load_plans.c.id == plan_id)).one()
        opening = Opening(
            plan_id=plan_id,
            etag=plan.etag,
            start_order=(plan.start_order or 0) + 1,
            keeps_history=keeps_history,
            process=process,
            rule=restart.rule,
            based_on=None,
            started_by="ada",
            now=text_of(0),
        )
        with self.database.writing() as connection:
            execution_id = open_execution(connection, value, opening)
        assert execution_id is not None
        return Execution(execution_id, value.status, value.groups)

    def started(self, plan: LoadPlan, **how: Any) -> int:
        """The id of a new execution of a new plan, from its first group."""
        restart = plan_restart(plan, RestartRequest(0), None)
        assert isinstance(restart, RestartPlan)
        return self.opened(restart, self.plan(plan), **how).id

    def execution(self, execution_id: int) -> Execution:
        """What the database has of it."""
        return self.runs.read(execution_id).execution

    def other(self) -> Runs:
        """The executions of the same database, as another process has them."""
        database = Database(self.database.url.render_as_string(hide_password=False))
        self.others.append(database)
        return Runs(database, lambda: 1.0)

    def close(self) -> None:
        """Nothing is connected any more."""
        for database in (self.database, *self.others):
            database.close()

    def set_tenant(self, **values: object) -> None:
        """The tenant's row is another."""
        with self.database.writing() as connection:
            connection.execute(update(tenants).values(values))


def store_at(url: str) -> Store:
    """A store in this empty database."""
    database = Flaky(url)
    migrate(database)
    row = {
        "name": TENANT,
        "enabled": True,
        "detailed_tracking": True,
        "loader_services": 1,
        "loading": "{}",
    }
    with database.writing() as connection:
        tenant_id: int = connection.execute(insert(tenants).returning(tenants.c.id), row).scalar_one()
    return Store(database, Runs(database, lambda: 0.0), tenant_id)


_numbers = itertools.count(1)


def plan_of(*groups: Iterable[str]) -> LoadPlan:
    """A new plan of these groups, 10, 20 and so on."""
    steps = {10 * number: list(names) for number, names in enumerate(groups, 1)}
    return named_plan(f"plan {next(_numbers)}", steps)


def named_plan(name: str, groups: Mapping[int, list[str]]) -> LoadPlan:
    """A plan of these groups."""
    return LoadPlan(name, tuple(LoadGroup(sequence, steps) for sequence, steps in groups.items()))


@define
class Counted:
    """What a runner and a watcher tell of."""

    steps: list[Status] = field(factory=list)
    executions: list[Status] = field(factory=list)
    failures: int = 0
    cut_off: int = 0
    running: int = 0

    def step_ended(self, status: Status, /) -> None:
        """One more."""
        self.steps.append(status)

    def execution_ended(self, status: Status, /) -> None:
        """One more."""
        self.executions.append(status)

    def database_failed(self) -> None:
        """One more."""
        self.failures += 1

    def now_running(self, executions: int, /) -> None:
        """So many."""
        self.running = executions

    def execution_cut_off(self) -> None:
        """One more."""
        self.cut_off += 1


@define
class ByHand:
    """A loader whose steps end when a test says so."""

    asked: dict[str, asyncio.Future[Status]] = field(factory=dict)
    runs: list[StepRun] = field(factory=list)
    cancelled: list[str] = field(factory=list)

    async def load(self, run: StepRun, /) -> Status:
        """Wait until the test ends it."""
        self.runs.append(run)
        future: asyncio.Future[Status] = asyncio.get_running_loop().create_future()
        self.asked[str(run.step)] = future
        try:
            return await future
        except asyncio.CancelledError:
            self.cancelled.append(str(run.step))
            raise

    def end(self, step: str, status: Status = Status.SUCCEEDED) -> None:
        """The step ends so."""
        self.asked.pop(step).set_result(status)


class Held:
    """A function whose first call from now on waits until it is released."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._called, self._go_on = threading.Event(), threading.Event()

    def __call__(self, *arguments: Any) -> Any:
        """Wait, and then do it; a later call waits for nothing."""
        if not self._called.is_set():
            self._called.set()
            self._go_on.wait(PATIENCE)
        return self._function(*arguments)

    async def called(self) -> None:
        """Return once somebody waits."""
        await asyncio.to_thread(self._called.wait, PATIENCE)

    def release(self) -> None:
        """The call goes on."""
        self._go_on.set()


async def until(condition: Callable[[], bool]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # what is waited for is in a database, and tells nobody
            await asyncio.sleep(0.005)


def run(story: Callable[[], Awaitable[None]]) -> None:
    """Run it in an event loop of its own, and not for ever."""

    async def told() -> None:
        async with asyncio.timeout(2 * PATIENCE):
            await story()

    asyncio.run(told())
