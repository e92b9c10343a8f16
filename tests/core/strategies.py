"""Values of the core, drawn: plans with gaps, executions of every kind, and requests around them."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import strategies as st

from restart_engine import (
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    RestartRequest,
    Status,
    Step,
    StepOutcome,
)

RUN_STATUSES = [status for status in Status if status is not Status.SKIPPED]
ACTIVE = [Status.IN_PROGRESS, Status.IN_QUEUE]
OVER = [status for status in RUN_STATUSES if status not in ACTIVE]


class Scenario(NamedTuple):
    """What is decided on."""

    plan: LoadPlan
    request: RestartRequest
    latest: Execution | None


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).filter(
    lambda text: not text.isspace()
)
steps = st.builds(Step, names.filter(lambda text: "." not in text), names) | st.sampled_from(
    [Step("A", "a"), Step("A", "b"), Step("B", "a"), Step("B", "c.d")]
)
sequences = st.sampled_from([1, 2, 3, 4, 7, 10**30])


@st.composite
def load_groups(draw: st.DrawFn) -> LoadGroup:
    """A group of up to three steps."""
    return LoadGroup(draw(sequences), tuple(draw(st.lists(steps, unique=True, max_size=3))))


load_plans = st.builds(
    LoadPlan, names, st.lists(load_groups(), unique_by=lambda g: g.sequence, max_size=4).map(tuple)
)


@st.composite
def outcomes(draw: st.DrawFn, group: LoadGroup) -> GroupOutcome:
    """What may have become of a group, which may have been edited since."""
    status = draw(st.sampled_from(RUN_STATUSES))
    if draw(st.integers(0, 4)) == 0:
        return GroupOutcome(group.sequence, status, None)
    known = [step for step in group.steps if draw(st.integers(0, 5))]
    extra = draw(st.lists(steps, unique=True, max_size=1))
    recorded = {step: draw(st.sampled_from(Status)) for step in [*known, *extra]}
    return GroupOutcome(
        group.sequence, status, tuple(StepOutcome(step, of_step) for step, of_step in recorded.items())
    )


@st.composite
def executions(draw: st.DrawFn, plan: LoadPlan) -> Execution:
    """An execution of a plan, which may have been edited since."""
    gone = draw(st.lists(load_groups(), max_size=1))
    groups = {group.sequence: group for group in [*gone, *plan.groups] if draw(st.integers(0, 5))}
    recorded = tuple(draw(outcomes(group)) for group in groups.values())
    return Execution(draw(st.integers(1, 3) | st.just(2**64)), draw(st.sampled_from(RUN_STATUSES)), recorded)


@st.composite
def requests(draw: st.DrawFn, plan: LoadPlan, latest: Execution | None) -> RestartRequest:
    """A request around what there is: its sequences and the latest id, and beside them."""
    near = st.sampled_from([*plan.sequences, 0])
    sequence = draw(near | st.sampled_from([-(2**63), -1, 0, 5, 10**31]))
    ids = st.none() | st.integers(-1, 4)
    if latest is not None:
        ids = st.just(latest.id) | ids
    return RestartRequest(sequence, execution_id=draw(ids))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Every kind of decision is among these."""
    plan = draw(load_plans)
    latest = draw(executions(plan)) if draw(st.integers(0, 4)) else None
    return Scenario(plan, draw(requests(plan, latest)), latest)
