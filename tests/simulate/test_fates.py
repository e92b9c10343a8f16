from __future__ import annotations

from math import exp
from statistics import NormalDist
from typing import Any

import pytest
from attrs import evolve
from simulate.worlds import EVENING, HOUR, MINUTE, constant, plan_of, policy, simulation, steps_of, three

from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.luck import drawn
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
    Where,
    run_night,
    run_nights,
)

S, F = Status.SUCCEEDED, Status.FAILED


def one_step(*failures: Failure, wait: float = 0.0, seconds: float = 600.0, **more: Any) -> Simulation:
    """One step of ten minutes, restarted from the failed steps."""
    plan = plan_of(1)
    return simulation(
        plan,
        *failures,
        policies=(policy("failedSteps", wait),),
        durations=constant(plan, seconds),
        **more,
    )


def ran(world: Simulation, night: int = 1) -> list[tuple[float, float, Status]]:
    """When the step ran, in minutes after ten, and how it ended."""
    story = run_night(world, world.policies[0], night)
    return [
        (round((s.began - EVENING) / MINUTE, 6), round((s.ended - EVENING) / MINUTE, 6), s.status)
        for s in story.steps
    ]


class TestIndependent:
    """A share of the attempts."""

    def test_a_listed_attempt_fails_and_no_other(self) -> None:
        """The first and the third, after half of their time, with the status that is said."""
        failing = Independent(share=1.0, attempts=(1, 3), status=Status.INTERRUPTED)
        world = one_step(failing, wait=MINUTE)
        assert ran(world) == [(0, 5, Status.INTERRUPTED), (6, 16, S)]
        assert run_night(world, world.policies[0], 1).steps[0].failure == 0

    def test_it_fails_within_its_hours(self) -> None:
        """An attempt that begins before they end fails, one at their end does not."""
        late = Hours(22 * HOUR, 22 * HOUR + 10 * MINUTE)
        failing = Independent(share=1.0, hours=late, takes=1.0)
        assert ran(one_step(failing)) == [(0, 10, F), (10, 20, S)]

    def test_hours_may_lead_over_midnight(self) -> None:
        """From ten to two is four hours, whichever day it is."""
        over = Hours(22 * HOUR, 2 * HOUR)
        assert [over.hold(hour * HOUR) for hour in (21, 22, 25, 26, 27, 46)] == [
            False,
            True,
            True,
            False,
            False,
            True,
        ]

    def test_only_what_is_selected_fails(self) -> None:
        """By schema, by group, by step, and by several of these."""
        plan = plan_of(2, 2)
        for where, struck in (
            (Where(schema="S1"), {"S1.T0", "S1.T1"}),
            (Where(sequence=20), {"S2.T0", "S2.T1"}),
            (Where(step=Step("S2", "T1")), {"S2.T1"}),
            (Where(schema="S2", sequence=20), {"S2.T0", "S2.T1"}),
        ):
            world = simulation(plan, Independent(share=1.0, attempts=(1,), where=where))
            story = run_night(world, world.policies[2], 1)
            assert {str(step.step) for step in story.steps if step.status is F} == struck

    def test_the_earliest_of_several_failures_counts(self) -> None:
        """Whatever their order."""
        early = Independent(share=1.0, takes=0.1, attempts=(1,), name="early")
        late = evolve(early, takes=0.9, name="late", status=Status.INTERRUPTED)
        assert ran(one_step(early, late))[0] == ran(one_step(late, early))[0] == (0, 1, F)


