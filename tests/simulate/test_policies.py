from __future__ import annotations

from typing import Any

import pytest
from simulate.worlds import EVENING, HOUR, MINUTE, constant, plan_of, policy, simulation, three

from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status
from restart_engine.simulate import (
    Ending,
    Independent,
    Restart,
    Simulation,
    StatedPolicy,
    Story,
    Where,
    run_night,
    run_nights,
)
from restart_engine.simulate.night import MOST_RESTARTS

ALWAYS = Independent(share=1.0, takes=0.0)


def night(world: Simulation) -> Story:
    """The first night under the first policy."""
    return run_night(world, world.policies[0], 1)


def begun(story: Story) -> list[float]:
    """When its executions began, in minutes after ten."""
    return [round((run.began - EVENING) / MINUTE, 6) for run in story.runs]


def failing(made: StatedPolicy, **more: Any) -> Simulation:
    """A step that always fails at once."""
    return simulation(plan_of(1), ALWAYS, policies=(made,), **more)


def test_waits_follow_one_another_and_the_last_repeats() -> None:
    """Five minutes, then ten, and ten again, until there is no time left."""
    story = night(failing(policy("beginning", 5 * MINUTE, 10 * MINUTE), hours=0.5))
    assert begun(story) == [0, 5, 15, 25]
    assert story.ending is Ending.GIVEN_UP
    assert story.result.seconds == 25 * MINUTE


def test_of_several_failed_groups_the_first_is_restarted() -> None:
    """Where a run went on past failures, the later ones run again after it."""
    failed = tuple(GroupOutcome(sequence, Status.FAILED, None) for sequence in (20, 30))
    restart = policy("failedGroup", 0.0).restart(Execution(1, Status.FAILED, failed), EVENING, 0)
    assert restart is not None
    assert restart.request == RestartRequest(20)


def test_a_limit_of_restarts_gives_the_night_up() -> None:
    """Two restarts, three executions."""
    story = night(failing(policy("beginning", MINUTE, most=2)))
    assert begun(story) == [0, 1, 2]
    assert story.ending is Ending.GIVEN_UP


def test_what_is_left_after_the_limit_is_restarted_by_hand() -> None:
    """At the next of the times at which somebody looks."""
    looked = policy("beginning", MINUTE, most=1, by_hand_at=(7 * HOUR, 8 * HOUR))
    assert begun(night(failing(looked, hours=10.0))) == [0, 1, 9 * 60]
    only = policy("beginning", by_hand_at=(8 * HOUR, 7 * HOUR))
    plan = plan_of(1)
    slow = simulation(
        plan,
        Independent(share=1.0, takes=1.0),
        policies=(only,),
        durations=constant(plan, 1800.0),
        hours=12.0,
    )
    assert begun(night(slow)) == [0, 9 * 60, 10 * 60]


def test_no_restart_begins_when_the_night_is_over() -> None:
    """One that would begin at that very moment does not."""
    assert begun(night(failing(policy("beginning", HOUR), hours=2.0))) == [0, 60]


def test_a_night_that_would_never_end_is_given_up() -> None:
    """A step that takes no time, and is restarted at once."""
    story = night(failing(policy("beginning", 0.0)))
    assert (len(story.runs), story.ending) == (MOST_RESTARTS + 1, Ending.GIVEN_UP)


def test_each_start_is_a_request_of_its_own() -> None:
    """From the beginning S1, from the failed group S2, from the failed steps S3."""
    second = Independent(share=1.0, attempts=(1,), where=Where(sequence=20))
    world = simulation(plan_of(1, 2), second)
    stories = [run_night(world, each, 1) for each in world.policies]
    assert [story.runs[1].decision.rule for story in stories] == ["S1", "S2", "S3"]
    assert [story.result.steps_run for story in stories] == [6, 5, 5]


def test_a_rejection_ends_the_night_with_its_rule() -> None:
    """Without detailed tracking failed steps are not known [R5]; the others do not need them."""
    failing_once = Independent(share=1.0, attempts=(1,), where=Where(sequence=20))
    world = simulation(plan_of(1, 2), failing_once, detailed_tracking=False)
    stories = [run_night(world, each, 1) for each in world.policies]
    assert [(story.ending, story.rule) for story in stories] == [
        (Ending.COMPLETED, None),
        (Ending.COMPLETED, None),
        (Ending.REJECTED, "R5"),
    ]


def test_a_plan_without_a_group_is_rejected() -> None:
    """There is nowhere to start [R4], and nothing ran."""
    world = simulation(LoadPlan("Empty", ()), policies=three())
    story = night(world)
    assert (story.ending, story.rule, story.runs) == (Ending.REJECTED, "R4", ())
    assert story.result.restarts == 0


def test_a_run_goes_on_past_a_failed_group_where_it_is_said() -> None:
    """Then the second group runs in the first execution too, and again in the restart."""
    first = Independent(share=1.0, attempts=(1,), where=Where(sequence=10))
    stops = night(simulation(plan_of(2, 1), first, policies=(policy("failedSteps", MINUTE),)))
    goes_on = night(
        simulation(plan_of(2, 1), first, policies=(policy("failedSteps", MINUTE),), past_failures=True)
    )
    assert [step.sequence for step in stops.steps] == [10, 10, 10, 10, 20]
    assert [step.sequence for step in goes_on.steps] == [10, 10, 20, 10, 10, 20]
    assert (stops.result.run_twice, goes_on.result.run_twice) == (0, 1)


def test_steps_take_their_slots_in_the_plan_s_order() -> None:
    """Which is not that of their names."""
    from restart_engine.core.plan import LoadGroup  # noqa: PLC0415  # for this alone

    plan = LoadPlan("Order", (LoadGroup(1, ["B.b", "A.a", "C.c"]),))
    story = night(simulation(plan, slots=1))
    assert [str(step.step) for step in story.steps] == ["B.b", "A.a", "C.c"]
    again = LoadPlan("Again", (*plan.groups, LoadGroup(2, ["B.b"])))
    story = night(simulation(again, slots=1))
    assert [str(step.step) for step in story.steps] == ["B.b", "A.a", "C.c", "B.b"]


class Impatient:
    """A policy of one's own: starts over before midnight, and resumes after it."""

    name = "impatient"

    def restart(self, latest: Execution, ended: float, restarts: int, /) -> Restart | None:
        """Give up after three; an hour between them."""
        if restarts == 3:
            return None
        late = ended >= 24 * HOUR
        return Restart(ended + HOUR, RestartRequest(0, execution_id=latest.id if late else None))


def test_a_policy_of_one_s_own_decides_as_well() -> None:
    """Also in other processes, where it can be imported there."""
    second = Independent(share=1.0, where=Where(sequence=20), takes=0.0)
    world = simulation(plan_of(1, 1), second, policies=(Impatient(),))
    story = night(world)
    assert [run.decision.rule for run in story.runs] == ["S1", "S1", "S1", "S3"]
    assert begun(story)[1] == pytest.approx(65)
    assert run_nights(world, 1)["impatient"] == (story.result,)
