from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np
import pytest
from simulate.worlds import HOUR, plan_of, policy, simulation, three

from restart_engine.simulate import Ending, Independent, Result, report_of, run_nights
from restart_engine.simulate.statistics import Estimate, difference_of_shares, mean, quantile, share
from restart_engine.simulate.times import clock, hours_and_minutes


def test_wilson_s_interval() -> None:
    """Known values, and one that stays within 0 and 1 where nothing or all succeeds."""
    found = share(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert (share(0, 20).low, share(0, 20).value) == (0.0, 0.0)
    assert share(0, 20).high == pytest.approx(0.1611, abs=1e-4)
    assert share(20, 20).high == pytest.approx(1.0)


def test_a_mean_and_its_interval() -> None:
    """Of one value nothing bounds it, of none there is none."""
    found = mean(np.array([1.0, 2.0, 3.0, 4.0]))
    assert found is not None
    assert (found.value, found.high - found.low) == pytest.approx((2.5, 2 * 1.96 * 1.29099 / 2), abs=1e-3)
    assert mean(np.array([5.0])) == Estimate(5.0, -inf, inf)
    assert mean(np.array([])) is None


def test_quantiles_are_values_and_never_counts_as_the_latest() -> None:
    """Where more nights are never completed than a quantile leaves out, it is never."""
    hundred = np.arange(1.0, 101.0)
    assert quantile(hundred, 0.5) == Estimate(50.0, 40.0, 61.0)
    assert quantile(hundred, 0.9).value == 90.0
    late = np.where(hundred > 85, inf, hundred)
    assert quantile(late, 0.9) == Estimate(inf, 84.0, inf)
    assert quantile(np.array([3.0]), 0.9) == Estimate(3.0, -inf, inf)


def test_a_difference_of_shares_counts_the_nights_that_differ() -> None:
    """Not those in which both are ready; and it is not sure of a difference of none."""
    of, against = [True] * 60 + [False] * 40, [True] * 50 + [False] * 50
    found = difference_of_shares(of, against)
    assert found.value == pytest.approx(0.1)
    assert 0 < found.low < 0.1 < found.high < 0.2
    crossed = difference_of_shares(of, against[::-1])
    assert crossed.value == pytest.approx(0.1)
    assert crossed.high - crossed.low > found.high - found.low
    none = difference_of_shares([True] * 100, [True] * 100)
    assert none.low < 0 == none.value < none.high


@pytest.mark.parametrize(
    "interval",
    [
        lambda values: (mean(values), 1.0),
        lambda values: (quantile(values, 0.5), 0.6931),
        lambda values: (quantile(values, 0.9), 2.3026),
        lambda values: (share(int((values < 0.6931).sum()), len(values)), 0.5),
    ],
)
def test_an_interval_holds_the_truth_in_nineteen_of_twenty_simulations(
    interval: Callable[[Any], tuple[Estimate, float]],
) -> None:
    """Of times that are distributed exponentially, 300 at a time."""
    generator = np.random.default_rng(1)
    held = 0
    for _ in range(1_000):
        found, truth = interval(generator.exponential(1.0, 300))
        held += found.low <= truth <= found.high
    assert 925 <= held <= 975


def test_paired_nights_differ_less_than_others() -> None:
    """The reason for giving every policy the same nights."""
    world = simulation(plan_of(3, 3), Independent(share=0.1))
    results = run_nights(world, 300)
    report = report_of(world, results, seed=0)
    (_, paired) = report.comparisons
    first, last = report.summaries[0].steps_run, report.summaries[2].steps_run
    apart = ((first.high - first.low) ** 2 + (last.high - last.low) ** 2) ** 0.5
    assert paired.steps_run.value == pytest.approx(last.value - first.value)
    assert paired.steps_run.high - paired.steps_run.low < apart


def test_a_policy_is_compared_with_the_baseline() -> None:
    """By default the first; only nights that both complete count for the time."""
    world = simulation(
        plan_of(2), Independent(share=0.3), policies=(policy("beginning", HOUR, most=1), *three()[1:])
    )
    report = report_of(world, run_nights(world, 100), seed=0)
    assert (report.baseline, [each.policy for each in report.comparisons]) == (
        "beginning",
        ["failedGroup", "failedSteps"],
    )
    assert report.summaries[0].given_up > 0
    assert report.best.policy == "failedSteps"
    other = report_of(world, run_nights(world, 100), seed=0, baseline="failedGroup")
    assert [(each.policy, each.against) for each in other.comparisons] == [
        ("beginning", "failedGroup"),
        ("failedSteps", "failedGroup"),
    ]
    assert other.comparisons[0].ready.value == -report.comparisons[0].ready.value


def result(seconds: float, ending: Ending = Ending.COMPLETED, **counts: int) -> Result:
    """A night that took so long."""
    given = {"restarts": 0, "steps_run": 1, "run_again": 0, "run_twice": 0, "saved": 0} | counts
    return Result(ending=ending, rule=None, seconds=seconds, **given)


def test_a_night_that_is_done_at_the_deadline_is_ready() -> None:
    """One a moment later is not, and one given up before it is not either."""
    world = simulation(plan_of(1))
    nights = (result(8 * HOUR), result(8 * HOUR + 1), result(HOUR, Ending.GIVEN_UP), result(HOUR, restarts=1))
    report = report_of(world, dict.fromkeys(["beginning", "failedGroup", "failedSteps"], nights), seed=0)
    assert [each.ready.value for each in report.summaries] == [0.5] * 3
    assert report.summaries[0].given_up == 1
    assert report.telling_night(("beginning", "failedSteps")) == 4


def test_the_telling_night_is_late_under_one_policy_and_not_the_last() -> None:
    """And restarted there."""
    world = simulation(plan_of(1))
    late, in_time = result(9 * HOUR, restarts=2), result(HOUR, restarts=1)
    nights = {
        "beginning": (result(HOUR), in_time, late),
        "failedGroup": (result(HOUR),) * 3,
        "failedSteps": (result(HOUR), in_time, in_time),
    }
    assert report_of(world, nights, seed=0).telling_night(("beginning", "failedSteps")) == 3
    calm = dict.fromkeys(nights, (result(HOUR),))
    assert report_of(world, calm, seed=0).telling_night(("beginning",)) == 1


@pytest.mark.parametrize(
    ("seconds", "time", "span"),
    [
        (0.0, "00:00", "0:00"),
        (86_399.0, "00:00", "24:00"),
        (90_061.0, "01:01", "25:01"),
        (-3_660.0, "22:59", "-1:01"),
    ],
)
def test_times_are_shown_to_the_minute(seconds: float, time: str, span: str) -> None:
    """Those of the day, and spans, which may be negative."""
    assert (clock(seconds), hours_and_minutes(seconds)) == (time, span)
