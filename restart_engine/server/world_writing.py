"""Writing a world: the same world gives the same text, of which `read_world` makes the same world again."""

from __future__ import annotations

from typing import Literal, TypeAlias, assert_never

import msgspec

from restart_engine.server.loading import Loading, loading_shape
from restart_engine.server.world import PastExecution, World, WorldPlan, WorldTenant, WorldUser
from restart_engine.server.world_shapes import (
    AttemptsShape,
    LoadPlanShape,
    PastExecutionShape,
    SchemaShape,
    StepTimesShape,
    TenantShape,
    UserShape,
    WorldShape,
)
from restart_engine.server.yaml_text import yaml_text
from restart_engine.wire.scenario import execution_shape, group_shapes

Form: TypeAlias = Literal["json", "yaml"]


def world_text(world: World, form: Form = "yaml") -> bytes:
    """The world as a file for people; what stands at its default is left out."""
    shape = world_shape(world)
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(shape), indent=2) + b"\n"
        case "yaml":
            return yaml_text(msgspec.to_builtins(shape))
        case _:
            assert_never(form)


def world_shape(world: World) -> WorldShape:
    """The world's shape."""
    return WorldShape(tenants=[_tenant(tenant) for tenant in world.tenants])


def _tenant(tenant: WorldTenant) -> TenantShape:
    return TenantShape(
        name=tenant.name,
        enabled=tenant.enabled,
        detailed_tracking=tenant.detailed_tracking,
        loader_services=tenant.loader_services,
        schemas=[SchemaShape(id=schema.id, name=schema.name) for schema in tenant.schemas],
        users=[_user(user) for user in tenant.users],
        load_plans=[_plan(plan, tracked=tenant.detailed_tracking) for plan in tenant.plans],
        loading=None if tenant.loading == Loading() else loading_shape(tenant.loading),
    )


def _user(user: WorldUser) -> UserShape:
    return UserShape(
        name=user.name,
        super_user=user.super_user,
        roles=sorted(user.roles),
        every_schema=user.every_schema,
        view=sorted(user.view),
        edit=sorted(user.edit),
    )


def _plan(plan: WorldPlan, *, tracked: bool) -> LoadPlanShape:
    return LoadPlanShape(
        name=plan.plan.name,
        groups=group_shapes(plan.plan),
        executions=[_execution(execution, tracked=tracked) for execution in plan.executions],
        attempts=[
            AttemptsShape(sequence=attempts.sequence, step=str(attempts.step), count=attempts.count)
            for attempts in plan.attempts
        ],
    )


def _execution(execution: PastExecution, *, tracked: bool) -> PastExecutionShape:
    record = execution_shape(execution.record)
    stated = execution.record.active and execution.keeps_history is not tracked
    return PastExecutionShape(
        id=record.id,
        status=record.status,
        groups=record.groups,
        started_at=execution.started_at,
        ended_at=execution.ended_at,
        started_by=execution.started_by,
        rule=execution.rule,
        based_on=execution.based_on,
        keeps_history=execution.keeps_history if stated else None,
        times=[
            StepTimesShape(
                sequence=times.sequence,
                step=str(times.step),
                began_at=times.began_at,
                ended_at=times.ended_at,
            )
            for times in execution.times
        ],
    )
