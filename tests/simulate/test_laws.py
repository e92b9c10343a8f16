from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from simulate.worlds import (
    FOR_EVER,
    HOUR,
    MINUTE,
    constant,
    plan_of,
    plans,
    simulation,
    simulations,
    statuses,
    steps_of,
    three,
)

from restart_engine.core.plan import Step
from restart_engine.simulate import (
    Constant,
    Ending,
    Hours,
    Independent,
    Outage,
    Simulation,
    StatedPolicy,
    Story,
    Where,
    check_night,
    run_night,
)

SEEDS = st.integers(0, 10**6)


@settings(max_examples=3 * settings().max_examples // 2)
@given(simulations(), SEEDS)
def test_every_night_of_any_world_keeps_the_laws(world: Simulation, seed: int) -> None:
    """What runs is counted once, in order, within the slots, and nothing is left out that was not done."""
    for policy in world.policies:
        assert check_night(world, run_night(world, policy, 1, seed=seed)) == []


@settings(max_examples=3 * settings().max_examples // 2)
@given(plans(groups=2, steps=2), st.floats(0, 0.5), statuses, st.booleans(), SEEDS)
def test_a_policy_that_skips_more_never_runs_more(
    plan: Any, share: float, status: Any, past_failures: bool, seed: int
) -> None:
    """Where failures depend on the attempt alone, and restarts have no limit, this holds night by night.

    From the failed steps a step runs until it first succeeds; a night that is completed otherwise has run
    it as often at least. From the failed group a group runs until an attempt at which all its steps succeed;
    from the beginning it is passed for the last time at such an attempt, which is that one or a later one.
    """
    world = simulation(
        plan,
        Independent(share=share, status=status),
        past_failures=past_failures,
        durations=constant(plan, 60.0),
    )
    stories = [run_night(world, policy, 1, seed=seed) for policy in world.policies]
    assume(all(story.ending is Ending.COMPLETED for story in stories))
    runs = [story.result.steps_run for story in stories]
    assert runs == sorted(runs, reverse=True)
    twice = [story.result.run_twice for story in stories]
    assert twice[1] <= twice[0]
    assert past_failures or twice[2] == 0
    assert stories[2].ended <= stories[1].ended <= stories[0].ended


def test_where_time_decides_skipping_more_may_run_more() -> None:
    """The law needs its condition: who is quicker to retry meets an outage once more."""
    a_minute = Hours(22 * HOUR, 22 * HOUR + MINUTE)
    down = Outage(where=Where(), share=1.0, begins=a_minute, lasts=Constant(HOUR), takes=0.0)
    quick = StatedPolicy(name="quick", restart_from="failedSteps", waits=(10 * MINUTE,))
    slow = StatedPolicy(name="slow", restart_from="beginning", waits=(2 * HOUR,))
    world = simulation(plan_of(1), down, policies=(quick, slow))
    runs = [run_night(world, policy, 1).result.steps_run for policy in world.policies]
    assert runs[0] > runs[1] == 2


def failing_night() -> tuple[Simulation, Story]:
    """A night of two groups in which the second step of the first fails at its first attempt."""
    plan = plan_of(2, 1)
    world = simulation(
        plan,
        Independent(share=1.0, attempts=(1,), where=Where(step=steps_of(plan)[1])),
        policies=three(60.0),
        durations=constant(plan, 60.0),
        slots=2,
    )
    return world, run_night(world, world.policies[2], 1)


def test_the_night_that_is_broken_below_is_right() -> None:
    """Two runs, four step runs: two, the one that failed, and the next group's."""
    world, story = failing_night()
    assert check_night(world, story) == []
    assert [str(step.step) for step in story.steps] == ["S1.T1", "S1.T0", "S1.T1", "S2.T0"]
    assert story.result.saved == 1


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda s: evolve(s, steps=s.steps[:-1]), "step runs, but the executions tell of"),
        (lambda s: evolve(s, steps=(*s.steps, s.steps[-1])), "overlaps itself"),
        (lambda s: evolve(s, ending=Ending.GIVEN_UP), "the night is given up, and its last run Succeeded"),
        (lambda s: evolve(s, rule="R3"), "a rule is named where nothing was rejected"),
        (lambda s: evolve(s, runs=s.runs[:1]), "the night is completed, and its last run Failed"),
        (lambda s: with_step(s, 3, began=s.start), "begins before group"),
        (lambda s: with_step(s, 3, ended=s.ended + 1), "runs outside of execution 2"),
        (lambda s: with_step(s, 2, attempt=3), "are not counted one by one"),
        (lambda s: with_step(s, 1, step=Step("X", "y")), "that is not in the plan"),
        (lambda s: with_step(s, 1, status=s.steps[0].status), "leaves out a step that was not completed"),
        (lambda s: evolve(s, runs=(s.runs[0], evolve(s.runs[1], began=s.start))), "before the last one"),
    ],
)  # fmt: skip
def test_a_night_that_breaks_a_law_is_told(broken: Any, said: str) -> None:
    """Each law is seen to fail."""
    world, story = failing_night()
    assert any(said in told for told in check_night(world, broken(story))), check_night(world, broken(story))


def with_step(story: Story, index: int, **changed: Any) -> Story:
    """The story with one of its step runs changed."""
    steps = list(story.steps)
    steps[index] = evolve(steps[index], **changed)
    return evolve(story, steps=tuple(steps))


def test_more_steps_at_once_than_slots_are_told() -> None:
    """The same night is wrong where there is but one slot."""
    world, story = failing_night()
    assert "2 steps run at once" in check_night(evolve(world, slots=1), story)


def test_a_step_of_the_plan_that_never_ran_is_told() -> None:
    """The same night is wrong for a plan with one step more."""
    _, story = failing_night()
    larger = simulation(plan_of(2, 2), hours=FOR_EVER)
    assert "the night is completed, and a step of the plan is not" in check_night(larger, story)
