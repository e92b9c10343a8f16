"""What became of one night under one policy: every run, and every time that a step ran."""

from __future__ import annotations

from enum import StrEnum
from typing import final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.decision import RestartPlan
from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.rule_table import RuleId
from restart_engine.core.status import COMPLETED, Status


class Ending(StrEnum):
    """How a night ends."""

    COMPLETED = "completed"
    GIVEN_UP = "given up"
    REJECTED = "rejected"
    """A restart was asked for, and the engine rejected it."""


@final
@frozen(kw_only=True)
class StepRun(Sealed):
    """One time that a step ran."""

    execution: int
    sequence: int
    step: Step
    attempt: int
    """How often the step of this group has run in this night, this time included."""
    began: float
    ended: float
    """Seconds since the midnight before the night's start, as all times here."""
    status: Status
    failure: int | None
    """The place in the simulation's failures of the one that broke it off."""


@final
@frozen(kw_only=True)
class Run(Sealed):
    """One execution: what the engine decided, and what became of it."""

    decision: RestartPlan
    began: float
    ended: float
    record: Execution
    """As it ended, step outcomes included, whether or not they are kept."""


@final
@frozen(kw_only=True)
class Result(Sealed):
    """What counts of a night."""

    ending: Ending
    rule: RuleId | None
    """The rule that rejected a restart."""
    seconds: float
    """From the night's start until it was completed or given up."""
    restarts: int
    steps_run: int
    """Every time that a step ran."""
    run_again: int
    """Of these all but the first time of each step."""
    run_twice: int
    """Of these again the times that the step had been completed before: work that nobody needed."""
    saved: int
    """The steps that restarts left out, and starting over would have run, over all restarts."""


@final
@frozen(kw_only=True)
class Story(Sealed):
    """One night under one policy."""

    night: int
    policy: str
    start: float
    ended: float
    ending: Ending
    rule: RuleId | None
    runs: tuple[Run, ...]
    steps: tuple[StepRun, ...]
    """In the order in which they ended."""
    outages: tuple[tuple[int, float, float], ...]
    """The places in the simulation's failures of what was down, from when, to when."""

    @property
    def result(self) -> Result:
        """What counts of it."""
        first: set[tuple[int, Step]] = set()
        done: set[tuple[int, Step]] = set()
        again = twice = 0
        for run in self.steps:
            place = (run.sequence, run.step)
            again += place in first
            twice += place in done
            first.add(place)
            if run.status in COMPLETED:
                done.add(place)
        return Result(
            ending=self.ending,
            rule=self.rule,
            seconds=self.ended - self.start,
            restarts=max(0, len(self.runs) - 1),
            steps_run=len(self.steps),
            run_again=again,
            run_twice=twice,
            saved=sum(left_out(run.decision) for run in self.runs[1:]),
        )


def steps_planned(decision: RestartPlan) -> int:
    """How many steps the restart runs, if nothing fails."""
    return len(decision.names_to_run) + sum(len(group.names) for group in decision.groups_after)


def left_out(decision: RestartPlan) -> int:
    """How many steps of the plan the restart does not run."""
    return sum(len(group.names) for group in decision.facts.plan.groups) - steps_planned(decision)
