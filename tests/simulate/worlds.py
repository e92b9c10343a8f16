"""Small plans and worlds to simulate, made by hand and drawn."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.status import Status
from restart_engine.simulate import (
    Constant,
    Failure,
    Hours,
    Independent,
    Lognormal,
    Observed,
    Outage,
    Persistent,
    Simulation,
    StatedPolicy,
    Where,
)

HOUR, MINUTE = 3600.0, 60.0
EVENING, SIX = 22 * HOUR, 6 * HOUR
FOR_EVER = 8760.0
"""Hours after which no test's night still goes on."""


def plan_of(*sizes: int) -> LoadPlan:
    """A plan of groups 10, 20 and so on with so many steps."""
    groups = (
        LoadGroup(10 * number, [f"S{number}.T{step}" for step in range(size)])
        for number, size in enumerate(sizes, 1)
    )
    return LoadPlan("Nightly", tuple(groups))


def steps_of(plan: LoadPlan) -> list[Step]:
    """Each step of the plan once."""
    return list(dict.fromkeys(step for group in plan.groups for step in group.steps))


def constant(plan: LoadPlan, seconds: float) -> Any:
    """Each step takes this long."""
    return tuple((step, Constant(seconds)) for step in steps_of(plan))


def policy(start: Any, *waits: float, **more: Any) -> StatedPolicy:
    """A policy that restarts from there by itself, named so."""
    return StatedPolicy(name=start, restart_from=start, waits=waits, **more)


def three(wait: float = 0.0) -> tuple[StatedPolicy, ...]:
    """From the beginning, the failed group, and the failed steps, after so many seconds, without a limit."""
    return policy("beginning", wait), policy("failedGroup", wait), policy("failedSteps", wait)


def simulation(plan: LoadPlan, *failures: Failure, **more: Any) -> Simulation:
    """Nights from ten to six."""
    given: dict[str, Any] = {
        "policies": three(),
        "start": EVENING,
        "deadline_at": SIX,
        "hours": FOR_EVER,
        "slots": 10_000,
    }
    return Simulation(plan=plan, failures=failures, **(given | more))


shares = st.floats(0, 0.6) | st.sampled_from([0.0, 0.5])
times_of_day = st.integers(0, 47).map(lambda half: half * 1800.0)
hours = (
    st.tuples(times_of_day, times_of_day)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: Hours(*pair))
)
durations = (
    st.builds(Constant, st.sampled_from([0.0, 60.0, 600.0, 3600.0]))
    | st.builds(Lognormal, st.sampled_from([60.0, 1200.0]), st.sampled_from([0.0, 0.3, 1.0]))
    | st.lists(st.sampled_from([30.0, 300.0, 3000.0]), min_size=1, max_size=3).map(
        lambda s: Observed(tuple(s))
    )
)
statuses = st.sampled_from([Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED])


@st.composite
def plans(draw: st.DrawFn, groups: int = 3, steps: int = 3) -> LoadPlan:
    """A plan in which the same object may stand in several groups, a group may be empty, and a plan too."""
    names = st.sampled_from(["A.x", "A.y", "B.x", "B.y", "B.z.z"])
    sequences = draw(st.lists(st.integers(1, 99), max_size=groups, unique=True))
    return LoadPlan(
        "Drawn",
        tuple(
            LoadGroup(sequence, draw(st.lists(names, max_size=steps, unique=True))) for sequence in sequences
        ),
    )


@st.composite
def wheres(draw: st.DrawFn, plan: LoadPlan) -> Where:
    """A selection of some step of the plan, by some of what it is."""
    sequence, step = draw(st.sampled_from([(g.sequence, step) for g in plan.groups for step in g.steps]))
    return Where(
        schema=draw(st.sampled_from([None, step.schema])),
        sequence=draw(st.sampled_from([None, sequence])),
        step=draw(st.sampled_from([None, step])),
    )


@st.composite
def failures(draw: st.DrawFn, plan: LoadPlan) -> Failure:
    """A failure of any kind."""
    said: dict[str, Any] = {
        "where": draw(wheres(plan)),
        "share": draw(shares),
        "takes": draw(st.sampled_from([0.0, 0.5, 1.0])),
        "status": draw(statuses),
    }
    kind = draw(st.sampled_from([Independent, Outage, Persistent]))
    if kind is Outage:
        return Outage(begins=draw(hours), lasts=draw(durations), **said)
    said["hours"] = draw(st.none() | hours)
    said["attempts"] = draw(st.none() | st.just((1, 3)))
    if kind is Independent:
        return Independent(**said)
    mended: dict[str, Any] = draw(
        st.sampled_from([{"mended_after": 1800.0}, {"mended_after": 0.0}, {"mended_at": 7 * HOUR}])
    )
    return Persistent(breaks=draw(st.sampled_from(["step", "schema"])), **mended, **said)


@st.composite
def policies(draw: st.DrawFn) -> tuple[StatedPolicy, ...]:
    """From each start a policy: by itself, by hand, or one after the other."""
    made: list[StatedPolicy] = []
    starts: list[Any] = ["beginning", "failedGroup", "failedSteps"]
    for start in starts:
        how: dict[str, Any] = draw(
            st.sampled_from(
                [
                    {"waits": (1800.0, 3600.0)},
                    {"waits": (0.0,), "most": 2},
                    {"by_hand_at": (7 * HOUR, 12 * HOUR)},
                    {"waits": (600.0,), "most": 1, "by_hand_at": (7 * HOUR,)},
                ]
            )
        )
        made.append(StatedPolicy(name=start, restart_from=start, **how))
    return tuple(made)


@st.composite
def simulations(draw: st.DrawFn) -> Simulation:
    """Any world, small."""
    plan = draw(plans())
    start, deadline = draw(hours.map(lambda each: (each.begins, each.ends)))
    return Simulation(
        plan=plan,
        policies=draw(policies()),
        start=start,
        deadline_at=deadline,
        slots=draw(st.integers(1, 3)),
        past_failures=draw(st.booleans()),
        detailed_tracking=draw(st.sampled_from([True, True, False])),
        hours=draw(st.sampled_from([0.0, 12.0, 24.0])),
        durations=tuple((step, draw(durations)) for step in steps_of(plan)),
        failures=tuple(draw(st.lists(failures(plan), max_size=3))) if steps_of(plan) else (),
    )
