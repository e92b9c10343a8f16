"""Dumping a world out of a database, which may be in use: the caller's transaction shows it at one moment."""

from __future__ import annotations

import json
from collections import defaultdict
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from restart_engine.core.execution import Execution
from restart_engine.server.loading import read_loading, within
from restart_engine.server.records import plan_from, record_of
from restart_engine.server.tables import (
    attempts,
    executions,
    grants,
    load_plans,
    schemas,
    step_outcomes,
    tenants,
    users,
)
from restart_engine.server.world import (
    Attempts,
    Loading,
    PastExecution,
    PastGroup,
    PlanGroup,
    Schema,
    StepTimes,
    Tenant,
    World,
    WorldPlan,
    WorldUser,
)


def dump_world(connection: Connection) -> World:
    """Everything that the database holds of its tenants, in the order in which it was loaded.

    What has an order of its own stands in that, and what is as by default is left out. Not in it are the
    processes: an execution that one runs is nobody's in the dump. Nor is what a tenant's loading says of
    steps that are in none of its plans any more.
    """
    found = connection.execute(select(tenants).order_by(tenants.c.id)).all()
    return World(tuple(_tenant(connection, row) for row in found))


def _tenant(connection: Connection, row: Row[Any]) -> Tenant:
    of_tenant = select(schemas).where(schemas.c.tenant_id == row.id).order_by(schemas.c.id)
    owned = connection.execute(of_tenant).all()
    plans = _plans(connection, row)
    loading = within(read_loading(row.loading), plans)
    return Tenant(
        name=row.name,
        enabled=row.enabled,
        detailed_tracking=row.detailed_tracking,
        loader_services=row.loader_services,
        schemas=tuple(Schema(schema.id, schema.name) for schema in owned),
        users=_users(connection, row.id, {schema.id: schema.name for schema in owned}),
        load_plans=plans,
        loading=None if loading == Loading() else loading,
    )


def _users(connection: Connection, tenant_id: int, names: dict[int, str]) -> tuple[WorldUser, ...]:
    granted: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    for grant in connection.execute(select(grants).where(grants.c.tenant_id == tenant_id)):
        granted[grant.user_id, grant.access].add(names[grant.schema_id])
    found = connection.execute(select(users).where(users.c.tenant_id == tenant_id).order_by(users.c.id))
    return tuple(
        WorldUser(
            name=row.name,
            super_user=row.super_user,
            roles=tuple(json.loads(row.roles)),
            every_schema=row.every_schema,
            view=tuple(sorted(granted[row.id, "view"])),
            edit=tuple(sorted(granted[row.id, "edit"])),
        )
        for row in found
    )


def _plans(connection: Connection, tenant: Row[Any]) -> tuple[WorldPlan, ...]:
    of_tenant = load_plans.c.tenant_id == tenant.id
    tried: defaultdict[int, list[Attempts]] = defaultdict(list)
    query = select(attempts).join(load_plans, load_plans.c.id == attempts.c.plan_id).where(of_tenant)
    for plan_id, sequence, step, count in connection.execute(query):
        tried[plan_id].append(Attempts(sequence=sequence, step=step, count=count))
    found = connection.execute(select(load_plans).where(of_tenant).order_by(load_plans.c.id)).all()
    return tuple(
        WorldPlan(
            name=row.name,
            groups=tuple(PlanGroup(g.sequence, g.names) for g in plan_from(row.name, row.groups).groups),
            executions=_executions(connection, row.id, tracked=tenant.detailed_tracking),
            attempts=tuple(sorted(tried[row.id], key=attrgetter("sequence", "step"))),
        )
        for row in found
    )


def _executions(connection: Connection, plan_id: int, *, tracked: bool) -> tuple[PastExecution, ...]:
    of_plan = select(executions).where(executions.c.plan_id == plan_id).order_by(executions.c.start_order)
    found = connection.execute(of_plan).all()
    timed: defaultdict[int, list[StepTimes]] = defaultdict(list)
    query = select(step_outcomes).join(executions, executions.c.id == step_outcomes.c.execution_id)
    known = or_(step_outcomes.c.began_at.is_not(None), step_outcomes.c.ended_at.is_not(None))
    for row in connection.execute(query.where(executions.c.plan_id == plan_id, known)):
        times = StepTimes(sequence=row.sequence, step=row.step, began_at=row.began_at, ended_at=row.ended_at)
        timed[row.execution_id].append(times)
    return tuple(
        PastExecution(
            id=row.id,
            status=record.status,
            groups=_groups(record),
            started_at=row.started_at,
            ended_at=row.ended_at,
            started_by=row.started_by,
            rule=row.rule,
            based_on=row.based_on,
            keeps_history=row.keeps_history if record.active and row.keeps_history != tracked else None,
            times=tuple(sorted(timed[row.id], key=attrgetter("sequence", "step"))),
        )
        for row, record in ((row, record_of(connection, row).execution) for row in found)
    )


def _groups(record: Execution) -> tuple[PastGroup, ...]:
    return tuple(
        PastGroup(group.sequence, group.status, None if group.statuses is None else dict(group.statuses))
        for group in record.groups
    )
