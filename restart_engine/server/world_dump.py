"""Dumping a world out of a database, which may be in use: the caller's transaction shows it at one moment."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from restart_engine.core.plan import Step
from restart_engine.server.loading import read_loading
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
    PastExecution,
    Schema,
    StepTimes,
    World,
    WorldPlan,
    WorldTenant,
    WorldUser,
)


def dump_world(connection: Connection) -> World:
    """Everything that the database holds of its tenants, in the order in which it was loaded.

    Not in it are the processes: an execution that one runs is nobody's in the dump. Nor is what a tenant's
    loading says of steps that are in none of its plans any more.
    """
    found = connection.execute(select(tenants).order_by(tenants.c.id)).all()
    return World(tuple(_tenant(connection, row) for row in found))


def _tenant(connection: Connection, row: Row[Any]) -> WorldTenant:
    owned = connection.execute(select(schemas).where(schemas.c.tenant_id == row.id)).all()
    names = {schema.id: schema.name for schema in owned}
    plans = _plans(connection, row.id)
    return WorldTenant(
        name=row.name,
        enabled=row.enabled,
        detailed_tracking=row.detailed_tracking,
        loader_services=row.loader_services,
        schemas=tuple(Schema(schema.id, schema.name) for schema in owned),
        users=_users(connection, row.id, names),
        plans=plans,
        loading=read_loading(row.loading).within(plan.plan for plan in plans),
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
            roles=frozenset(json.loads(row.roles)),
            every_schema=row.every_schema,
            view=frozenset(granted[row.id, "view"]),
            edit=frozenset(granted[row.id, "edit"]),
        )
        for row in found
    )


def _plans(connection: Connection, tenant_id: int) -> tuple[WorldPlan, ...]:
    of_tenant = select(load_plans).where(load_plans.c.tenant_id == tenant_id).order_by(load_plans.c.id)
    found = connection.execute(of_tenant).all()
    tried: defaultdict[int, list[Attempts]] = defaultdict(list)
    columns = (attempts.c.plan_id, attempts.c.sequence, attempts.c.step, attempts.c.count)
    query = select(*columns).join(load_plans, load_plans.c.id == attempts.c.plan_id)
    for plan_id, sequence, name, count in connection.execute(
        query.where(load_plans.c.tenant_id == tenant_id)
    ):
        tried[plan_id].append(Attempts(sequence=sequence, step=Step.parse(name), count=count))
    return tuple(
        WorldPlan(
            plan=plan_from(row.name, row.groups),
            executions=_executions(connection, row.id),
            attempts=tuple(tried[row.id]),
        )
        for row in found
    )


def _executions(connection: Connection, plan_id: int) -> tuple[PastExecution, ...]:
    of_plan = select(executions).where(executions.c.plan_id == plan_id).order_by(executions.c.start_order)
    found = connection.execute(of_plan).all()
    timed: defaultdict[int, list[StepTimes]] = defaultdict(list)
    query = select(step_outcomes).join(executions, executions.c.id == step_outcomes.c.execution_id)
    known = or_(step_outcomes.c.began_at.is_not(None), step_outcomes.c.ended_at.is_not(None))
    for row in connection.execute(query.where(executions.c.plan_id == plan_id, known)):
        times = StepTimes(
            sequence=row.sequence, step=Step.parse(row.step), began_at=row.began_at, ended_at=row.ended_at
        )
        timed[row.execution_id].append(times)
    return tuple(_execution(connection, row, tuple(timed[row.id])) for row in found)


def _execution(connection: Connection, row: Row[Any], times: tuple[StepTimes, ...]) -> PastExecution:
    record = record_of(connection, row)
    return PastExecution(
        record=record.execution,
        started_at=row.started_at,
        ended_at=row.ended_at,
        started_by=row.started_by,
        rule=row.rule,
        based_on=row.based_on,
        keeps_history=record.keeps_history or not record.execution.active,
        times=times,
    )
