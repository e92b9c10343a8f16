"""A tenant for the benchmark: so many load plans that failed last night, after so many other nights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeAlias

from benchmarks.decide import facts
from sqlalchemy import Connection, Table, insert, text

from restart_engine.core.status import Status
from restart_engine.server.database import Database
from restart_engine.server.migration import migrate
from restart_engine.server.records import groups_text, opened_text
from restart_engine.server.tables import (
    executions,
    group_outcomes,
    load_plans,
    schemas,
    step_outcomes,
    tenants,
    users,
)

TENANT: Final = "bench"
USER: Final = "operator"
RUNNING: Final = "Running"
"""A plan that runs, and goes on running: its steps are told by hand, and nobody tells them."""
FAILED_GROUP: Final = 6
"""The sequence of the group at which it failed."""
_PLAN, _LATEST = facts(40, 10)
_AT_ONCE: Final = 5_000
_PAST: Final = """
INSERT INTO executions (id, plan_id, start_order, status, version, opened, keeps_history)
WITH RECURSIVE nights(night) AS (SELECT 1 UNION ALL SELECT night + 1 FROM nights WHERE night < :nights)
SELECT (night - 1) * :plans + load_plans.id, load_plans.id, night, 'Succeeded', 2, '[]', false
FROM nights, load_plans
"""
_NUMBER_ON: Final = "SELECT setval(pg_get_serial_sequence('executions', 'id'), :highest)"
Row: TypeAlias = dict[str, Any]


class Nights:
    """The database of one server, filled, and its plans as they are restarted.

    The latest execution of each plan is as it was kept when a server ran it, with a row for each outcome.
    Those before it have no history.
    """

    def __init__(self, url: str, *, plans: int, past: int) -> None:
        self.plans: Final = plans
        self._database = Database(url)
        self._before = (past - 1) * plans
        self._highest = past * plans + 1
        migrate(self._database)
        self._fill(past)

    def latest(self, plan: int) -> int:
        """The id of the latest execution of the plan of this number, from 1."""
        return self._before + plan

    def reset(self) -> None:
        """Take back all that was started since."""
        with self._database.writing() as connection:
            connection.execute(text("DELETE FROM executions WHERE id > :highest"), {"highest": self._highest})

    def close(self) -> None:
        """Nobody uses it any more."""
        self._database.close()

    def _fill(self, past: int) -> None:
        numbers = range(1, self.plans + 1)
        names = sorted({name.partition(".")[0] for group in _PLAN.groups for name in group.names})
        tenant = {"id": 1, "name": TENANT, "enabled": True, "detailed_tracking": True}
        tenant |= {"loader_services": 1, "loading": '{"byHand":true}'}
        user = {"tenant_id": 1, "name": USER, "super_user": False, "roles": '["SuperRole"]'}
        plan = {"tenant_id": 1, "groups": groups_text(_PLAN)}
        ended = {"status": _LATEST.status, "opened": opened_text(_LATEST), "keeps_history": True}
        running = {"plan_id": self.plans + 1, "start_order": 1, "version": 1, "status": Status.IN_PROGRESS}
        with self._database.writing() as connection:
            _add(connection, tenants, [tenant])
            _add(connection, users, [user | {"every_schema": "edit"}])
            kept = ({"tenant_id": 1, "id": id_, "name": name} for id_, name in enumerate(names, 1))
            _add(connection, schemas, kept)
            _add(connection, load_plans, (plan | {"id": n, "name": name_of(n)} for n in numbers))
            connection.execute(text(_PAST), {"nights": past - 1, "plans": self.plans})
            latest = ({"id": self.latest(n), "plan_id": n, "start_order": past} for n in numbers)
            _add(connection, executions, (ended | {"version": 31} | row for row in latest))
            _add(connection, group_outcomes, (row for n in numbers for row in _groups(self.latest(n))))
            _add(connection, step_outcomes, (row for n in numbers for row in _steps(self.latest(n))))
            _add(connection, load_plans, [plan | {"id": running["plan_id"], "name": RUNNING}])
            _add(connection, executions, [ended | running | {"id": self._highest}])
            if not self._database.embedded:
                connection.execute(text(_NUMBER_ON), {"highest": self._highest})
            connection.execute(text("ANALYZE"))  # as PostgreSQL does by itself, but later


def _groups(execution_id: int) -> Iterator[Row]:
    for group in _LATEST.groups:
        yield {"execution_id": execution_id, "sequence": group.sequence, "status": group.status}


def _steps(execution_id: int) -> Iterator[Row]:
    for group in _LATEST.groups:
        of_group = {"execution_id": execution_id, "sequence": group.sequence}
        for step, status in group.recorded.items():
            yield of_group | {"step": step, "status": status}


def _add(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    left = iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        connection.execute(insert(table), some)


def name_of(plan: int) -> str:
    """The name of the plan of this number."""
    return f"Plan {plan}"
