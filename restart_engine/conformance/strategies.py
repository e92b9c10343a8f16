"""Hypothesis strategies for plans, executions, requests, scenarios and chains of restarts.

Small values with all that makes a decision hard: gaps between sequences, edited plans, lost history, every
status, groups never reached, names and ids that are easily confused. Everything shrinks towards few groups
and steps that Succeeded. Draw from them in tests of your own:

    @given(scenarios())
    def test_it(facts): ...
"""

from __future__ import annotations

from functools import cache
from typing import Final, final

from attrs import frozen
from hypothesis import strategies as st

from restart_engine.core import progress
from restart_engine.core.checks import Sealed
from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.core.status import ACTIVE, OF_RUN, Status

RUN_STATUSES: Final = sorted(OF_RUN, key=[Status.SUCCEEDED, Status.FAILED, *Status].index)
"""What a group or an execution may have; in the order in which they shrink."""
OVER: Final = [status for status in RUN_STATUSES if status not in ACTIVE]
_SEQUENCES: Final = [1, 2, 3, 4, 7, 10, 12, 10**30]
_IDS: Final = [1, 2, 3, 9, 10, 2**64, 2**64 + 1]
_COMMON: Final = [Step.parse(name) for name in ("A.a", "A.b", "B.a", "B.c.d")]
_CONFUSABLE: Final = [
    Step.parse(name)
    for name in (
        "a.a", "A.A", "A.a ", "A.a.a", "B.c", "1.2", "__proto__.x", "\u00e9.a", "e\u0301.a", "\u05d0.\u05d1",
        "A.\U0001f600", "A.\u202ea", 'A.q"\\', "A.a\n",
    )
]  # fmt: skip


_characters = st.characters(exclude_categories=["Cs"])
_texts = st.text(_characters, min_size=1, max_size=4).filter(lambda text: not text.isspace())
_schemas = _texts.filter(lambda text: "." not in text)
_common = st.sampled_from(_COMMON)
_steps = _common | _common | st.sampled_from(_CONFUSABLE) | st.builds(Step, _schemas, _texts)
_sequences = st.sampled_from(_SEQUENCES)
_of_run, _of_step = st.sampled_from(RUN_STATUSES), st.sampled_from(Status)
_of_latest = st.sampled_from([*OVER, *OVER, *RUN_STATUSES])
_ids = st.sampled_from(_IDS)
_names = st.sampled_from(["Nightly", "nightly", "\u05dc\u05d9\u05dc\u05d4"])
_fate = st.sampled_from(["never reached", *["recorded"] * 6, "gone"])
_one_in_four = st.sampled_from([False, True, False, False])
_mostly = st.sampled_from([False, True, True, True, True, True])
_places = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
_beside_sequences = st.sampled_from([-1, -(2**63), 5, 10**30 + 1])


def steps() -> st.SearchStrategy[Step]:
    """Mostly one of four, so that they meet again; some that are easily confused, some of any text."""
    return _steps


@cache
def _lists_of_steps(most: int) -> st.SearchStrategy[list[Step]]:
    return st.lists(_steps, unique=True, max_size=most)


@st.composite
def load_groups(draw: st.DrawFn, *, max_steps: int = 3) -> LoadGroup:
    """A group of up to so many steps, often with a gap before it."""
    return LoadGroup(draw(_sequences), tuple(draw(_lists_of_steps(max_steps))))


def load_plans(*, max_groups: int = 4, max_steps: int = 3) -> st.SearchStrategy[LoadPlan]:
    """A plan of up to so many groups, some of them and it itself perhaps empty."""
    groups = st.lists(load_groups(max_steps=max_steps), unique_by=_sequence, max_size=max_groups)
    return st.builds(LoadPlan, _names, groups.map(tuple))


def _sequence(group: LoadGroup) -> int:
    return group.sequence


@st.composite
def outcomes(draw: st.DrawFn, group: LoadGroup) -> GroupOutcome:
    """What may have become of a group, which may have been edited since; its history may be lost."""
    status = draw(_of_run)
    if draw(_one_in_four):
        return GroupOutcome(group.sequence, status, None)
    known = [name for name in group.names if draw(_mostly)]
    gone = [str(draw(_steps))] if draw(_one_in_four) else []
    return GroupOutcome(group.sequence, status, {name: draw(_of_step) for name in [*known, *gone]})


