"""What past executions of a load plan show: how long its steps take, and how often they fail."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.core.status import ACTIVE, FAILED, Status
from restart_engine.server.loading import seconds, within
from restart_engine.server.world import Loading, PastExecution, WorldPlan
from restart_engine.simulate.durations import Constant, Duration, Observed
from restart_engine.simulate.failures import Failure, Independent
from restart_engine.simulate.selection import Where

ENOUGH: Final = 5
"""Observed times of a step; with fewer it takes those of its schema, where there are so many."""
MORE_RUNS: Final = 10
"""A step is taken to have run so many times more, and to have failed at them as often as all steps do."""

_Place: TypeAlias = tuple[int, Step]


@final
@frozen(kw_only=True)
class Past(Sealed):
    """A load plan, and what is known of it."""

    plan: LoadPlan
    detailed_tracking: bool
    """Whether its tenant keeps step outcomes."""
    observed: dict[Step, Duration]
    """What steps took, as far as it was seen often enough."""
    stated: dict[Step, Duration]
    """What the tenant's `loading` says that they take."""
    failures: tuple[Failure, ...]


def past_of(known: WorldPlan, loading: Loading, *, detailed_tracking: bool) -> Past:
    """What is known of the plan; where it never ran, failures are those of the tenant's `loading`."""
    plan = known.plan
    steps = tuple(dict.fromkeys(step for group in plan.groups for step in group.steps))
    return Past(
        plan=plan,
        detailed_tracking=detailed_tracking,
        observed=_observed(steps, known.executions),
        stated={step: Constant(seconds(loading, step)) for step in steps},
        failures=_seen(plan, known.executions) if known.executions else _stated(known, loading),
    )


def _observed(steps: Iterable[Step], executions: Iterable[PastExecution]) -> dict[Step, Duration]:
    """The times of the runs that succeeded: a step's own, else those of its schema."""
    of_step: defaultdict[Step, list[float]] = defaultdict(list)
    of_schema: defaultdict[str, list[float]] = defaultdict(list)
    for step, taken in _times(executions):
        of_step[step].append(taken)
        of_schema[step.schema].append(taken)
    found: dict[Step, Duration] = {}
    for step in steps:
        times = of_step[step] if len(of_step[step]) >= ENOUGH else of_schema[step.schema]
        if len(times) >= ENOUGH:
            found[step] = Observed(tuple(times))
    return found


def _times(executions: Iterable[PastExecution]) -> Iterator[tuple[Step, float]]:
    for execution in executions:
        recorded = {group.sequence: group.steps or {} for group in execution.groups}
        for times in execution.times:
            if times.began_at is None or times.ended_at is None:
                continue
            if recorded[times.sequence][times.step] is Status.SUCCEEDED:
                taken = datetime.fromisoformat(times.ended_at) - datetime.fromisoformat(times.began_at)
                yield Step.parse(times.step), taken.total_seconds()


def _seen(plan: LoadPlan, executions: Iterable[PastExecution]) -> tuple[Failure, ...]:
    """A failure for each step: the share of its runs that failed.

    Few runs say little, so each share is drawn towards that of all steps by `MORE_RUNS`.
    """
    runs: Counter[_Place] = Counter()
    failed: Counter[_Place] = Counter()
    for place, status in _outcomes(executions):
        runs[place] += 1
        failed[place] += status is not Status.SUCCEEDED
    if not runs:
        return ()
    of_all = failed.total() / runs.total()
    places = ((group.sequence, step) for group in plan.groups for step in group.steps)
    return tuple(
        Independent(
            name="as in the past",
            where=Where(sequence=place[0], step=place[1]),
            share=(failed[place] + MORE_RUNS * of_all) / (runs[place] + MORE_RUNS),
        )
        for place in places
    )


def _outcomes(executions: Iterable[PastExecution]) -> Iterator[tuple[_Place, Status]]:
    """What became of each step that was run to its end; what ran when an execution was cut off failed."""
    for execution in executions:
        over = execution.status not in ACTIVE
        for group in execution.groups:
            for name, status in (group.steps or {}).items():
                if status is Status.SUCCEEDED or status in FAILED or (over and status is Status.IN_PROGRESS):
                    yield (group.sequence, Step.parse(name)), status


def _stated(known: WorldPlan, loading: Loading) -> tuple[Failure, ...]:
    """The failures that the tenant's `loading` pretends, of each attempt as it says there."""
    return tuple(
        Independent(
            name="as loading says",
            where=Where(
                schema=failure.schema,
                sequence=failure.sequence,
                step=None if failure.step is None else Step.parse(failure.step),
            ),
            share=1.0 if failure.share is None else failure.share,
            attempts=None if isinstance(failure.attempts, str | None) else tuple(failure.attempts),
            status=failure.status,
        )
        for failure in within(loading, (known,)).failures
    )
