"""Reading a world file, JSON or YAML: a world, or one `WireError` at the first place that is off."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.server.kept import check_schemas_listed, time_kept
from restart_engine.server.loading import Loading, loading_of
from restart_engine.server.world import (
    Attempts,
    PastExecution,
    Schema,
    StepTimes,
    World,
    WorldPlan,
    WorldTenant,
    WorldUser,
    check_schemas,
)
from restart_engine.server.world_shapes import (
    LEVELS,
    AttemptsShape,
    LoadPlanShape,
    PastExecutionShape,
    SchemaShape,
    StepTimesShape,
    TenantShape,
    UserShape,
    WorldShape,
)
from restart_engine.server.yaml_text import read_by_name
from restart_engine.wire.reading import invalid, read_value
from restart_engine.wire.scenario import execution_of, plan_of

_S = TypeVar("_S")
_V = TypeVar("_V")


def read_world(text: bytes, *, name: str) -> World:
    """The world that a file of this name describes; raises `WireError` for any other text.

    The name's ending says whether it is JSON or YAML; under another, a text that begins with a brace is JSON.
    """

    def made(value: object) -> World:
        return world_of(read_value(value, WorldShape))

    return read_by_name(text, name, made, levels=LEVELS)


def world_of(shape: WorldShape) -> World:
    """The world of this shape; raises `WireError` at the first place that no database can hold."""
    tenants = _each("tenants", shape.tenants, _tenant)
    with _inside(""):
        return World(tenants)


def _tenant(shape: TenantShape, inside: str) -> WorldTenant:
    schemas = _each(f"{inside}schemas", shape.schemas, _schema)
    users = _each(f"{inside}users", shape.users, _user)
    tracked = shape.detailed_tracking

    def plan(plan: LoadPlanShape, inside: str) -> WorldPlan:
        return _plan(plan, inside, tracked=tracked)

    plans = _each(f"{inside}loadPlans", shape.load_plans, plan)
    with _inside(inside):
        check_schemas(schemas)
    listed = {schema.name for schema in schemas}
    for index, each in enumerate(shape.load_plans):
        with _inside(f"{inside}loadPlans[{index}]."):  # in the file's order, whose places an error names
            check_schemas_listed("groups", ((group.sequence, group.steps) for group in each.groups), listed)
    loading = Loading() if shape.loading is None else loading_of(shape.loading, f"{inside}loading.")
    with _inside(inside):
        return WorldTenant(
            name=shape.name,
            enabled=shape.enabled,
            detailed_tracking=tracked,
            loader_services=shape.loader_services,
            schemas=schemas,
            users=users,
            plans=plans,
            loading=loading,
        )


def _schema(shape: SchemaShape, inside: str) -> Schema:
    with _inside(inside):
        return Schema(shape.id, shape.name)


def _user(shape: UserShape, inside: str) -> WorldUser:
    with _inside(inside):
        return WorldUser(
            name=shape.name,
            super_user=shape.super_user,
            roles=frozenset(shape.roles),
            every_schema=shape.every_schema,
            view=frozenset(shape.view),
            edit=frozenset(shape.edit),
        )


def _plan(shape: LoadPlanShape, inside: str, *, tracked: bool) -> WorldPlan:
    plan = plan_of(shape, inside)

    def execution(execution: PastExecutionShape, inside: str) -> PastExecution:
        return _execution(execution, inside, tracked=tracked)

    executions = _each(f"{inside}executions", shape.executions, execution)
    attempts = _each(f"{inside}attempts", shape.attempts, _attempts)
    with _inside(inside):
        return WorldPlan(plan=plan, executions=executions, attempts=attempts)


def _execution(shape: PastExecutionShape, inside: str, *, tracked: bool) -> PastExecution:
    record = execution_of(shape, inside)
    times = _each(f"{inside}times", shape.times, _times)
    keeps = shape.keeps_history
    if keeps is None:
        keeps = tracked or not record.active
    with _inside(inside):
        return PastExecution(
            record=record,
            started_at=_time(shape.started_at),
            ended_at=_time(shape.ended_at),
            started_by=shape.started_by,
            rule=shape.rule,
            based_on=shape.based_on,
            keeps_history=keeps,
            times=times,
        )


def _times(shape: StepTimesShape, inside: str) -> StepTimes:
    with _inside(inside):
        return StepTimes(
            sequence=shape.sequence,
            step=Step.parse(shape.step),
            began_at=_time(shape.began_at),
            ended_at=_time(shape.ended_at),
        )


def _attempts(shape: AttemptsShape, inside: str) -> Attempts:
    with _inside(inside):
        return Attempts(sequence=shape.sequence, step=Step.parse(shape.step), count=shape.count)


def _time(text: str | None) -> str | None:
    return None if text is None else time_kept(text)


def _each(name: str, shapes: list[_S], value: Callable[[_S, str], _V]) -> tuple[_V, ...]:
    """The values of the shapes, each made with the path that leads into it."""
    return tuple(value(shape, f"{name}[{index}].") for index, shape in enumerate(shapes))


@contextmanager
def _inside(path: str) -> Generator[None]:
    """What a value refuses, as the error of whoever reads it there."""
    try:
        yield
    except InvalidValue as error:
        raise invalid(error, path) from None
