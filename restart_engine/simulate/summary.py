"""The nights in figures: each policy alone, and beside the one that all are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf
from typing import final

import numpy as np
from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.rule_table import RuleId
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.statistics import Estimate, Numbers, difference_of_shares, mean, quantile, share
from restart_engine.simulate.story import Ending, Result


@final
@frozen(kw_only=True)
class Summary(Sealed):
    """What became of all nights under one policy. Times are seconds after the start of the night."""

    policy: str
    nights: int
    ready: Estimate
    """The share of the nights that were completed by the deadline."""
    median: Estimate
    nine_in_ten: Estimate
    """By when so many nights were completed; one given up never was, and counts as `inf`."""
    mean: Estimate | None
    """Of the nights that were completed."""
    restarts: Estimate
    steps_run: Estimate
    run_again: Estimate
    run_twice: Estimate
    saved: Estimate
    """Per night, as a night's `Result` has them."""
    given_up: int
    rejected: tuple[tuple[RuleId, int], ...]
    """How many nights ended with a rejection, by its rule."""


@final
@frozen(kw_only=True)
class Comparison(Sealed):
    """A policy against another in the same nights."""

    policy: str
    against: str
    ready: Estimate
    """The difference between the shares."""
    seconds: Estimate | None
    """How much later it is completed, in the nights that both complete."""
    steps_run: Estimate
    run_twice: Estimate


def summary(simulation: Simulation, policy: str, results: Sequence[Result]) -> Summary:
    """The figures of these nights, one or more."""
    endings = Counter(result.ending for result in results)
    completed = _completed(results)
    return Summary(
        policy=policy,
        nights=len(results),
        ready=share(sum(ready(simulation, results)), len(results)),
        median=quantile(completed, 0.5),
        nine_in_ten=quantile(completed, 0.9),
        mean=mean(completed[completed < inf]),
        restarts=_mean(results, "restarts"),
        steps_run=_mean(results, "steps_run"),
        run_again=_mean(results, "run_again"),
        run_twice=_mean(results, "run_twice"),
        saved=_mean(results, "saved"),
        given_up=endings[Ending.GIVEN_UP],
        rejected=_rejected(results),
    )


def comparison(
    simulation: Simulation, named: tuple[str, Sequence[Result]], against: tuple[str, Sequence[Result]]
) -> Comparison:
    """One policy's nights beside another's, each night with the same."""
    (policy, results), (baseline, others) = named, against
    ours, theirs = _completed(results), _completed(others)
    both = (ours < inf) & (theirs < inf)
    return Comparison(
        policy=policy,
        against=baseline,
        ready=difference_of_shares(ready(simulation, results), ready(simulation, others)),
        seconds=mean(ours[both] - theirs[both]),
        steps_run=_difference(results, others, "steps_run"),
        run_twice=_difference(results, others, "run_twice"),
    )


def _rejected(results: Sequence[Result]) -> tuple[tuple[RuleId, int], ...]:
    rules: Counter[RuleId] = Counter(result.rule for result in results if result.rule is not None)
    return tuple(sorted(rules.items()))


def ready(simulation: Simulation, results: Sequence[Result]) -> list[bool]:
    """Which of the nights were completed by the deadline."""
    within = simulation.deadline - simulation.start
    return [result.ending is Ending.COMPLETED and result.seconds <= within for result in results]


def _completed(results: Sequence[Result]) -> Numbers:
    return np.array([r.seconds if r.ending is Ending.COMPLETED else inf for r in results], dtype=np.float64)


def _values(results: Sequence[Result], name: str) -> Numbers:
    return np.array([getattr(result, name) for result in results], dtype=np.float64)


def _mean(results: Sequence[Result], name: str) -> Estimate:
    found = mean(_values(results, name))
    assert found is not None
    return found


def _difference(results: Sequence[Result], others: Sequence[Result], name: str) -> Estimate:
    found = mean(_values(results, name) - _values(others, name))
    assert found is not None
    return found


@final
@frozen(kw_only=True)
class Report(Sealed):
    """The figures of a whole simulation."""

    simulation: Simulation
    nights: int
    seed: int
    results: Mapping[str, tuple[Result, ...]]
    """By the policy's name, the nights in their order."""
    summaries: tuple[Summary, ...]
    baseline: str
    comparisons: tuple[Comparison, ...]
    """Of every other policy with the baseline."""

    @property
    def best(self) -> Summary:
        """The policy that is ready in most nights; of those alike the one that runs fewest steps twice."""
        return min(self.summaries, key=lambda each: (-each.ready.value, each.run_twice.value))

    def telling_night(self, policies: tuple[str, ...]) -> int:
        """The first night restarted in time under the last of these policies, and late under another.

        Else the first that is restarted under any of them, and else the first.
        """
        results = [self.results[name] for name in policies]
        in_time = [ready(self.simulation, found) for found in results]
        restarted = [any(found[index].restarts for found in results) for index in range(self.nights)]
        for index, in_time_at_last in enumerate(in_time[-1]):
            late_otherwise = not all(each[index] for each in in_time)
            if in_time_at_last and late_otherwise and results[-1][index].restarts:
                return index + 1
        return restarted.index(True) + 1 if True in restarted else 1


def report_of(
    simulation: Simulation,
    results: Mapping[str, tuple[Result, ...]],
    *,
    seed: int,
    baseline: str | None = None,
) -> Report:
    """The figures of these results; policies are compared with the baseline, by default the first."""
    named = simulation.policies[0].name if baseline is None else simulation.policy(baseline).name
    against = (named, results[named])
    return Report(
        simulation=simulation,
        nights=len(results[named]),
        seed=seed,
        results=results,
        summaries=tuple(summary(simulation, name, found) for name, found in results.items()),
        baseline=named,
        comparisons=tuple(
            comparison(simulation, (name, found), against) for name, found in results.items() if name != named
        ),
    )
