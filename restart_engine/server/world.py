"""A world: tenants, and what is theirs. Each class is a value, its JSON and its schema at the same time.

`read_world` reads a world file, and `world_of` takes a world that was made in code; both check it. Nothing
is checked where a value is made: what did not come from them need not be legal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias, assert_never, cast

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from restart_engine.core.checks import check_unique
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.rule_table import StartRuleId
from restart_engine.core.status import ACTIVE, OF_RUN, Status
from restart_engine.luck import drawn
from restart_engine.server.tables import MAX_STORED
from restart_engine.server.yaml_text import read_by_name, yaml_text
from restart_engine.strict_json import member, quote
from restart_engine.wire.reading import invalid, read_value
from restart_engine.wire.schema import schema_of
from restart_engine.wire.shapes import (
    BLANK,
    STEP,
    UNIQUE,
    Name,
    Positive,
    RunStatus,
    StepName,
    held_to,
    keyed_by,
    matching,
    one_of,
)
from restart_engine.wire.writing import write_json

MAX_ID: Final = MAX_STORED - 2**32
"""Higher ids are left to what a server adds: each has a higher one than all before."""
MAX_SECONDS: Final = 1_000_000
"""What a step may take at most in simulated time: eleven days and a half."""
LEVELS: Final = 10
"""Of nesting: the file, its tenants, one, its plans, one, its executions, one, its groups, one, its steps."""
_LISTED: Final = "a schema that the tenant's `schemas` list"
_TIME: Final = "a time in UTC like 2026-11-24T21:05:00.250Z"
_TIME_PATTERN: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z"


def kept_time(text: str) -> str:
    """A time as the database keeps it, with milliseconds: such texts are in the order of their times."""
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _check_time(path: str, value: str) -> None:
    if re.fullmatch(_TIME_PATTERN, value) is None:
        raise InvalidValue(path, value, _TIME)
    try:
        kept_time(value)
    except ValueError:  # no such day, or no such hour
        raise InvalidValue(path, value, _TIME) from None


SCHEMA: Final = matching("a schema's name: not blank, no dot", f"[^.]*[^.{BLANK}][^.]*")
SchemaName: TypeAlias = Annotated[str, SCHEMA]
SchemaNames: TypeAlias = Annotated[Sequence[SchemaName], UNIQUE]
Id: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_ID)]
Stored: TypeAlias = Annotated[int, Meta(ge=1, le=MAX_STORED)]
Time: TypeAlias = Annotated[
    str, held_to(_check_time, description=_TIME, pattern=f"^{_TIME_PATTERN}$", maxLength=24)
]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=MAX_SECONDS)]
FailedStatus: TypeAlias = Annotated[Status, one_of(OF_RUN - ACTIVE - {Status.SUCCEEDED})]


class Value(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An object of which only what differs from its defaults is written; its arrays are tuples."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            held = getattr(self, name)
            if isinstance(held, list):
                force_setattr(self, name, tuple(cast("list[object]", held)))


class Schema(Value, frozen=True):
    """A schema; refusals name its id."""

    id: Id
    name: SchemaName


class WorldUser(Value, frozen=True, kw_only=True):
    """A user. `SuperRole` and `Schema Manager` let it start load plans; any other role changes nothing."""

    name: Name
    super_user: bool = False
    roles: Annotated[Sequence[Name], UNIQUE] = ()
    every_schema: Literal["view", "edit"] | None = None
    view: SchemaNames = ()
    edit: SchemaNames = ()


class PlanGroup(Value, frozen=True):
    """A load group of a plan."""

    sequence: Positive
    steps: Annotated[Sequence[StepName], UNIQUE]


class PastGroup(Value, frozen=True):
    """What became of a group; `steps` is null where the step history is unavailable."""

    sequence: Positive
    status: RunStatus
    steps: Annotated[Mapping[str, Status], keyed_by(STEP)] | None


class StepTimes(Value, frozen=True, kw_only=True):
    """When a step of an execution began and ended."""

    sequence: Positive
    step: StepName
    began_at: Time | None = None
    ended_at: Time | None = None


class PastExecution(Value, frozen=True, kw_only=True):
    """An execution; a group that was never reached does not appear. One that is active is nobody's."""

    id: Id
    status: RunStatus
    groups: Sequence[PastGroup]
    started_at: Time | None = None
    ended_at: Time | None = None
    started_by: Name | None = None
    """The user's name; it need not be there any more."""
    rule: StartRuleId | None = None
    based_on: Stored | None = None
    keeps_history: bool | None = None
    """Of one that is active: whether its step outcomes stay; by default as the tenant tracks now."""
    times: Sequence[StepTimes] = ()

    @property
    def record(self) -> Execution:
        """The execution as the engine knows it."""
        return Execution(
            self.id, self.status, tuple(GroupOutcome(g.sequence, g.status, g.steps) for g in self.groups)
        )


