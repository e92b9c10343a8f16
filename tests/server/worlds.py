"""Worlds, drawn: small, legal, and with names that a format or a database could trip over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.status import ACTIVE, OF_RUN, Status
from restart_engine.server.failures import Failure
from restart_engine.server.kept import MAX_ID
from restart_engine.server.loading import Loading
from restart_engine.server.tables import MAX_STORED
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

ODD_TEXTS = [
    "no", "on", "null", "~", "true", "12", "012", "-1", "1e5", "1_000", "0x1f", "12:30", "2026-11-24", "=",
    "<<", " a\\", '"', "'", "- x", "x: y", "# c", "a #b", "&a", "*a", "!t", "%", "@", "`", "{", "[", "a\nb",
    "a\tb ", "a\0b", "\x7fx", "\x85x", "x\u2028", "\ufeffx", "\u05dc\u05d9", "e\u0301", "\U0001f600",
    "x " * 80,
]  # fmt: skip
TIMES = ["2026-11-24T21:05:00.250Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"]
RULES: Any = ["S1", "S2", "S3", "S4"]

names = st.sampled_from(["Nightly", "nightly", "MyLoadPlan", "ada", *ODD_TEXTS])
sequences = st.sampled_from([1, 2, 3, 70, 10**30])
times = st.none() | st.sampled_from(TIMES)
statuses_of_run = st.sampled_from(sorted(OF_RUN))
statuses_over = st.sampled_from(sorted(OF_RUN - ACTIVE))
seconds = st.floats(0, 1_000_000) | st.sampled_from([0.0, 5.0, 1e-05])
objects = st.sampled_from(["Orders", "a.b", "no", "12", *ODD_TEXTS])


def steps_of(schemas: Iterable[str]) -> st.SearchStrategy[Step]:
    """Steps of these schemas."""
    return st.builds(Step, st.sampled_from(sorted(schemas)), objects)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world of up to three tenants."""
    drawn = draw(st.lists(tenants(), max_size=3, unique_by=lambda tenant: tenant.name))
    count = sum(len(plan.executions) for tenant in drawn for plan in tenant.plans)
    ids = draw(
        st.lists(
            st.integers(1, 50) | st.sampled_from([2**53 + 1, MAX_ID]),
            min_size=count,
            max_size=count,
            unique=True,
        )
    )
    left = iter(ids)
    return World(tuple(_numbered(tenant, left) for tenant in drawn))


def _numbered(tenant: WorldTenant, ids: Any) -> WorldTenant:
    def plan(plan: WorldPlan) -> WorldPlan:
        past = (evolve(e, record=evolve(e.record, id=next(ids))) for e in plan.executions)
        return evolve(plan, executions=tuple(past))

    return evolve(tenant, plans=tuple(map(plan, tenant.plans)))


@st.composite
def tenants(draw: st.DrawFn) -> WorldTenant:
    """A tenant; its executions all have the id 1."""
    schema_names = draw(st.sets(names.filter(lambda name: "." not in name), max_size=3))
    ids = draw(
        st.lists(
            st.integers(1, 9) | st.just(MAX_ID),
            min_size=len(schema_names),
            max_size=len(schema_names),
            unique=True,
        )
    )
    plans = tuple(draw(st.lists(plans_of(schema_names), max_size=2, unique_by=lambda p: p.plan.name)))
    return WorldTenant(
        name=draw(names),
        enabled=draw(st.booleans()),
        detailed_tracking=draw(st.booleans()),
        loader_services=draw(st.sampled_from([0, 1, 2**31 - 1])),
        schemas=tuple(map(Schema, ids, sorted(schema_names))),
        users=tuple(draw(st.lists(users_of(schema_names), max_size=2, unique_by=lambda user: user.name))),
        plans=plans,
        loading=draw(loadings_of([plan.plan for plan in plans])),
    )