@st.composite
def executions(draw: st.DrawFn, plan: LoadPlan) -> Execution:
    """An execution of a plan, which may have been edited since; more often over than active."""
    gone = [draw(load_groups())] if draw(_one_in_four) else []
    groups = {group.sequence: group for group in [*gone, *plan.groups] if draw(_mostly)}
    recorded = tuple(draw(outcomes(group)) for group in groups.values())
    return Execution(draw(_ids), draw(_of_latest), recorded)


@st.composite
def requests(draw: st.DrawFn, plan: LoadPlan, latest: Execution | None = None) -> RestartRequest:
    """A request around what there is: mostly its sequences and the latest id, else beside them."""
    place = min(draw(_places), len(plan.sequences))
    sequence = draw(_beside_sequences) if draw(_one_in_four) else (0, *plan.sequences)[place]
    beside: list[int | None] = [None, 0, -1, 1, 2, 2**64]
    if latest is None:
        return RestartRequest(sequence, execution_id=draw(st.sampled_from(beside)))
    near = [None, latest.id - 1, latest.id + 1, -latest.id]
    ids = [latest.id] * 10 + [*near, *beside]
    return RestartRequest(sequence, execution_id=draw(st.sampled_from(ids)))


@st.composite
def _fates(draw: st.DrawFn, *, max_steps: int) -> tuple[LoadGroup | None, GroupOutcome | None]:
    """A group and what became of it, drawn side by side, so that they shrink away together."""
    group = draw(load_groups(max_steps=max_steps))
    fate = draw(_fate)
    if fate == "never reached":
        return group, None
    outcome = draw(outcomes(group))
    return (None if fate == "gone" else group), outcome


def _sequence_of_fate(fate: tuple[LoadGroup | None, GroupOutcome | None]) -> int | None:
    there = fate[0] or fate[1]
    return there and there.sequence


@cache
def _lists_of_fates(
    groups: int, steps: int
) -> st.SearchStrategy[list[tuple[LoadGroup | None, GroupOutcome | None]]]:
    return st.lists(_fates(max_steps=steps), unique_by=_sequence_of_fate, max_size=groups)


@st.composite
def scenarios(draw: st.DrawFn, *, max_groups: int = 4, max_steps: int = 3) -> Facts:
    """The facts of one decision; every rule, consequence and freedom is among these."""
    fates = draw(_lists_of_fates(max_groups, max_steps))
    plan = LoadPlan(draw(_names), tuple(group for group, _ in fates if group is not None))
    latest = None
    if draw(_mostly):
        recorded = tuple(outcome for _, outcome in fates if outcome is not None)
        latest = Execution(draw(_ids), draw(_of_latest), recorded)
    return Facts(plan, draw(requests(plan, latest)), latest)


@final
@frozen
class Link(Sealed):
    """One link of a chain: a restart that was accepted, and the execution it became, now over."""

    restart: RestartPlan
    execution: Execution


@st.composite
def chains(draw: st.DrawFn, *, max_links: int = 4) -> tuple[Link, ...]:
    """A plan started over and then restarted again and again, each run ending some way or other."""
    plan = draw(load_plans().filter(lambda plan: bool(plan.groups)))
    links: list[Link] = []
    latest: Execution | None = None
    for number in range(1, draw(st.integers(1, max_links)) + 1):
        request = RestartRequest(0, execution_id=None if latest is None else latest.id)
        decision = plan_restart(plan, request, latest)
        if not isinstance(decision, RestartPlan):
            break
        latest = draw(_ended(progress.opening_record(decision, number)))
        links.append(Link(decision, latest))
    return tuple(links)


@st.composite
def _ended(draw: st.DrawFn, run: Execution) -> Execution:
    """The execution driven to some end: every step may fail, and the run may be cut off anywhere."""
    while (turn := progress.ready(run)) is not None:
        statuses = [Status.SUCCEEDED]
        for step in turn.steps:
            run = progress.begin_step(run, turn.sequence, step)
            if draw(st.integers(0, 9)) == 1:
                return progress.cut_off(run)
            statuses.append(draw(st.sampled_from([Status.SUCCEEDED, *OVER])))
            run = progress.end_step(run, turn.sequence, step, statuses[-1])
        if set(statuses) != {Status.SUCCEEDED}:
            run = progress.end_group(run, turn.sequence, Status.FAILED)
            return progress.end_execution(run, Status.FAILED)
        run = progress.end_group(run, turn.sequence, Status.SUCCEEDED)
    return progress.end_execution(run, Status.SUCCEEDED)
