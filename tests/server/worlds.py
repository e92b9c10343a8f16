"""Worlds, drawn: small, legal, and with names that a format or a database could trip over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from restart_engine.core.status import ACTIVE, OF_RUN, Status
from restart_engine.server.tables import MAX_STORED
from restart_engine.server.world import (
    MAX_ID,
    Attempts,
    Failure,
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
    kept_time,
)

ODD_TEXTS = [
    "no", "on", "null", "~", "true", "12", "012", "-1", "1e5", "1_000", "0x1f", "12:30", "2026-11-24", "=",
    "<<", " a\\", '"', "'", "- x", "x: y", "# c", "a #b", "&a", "*a", "!t", "%", "@", "`", "{", "[", "a\nb",
    "a\tb ", "a\0b", "\x7fx", "\x85x", "x\u2028", "\ufeffx", "\u05dc\u05d9", "e\u0301", "\U0001f600",
    "x " * 80,
]  # fmt: skip
TIMES = [
    "1970-01-01T00:00:00Z",
    "2024-02-29T23:59:59.999Z",
    "2026-11-24T21:05:00Z",
    "2026-11-24T21:05:00.2Z",
    "2026-11-24T21:05:00.250Z",
]
"""Ascending."""
RULES: Any = ["S1", "S2", "S3", "S4"]

names = st.sampled_from(["Nightly", "nightly", "MyLoadPlan", "ada", *ODD_TEXTS])
sequences = st.sampled_from([1, 2, 3, 70, 10**30])
times = st.tuples(*[st.none() | st.sampled_from(TIMES)] * 2).filter(
    lambda pair: None in pair or TIMES.index(pair[0]) <= TIMES.index(pair[1])
)
"""When something began and ended; either may be unknown."""
statuses_of_run = st.sampled_from(sorted(OF_RUN))
statuses_over = st.sampled_from(sorted(OF_RUN - ACTIVE))
seconds = st.floats(0, 1_000_000) | st.sampled_from([0.0, 5.0, 1e-05])
objects = st.sampled_from(["Orders", "a.b", "no", "12", *ODD_TEXTS])


def steps_of(schemas: Iterable[str]) -> st.SearchStrategy[str]:
    """Steps of these schemas."""
    return st.builds("{}.{}".format, st.sampled_from(sorted(schemas)), objects)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world of up to three tenants."""
    drawn = draw(st.lists(tenants(), max_size=3, unique_by=attrgetter("name")))
    count = sum(len(plan.executions) for tenant in drawn for plan in tenant.load_plans)
    ids = draw(
        st.lists(
            st.integers(1, 50) | st.sampled_from([2**53 + 1, MAX_ID]),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    left = iter(ids)
    return World([_numbered(tenant, left) for tenant in drawn])


def _numbered(tenant: Tenant, ids: Iterator[int]) -> Tenant:
    def plan(plan: WorldPlan) -> WorldPlan:
        return replace(plan, executions=[replace(past, id=next(ids)) for past in plan.executions])

    return replace(tenant, load_plans=[plan(each) for each in tenant.load_plans])


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    """A tenant; its executions all have the id 1."""
    schema_names = draw(st.lists(names.filter(lambda name: "." not in name), max_size=3, unique=True))
    ids = draw(
        st.lists(
            st.integers(1, 9) | st.just(MAX_ID),
            min_size=len(schema_names),
            max_size=len(schema_names),
            unique=True,
        )
    )
    plans = draw(st.lists(plans_of(schema_names), max_size=2, unique_by=attrgetter("name")))
    return Tenant(
        name=draw(names),
        enabled=draw(st.booleans()),
        detailed_tracking=draw(st.booleans()),
        loader_services=draw(st.sampled_from([0, 1, 2**31 - 1])),
        schemas=list(map(Schema, ids, schema_names)),
        users=draw(st.lists(users_of(schema_names), max_size=2, unique_by=attrgetter("name"))),
        load_plans=plans,
        loading=draw(st.none() | loadings_of(plans)),
    )


@st.composite
def users_of(draw: st.DrawFn, schemas: list[str]) -> WorldUser:
    """A user with access to some of these schemas."""
    access = {name: draw(st.sampled_from(["view", "edit", None])) for name in schemas}
    every: Any = draw(st.sampled_from([None, "view", "edit"]))
    return WorldUser(
        name=draw(names),
        super_user=draw(st.booleans()),
        roles=draw(st.lists(st.just("SuperRole") | names, max_size=2, unique=True)),
        every_schema=every,
        view=[name for name in schemas if access[name] == "view"],
        edit=[name for name in schemas if access[name] == "edit"],
    )


@st.composite
def plans_of(draw: st.DrawFn, schemas: list[str]) -> WorldPlan:
    """A load plan over these schemas, with executions and attempts that need not fit it."""
    steps = st.lists(steps_of(schemas), max_size=3, unique=True) if schemas else st.just([])
    past = draw(st.lists(executions(statuses_over), max_size=2))
    past += draw(st.lists(executions(statuses_of_run), max_size=1))
    tried = st.builds(
        Attempts,
        sequence=sequences,
        step=steps_of(["Sales"]),
        count=st.sampled_from([1, 2, MAX_STORED]),
    )
    return WorldPlan(
        name=draw(names),
        groups=[
            PlanGroup(sequence, draw(steps))
            for sequence in draw(st.lists(sequences, unique=True, max_size=3))
        ],
        executions=past,
        attempts=draw(st.lists(tried, max_size=2, unique_by=attrgetter("sequence", "step"))),
    )


@st.composite
def executions(draw: st.DrawFn, statuses: st.SearchStrategy[Status]) -> PastExecution:
    """An execution with the id 1."""
    outcomes = st.dictionaries(steps_of(["Sales", "no"]), st.sampled_from(Status), max_size=3)
    groups = [
        PastGroup(sequence, draw(statuses_of_run), draw(st.none() | outcomes))
        for sequence in draw(st.lists(sequences, unique=True, max_size=2))
    ]
    timed: list[StepTimes] = []
    for group in groups:
        for step in group.steps or ():
            began, ended = draw(times)
            if began or ended:
                timed.append(StepTimes(sequence=group.sequence, step=step, began_at=began, ended_at=ended))
    status = draw(statuses)
    began, ended = draw(times)
    return PastExecution(
        id=1,
        status=status,
        groups=groups,
        started_at=began,
        ended_at=ended,
        started_by=draw(st.none() | names),
        rule=draw(st.none() | st.sampled_from(RULES)),
        based_on=draw(st.none() | st.sampled_from([1, MAX_STORED])),
        keeps_history=draw(st.sampled_from([None, True, *([False] if status in ACTIVE else [])])),
        times=timed,
    )


@st.composite
def loadings_of(draw: st.DrawFn, plans: list[WorldPlan]) -> Loading:
    """How the steps of these plans are loaded."""
    places = [place for plan in plans for place in plan.places]
    failures: list[Failure] = []
    for _ in range(draw(st.integers(0, 2)) if places else 0):
        place = draw(st.sampled_from(places))
        listed = st.lists(st.sampled_from([1, 2, 10**30]), max_size=2, unique=True)
        how: dict[str, Any] = (
            {"attempts": draw(st.just("all") | listed)}
            if draw(st.booleans())
            else {
                "share": draw(st.floats(0, 1) | st.sampled_from([0.0, 1.0])),
                "seed": draw(st.sampled_from([None, 0, 7, -1, 10**30])),
            }
        )
        failures.append(
            Failure(
                load_plan=draw(st.sampled_from([None, place.load_plan])),
                sequence=draw(st.sampled_from([None, place.sequence])),
                schema=draw(st.sampled_from([None, place.schema])),
                step=draw(st.sampled_from([None, place.step])),
                status=draw(st.sampled_from(sorted(OF_RUN - ACTIVE - {Status.SUCCEEDED}))),
                **how,
            )
        )
    timed = draw(st.sets(st.sampled_from([place.step for place in places]), max_size=2)) if places else set()
    return Loading(
        by_hand=draw(st.booleans()),
        seconds=draw(seconds),
        seconds_of={step: draw(seconds) for step in sorted(timed)},
        failures=failures,
    )


def as_dumped(world: World) -> World:
    """The same world as a database gives it: what has an order in that, and nothing as it is by default."""
    return World([_tenant_as_dumped(tenant) for tenant in world.tenants])


def _tenant_as_dumped(tenant: Tenant) -> Tenant:
    def user(user: WorldUser) -> WorldUser:
        return replace(user, roles=sorted(user.roles), view=sorted(user.view), edit=sorted(user.edit))

    def plan(plan: WorldPlan) -> WorldPlan:
        return replace(
            plan,
            groups=sorted(plan.groups, key=attrgetter("sequence")),
            executions=[past(each) for each in plan.executions],
            attempts=sorted(plan.attempts, key=attrgetter("sequence", "step")),
        )

    def past(past: PastExecution) -> PastExecution:
        stated = past.status in ACTIVE and past.keeps_history is not tenant.detailed_tracking
        return replace(
            past,
            groups=sorted(past.groups, key=attrgetter("sequence")),
            keeps_history=past.keeps_history if stated else None,
            times=sorted(map(in_milliseconds, past.times), key=attrgetter("sequence", "step")),
            started_at=past.started_at and kept_time(past.started_at),
            ended_at=past.ended_at and kept_time(past.ended_at),
        )

    def in_milliseconds(times: StepTimes) -> StepTimes:
        return replace(
            times,
            began_at=times.began_at and kept_time(times.began_at),
            ended_at=times.ended_at and kept_time(times.ended_at),
        )

    return replace(
        tenant,
        schemas=sorted(tenant.schemas, key=attrgetter("id")),
        users=[user(each) for each in tenant.users],
        load_plans=[plan(each) for each in tenant.load_plans],
        loading=None if tenant.loading == Loading() else tenant.loading,
    )
