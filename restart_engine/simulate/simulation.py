"""A simulation: a load plan, its nights, what a step takes, what fails, and the policies to compare."""

from __future__ import annotations

from functools import cached_property
from typing import Final, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_tuple, check_unique
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.simulate.durations import DURATIONS, Constant, Duration, check_seconds
from restart_engine.simulate.failures import FAILURES, Failure
from restart_engine.simulate.policies import Policy
from restart_engine.simulate.times import DAY, HOUR, clock, next_at

FIVE_MINUTES: Final = Constant(300.0)
_IN_PLAN: Final = {
    "schema": "a schema of the load plan's steps",
    "sequence": "a group of the load plan with such a step in it",
    "step": "a step of the load plan there",
}


@final
@frozen(kw_only=True)
class Simulation(Sealed):
    """What is simulated. Errors name the fields as a simulation file does."""

    plan: LoadPlan
    policies: tuple[Policy, ...]
    """One at least, each with a name of its own."""
    start: float
    """When the load starts: seconds since midnight."""
    deadline_at: float
    """By when it is to be ready: seconds since midnight, of the same day or the next."""
    slots: int = 8
    """How many steps load at once."""
    past_failures: bool = False
    """Whether a run goes on after a group that failed."""
    detailed_tracking: bool = True
    """Whether step outcomes stay when a run is over; without them failed steps cannot be told from others."""
    hours: float = 24.0
    """So many hours after the start no restart begins any more."""
    durations: tuple[tuple[Step, Duration], ...] = ()
    """What a step takes; one that is not in here takes five minutes."""
    failures: tuple[Failure, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_kind("plan", self.plan, LoadPlan)
        if type(self.policies) is not tuple or not self.policies:
            raise InvalidValue("policies", self.policies, "a tuple of one or more")
        check_unique("policies", [policy.name for policy in self.policies], ".name")
        for name, time in (("night.start", self.start), ("night.deadline", self.deadline_at)):
            if type(time) is not float or not 0 <= time < DAY:
                raise InvalidValue(name, time, "seconds of a day")
        if self.start == self.deadline_at:
            raise InvalidValue("night.deadline", clock(self.deadline_at), "another time than the start")
        check_integer("night.slots", self.slots, minimum=1)
        check_kind("night.pastFailures", self.past_failures, bool)
        check_kind("night.detailedTracking", self.detailed_tracking, bool)
        check_seconds("night.hours", self.hours)
        self._check_durations()
        self._check_failures()

    def _check_durations(self) -> None:
        check_tuple("durations", self.durations, tuple)
        for step, duration in self.durations:
            check_kind("durations", step, Step)
            check_kind(f"durations[{step}]", duration, *DURATIONS)
        check_unique("durations", [str(step) for step, _ in self.durations])

    def _check_failures(self) -> None:
        check_kind("failures", self.failures, tuple)
        for index, failure in enumerate(self.failures):
            check_kind(f"failures[{index}]", failure, *FAILURES)
            missed = failure.where.misses(self.places)
            if missed is not None:
                value = getattr(failure.where, missed)
                value = str(value) if isinstance(value, Step) else value
                raise InvalidValue(f"failures[{index}].{missed}", value, _IN_PLAN[missed])

    @property
    def places(self) -> tuple[tuple[int, Step], ...]:
        """Every step of the plan with its group's sequence, in the plan's order."""
        return tuple((group.sequence, step) for group in self.plan.groups for step in group.steps)

    @property
    def deadline(self) -> float:
        """By when it is to be ready, after the start: seconds since the midnight before that."""
        return next_at(self.start, self.deadline_at)

    @property
    def given_up_at(self) -> float:
        """When no restart begins any more."""
        return self.start + self.hours * HOUR

    def duration(self, step: Step) -> Duration:
        """What a step takes."""
        return self._duration_of.get(step, FIVE_MINUTES)

    @cached_property
    def _duration_of(self) -> dict[Step, Duration]:
        return dict(self.durations)

    def failing(self, sequence: int, step: Step) -> tuple[tuple[int, Failure], ...]:
        """The failures that may strike the step of this group, each with its place among all."""
        return self._failing[sequence, step]

    @cached_property
    def _failing(self) -> dict[tuple[int, Step], tuple[tuple[int, Failure], ...]]:
        return {
            (sequence, step): tuple(
                (index, failure)
                for index, failure in enumerate(self.failures)
                if failure.where.selects(sequence, step)
            )
            for sequence, step in self.places
        }

    def policy(self, name: str) -> Policy:
        """The policy of this name; `InvalidValue` where there is none."""
        for policy in self.policies:
            if policy.name == name:
                return policy
        raise InvalidValue("policy", name, f"one of {', '.join(policy.name for policy in self.policies)}")
