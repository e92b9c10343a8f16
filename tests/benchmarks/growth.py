"""How each operation grows with the plan: the slope of its time over the plan's size, both in logarithms.

0 is constant, 1 linear, 2 quadratic. What is not constant is fitted from 1,000 steps on, because below
that the part that does not grow hides the part that does.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from math import log, sqrt
from statistics import linear_regression
from typing import Final, TypeAlias

from attrs import frozen
from benchmarks.chains import run_chain
from benchmarks.decide import facts, read_out
from benchmarks.making import execution_from, outcomes_of, plan_from
from benchmarks.measuring import Action, Measurer, Times
from benchmarks.tables import Table, number

from restart_engine import (
    Execution,
    Facts,
    GroupOutcome,
    LoadPlan,
    RestartPlan,
    RestartRequest,
    Status,
    plan_drift,
    plan_restart,
    restart_options,
)
from restart_engine.core.plan import Step
from restart_engine.core.progress import Ready, advance, begin_step, opening_record, ready
from restart_engine.wire import Oracle, answer, decode_scenario, encode_decision, encode_scenario

Prepared: TypeAlias = Callable[[LoadPlan, Execution], Action]
"""Makes an action on facts of some size."""
_TENS: Final = "groups of 10"
_THREE: Final = "3 groups"
_SHAPES: Final[Mapping[str, Callable[[int], int]]] = {_TENS: lambda steps: steps // 10, _THREE: lambda _: 3}
_SIZES: Final = (100, 1_000, 3_000, 10_000, 30_000, 100_000)
_RUN_SIZES: Final = (100, 300, 1_000, 3_000)
"""Whole runs move once or twice a step; that grows faster than the plan, so they are smaller."""
_QUICK_SIZES: Final = (30, 60, 120)
_ASYMPTOTIC: Final = 1_000
RESUME: Final = RestartRequest(0, execution_id=12)
FLAT: Final = 0.1
"""A slope below this counts as constant."""
STEEPER: Final = 0.1
"""A slope that is above those of the yardsticks by no more than this counts as linear."""
IN_ORDER: Final = "read JSON alone"
OUT_OF_ORDER: Final = "put names into sets, out of order"
YARDSTICKS: Final = (IN_ORDER, OUT_OF_ORDER)
"""What is linear by its nature: one goes through memory in order, the other all over it."""


@frozen
class Slope:
    """How a time grows: with the power of the size that this is."""

    slope: float
    error: float
    """Its standard error, by least squares."""
    steepest: float
    """From one size to the next."""

    @classmethod
    def of(cls, times: Mapping[int, float]) -> Slope:
        """Of times by size; three sizes or more."""
        points = [(log(size), log(seconds)) for size, seconds in times.items()]
        slope, intercept = linear_regression(*zip(*points, strict=True))
        off = sum((y - intercept - slope * x) ** 2 for x, y in points)
        middle = sum(x for x, _ in points) / len(points)
        wide = sum((x - middle) ** 2 for x, _ in points)
        steps = ((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(points))
        return cls(slope, sqrt(off / (len(points) - 2) / wide), max(steps))

    def said(self, linear: float) -> str:
        """In a word, where this slope is as steep as linear gets here."""
        if self.slope < FLAT:
            return "constant"
        return "at most linear" if self.slope <= linear + STEEPER else f"as the power {self.slope:.1f}"


@frozen
class Operation:
    """Something that is done with a plan."""

    prepared: Prepared
    constant: bool = False
    """Whether it is fitted over all sizes."""
    whole_run: bool = False


def _resumed(plan: LoadPlan, failed: Execution) -> RestartPlan:
    decision = plan_restart(plan, RESUME, failed)
    assert isinstance(decision, RestartPlan)
    return decision


def _line(plan: LoadPlan, failed: Execution) -> bytes:
    return encode_scenario(Facts(plan, RESUME, failed))


def _opened(plan: LoadPlan, failed: Execution) -> Execution:
    return opening_record(_resumed(plan, failed), 13)


def _putting_into_sets(plan: LoadPlan, _: Execution) -> Action:
    names = [list(group.names) for group in plan.groups]
    for of_group in names:
        random.Random(6).shuffle(of_group)  # noqa: S311  # no secret
    return lambda: [set(of_group) for of_group in names]


def _making_plan(plan: LoadPlan, _: Execution) -> Action:
    names = [list(group.names) for group in plan.groups]
    assert plan_from(names) == plan
    return partial(plan_from, names)


def _making_execution(plan: LoadPlan, _: Execution) -> Action:
    outcomes = outcomes_of([list(group.names) for group in plan.groups])
    assert execution_from(outcomes).failed == plan.sequences[-1:]
    return partial(execution_from, outcomes)


def _digesting(plan: LoadPlan, _: Execution) -> Action:
    """A digest is kept by the plan that has it, so each needs a plan of its own."""
    return lambda: LoadPlan(plan.name, plan.groups).digest


def _answering(plan: LoadPlan, failed: Execution) -> Action:
    line, oracle = _line(plan, failed), Oracle()
    oracle.answer(line)
    return partial(oracle.answer, line)


def _moving(plan: LoadPlan, failed: Execution) -> Action:
    """A second step begins, in a run of the whole plan."""
    opened = _from_the_beginning(plan, failed)
    turn = ready(opened)
    assert turn is not None
    sequence, (first, second) = turn.sequence, turn.steps[:2]
    runs = begin_step(opened, sequence, first)
    assert ready(begin_step(runs, sequence, second)) == Ready(sequence=sequence, steps=turn.steps[2:])
    return partial(begin_step, runs, sequence, second)


def _from_the_beginning(plan: LoadPlan, failed: Execution) -> Execution:
    decision = plan_restart(plan, RestartRequest(0), failed)
    assert isinstance(decision, RestartPlan)
    return opening_record(decision, 13)


def _settling(plan: LoadPlan, _: Execution) -> Action:
    """Every step is over, and no group has been ended."""
    groups = [
        GroupOutcome(group.sequence, Status.IN_QUEUE, dict.fromkeys(group.names, Status.SUCCEEDED))
        for group in plan.groups
    ]
    execution = Execution(13, Status.IN_PROGRESS, tuple(groups))
    assert advance(execution).status is Status.SUCCEEDED
    return partial(advance, execution)


def _driving(plan: LoadPlan, _: Execution) -> Action:
    """One run of the whole plan, all of whose steps succeed."""

    def none_fails(_number: int, _step: Step) -> bool:
        return False

    assert run_chain(plan, 1, none_fails).last.status is Status.SUCCEEDED
    return partial(run_chain, plan, 1, none_fails)


OPERATIONS: Final[Mapping[str, Operation]] = {
    IN_ORDER: Operation(lambda p, f: partial(json.loads, _line(p, f))),
    OUT_OF_ORDER: Operation(_putting_into_sets),
    "decide: a restart": Operation(lambda p, f: partial(plan_restart, p, RESUME, f), constant=True),
    "decide: a rejection": Operation(
        lambda p, f: partial(plan_restart, p, RestartRequest(0, execution_id=11), f), constant=True
    ),
    "decide and read all of it out": Operation(lambda p, f: lambda: read_out(plan_restart(p, RESUME, f))),
    "make a plan": Operation(_making_plan),
    "make an execution": Operation(_making_execution),
    "the digest of a plan": Operation(_digesting),
    "the drift of a plan": Operation(lambda p, f: partial(plan_drift, p, f)),
    "every restart that is possible": Operation(lambda p, f: partial(restart_options, p, f)),
    "read a scenario": Operation(lambda p, f: partial(decode_scenario, _line(p, f))),
    "write a scenario": Operation(lambda p, f: partial(encode_scenario, Facts(p, RESUME, f))),
    "write a decision": Operation(lambda p, f: partial(encode_decision, _resumed(p, f))),
    "answer a line, new plan": Operation(lambda p, f: partial(answer, _line(p, f))),
    "answer a line, plan of the line before": Operation(_answering),
    "the opening record of a restart": Operation(lambda p, f: partial(opening_record, _resumed(p, f), 13)),
    "one move: a step begins": Operation(_moving),
    "what is ready": Operation(lambda p, f: partial(ready, _opened(p, f))),
    "settle what has nothing to settle": Operation(lambda p, f: partial(advance, _opened(p, f))),
    "settle every group at once": Operation(_settling),
    "a whole run, decided and driven": Operation(_driving, whole_run=True),
}


def growth_tables(measurer: Measurer) -> Iterator[Table]:
    """How everything grows."""
    found = {
        name: [
            _measured(measurer, f"{name}, {shape}", operation, groups_of)
            for shape, groups_of in _SHAPES.items()
        ]
        for name, operation in OPERATIONS.items()
    }
    linear = [max(found[name][shape][0].slope for name in YARDSTICKS) for shape in range(len(_SHAPES))]
    rows = []
    for name, of_shapes in found.items():
        cells, said = [name], []
        for (slope, largest), as_linear in zip(of_shapes, linear, strict=True):
            cells += [largest, f"{slope.slope:.2f} ± {slope.error:.2f}"]
            said.append(slope.said(max(as_linear, 1)))
        rows.append((*cells, said[0] if said[0] == said[1] else f"{said[0]}; {said[1]}"))
    head = ["operation"]
    for shape in _SHAPES:
        head += [f"{shape}: at the largest", "slope"]
    yield Table(
        name="growth",
        head=(*head, "grows"),
        rows=tuple(rows),
        below=f"A slope below {FLAT} counts as constant; as linear one that is not above 1, or the steeper of"
        f" the first two, by more than {STEEPER}.",
    )


def _measured(
    measurer: Measurer, title: str, operation: Operation, groups_of: Callable[[int], int]
) -> tuple[Slope, str]:
    sizes = _QUICK_SIZES if measurer.effort.quick else _RUN_SIZES if operation.whole_run else _SIZES
    actions = {f"{size:,}": operation.prepared(*facts(size, groups_of(size))) for size in sizes}
    times = measurer.take_turns(title, actions)
    of_size = {size: times[f"{size:,}"].middle for size in sizes}
    everywhere = operation.constant or operation.whole_run or measurer.effort.quick
    fitted = {size: took for size, took in of_size.items() if everywhere or size >= _ASYMPTOTIC}
    return Slope.of(fitted), duration(times[f"{sizes[-1]:,}"])


def duration(times: Times) -> str:
    """A time as people say it."""
    microseconds = times.middle * 1e6
    return f"{number(microseconds)} us" if microseconds < 1_000 else f"{number(microseconds / 1_000)} ms"
