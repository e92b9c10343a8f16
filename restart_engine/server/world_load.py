"""Loading a world into a database, empty or in use. The caller opens the transaction, and commits it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, delete, insert, select, text, update

from restart_engine.core.status import ACTIVE, Status
from restart_engine.server.loading import loading_text
from restart_engine.server.records import groups_text, opened_text
from restart_engine.server.tables import (
    attempts,
    executions,
    grants,
    group_outcomes,
    load_plans,
    schemas,
    step_outcomes,
    tenants,
    users,
)
from restart_engine.server.world import PastExecution, World, WorldPlan, WorldTenant

_ROWS_AT_ONCE: Final = 500
"""So many values stand in one statement at most."""
_LOCK: Final = text("LOCK TABLE executions IN SHARE ROW EXCLUSIVE MODE")
_NUMBER_ON: Final = text(
    "SELECT setval(numbers, GREATEST(:highest, coalesce(pg_sequence_last_value(numbers), 1)))"
    " FROM (SELECT pg_get_serial_sequence('executions', 'id')::regclass AS numbers) AS found"
)


class WorldConflict(ValueError):
    """A world that cannot be loaded beside what the database holds; `tenant` is whose part, and `why`."""

    def __init__(self, tenant: str, why: str) -> None:
        super().__init__(tenant, why)
        self.tenant = tenant
        self.why = why

    def __str__(self) -> str:
        return f"tenant {json.dumps(self.tenant)} cannot be loaded: {self.why}"


def load_world(connection: Connection, world: World, *, replace: bool = False) -> None:
    """Insert the world's tenants; raises `WorldConflict` where that cannot be: the caller then rolls back.

    A tenant that is there already is a conflict, unless it is to be replaced: all that was its own is then
    deleted first. It is still a conflict where a server process runs an execution of it. Other tenants stay.
    """
    there = _there(connection, world)
    if there and not replace:
        raise WorldConflict(next(iter(there)), "it is there already")
    _lock(connection, list(there.values()))
    for name, tenant_id in there.items():
        _empty(connection, name, tenant_id)
    _check_ids(connection, world)
    for tenant in world.tenants:
        _insert(connection, tenant, there.get(tenant.name))
    ids = [execution.record.id for _, execution in world.executions()]
    if ids and connection.dialect.name == "postgresql":
        connection.execute(_NUMBER_ON, {"highest": max(ids)})


def _there(connection: Connection, world: World) -> dict[str, int]:
    """The ids of the world's tenants that the database has, in the world's order."""
    found: dict[str, int] = {}
    for names in _portions([tenant.name for tenant in world.tenants]):
        query = select(tenants.c.name, tenants.c.id).where(tenants.c.name.in_(names)).with_for_update()
        found |= {name: tenant_id for name, tenant_id in connection.execute(query)}  # noqa: C416  # rows are no pairs to a checker
    return {tenant.name: found[tenant.name] for tenant in world.tenants if tenant.name in found}


def _lock(connection: Connection, replaced: list[int]) -> None:
    """On PostgreSQL nobody starts an execution until the caller commits; plans first, as whoever starts does.

    Otherwise the database could give an id that the world is about to take. SQLite has one writer anyway.
    """
    if connection.dialect.name != "postgresql":
        return
    for ids in _portions(replaced):
        plans = select(load_plans.c.id).where(load_plans.c.tenant_id.in_(ids)).order_by(load_plans.c.id)
        connection.execute(plans.with_for_update()).all()
    connection.execute(_LOCK)


def _empty(connection: Connection, name: str, tenant_id: int) -> None:
    """Delete all that is the tenant's own, but for its row."""
    plans = select(load_plans.c.id).where(load_plans.c.tenant_id == tenant_id)
    runs = select(executions.c.id).where(executions.c.plan_id.in_(plans))
    running = runs.where(executions.c.process.is_not(None), executions.c.status.in_(sorted(ACTIVE)))
    if (found := connection.execute(running.order_by(executions.c.id).limit(1)).scalar()) is not None:
        raise WorldConflict(name, f"a server process runs its execution {found}")
    _delete(connection, group_outcomes, "execution_id", runs)
    _delete(connection, step_outcomes, "execution_id", runs)
    _delete(connection, executions, "plan_id", plans)
    _delete(connection, attempts, "plan_id", plans)
    for table in (load_plans, grants, users, schemas):
        connection.execute(delete(table).where(table.c.tenant_id == tenant_id))


