"""`restart-engine serve` with a fault planted, named on the command line: for the kit to find.

Run as `python tests/server/faulty_server.py FAULT serve ...`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import evolve
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from restart_engine.cli import main
from restart_engine.core import progress
from restart_engine.core.decision import Decision, RestartPlan, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status
from restart_engine.endpoint import Bearer, Start, StartCall, answer_start, gates
from restart_engine.server import lookups, records, service, starts
from restart_engine.server.database import Database
from restart_engine.server.records import PLAN, Opening, read_record
from restart_engine.server.tables import load_plans, one_active


def no_plan_restart() -> None:
    """The server asks no `plan_restart`: what does not run starts at its first group, whatever is asked."""

    def decide(plan: LoadPlan, _request: RestartRequest, latest: Execution | None = None) -> Decision:
        return plan_restart(plan, RestartRequest(0), latest if latest and latest.active else None)

    vars(gates)["plan_restart"] = decide


def no_execution_id() -> None:
    """The execution id is ignored."""

    def decide(plan: LoadPlan, request: RestartRequest, latest: Execution | None = None) -> Decision:
        return plan_restart(plan, evolve(request, execution_id=None), latest)

    vars(gates)["plan_restart"] = decide


def nothing_skipped() -> None:
    """What a restart skips runs again."""
    opening_record = progress.opening_record

    def opened(restart: RestartPlan, execution_id: int) -> Execution:
        record = opening_record(restart, execution_id)
        groups: list[GroupOutcome] = []
        for group in record.groups:
            steps = dict.fromkeys(dict(group.recorded), Status.IN_QUEUE)
            groups.append(GroupOutcome(group.sequence, group.status, steps))
        return evolve(record, groups=tuple(groups))

    progress.opening_record = opened


def two_transactions() -> None:
    """Decided in one transaction, started in another that looks at nothing; the database forbids nothing."""
    migrate = vars(service)["migrate"]
    open_execution = records.open_execution

    def unguarded(database: Database) -> None:
        migrate(database)
        with database.writing() as connection:
            connection.execute(text(f"drop index if exists {one_active.name}"))

    def start(self: Any, call: StartCall, bearer: Bearer, _patience: object = None) -> Any:
        database: Database = self._database
        with database.reading() as connection:
            found = lookups.DatabaseLookups(connection, bearer)
            outcome = answer_start(call, found)
        if not isinstance(outcome, Start):
            return starts.Answer(reply=outcome)
        time.sleep(0.02)  # others decide meanwhile
        with suppress(IntegrityError), database.writing() as connection:
            return self._open(connection, found, outcome)
        return None

    def open_anyway(connection: Connection, opened: Execution, opening: Opening) -> int | None:
        plan = connection.execute(PLAN.where(load_plans.c.id == opening.plan_id)).one()
        now = evolve(opening, etag=plan.etag, start_order=(plan.start_order or 0) + 1)
        return open_execution(connection, opened, now)

    vars(service)["migrate"] = unguarded
    vars(starts)["open_execution"] = open_anyway
    starts.Starts.start = start  # type: ignore[method-assign, assignment]  # the fault


def older_latest() -> None:
    """The latest execution is taken to be the one before it, once that has run."""

    def latest(self: Any, _tenant: str, _plan: LoadPlan, /) -> Execution | None:
        row = self.plan_row
        before = self._connection.execute(
            text("select max(id) from executions where plan_id = :plan and id < :latest"),
            {"plan": row.plan, "latest": row.id or 0},
        ).scalar()
        found = [read_record(self._connection, id_) for id_ in (row.id, before) if id_]
        records = [record.execution for record in found if record is not None]
        return None if not records else records[0] if records[0].active else records[-1]

    lookups.DatabaseLookups.latest = latest  # type: ignore[method-assign]  # the fault


FAULTS: Final[dict[str, Callable[[], None]]] = {
    "no plan_restart": no_plan_restart,
    "no execution id": no_execution_id,
    "nothing skipped": nothing_skipped,
    "two transactions": two_transactions,
    "older latest": older_latest,
}


def program(fault: str) -> tuple[str, ...]:
    """How the server with this fault is started."""
    return (sys.executable, str(Path(__file__)), fault)


if __name__ == "__main__":
    FAULTS[sys.argv.pop(1)]()
    main()