@st.composite
def users_of(draw: st.DrawFn, schemas: set[str]) -> WorldUser:
    """A user with access to some of these schemas."""
    access = {name: draw(st.sampled_from(["view", "edit", None])) for name in sorted(schemas)}
    every: Any = draw(st.sampled_from([None, "view", "edit"]))
    return WorldUser(
        name=draw(names),
        super_user=draw(st.booleans()),
        roles=draw(st.frozensets(st.just("SuperRole") | names, max_size=2)),
        every_schema=every,
        view=frozenset(name for name in schemas if access[name] == "view"),
        edit=frozenset(name for name in schemas if access[name] == "edit"),
    )


@st.composite
def plans_of(draw: st.DrawFn, schemas: set[str]) -> WorldPlan:
    """A load plan over these schemas, with executions and attempts that need not fit it."""
    steps = st.lists(steps_of(schemas), max_size=3, unique=True) if schemas else st.just([])
    groups = [
        LoadGroup(sequence, tuple(draw(steps)))
        for sequence in draw(st.lists(sequences, unique=True, max_size=3))
    ]
    past = draw(st.lists(executions(statuses_over), max_size=2))
    past += draw(st.lists(executions(statuses_of_run), max_size=1))
    tried = st.builds(
        Attempts,
        sequence=sequences,
        step=steps_of(["Sales"]),
        count=st.sampled_from([1, 2, MAX_STORED]),
    )
    return WorldPlan(
        plan=LoadPlan(draw(names), tuple(groups)),
        executions=tuple(past),
        attempts=tuple(draw(st.lists(tried, max_size=2, unique_by=lambda a: (a.sequence, a.step)))),
    )


@st.composite
def executions(draw: st.DrawFn, statuses: st.SearchStrategy[Status]) -> PastExecution:
    """An execution with the id 1."""
    outcomes = st.dictionaries(st.builds(str, steps_of(["Sales", "no"])), st.sampled_from(Status), max_size=3)
    groups = [
        GroupOutcome(sequence, draw(statuses_of_run), draw(st.none() | outcomes))
        for sequence in draw(st.lists(sequences, unique=True, max_size=2))
    ]
    record = Execution(1, draw(statuses), tuple(groups))
    timed = []
    for group in groups:
        for name in group.recorded:
            began, ended = draw(times), draw(times)
            if began or ended:
                step = Step.parse(name)
                timed.append(StepTimes(sequence=group.sequence, step=step, began_at=began, ended_at=ended))
    return PastExecution(
        record=record,
        started_at=draw(times),
        ended_at=draw(times),
        started_by=draw(st.none() | names),
        rule=draw(st.none() | st.sampled_from(RULES)),
        based_on=draw(st.none() | st.sampled_from([1, MAX_STORED])),
        keeps_history=not record.active or draw(st.booleans()),
        times=tuple(timed),
    )


@st.composite
def loadings_of(draw: st.DrawFn, plans: list[LoadPlan]) -> Loading:
    """How the steps of these plans are loaded."""
    places = [(plan.name, g.sequence, step) for plan in plans for g in plan.groups for step in g.steps]
    failures: list[Failure] = []
    for _ in range(draw(st.integers(0, 2)) if places else 0):
        name, sequence, step = draw(st.sampled_from(places))
        how: dict[str, Any] = (
            {"attempts": tuple(draw(st.lists(st.sampled_from([1, 2, 10**30]), max_size=2, unique=True)))}
            if draw(st.booleans())
            else {
                "share": draw(st.floats(0, 1) | st.sampled_from([0.0, 1.0])),
                "seed": draw(st.sampled_from([0, 7, -1, 10**30])),
            }
        )
        failures.append(
            Failure(
                load_plan=draw(st.sampled_from([None, name])),
                sequence=draw(st.sampled_from([None, sequence])),
                schema=draw(st.sampled_from([None, step.schema])),
                step=draw(st.sampled_from([None, step])),
                status=draw(st.sampled_from(sorted(OF_RUN - ACTIVE - {Status.SUCCEEDED}))),
                **how,
            )
        )
    timed = draw(st.sets(st.sampled_from(places), max_size=2)) if places else set()
    return Loading(
        by_hand=draw(st.booleans()),
        seconds=draw(seconds),
        seconds_of=tuple((step, draw(seconds)) for step in {step for _, _, step in timed}),
        failures=tuple(failures),
    )