class Attempts(Value, frozen=True, kw_only=True):
    """How often a step of the plan was begun by a server, over all executions; it may be gone since."""

    sequence: Positive
    step: StepName
    count: Stored


class Place(NamedTuple):
    """Where a step stands."""

    load_plan: str
    sequence: int
    schema: str
    step: str


class WorldPlan(Value, frozen=True, kw_only=True):
    """A load plan and its executions, in the order in which they were started: the last is the latest."""

    name: Name
    groups: Sequence[PlanGroup]
    executions: Sequence[PastExecution] = ()
    attempts: Sequence[Attempts] = ()

    @property
    def plan(self) -> LoadPlan:
        """The plan as the engine knows it."""
        return LoadPlan(self.name, tuple(LoadGroup(g.sequence, tuple(g.steps)) for g in self.groups))

    @property
    def places(self) -> list[Place]:
        """Of all its steps."""
        return [place_of(self.name, group.sequence, step) for group in self.groups for step in group.steps]


class Failure(Value, frozen=True, kw_only=True):
    """Which attempts fail: of the steps of these groups and plans, all, those listed or a share drawn."""

    load_plan: Name | None = None
    sequence: Positive | None = None
    schema: SchemaName | None = None
    step: StepName | None = None
    attempts: Annotated[Sequence[Positive], UNIQUE] | Literal["all"] | None = None
    """The first is 1: the first time that the step of this plan's group is begun by a server."""
    share: Annotated[float, Meta(ge=0, le=1)] | None = None
    seed: int | None = None
    status: FailedStatus = Status.FAILED

    @property
    def where(self) -> dict[str, object]:
        """What it says of a step's place, as a world file names it."""
        return {
            "loadPlan": self.load_plan,
            "sequence": self.sequence,
            "schema": self.schema,
            "step": self.step,
        }

    def misses(self, places: Iterable[Place]) -> str | None:
        """The first member that leaves none of these steps; none where one is left."""
        return first_miss(self.where, places)

    def hits(self, place: Place, attempt: int) -> bool:
        """Whether this attempt at a step fails."""
        if self.misses([place]) is not None:
            return False
        if self.share is None:
            return self.attempts == "all" or attempt in (self.attempts or ())
        return drawn(self.seed or 0, place.load_plan, place.sequence, place.step, attempt) < self.share


class Loading(Value, frozen=True, kw_only=True):
    """How steps are loaded: by hand, or pretended, with these times and failures."""

    by_hand: bool = False
    seconds: Seconds = 5.0
    seconds_of: Annotated[Mapping[str, Seconds], keyed_by(STEP)] = {}  # msgspec makes it anew for each
    failures: Sequence[Failure] = ()
    """The first that hits an attempt decides."""


class Tenant(Value, frozen=True, kw_only=True):
    """A tenant; every schema that a plan or a user's access names is listed."""

    name: Name
    enabled: bool = True
    detailed_tracking: bool = True
    loader_services: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    schemas: Sequence[Schema] = ()
    users: Sequence[WorldUser] = ()
    load_plans: Sequence[WorldPlan] = ()
    loading: Loading | None = None