def _delete(connection: Connection, table: Table, column: str, ids: Select[tuple[int]]) -> None:
    connection.execute(delete(table).where(table.c[column].in_(ids)))


def _check_ids(connection: Connection, world: World) -> None:
    """No execution of the database has an id that one of the world's has."""
    for tenant in world.tenants:
        for ids in _portions([execution.record.id for plan in tenant.plans for execution in plan.executions]):
            query = select(executions.c.id).where(executions.c.id.in_(ids)).order_by(executions.c.id).limit(1)
            if (found := connection.execute(query).scalar()) is not None:
                raise WorldConflict(tenant.name, f"there is an execution {found} already, of another tenant")


def _insert(connection: Connection, tenant: WorldTenant, tenant_id: int | None) -> None:
    row = {
        "name": tenant.name,
        "enabled": tenant.enabled,
        "detailed_tracking": tenant.detailed_tracking,
        "loader_services": tenant.loader_services,
        "loading": loading_text(tenant.loading),
    }
    if tenant_id is None:
        (tenant_id,) = _numbered(connection, tenants, [row])
    else:
        connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(row))
    owned: dict[str, Any] = {"tenant_id": tenant_id}
    _add(connection, schemas, ({**owned, "id": schema.id, "name": schema.name} for schema in tenant.schemas))
    _insert_users(connection, tenant, owned)
    plans = [
        {
            **owned,
            "name": plan.plan.name,
            "groups": groups_text(plan.plan),
            "latest_id": plan.executions[-1].record.id if plan.executions else None,
        }
        for plan in tenant.plans
    ]
    plan_ids = _numbered(connection, load_plans, plans)
    numbered = list(zip(plan_ids, tenant.plans, strict=True))
    _add(connection, executions, (row for id_, plan in numbered for row in _executions(id_, plan)))
    _add(connection, step_outcomes, (row for _, plan in numbered for row in _times(plan.executions)))
    _add(connection, attempts, (row for id_, plan in numbered for row in _attempts(id_, plan)))


def _insert_users(connection: Connection, tenant: WorldTenant, owned: dict[str, Any]) -> None:
    rows = [
        {
            **owned,
            "name": user.name,
            "super_user": user.super_user,
            "roles": json.dumps(sorted(user.roles)),
            "every_schema": user.every_schema,
        }
        for user in tenant.users
    ]
    of_name = {schema.name: schema.id for schema in tenant.schemas}
    granted = (
        {**owned, "user_id": user_id, "schema_id": of_name[name], "access": access}
        for user_id, user in zip(_numbered(connection, users, rows), tenant.users, strict=True)
        for access, names in (("view", user.view), ("edit", user.edit))
        for name in sorted(names)
    )
    _add(connection, grants, granted)


def _executions(plan_id: int, plan: WorldPlan) -> Iterator[dict[str, Any]]:
    for order, execution in enumerate(plan.executions, 1):
        yield {
            "id": execution.record.id,
            "plan_id": plan_id,
            "start_order": order,
            "status": execution.record.status,
            "version": 1,
            "opened": opened_text(execution.record),
            "keeps_history": execution.keeps_history,
            "process": None,
            "rule": execution.rule,
            "based_on": execution.based_on,
            "started_by": execution.started_by,
            "started_at": execution.started_at,
            "ended_at": execution.ended_at,
        }


def _times(past: Iterable[PastExecution]) -> Iterator[dict[str, Any]]:
    for execution in past:
        for times in execution.times:
            group = execution.record.outcome(times.sequence)
            status: Status | None = None if group is None else group.status_of(times.step)
            yield {
                "execution_id": execution.record.id,
                "sequence": times.sequence,
                "step": str(times.step),
                "status": status,
                "began_at": times.began_at,
                "ended_at": times.ended_at,
            }


def _attempts(plan_id: int, plan: WorldPlan) -> Iterator[dict[str, Any]]:
    for tried in plan.attempts:
        yield {
            "plan_id": plan_id,
            "sequence": tried.sequence,
            "step": str(tried.step),
            "count": tried.count,
        }


def _add(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    for portion in _portions(list(rows)):
        connection.execute(insert(table), portion)


def _numbered(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[int]:
    """Insert the rows; the ids that the database gave them, which ascend."""
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return [
        id_ for portion in _portions(rows) for id_ in connection.execute(statement, portion).scalars().all()
    ]


def _portions(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), _ROWS_AT_ONCE):
        yield items[start : start + _ROWS_AT_ONCE]
