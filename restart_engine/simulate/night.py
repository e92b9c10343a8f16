"""One night as a SimPy process: a load plan runs, fails, waits and is restarted, until it is completed.

Every decision is `plan_restart`'s on the facts of the night, and every run is driven by `core.progress`.
What is here is time: when a step gets a slot, how long it runs, and when the next restart is asked for.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache, partial
from typing import Any, Final

import simpy

from restart_engine.core.decision import Rejection, RestartPlan, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import Step
from restart_engine.core.progress import advance, begin_step, end_step, opening_record, ready
from restart_engine.core.request import START_OVER
from restart_engine.core.rule_table import RuleId
from restart_engine.core.status import Status
from restart_engine.luck import drawn
from restart_engine.simulate.fates import Fates
from restart_engine.simulate.policies import Policy
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.story import Ending, Run, StepRun, Story

MOST_RESTARTS: Final = 1_000
"""A night with more is given up: where neither steps nor waits take time it would not end."""


def run_night(simulation: Simulation, policy: Policy, night: int, *, seed: int = 0) -> Story:
    """What becomes of this night, which counts from 1, under this policy."""
    return run_policies(simulation, (policy,), night, seed=seed)[0]


def run_policies(
    simulation: Simulation, policies: tuple[Policy, ...], night: int, *, seed: int = 0
) -> tuple[Story, ...]:
    """The same night under each of these policies."""
    draw = cache(partial(drawn, seed, night))
    return tuple(_Night(simulation, policy, night, Fates(simulation, draw)).story() for policy in policies)


class _Night:
    """A night under way."""

    def __init__(self, simulation: Simulation, policy: Policy, night: int, fates: Fates) -> None:
        self._simulation = simulation
        self._policy = policy
        self._night = night
        self._fates = fates
        self._env = simpy.Environment(initial_time=simulation.start)
        self._slots = simpy.Resource(self._env, simulation.slots)
        self._order = {place: index for index, place in enumerate(simulation.places)}
        self._runs: list[Run] = []
        self._steps: list[StepRun] = []
        self._ended: tuple[Ending, RuleId | None] = Ending.COMPLETED, None

    def story(self) -> Story:
        """The whole night."""
        self._env.run(self._env.process(self._spent()))
        ending, rule = self._ended
        return Story(
            night=self._night,
            policy=self._policy.name,
            start=self._simulation.start,
            ended=self._env.now,
            ending=ending,
            rule=rule,
            runs=tuple(self._runs),
            steps=tuple(self._steps),
            outages=tuple((index, *stretch) for index, stretch in self._fates.down.items()),
        )

    def _spent(self) -> Generator[simpy.Event, Any, None]:
        """Run, and restart as long as the policy and the engine have it so."""
        latest, request = None, START_OVER
        while True:
            decision = plan_restart(self._simulation.plan, request, latest)
            if isinstance(decision, Rejection):
                self._ended = Ending.REJECTED, decision.rules[0]
                return
            latest = yield from self._run(decision)
            if latest.status is Status.SUCCEEDED:
                return
            restarts = len(self._runs) - 1
            restart = self._policy.restart(latest, self._env.now, restarts)
            if restart is None or restart.at >= self._simulation.given_up_at or restarts == MOST_RESTARTS:
                self._ended = Ending.GIVEN_UP, None
                return
            yield self._env.timeout(max(0.0, restart.at - self._env.now))
            request = restart.request

    def _run(self, decision: RestartPlan) -> Generator[simpy.Event, Any, Execution]:
        """Drive one execution to its end, group by group, and give what is known of it then."""
        began, past_failures = self._env.now, self._simulation.past_failures
        self._execution = advance(opening_record(decision, len(self._runs) + 1), past_failures=past_failures)
        while (turn := ready(self._execution)) is not None:
            places = sorted([(turn.sequence, step) for step in turn.steps], key=self._order.__getitem__)
            begun = [self._env.process(self._step(*place)) for place in places]
            yield self._env.all_of(begun)
            self._execution = advance(self._execution, past_failures=past_failures)
        record = self._execution
        self._runs.append(Run(decision=decision, began=began, ended=self._env.now, record=record))
        return record if self._simulation.detailed_tracking else _without_steps(record)

    def _step(self, sequence: int, step: Step) -> Generator[simpy.Event, Any, None]:
        """Wait for a slot, run, and end as fate has it."""
        with self._slots.request() as slot:  # pyright: ignore[reportUnknownVariableType]  # SimPy leaves its parameter open
            yield slot
            began = self._env.now
            fate = self._fates.of(sequence, step, began)
            self._execution = begin_step(self._execution, sequence, step)
            yield self._env.timeout(fate.seconds)
            self._execution = end_step(self._execution, sequence, step, fate.status)
            self._steps.append(
                StepRun(
                    execution=self._execution.id,
                    sequence=sequence,
                    step=step,
                    attempt=fate.attempt,
                    began=began,
                    ended=self._env.now,
                    status=fate.status,
                    failure=fate.failure,
                )
            )


def _without_steps(execution: Execution) -> Execution:
    """What a host knows of it that keeps no step outcomes."""
    groups = tuple(GroupOutcome(group.sequence, group.status, None) for group in execution.groups)
    return Execution(execution.id, execution.status, groups)
