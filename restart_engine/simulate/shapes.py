# ruff: noqa: RUF012  # an empty default of a shape is made anew by msgspec for each object
"""The JSON shapes of a simulation file, each stated once: read and published from these classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, field

from restart_engine.core.status import Status
from restart_engine.server.world import SCHEMA, FailedStatus, SchemaName, Seconds
from restart_engine.wire.schema import schema_of
from restart_engine.wire.shapes import (
    STEP,
    UNIQUE,
    Name,
    PlanShape,
    Positive,
    Shape,
    StepName,
    keyed_by,
    matching,
)

LEVELS: Final = 6
"""Of nesting: the file, its durations, those of steps, one, its observed seconds, one more to name it."""
MAX_MINUTES: Final = 10_080
"""A week."""

TimeOfDay: TypeAlias = Annotated[
    str, matching("a time of the day from 00:00 to 23:59", "([01][0-9]|2[0-3]):[0-5][0-9]", maxLength=5)
]
TimesOfDay: TypeAlias = Annotated[list[TimeOfDay], UNIQUE]
Attempts: TypeAlias = Annotated[list[Positive], Meta(min_length=1), UNIQUE]
Minutes: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_MINUTES)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
RestartFrom: TypeAlias = Literal["beginning", "failedGroup", "failedSteps"]


class ConstantShape(Shape, tag_field="kind", tag="constant"):
    """Always the same time."""

    seconds: Seconds


class LognormalShape(Shape, tag_field="kind", tag="lognormal"):
    """Half of the times are under the median; two of three within a factor of `e` to the `spread` of it."""

    median: Seconds
    spread: Annotated[float, Meta(ge=0, le=3)]


class ObservedShape(Shape, tag_field="kind", tag="observed"):
    """One of these times, each as likely."""

    seconds: Annotated[list[Seconds], Meta(min_length=1)]


DurationShape: TypeAlias = ConstantShape | LognormalShape | ObservedShape


class DurationsShape(Shape):
    """What a step takes: what is said of it, else of its schema, else what is known, else the default."""

    default: DurationShape | None = None
    schemas: Annotated[dict[str, DurationShape], keyed_by(SCHEMA)] = {}
    steps: Annotated[dict[str, DurationShape], keyed_by(STEP)] = {}


class HoursShape(Shape):
    """A part of the day, over midnight where `to` is the earlier one; `to` is not in it."""

    from_: TimeOfDay = field(name="from")
    to: TimeOfDay


class FailingShape(Shape):
    """What all failures say: of which steps, what the step ends with, and after which share of its time."""

    name: Name | None = None
    schema: SchemaName | None = None
    sequence: Positive | None = None
    step: StepName | None = None
    takes: Share = 0.5
    status: FailedStatus = Status.FAILED


class IndependentShape(FailingShape, tag_field="kind", tag="independent", kw_only=True):
    """A share of the attempts fails, each on its own; of some hours or some attempts only, where said."""

    share: Share
    hours: HoursShape | None = None
    attempts: Attempts | None = None


class OutageShape(FailingShape, tag_field="kind", tag="outage", kw_only=True):
    """In a share of the nights a source is down for a while: what runs then fails."""

    share: Share
    begins: HoursShape
    lasts: DurationShape


class PersistentShape(FailingShape, tag_field="kind", tag="persistent", kw_only=True):
    """A share of the attempts breaks the step, or its whole schema, until somebody mends it."""

    share: Share
    breaks: Literal["step", "schema"] = "step"
    hours: HoursShape | None = None
    attempts: Attempts | None = None
    mended_after_minutes: Minutes | None = None
    mended_at: TimeOfDay | None = None


FailureShape: TypeAlias = IndependentShape | OutageShape | PersistentShape


class PolicyShape(Shape, kw_only=True):
    """How a failed run is restarted: from where, and when: by itself, by somebody who looks, or both."""

    name: Name
    from_: RestartFrom = field(name="from")
    after_minutes: list[Minutes] = []
    """The waits before the first restart, the second and so on; the last one repeats."""
    restarts: Annotated[int, Meta(ge=0)] | None = None
    by_hand_at: TimesOfDay = []


class NightShape(Shape, kw_only=True):
    """One night: from when to when, and how many steps load at once."""

    start: TimeOfDay
    deadline: TimeOfDay
    slots: Positive = 8
    past_failures: bool = False
    """Whether a run goes on after a group that failed."""
    detailed_tracking: bool | None = None
    """Whether step outcomes stay when a run is over; by default as the tenant has it, else they do."""
    hours: Annotated[float, Meta(ge=0, le=8_760)] = 24.0
    """So many hours after the start no restart begins any more: the night is given up."""


class PastShape(Shape, kw_only=True):
    """A load plan of a world file or of a server's database, and what its past executions show."""

    world: Name | None = None
    database: Name | None = None
    tenant: Name
    load_plan: Name
    durations: bool = True
    failures: bool = True


class SimulationShape(Shape, kw_only=True):
    """What is simulated: a load plan, its nights, what a step takes, what fails, and the policies."""

    plan: PlanShape | None = None
    past: PastShape | None = None
    night: NightShape
    durations: DurationsShape = field(default_factory=DurationsShape)
    failures: list[FailureShape] = []
    policies: Annotated[list[PolicyShape], Meta(min_length=1)]


_SCHEMA_FILE: Final = Path(__file__).parent / "simulation.schema.json"


def simulation_schema() -> str:
    """The JSON Schema (2020-12) of a simulation file, as the package ships it."""
    return _SCHEMA_FILE.read_text(encoding="utf-8")


def made_simulation_schema() -> str:
    """The same, made from the shapes."""
    return schema_of(SimulationShape, "simulation")


def write_simulation_schema(file: Path = _SCHEMA_FILE) -> None:
    """Write the file anew, after a change of the shapes."""
    file.write_text(made_simulation_schema(), encoding="utf-8")