class TestOutage:
    """A source that is down."""

    @staticmethod
    def outage(begins: float, minutes: float, **more: Any) -> Outage:
        """One that begins so many minutes after ten, to the second, and lasts so long."""
        at = 22 * HOUR + begins * MINUTE
        given: dict[str, Any] = {"where": Where(), "share": 1.0, "takes": 0.5} | more
        return Outage(begins=Hours(at, at + 1e-6), lasts=Constant(minutes * MINUTE), **given)

    def test_what_runs_when_it_begins_breaks_off_then(self) -> None:
        """Three minutes in, and what is tried while it lasts fails after its share of time."""
        assert ran(one_step(self.outage(3, 10))) == [(0, 3, F), (3, 8, F), (8, 13, F), (13, 23, S)]

    def test_what_is_over_when_it_begins_has_succeeded(self) -> None:
        """A step that ends at that moment is not struck."""
        assert ran(one_step(self.outage(10, 10))) == [(0, 10, S)]

    def test_it_happens_in_a_share_of_the_nights(self) -> None:
        """The same ones whatever the policy."""
        world = one_step(self.outage(3, 1, share=0.3))
        struck = [len(ran(world, night)) > 1 for night in range(1, 1001)]
        assert 250 < sum(struck) < 350
        stories = [run_night(world, world.policies[0], night) for night in range(1, 1001)]
        assert [bool(story.outages) for story in stories] == struck

    def test_it_may_have_begun_before_the_night(self) -> None:
        """Where the night starts within the hours in which it begins."""
        before = Outage(
            where=Where(),
            share=1.0,
            begins=Hours(21 * HOUR, 23 * HOUR),
            lasts=Constant(HOUR),
            takes=0.0,
        )
        begun = [
            run_night(one_step(before), policy("failedSteps", 600.0), night).outages[0][1]
            for night in range(1, 200)
        ]
        assert EVENING - HOUR <= min(begun) < EVENING < max(begun) < EVENING + HOUR

    def test_one_at_any_hour_falls_into_the_night_and_the_day_after(self) -> None:
        """None is over before the night begins; as many begin after midnight as there are hours."""
        hours = Hours(0.0, 24 * HOUR - MINUTE)
        world = one_step(Outage(where=Where(), share=1.0, begins=hours, lasts=Constant(HOUR)))
        begun = [run_night(world, world.policies[0], night).outages[0][1] for night in range(1, 501)]
        assert min(begun) > EVENING - HOUR
        assert 0.82 < sum(moment > 24 * HOUR for moment in begun) / len(begun) < 0.93


class TestPersistent:
    """What stays broken until it is mended."""

    def test_every_attempt_fails_until_it_is_mended(self) -> None:
        """Twelve minutes after it broke, at minute five; attempts that are not drawn fail too."""
        broken = Persistent(share=1.0, attempts=(1,), mended_after=12 * MINUTE)
        assert ran(one_step(broken)) == [(0, 5, F), (5, 10, F), (10, 15, F), (15, 20, F), (20, 30, S)]

    def test_it_is_mended_at_a_time_of_the_day(self) -> None:
        """The next time that it is so late."""
        broken = Persistent(share=1.0, attempts=(1,), mended_at=22 * HOUR + 12 * MINUTE)
        assert ran(one_step(broken, wait=5 * MINUTE)) == [(0, 5, F), (10, 15, F), (20, 30, S)]
        tomorrow = evolve(broken, mended_at=22 * HOUR)
        assert ran(one_step(tomorrow, wait=12 * HOUR))[-1][0] == 24 * 60 + 10

    @pytest.mark.parametrize(("breaks", "failed"), [("step", 1), ("schema", 2)])
    def test_it_breaks_the_step_or_its_schema(self, breaks: Any, failed: int) -> None:
        """Drawn for some first attempts alone; where the schema breaks, the other step fails after it."""
        plan = plan_of(2)
        broken = Persistent(share=0.5, attempts=(1,), breaks=breaks, mended_after=HOUR)
        world = simulation(plan, broken, slots=1, durations=constant(plan, 600.0))
        night = next(
            night
            for night in range(1, 100)
            if drawn(0, night, "fails", 0, 10, "S1.T0", 1)
            < 0.5
            <= drawn(0, night, "fails", 0, 10, "S1.T1", 1)
        )
        story = run_night(world, policy("failedSteps", 2 * HOUR), night)
        assert sum(step.status is F for step in story.steps) == failed

    @pytest.mark.parametrize("first", [True, False])
    def test_it_stays_where_another_failure_strikes_at_the_same_moment(self, first: bool) -> None:
        """In whatever order they are listed."""
        passing = Independent(share=1.0, attempts=(1,))
        stays = Persistent(share=1.0, attempts=(1,), mended_after=20 * MINUTE)
        failures = (stays, passing) if first else (passing, stays)
        assert [status for *_, status in ran(one_step(*failures))] == [F, F, F, F, F, S]


