from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.stores import PROCESS, Store, store_at
from sqlalchemy import delete

from restart_engine.conformance.strategies import scenarios
from restart_engine.core import progress
from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import Step
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.core.status import Status
from restart_engine.server.loader import StepRun
from restart_engine.server.records import groups_text, opened_text, plan_from
from restart_engine.server.runs import StepEnd
from restart_engine.server.tables import attempts, executions, group_outcomes, load_plans, step_outcomes

OVER = sorted(progress.OVER, key=[Status.SUCCEEDED, *Status].index)


def restarts() -> st.SearchStrategy[RestartPlan]:
    """Restarts of plans of every kind, most of which were run before."""

    def from_anywhere(facts: Facts) -> list[RestartPlan]:
        decisions = [
            plan_restart(facts.plan, RestartRequest(sequence), facts.latest)
            for sequence in (0, *facts.plan.sequences)
        ]
        return [decision for decision in decisions if isinstance(decision, RestartPlan)]

    return scenarios().map(from_anywhere).filter(bool).flatmap(st.sampled_from)


def begun(execution: Execution) -> tuple[Execution, list[tuple[int, Step]]]:
    """The execution in memory with all begun that may."""
    turn = progress.ready(execution)
    if turn is None:
        return execution, []
    for step in turn.steps:
        execution = progress.begin_step(execution, turn.sequence, step)
    return execution, [(turn.sequence, step) for step in turn.steps]


def without_history(execution: Execution) -> Execution:
    """What is left of it when its steps are forgotten."""
    groups = tuple(GroupOutcome(group.sequence, group.status, None) for group in execution.groups)
    return Execution(execution.id, execution.status, groups)


def driven(store: Store, restart: RestartPlan, data: st.DataObject) -> None:
    """Drive an execution in memory and in the database, and compare them after each move."""
    keeps = data.draw(st.booleans(), label="keeps history")
    plan_id = store.plan(restart.facts.plan)
    value = store.opened(restart, plan_id, keeps_history=keeps)

    def same(value: Execution) -> Execution:
        kept = value if keeps or value.active else without_history(value)
        assert store.execution(value.id) == (value if opened_over else kept)
        return value

    opened_over = not value.active
    same(value)
    while value.active:
        given: tuple[StepRun, ...] = store.runs.begin(value.id)
        value, steps = begun(value)
        assert [(run.sequence, run.step) for run in given] == steps
        same(value)
        while steps and value.active:
            if data.draw(st.sampled_from([False] * 9 + [True]), label="cut off"):
                store.runs.cut_off(value.id)
                value = same(progress.cut_off(value))
                break
            ends = data.draw(
                st.lists(st.sampled_from(steps), min_size=1, max_size=3, unique=True), label="ends"
            )
            told = [StepEnd(*place, data.draw(st.sampled_from(OVER), label="how")) for place in ends]
            steps = [place for place in steps if place not in ends]
            for end in told:
                value = progress.end_step(value, *end)
            value = progress.advance(value)
            assert store.runs.end_steps(value.id, told) == value
            if data.draw(st.booleans(), label="forget"):
                store.runs.forget(value.id)
            same(value)
    assert store.runs.active_of(PROCESS) == ()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A small world, on each kind of database."""
    store = store_at(database_url)
    yield store
    store.close()


def test_the_database_has_what_memory_has(store: Store) -> None:
    """However a run goes, each of its moves is read back as `progress` makes it in memory."""

    @given(data=st.data())
    @settings(max_examples=settings().max_examples * 3 // 5, deadline=None)
    def told(data: st.DataObject) -> None:
        with store.database.writing() as connection:
            for table in (step_outcomes, group_outcomes, executions, attempts, load_plans):
                connection.execute(delete(table))
        driven(store, data.draw(restarts()), data)

    told()


@given(scenarios())
def test_a_plan_is_read_back(facts: Facts) -> None:
    """The text of a plan's groups is the plan."""
    plan = facts.plan
    assert plan_from(plan.name, groups_text(plan)) == plan


def test_the_text_of_a_record_says_what_is_known() -> None:
    """Steps of which nothing is known are none, and not none of them."""
    groups = (
        GroupOutcome(1, Status.FAILED, None),
        GroupOutcome(2, Status.IN_QUEUE, {}),
        GroupOutcome(30, Status.IN_QUEUE, {"A.a": Status.SKIPPED}),
    )
    assert opened_text(Execution(1, Status.FAILED, groups)) == (
        '[{"sequence":1,"status":"Failed","steps":null},{"sequence":2,"status":"In Queue","steps":{}},'
        '{"sequence":30,"status":"In Queue","steps":{"A.a":"Skipped"}}]'
    )
