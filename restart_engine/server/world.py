"""A world: tenants, and what is theirs. What can be made of these classes, a database can hold.

Errors name the fields as a world file does (`loadPlans[0].executions[1].id`), so that a reader has but to
say inside of what. Groups and their steps are counted in the order in which the values hold them.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Final, Literal, final

from attrs import field, frozen

from restart_engine.core.checks import (
    Sealed,
    check_integer,
    check_kind,
    check_text,
    check_tuple,
    check_unique,
)
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.core.rule_table import START_RULE_IDS, StartRuleId
from restart_engine.server.kept import (
    LISTED,
    MAX_ID,
    check_number_kept,
    check_schemas_listed,
    check_time,
)
from restart_engine.server.loading import Loading

_MAX_LOADERS: Final = 2**31 - 1
_ACCESS: Final = (None, "view", "edit")
_RULES: Final = (None, *START_RULE_IDS)


@final
@frozen
class Schema(Sealed):
    """A schema of a tenant."""

    id: int
    """1 or more, unique in its tenant; refusals name it."""
    name: str
    """Not blank, no dot."""

    def __attrs_post_init__(self) -> None:
        check_number_kept("id", self.id, most=MAX_ID)
        check_text("name", self.name)
        if "." in self.name:
            raise InvalidValue("name", self.name, "a schema's name, which has no dot")


@final
@frozen(kw_only=True)
class WorldUser(Sealed):
    """A user of a tenant, and what it may do."""

    name: str
    super_user: bool = False
    roles: frozenset[str] = frozenset()
    every_schema: Literal["view", "edit"] | None = None
    """`view` or `edit`, of every schema that the tenant has or will have."""
    view: frozenset[str] = frozenset()
    edit: frozenset[str] = frozenset()
    """Schemas by their names; who may edit one may view it too, so none stands in both."""

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name)
        check_kind("superUser", self.super_user, bool)
        _check_one_of("everySchema", self.every_schema, _ACCESS)
        for name, texts in (("roles", self.roles), ("view", self.view), ("edit", self.edit)):
            check_kind(name, texts, frozenset)
            for text in sorted(texts):
                check_text(name, text)
        if both := sorted(self.view & self.edit):
            raise InvalidValue("view", both[0], "schemas that `edit` does not hold: it includes viewing them")


@final
@frozen(kw_only=True)
class StepTimes(Sealed):
    """When a step of an execution began and ended, where that is known."""

    sequence: int
    step: Step
    began_at: str | None = None
    ended_at: str | None = None

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_kind("step", self.step, Step)
        check_time("beganAt", self.began_at)
        check_time("endedAt", self.ended_at)
        if self.began_at is None and self.ended_at is None:
            raise InvalidValue("beganAt", None, "a time, where `endedAt` is none")


@final
@frozen(kw_only=True)
class PastExecution(Sealed):
    """An execution, and what is kept beside its record."""

    record: Execution
    started_at: str | None = None
    ended_at: str | None = None
    started_by: str | None = None
    """The user's name; it need not be there any more."""
    rule: StartRuleId | None = None
    """What chose its start."""
    based_on: int | None = None
    keeps_history: bool = True
    """Whether its step outcomes stay when it is over."""
    times: tuple[StepTimes, ...] = ()
    """Ascending by sequence and step."""

    def __attrs_post_init__(self) -> None:
        check_kind("record", self.record, Execution)
        check_number_kept("id", self.record.id, most=MAX_ID)
        check_time("startedAt", self.started_at)
        check_time("endedAt", self.ended_at)
        if self.started_by is not None:
            check_text("startedBy", self.started_by)
        _check_one_of("rule", self.rule, _RULES)
        if self.based_on is not None:
            check_number_kept("basedOn", self.based_on)
        check_kind("keepsHistory", self.keeps_history, bool)
        if not self.keeps_history and not self.record.active:
            raise InvalidValue("keepsHistory", self.keeps_history, "none where the execution is over")
        self._check_times()

    def _check_times(self) -> None:
        check_tuple("times", self.times, StepTimes)
        check_unique("times", [(times.sequence, str(times.step)) for times in self.times])
        for index, times in enumerate(self.times):
            group = self.record.outcome(times.sequence)
            if group is None:
                raise InvalidValue(f"times[{index}].sequence", times.sequence, "a group of the execution")
            if group.status_of(times.step) is None:
                raise InvalidValue(f"times[{index}].step", str(times.step), "a step that the group recorded")
        ascending = sorted(self.times, key=lambda times: (times.sequence, str(times.step)))
        object.__setattr__(self, "times", tuple(ascending))


@final
@frozen(kw_only=True)
class Attempts(Sealed):
    """How often a server began a step of a plan's group; it need not be in the plan any more."""

    sequence: int
    step: Step
    count: int

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_kind("step", self.step, Step)
        check_number_kept("count", self.count)