class TestChance:
    """What is drawn, and what it depends on."""

    def test_an_attempt_has_the_same_fate_under_every_policy(self) -> None:
        """The same night and attempt take the same time, and fail or do not."""
        plan = plan_of(3, 3)
        world = simulation(
            plan,
            Independent(share=0.3),
            durations=tuple((step, Lognormal(600.0, 0.5)) for step in steps_of(plan)),
        )
        for night in range(1, 50):
            told: dict[Any, Any] = {}
            for each in world.policies:
                for step in run_night(world, each, night).steps:
                    fate = (round(step.ended - step.began, 6), step.status)
                    assert told.setdefault((step.sequence, step.step, step.attempt), fate) == fate

    def test_the_same_seed_gives_the_same_nights_on_any_number_of_processes(self) -> None:
        """And another seed gives others."""
        world = simulation(plan_of(2, 1), Independent(share=0.2))
        done: list[int] = []
        alone = run_nights(world, 50, seed=4, on_progress=done.append)
        assert alone == run_nights(world, 50, seed=4, jobs=2)
        assert alone != run_nights(world, 50, seed=5)
        assert done == [20, 40, 50]
        fewer = run_nights(world, 30, seed=4)
        assert all(results == alone[name][:30] for name, results in fewer.items())


def test_a_drawn_number_is_the_share_of_times_that_are_shorter() -> None:
    """Half of the lognormal ones are under the median, 84% under e to the spread of it; observed alike."""
    drawn = Lognormal(600.0, 0.5)
    shares = [NormalDist().cdf(deviations) for deviations in (-1, 0, 1)]
    assert [drawn.at(share) for share in shares] == pytest.approx([600 * exp(-0.5), 600, 600 * exp(0.5)])
    seen = Observed((9.0, 1.0, 5.0))
    assert [seen.at(share) for share in (0.01, 0.32, 0.34, 0.66, 0.67, 0.99)] == [1, 1, 5, 5, 9, 9]


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (lambda: Constant(-1.0), "seconds"),
        (lambda: Constant(float("inf")), "seconds"),
        (lambda: Lognormal(1.0, float("nan")), "spread"),
        (lambda: Observed(()), "seconds"),
        (lambda: Observed((1.0, -1.0)), "seconds[1]"),
        (lambda: Hours(1.0, 1.0), "to"),
        (lambda: Hours(0.0, 86_400.0), "to"),
        (lambda: Independent(share=2.0), "share"),
        (lambda: Independent(share=0.5, takes=-0.1), "takes"),
        (lambda: Independent(share=0.5, status=S), "status"),
        (lambda: Independent(share=0.5, attempts=[1]), "attempts"),  # type: ignore[arg-type]  # what is refused
        (lambda: Persistent(share=0.5), "mendedAt"),
        (lambda: Persistent(share=0.5, mended_after=1.0, mended_at=1.0), "mendedAt"),
        (lambda: Where(sequence=0), "sequence"),
        (lambda: policy("nowhere", 1.0), "from"),
        (lambda: policy("beginning"), "afterMinutes"),
        (lambda: policy("beginning", 1.0, most=-1), "restarts"),
        (lambda: policy("beginning", 1.0, by_hand_at=(1.0,)), "restarts"),
        (lambda: policy("beginning", most=1, by_hand_at=(1.0,)), "restarts"),
        (lambda: simulation(plan_of(1), policies=()), "policies"),
        (lambda: simulation(plan_of(1), policies=(*three(), *three())), "policies[3].name"),
        (lambda: simulation(plan_of(1), deadline_at=EVENING), "night.deadline"),
        (lambda: simulation(plan_of(1), slots=0), "night.slots"),
        (lambda: one_step(Independent(share=1.0, where=Where(schema="X"))), "failures[0].schema"),
        (lambda: one_step(Independent(share=1.0, where=Where(step=Step("S1", "U")))), "failures[0].step"),
        (
            lambda: one_step(Independent(share=1.0, where=Where(schema="S1", sequence=20))),
            "failures[0].sequence",
        ),
        (lambda: simulation(plan_of(1)).policy("other"), "policy"),
    ],
)
def test_what_cannot_be_simulated_is_refused(made: Any, field: str) -> None:
    """Where it is made, by the name that it has in a simulation file."""
    with pytest.raises(InvalidValue) as refused:
        made()
    assert refused.value.field == field
