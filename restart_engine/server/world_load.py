"""Loading a world into a database, empty or in use. The caller opens the transaction, and commits it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from msgspec.structs import asdict
from sqlalchemy import Connection, Select, Table, delete, insert, select, text, update

from restart_engine.core.status import ACTIVE
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
from restart_engine.server.world import Loading, Tenant, World, WorldPlan, WorldUser, kept_time

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
    """Insert the tenants of a world that was checked; raises `WorldConflict` where that cannot be.

    The caller then rolls back. A tenant that is there already is a conflict, unless it is to be replaced:
    all that was its own is then deleted first. It is still one where a server process runs an execution of
    it. Other tenants stay.
    """
    there = _there(connection, world)
    if there and not replace:
        raise WorldConflict(next(iter(there)), "it is there already")
    if connection.dialect.name == "postgresql":
        # until this is committed nobody starts an execution, which could be given an id of the world's
        connection.execute(_LOCK)
    for name, tenant_id in there.items():
        _empty(connection, name, tenant_id)
    _check_ids(connection, world)
    for tenant in world.tenants:
        _insert(connection, tenant, there.get(tenant.name))
    ids = [id_ for tenant in world.tenants for id_ in _ids(tenant)]
    if ids and connection.dialect.name == "postgresql":
        connection.execute(_NUMBER_ON, {"highest": max(ids)})


def _there(connection: Connection, world: World) -> dict[str, int]:
    """The ids of the world's tenants that the database has, in the world's order."""
    found: dict[str, int] = {}
    for names in _portions([tenant.name for tenant in world.tenants]):
        query = select(tenants.c.name, tenants.c.id).where(tenants.c.name.in_(names)).with_for_update()
        found |= {name: tenant_id for name, tenant_id in connection.execute(query)}  # noqa: C416  # rows are no pairs to a checker
    return {tenant.name: found[tenant.name] for tenant in world.tenants if tenant.name in found}


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
        for ids in _portions(_ids(tenant)):
            query = select(executions.c.id).where(executions.c.id.in_(ids)).order_by(executions.c.id).limit(1)
            if (found := connection.execute(query).scalar()) is not None:
                raise WorldConflict(tenant.name, f"there is an execution {found} already, of another tenant")


def _ids(tenant: Tenant) -> list[int]:
    return [execution.id for plan in tenant.load_plans for execution in plan.executions]


def _insert(connection: Connection, tenant: Tenant, tenant_id: int | None) -> None:
    row = {
        "name": tenant.name,
        "enabled": tenant.enabled,
        "detailed_tracking": tenant.detailed_tracking,
        "loader_services": tenant.loader_services,
        "loading": loading_text(tenant.loading or Loading()),
    }
    if tenant_id is None:
        (tenant_id,) = _numbered(connection, tenants, [row])
    else:
        connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(row))
    owned: dict[str, Any] = {"tenant_id": tenant_id}
    insert_all(
        connection, schemas, ({**owned, "id": schema.id, "name": schema.name} for schema in tenant.schemas)
    )
    _insert_users(connection, tenant, owned)
    plans = [
        {
            **owned,
            "name": plan.name,
            "groups": groups_text(plan.plan),
        }
        for plan in tenant.load_plans
    ]
    plan_ids = _numbered(connection, load_plans, plans)
    numbered = list(zip(plan_ids, tenant.load_plans, strict=True))
    ran = (_executions(id_, plan, tracked=tenant.detailed_tracking) for id_, plan in numbered)
    insert_all(connection, executions, chain.from_iterable(ran))
    insert_all(connection, step_outcomes, (row for plan in tenant.load_plans for row in _times(plan)))
    insert_all(connection, attempts, (row for id_, plan in numbered for row in _attempts(id_, plan)))


def _insert_users(connection: Connection, tenant: Tenant, owned: dict[str, Any]) -> None:
    rows = [owned | user_row(user) for user in tenant.users]
    of_name = {schema.name: schema.id for schema in tenant.schemas}
    numbered = zip(_numbered(connection, users, rows), tenant.users, strict=True)
    granted = (grant_rows(user, {**owned, "user_id": user_id}, of_name) for user_id, user in numbered)
    insert_all(connection, grants, chain.from_iterable(granted))


def user_row(user: WorldUser) -> dict[str, Any]:
    """What the row of a user says, but for its tenant."""
    return {
        "name": user.name,
        "super_user": user.super_user,
        "roles": json.dumps(sorted(user.roles)),
        "every_schema": user.every_schema,
    }


def grant_rows(
    user: WorldUser, key: dict[str, Any], schema_ids: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """The rows of what the user may do with schemas, for the tenant and the user of this key."""
    for access, names in (("view", user.view), ("edit", user.edit)):
        for name in sorted(names):
            yield {**key, "schema_id": schema_ids[name], "access": access}


def _executions(plan_id: int, plan: WorldPlan, *, tracked: bool) -> Iterator[dict[str, Any]]:
    for order, execution in enumerate(plan.executions, 1):
        keeps = execution.keeps_history
        if keeps is None:
            keeps = tracked or execution.status not in ACTIVE
        yield {
            "id": execution.id,
            "plan_id": plan_id,
            "start_order": order,
            "status": execution.status,
            "version": 1,
            "opened": opened_text(execution.record),
            "keeps_history": keeps,
            "process": None,
            "rule": execution.rule,
            "based_on": execution.based_on,
            "started_by": execution.started_by,
            "started_at": _time(execution.started_at),
            "ended_at": _time(execution.ended_at),
        }


def _times(plan: WorldPlan) -> Iterator[dict[str, Any]]:
    for execution in plan.executions:
        recorded = {group.sequence: group.steps or {} for group in execution.groups}
        for times in execution.times:
            yield {
                "execution_id": execution.id,
                "sequence": times.sequence,
                "step": times.step,
                "status": recorded[times.sequence][times.step],
                "began_at": _time(times.began_at),
                "ended_at": _time(times.ended_at),
            }


def _time(text: str | None) -> str | None:
    return None if text is None else kept_time(text)


def _attempts(plan_id: int, plan: WorldPlan) -> Iterator[dict[str, Any]]:
    return ({"plan_id": plan_id, **asdict(tried)} for tried in plan.attempts)


def insert_all(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Insert the rows, so many at a time that no statement is too large."""
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