@final
@frozen(kw_only=True)
class WorldPlan(Sealed):
    """A load plan, its executions and the attempts at its steps."""

    plan: LoadPlan
    executions: tuple[PastExecution, ...] = ()
    """In the order in which they were started: the last is the latest, and no other may be active."""
    attempts: tuple[Attempts, ...] = ()
    """Ascending by sequence and step."""

    def __attrs_post_init__(self) -> None:
        check_kind("plan", self.plan, LoadPlan)
        check_tuple("executions", self.executions, PastExecution)
        for index, execution in enumerate(self.executions[:-1]):
            if execution.record.active:
                accepted = "one that is over: only the last of a plan's executions may be active"
                raise InvalidValue(f"executions[{index}].status", execution.record.status, accepted)
        check_tuple("attempts", self.attempts, Attempts)
        check_unique("attempts", [(attempts.sequence, str(attempts.step)) for attempts in self.attempts])
        ascending = sorted(self.attempts, key=lambda attempts: (attempts.sequence, str(attempts.step)))
        object.__setattr__(self, "attempts", tuple(ascending))


@final
@frozen(kw_only=True)
class WorldTenant(Sealed):
    """A tenant; every schema that a plan or a user's access names is one of its schemas."""

    name: str
    enabled: bool = True
    detailed_tracking: bool = True
    """Enable detailed load jobs tracking: whether step outcomes stay when an execution is over."""
    loader_services: int = 1
    """Those that are available; 0 when there is none."""
    schemas: tuple[Schema, ...] = ()
    """Ascending by id."""
    users: tuple[WorldUser, ...] = ()
    plans: tuple[WorldPlan, ...] = ()
    loading: Loading = field(factory=Loading)

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name)
        check_kind("enabled", self.enabled, bool)
        check_kind("detailedTracking", self.detailed_tracking, bool)
        check_number_kept("loaderServices", self.loader_services, least=0, most=_MAX_LOADERS)
        check_tuple("schemas", self.schemas, Schema)
        check_schemas(self.schemas)
        object.__setattr__(self, "schemas", tuple(sorted(self.schemas, key=attrgetter("id"))))
        self._check_users()
        check_tuple("loadPlans", self.plans, WorldPlan)
        check_unique("loadPlans", [plan.plan.name for plan in self.plans], ".name")
        for index, plan in enumerate(self.plans):
            groups = ((group.sequence, group.names) for group in plan.plan.groups)
            check_schemas_listed(f"loadPlans[{index}].groups", groups, self.schema_names)
        check_kind("loading", self.loading, Loading)
        self._check_loading()

    @property
    def schema_names(self) -> frozenset[str]:
        """The names of its schemas."""
        return frozenset(schema.name for schema in self.schemas)

    def _check_users(self) -> None:
        check_tuple("users", self.users, WorldUser)
        check_unique("users", [user.name for user in self.users], ".name")
        listed = self.schema_names
        for index, user in enumerate(self.users):
            for name, granted in (("view", user.view), ("edit", user.edit)):
                if unknown := sorted(granted - listed):
                    raise InvalidValue(f"users[{index}].{name}", unknown[0], LISTED)

    def _check_loading(self) -> None:
        try:
            self.loading.check(plan.plan for plan in self.plans)
        except InvalidValue as error:
            raise InvalidValue(f"loading.{error.field}", error.value, error.accepted) from None


@final
@frozen
class World(Sealed):
    """Tenants, and what is theirs."""

    tenants: tuple[WorldTenant, ...]

    def __attrs_post_init__(self) -> None:
        check_tuple("tenants", self.tenants, WorldTenant)
        check_unique("tenants", [tenant.name for tenant in self.tenants], ".name")
        seen: set[int] = set()
        for place, execution in self.executions():
            if execution.record.id in seen:
                accepted = "an id that no other execution has, of whatever tenant"
                raise InvalidValue(f"{place}.id", execution.record.id, accepted)
            seen.add(execution.record.id)

    def executions(self) -> Iterable[tuple[str, PastExecution]]:
        """Every execution with its place."""
        for t, tenant in enumerate(self.tenants):
            for p, plan in enumerate(tenant.plans):
                for e, execution in enumerate(plan.executions):
                    yield f"tenants[{t}].loadPlans[{p}].executions[{e}]", execution


def check_schemas(schemas: tuple[Schema, ...]) -> None:
    """No two schemas of a tenant have one id, or one name."""
    check_unique("schemas", [schema.id for schema in schemas], ".id")
    check_unique("schemas", [schema.name for schema in schemas], ".name")


def _check_one_of(name: str, value: object, accepted: tuple[str | None, ...]) -> None:
    if value not in accepted:
        raise InvalidValue(name, value, f"one of {', '.join(filter(None, accepted))}, or none")
