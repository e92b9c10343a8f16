"""Worlds whose expected times and runs are known from arithmetic: the simulation agrees within its interval.

Seeds are fixed, and twice the half of a 95% interval is allowed: a right program passes, and each test shows
that it would have told a wrong formula.
"""

from __future__ import annotations

from math import ceil, exp

import pytest
from simulate.worlds import MINUTE, constant, plan_of, simulation, three

from restart_engine.simulate import (
    Independent,
    Lognormal,
    Observed,
    Simulation,
    Summary,
    report_of,
    run_night,
    run_nights,
)
from restart_engine.simulate.statistics import Estimate

NIGHTS = 600


def summaries(world: Simulation, nights: int = NIGHTS) -> dict[str, Summary]:
    """The figures of so many nights by the policy's name."""
    report = report_of(world, run_nights(world, nights, seed=7), seed=7)
    return {each.policy: each for each in report.summaries}


def agrees(found: Estimate | None, expected: float) -> bool:
    """Whether the value expected is no further away than twice the half of the interval."""
    assert found is not None
    return abs(found.value - expected) <= 2 * (found.high - found.value)


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_one_step_with_geometric_failures(share: float) -> None:
    """It runs 1 / (1 - p) times; each failure costs half a step and the wait."""
    plan, seconds, wait = plan_of(1), 600.0, 10 * MINUTE
    world = simulation(
        plan, Independent(share=share), policies=three(wait), durations=constant(plan, seconds)
    )
    failures = 1 / (1 - share) - 1
    for each in summaries(world, 2 * NIGHTS).values():
        assert agrees(each.steps_run, failures + 1)
        assert agrees(each.restarts, failures)
        assert agrees(each.mean, seconds + failures * (seconds / 2 + wait))
        assert not agrees(each.steps_run, 1 + share)
        assert not agrees(each.mean, seconds + failures * (seconds + wait))
        assert each.run_twice.value == 0


@pytest.mark.slow
def test_steps_side_by_side() -> None:
    """From the failed steps each runs 1 / (1 - p) times, in as many rounds as the unluckiest of them needs.

    From the beginning all run again until none fails in the same round.
    """
    k, share = 5, 0.2
    world = simulation(plan_of(k), Independent(share=share))
    found = summaries(world)
    unluckiest = sum(1 - (1 - share**rounds) ** k for rounds in range(200))
    assert agrees(found["failedSteps"].steps_run, k / (1 - share))
    assert agrees(found["failedSteps"].restarts, unluckiest - 1)
    together = 1 / (1 - share) ** k
    for name in ("failedGroup", "beginning"):
        assert agrees(found[name].steps_run, k * together)
        assert agrees(found[name].restarts, together - 1)
        assert not agrees(found[name].steps_run, k / (1 - share))
        assert not agrees(found[name].restarts, unluckiest - 1)
    assert not agrees(found["failedSteps"].restarts, 1 / (1 - share) - 1)


def test_groups_one_after_another() -> None:
    """From the failed group each group takes its own rounds; from the beginning the first takes all."""
    sizes, share = (2, 3), 0.15
    world = simulation(plan_of(*sizes), Independent(share=share))
    found = summaries(world)
    first, second = ((1 - share) ** size for size in sizes)
    assert agrees(found["failedGroup"].steps_run, 2 / first + 3 / second)
    assert agrees(found["beginning"].steps_run, 2 / (first * second) + 3 / second)
    assert agrees(found["failedSteps"].steps_run, 5 / (1 - share))
    assert agrees(found["failedGroup"].restarts, 1 / first + 1 / second - 2)
    assert agrees(found["beginning"].restarts, 1 / (first * second) - 1)
    assert not agrees(found["beginning"].steps_run, 5 / (first * second))
    # the group before a failed one is left out once for each time that the second failed
    assert agrees(found["failedGroup"].saved, 2 * (1 / second - 1))


def test_going_on_past_failures() -> None:
    """Every execution runs all that is left, so from the beginning each round has to succeed as a whole."""
    share = 0.2
    world = simulation(plan_of(1, 1), Independent(share=share), past_failures=True)
    found = summaries(world)
    assert agrees(found["beginning"].steps_run, 2 / (1 - share) ** 2)
    # the first step stops once it has succeeded; the second runs beside it until then, and then on its own
    rounds_of_first = 1 / (1 - share)
    assert agrees(found["failedSteps"].steps_run, rounds_of_first + rounds_of_first + share / (1 - share))


@pytest.mark.parametrize("steps", [1, 3, 4, 9, 10])
@pytest.mark.parametrize("slots", [1, 3, 4, 20])
def test_equal_steps_in_slots(steps: int, slots: int) -> None:
    """So many equal steps take as many rounds as they fill the slots."""
    plan = plan_of(steps)
    world = simulation(plan, slots=slots, durations=constant(plan, 100.0))
    assert run_night(world, world.policies[0], 1).result.seconds == 100 * ceil(steps / slots)


def test_drawn_times_have_their_mean() -> None:
    """Lognormal: the median times exp(spread^2 / 2); observed: the mean of what was seen."""
    plan = plan_of(1)
    (step,) = plan.groups[0].steps
    for duration, expected in (
        (Lognormal(600.0, 0.5), 600 * exp(0.125)),
        (Observed((60.0, 120.0, 600.0)), 260.0),
    ):
        world = simulation(plan, durations=((step, duration),))
        found = summaries(world)["beginning"]
        assert agrees(found.mean, expected)
        assert not agrees(found.mean, found.median.value)


@pytest.mark.slow
def test_the_share_ready_is_that_of_nights_without_a_failure() -> None:
    """Where a restart comes too late, a night is ready in time if none of its steps fails."""
    k, share = 6, 0.03
    world = simulation(plan_of(2, 2, 2), Independent(share=share), policies=three(20 * 3600.0))
    for each in summaries(world, 2_000).values():
        assert agrees(each.ready, (1 - share) ** k)
        assert not agrees(each.ready, 1 - share)
