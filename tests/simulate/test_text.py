from __future__ import annotations

import json

from attrs import evolve
from simulate.worlds import HOUR, MINUTE, plan_of, policy, simulation

from restart_engine.core.plan import LoadPlan
from restart_engine.simulate import Independent, Report, Simulation, StatedPolicy, report_of, run_nights
from restart_engine.simulate.document import report_json
from restart_engine.simulate.text import report_lines


def cut(name: str, width: int) -> str:
    """The name, its end left out where it is too wide."""
    return name if len(name) <= width else f"{name[: width - 1]}~"


def told(world: Simulation, width: int = 80) -> list[str]:
    """What people read of a hundred nights."""
    return [line.text for line in report_lines(report(world), width, cut)]


def report(world: Simulation) -> Report:
    """Of a hundred nights."""
    return report_of(world, run_nights(world, 100), seed=0)


def test_columns_stand_under_their_heads() -> None:
    """Every line of a table ends where its head does, and long names are cut to fit."""
    long = StatedPolicy(
        name="from the failed steps, as often as it takes", restart_from="failedSteps", waits=(MINUTE,)
    )
    world = simulation(plan_of(2, 2), Independent(share=0.2), policies=(long, policy("beginning", MINUTE)))
    for width in (80, 100):
        lines = told(world, width)
        for head in ("how often", "when is", "what a night"):
            place = next(index for index, line in enumerate(lines) if line.startswith(head))
            assert len({len(line) for line in lines[place : place + 3]}) == 1
        assert max(map(len, lines)) <= width
        assert any(line.startswith("from the fail") for line in lines)


def test_what_never_comes_is_never() -> None:
    """A quantile beyond the nights that were completed, and a mean of none."""
    hopeless = simulation(plan_of(1), Independent(share=1.0), policies=(policy("beginning", MINUTE, most=1),))
    row = next(line for line in told(hopeless) if "never" in line)
    assert row.split() == ["beginning", "never", "never", "never"]
    document = json.loads(report_json(report(hopeless)))
    (only,) = document["policies"]
    assert (only["mean"], only["median"]["value"], only["givenUp"]) == (None, None, 100)
    assert document["differences"] == []
    assert not any(line.startswith("against") for line in told(hopeless))


def test_a_time_on_a_later_day_says_so() -> None:
    """Thirty hours after ten in the evening it is four in the morning, a day later."""
    late = simulation(
        plan_of(1),
        Independent(share=1.0, attempts=(1,), takes=0.0),
        policies=(policy("beginning", 30 * HOUR),),
    )
    assert any("04:05+1d" in line for line in told(late))


def test_a_policy_that_shares_no_completed_night_has_no_difference_in_time() -> None:
    """There is nothing to compare."""
    never = policy("beginning", MINUTE, most=0)
    world = simulation(
        plan_of(1), Independent(share=1.0, attempts=(1,)), policies=(never, policy("failedSteps", 1.0))
    )
    row = told(world)[-1]
    assert row.split()[:2] == ["failedSteps", "+100.0%"]
    assert " - " in row


def test_the_head_names_the_plan_the_night_and_the_seed() -> None:
    """Whatever the plan is called."""
    world = simulation(LoadPlan("x" * 90, plan_of(1).groups))
    assert told(world)[0] == "x" * 79 + "~"
    assert told(evolve(world, deadline_at=0.0))[0].startswith("x")