class World(Value, frozen=True):
    """What a server knows: tenants, and what is theirs."""

    tenants: Sequence[Tenant]


Form: TypeAlias = Literal["json", "yaml"]


def read_world(text: bytes, *, name: str) -> World:
    """The world that a file of this name describes, JSON or YAML; raises `WireError` for any other text."""
    return read_by_name(text, name, _checked, levels=LEVELS)


def world_of(values: World | Mapping[str, object]) -> World:
    """The same for a world that was made in code, of the classes here or as a file would have it."""
    return read_world(write_json(values), name="world.json")


def _checked(value: object) -> World:
    world: World = read_value(value, World)
    try:
        check_world(world)
    except InvalidValue as error:
        raise invalid(error) from None
    return world


def world_text(world: World, form: Form = "yaml") -> bytes:
    """The world as a file for people; what stands at its default is left out."""
    match form:
        case "json":
            return msgspec.json.format(msgspec.json.encode(world), indent=2) + b"\n"
        case "yaml":
            return yaml_text(msgspec.to_builtins(world))
        case _:
            assert_never(form)


def check_world(world: World) -> None:
    """Raises `InvalidValue` at the first place where the world says what no schema can forbid."""
    check_unique("tenants", [tenant.name for tenant in world.tenants], ".name")
    ids: set[int] = set()
    for t, tenant in enumerate(world.tenants):
        inside = f"tenants[{t}]."
        _check_users(tenant, inside)
        check_unique(f"{inside}loadPlans", [plan.name for plan in tenant.load_plans], ".name")
        for p, plan in enumerate(tenant.load_plans):
            _check_plan(plan, f"{inside}loadPlans[{p}].", {schema.name for schema in tenant.schemas})
            for e, execution in enumerate(plan.executions):
                place = f"{inside}loadPlans[{p}].executions[{e}]."
                if execution.id in ids:
                    accepted = "an id that no other execution has, of whatever tenant"
                    raise InvalidValue(f"{place}id", execution.id, accepted)
                ids.add(execution.id)
                _check_execution(execution, place)
        if tenant.loading is not None:
            check_loading(tenant.loading, tenant.load_plans, f"{inside}loading.")


def _check_users(tenant: Tenant, inside: str) -> None:
    check_unique(f"{inside}schemas", [schema.id for schema in tenant.schemas], ".id")
    check_unique(f"{inside}schemas", [schema.name for schema in tenant.schemas], ".name")
    check_unique(f"{inside}users", [user.name for user in tenant.users], ".name")
    listed = {schema.name for schema in tenant.schemas}
    for index, user in enumerate(tenant.users):
        for access, names in (("view", user.view), ("edit", user.edit)):
            for place, name in enumerate(names):
                if name not in listed:
                    raise InvalidValue(f"{inside}users[{index}].{access}[{place}]", name, _LISTED)
                if access == "view" and name in user.edit:
                    accepted = "a schema that `edit` does not hold: it includes viewing it"
                    raise InvalidValue(f"{inside}users[{index}].view[{place}]", name, accepted)


def _check_plan(plan: WorldPlan, inside: str, listed: set[str]) -> None:
    check_unique(f"{inside}groups", [group.sequence for group in plan.groups], ".sequence")
    for index, group in enumerate(plan.groups):
        for place, name in enumerate(group.steps):
            if name.partition(".")[0] not in listed:
                raise InvalidValue(f"{inside}groups[{index}].steps[{place}]", name, f"a step of {_LISTED}")
    for index, execution in enumerate(plan.executions[:-1]):
        if execution.status in ACTIVE:
            accepted = "one that is over: only the last of a plan's executions may be active"
            raise InvalidValue(f"{inside}executions[{index}].status", execution.status, accepted)
    check_unique(f"{inside}attempts", [(tried.sequence, tried.step) for tried in plan.attempts])


