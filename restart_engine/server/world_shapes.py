# ruff: noqa: RUF012  # an empty default of a shape is made anew by msgspec for each object
"""The JSON shapes of a world file, each stated once: read, written and published from these classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from restart_engine.core.rule_table import StartRuleId
from restart_engine.core.status import ACTIVE, OF_RUN, Status
from restart_engine.wire.schema import schema_of
from restart_engine.wire.shapes import (
    BLANK,
    STEP,
    UNIQUE,
    ExecutionShape,
    Name,
    PlanShape,
    Positive,
    Shape,
    StepName,
    keyed_by,
    matching,
    one_of,
)

MAX_SECONDS: Final = 1_000_000
"""What a step may take at most in simulated time: eleven days and a half."""
LEVELS: Final = 10
"""Of nesting: the file, its tenants, one, its plans, one, its executions, one, its groups, one, its steps."""

SCHEMA: Final = matching("a schema's name: not blank, no dot", f"[^.]*[^.{BLANK}][^.]*")
SchemaName: TypeAlias = Annotated[str, SCHEMA]
SchemaNames: TypeAlias = Annotated[list[SchemaName], UNIQUE]
Names: TypeAlias = Annotated[list[Name], UNIQUE]
Time: TypeAlias = Annotated[
    str,
    matching(
        "a time in UTC like 2026-11-24T21:05:00.250Z",
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z",
        maxLength=24,
    ),
]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_SECONDS)]
SecondsOf: TypeAlias = Annotated[dict[str, Seconds], keyed_by(STEP)]
FailedStatus: TypeAlias = Annotated[Status, one_of(OF_RUN - ACTIVE - {Status.SUCCEEDED})]


class OptionalShape(Shape, omit_defaults=True, kw_only=True):
    """An object of which only what differs from its defaults is written."""


class SchemaShape(Shape):
    """A schema; refusals name its id."""

    id: Positive
    name: SchemaName


class UserShape(OptionalShape):
    """A user. `SuperRole` and `Schema Manager` let it start load plans; any other role changes nothing."""

    name: Name
    super_user: bool = False
    roles: Names = []
    every_schema: Literal["view", "edit"] | None = None
    view: SchemaNames = []
    edit: SchemaNames = []


class StepTimesShape(OptionalShape):
    """When a step of an execution began and ended."""

    sequence: Positive
    step: StepName
    began_at: Time | None = None
    ended_at: Time | None = None


class PastExecutionShape(ExecutionShape, omit_defaults=True, kw_only=True):
    """An execution; a group that was never reached does not appear. One that is active is nobody's."""

    started_at: Time | None = None
    ended_at: Time | None = None
    started_by: Name | None = None
    rule: StartRuleId | None = None
    based_on: Positive | None = None
    keeps_history: bool | None = None
    """Of one that is active: whether its step outcomes stay; by default as the tenant tracks now."""
    times: list[StepTimesShape] = []


class AttemptsShape(Shape):
    """How often a step of the plan was begun by a server, over all executions."""

    sequence: Positive
    step: StepName
    count: Positive


class LoadPlanShape(PlanShape, omit_defaults=True, kw_only=True):
    """A load plan and its executions, in the order in which they were started: the last is the latest."""

    executions: list[PastExecutionShape] = []
    attempts: list[AttemptsShape] = []


class FailureShape(OptionalShape):
    """Which attempts fail: of the steps of these groups and plans, those listed or a share drawn."""

    load_plan: Name | None = None
    sequence: Positive | None = None
    schema: SchemaName | None = None
    step: StepName | None = None
    attempts: Annotated[list[Positive], UNIQUE] | None = None
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    status: FailedStatus = Status.FAILED


class LoadingShape(OptionalShape):
    """How steps are loaded: by hand, or pretended, with these times and failures."""

    by_hand: bool = False
    seconds: Seconds = 5.0
    seconds_of: SecondsOf = {}
    failures: list[FailureShape] = []


class TenantShape(OptionalShape):
    """A tenant; every schema that a plan or a user's access names is listed."""

    name: Name
    enabled: bool = True
    detailed_tracking: bool = True
    loader_services: Annotated[int, Meta(ge=0)] = 1
    schemas: list[SchemaShape] = []
    users: list[UserShape] = []
    load_plans: list[LoadPlanShape] = []
    loading: LoadingShape | None = None


class WorldShape(Shape):
    """What a server knows: tenants, and what is theirs."""

    tenants: list[TenantShape]


_SCHEMA_FILE: Final = Path(__file__).parent / "world.schema.json"


def world_schema() -> str:
    """The JSON Schema (2020-12) of a world file, as the package ships it."""
    return _SCHEMA_FILE.read_text(encoding="utf-8")


def made_world_schema() -> str:
    """The same, made from the shapes."""
    return schema_of(WorldShape, "world")


def write_world_schema(file: Path = _SCHEMA_FILE) -> None:
    """Write the file anew, after a change of the shapes."""
    file.write_text(made_world_schema(), encoding="utf-8")