def _check_execution(execution: PastExecution, inside: str) -> None:
    check_unique(f"{inside}groups", [group.sequence for group in execution.groups], ".sequence")
    keeps = execution.keeps_history
    if keeps is False and execution.status not in ACTIVE:
        raise InvalidValue(f"{inside}keepsHistory", keeps, "none where the execution is over")
    run = f"execution {execution.id}"
    _check_order(execution.started_at, execution.ended_at, inside, run)
    check_unique(f"{inside}times", [(times.sequence, times.step) for times in execution.times])
    recorded = {group.sequence: group.steps or {} for group in execution.groups}
    for index, times in enumerate(execution.times):
        place = f"{inside}times[{index}]."
        if times.sequence not in recorded:
            raise InvalidValue(f"{place}sequence", times.sequence, "a group of the execution")
        if times.step not in recorded[times.sequence]:
            raise InvalidValue(f"{place}step", times.step, "a step that the group recorded")
        if times.began_at is None and times.ended_at is None:
            raise InvalidValue(f"{place}beganAt", None, "a time, where `endedAt` is none")
        _check_order(times.began_at, times.ended_at, place, f"the step {quote(times.step)} of {run}")


def _check_order(began: str | None, ended: str | None, inside: str, what: str) -> None:
    if began is not None and ended is not None and kept_time(ended) < kept_time(began):
        raise InvalidValue(f"{inside}endedAt", ended, f"a time from {began} on, when {what} began")


def check_loading(loading: Loading, plans: Iterable[WorldPlan], inside: str = "") -> None:
    """The same for how the steps of these plans are loaded."""
    places = [place for plan in plans for place in plan.places]
    steps = {place.step for place in places}
    for step in loading.seconds_of:
        if step not in steps:
            accepted = "a step of one of the tenant's load plans"
            raise InvalidValue(member(f"{inside}secondsOf", step), step, accepted)
    for index, failure in enumerate(loading.failures):
        place = f"{inside}failures[{index}]."
        if (failure.attempts is None) == (failure.share is None):
            accepted = "a share where no `attempts` are given (`all`, or a list of numbers), else none"
            raise InvalidValue(f"{place}share", failure.share, accepted)
        if failure.attempts is not None and failure.seed:
            raise InvalidValue(f"{place}seed", failure.seed, "none where `attempts` are given")
        missed = failure.misses(places)
        if missed is not None:
            raise InvalidValue(f"{place}{missed}", failure.where[missed], _IN_PLAN[missed])


_IN_PLAN: Final = {
    "loadPlan": "a load plan of the tenant with a step in it",
    "sequence": "a group of such a load plan with a step in it",
    "schema": "a schema of a step there",
    "step": "a step there",
}


def place_of(load_plan: str, sequence: int, step: str) -> Place:
    """The place of the step of this plan's group."""
    return Place(load_plan, sequence, step.partition(".")[0], step)


def first_miss(where: Mapping[str, object], places: Iterable[tuple[object, ...]]) -> str | None:
    """The first of these that leaves none of the places; none where one is left. What is none, all have.

    The places hold what they have in the same order.
    """
    left = list(places)
    for index, (name, wanted) in enumerate(where.items()):
        if wanted is not None:
            left = [place for place in left if place[index] == wanted]
            if not left:
                return name
    return None


_SCHEMA_FILE: Final = Path(__file__).parent / "world.schema.json"


def world_schema() -> str:
    """The JSON Schema (2020-12) of a world file, as the package ships it."""
    return _SCHEMA_FILE.read_text(encoding="utf-8")


def made_world_schema() -> str:
    """The same, made from the classes."""
    return schema_of(World, "world")


def write_world_schema(file: Path = _SCHEMA_FILE) -> None:
    """Write the file anew, after a change of the classes."""
    file.write_text(made_world_schema(), encoding="utf-8")
