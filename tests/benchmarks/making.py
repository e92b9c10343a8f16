"""What it takes to make plans and executions, a step: time and memory, against plain tuples and dicts."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from functools import partial
from typing import Final, TypeAlias

from benchmarks.measuring import Action, Measurer, Spread
from benchmarks.tables import Table, number, ratio

from restart_engine import (
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    Status,
    Step,
    StepOutcome,
)

Names: TypeAlias = list[list[str]]
"""The steps of each group."""
Outcomes: TypeAlias = list[dict[str, Status]]
_A_GROUP: Final = 10
_SIZES: Final = (10, 100, 1_000, 10_000, 100_000)


def names_of(steps: int) -> Names:
    """Steps in groups of ten."""
    return [[f"S{g}.Object_{n}" for n in range(_A_GROUP)] for g in range(steps // _A_GROUP)]


def outcomes_of(names: Names) -> Outcomes:
    """All succeeded but the last."""
    outcomes = [dict.fromkeys(group, Status.SUCCEEDED) for group in names]
    outcomes[-1][names[-1][-1]] = Status.FAILED
    return outcomes


def plan_from(names: Names) -> LoadPlan:
    """A plan, from names."""
    groups = [LoadGroup(sequence, group) for sequence, group in enumerate(names, 1)]
    return LoadPlan("P", tuple(groups))


def plain_plan(names: Names) -> tuple[str, tuple[tuple[int, tuple[str, ...]], ...]]:
    """The same in tuples, unchecked."""
    groups = [(sequence, tuple(group)) for sequence, group in enumerate(names, 1)]
    return ("P", tuple(groups))


def execution_from(outcomes: Outcomes) -> Execution:
    """An execution whose last group failed, from names and statuses."""
    last = len(outcomes)
    groups = [
        GroupOutcome(sequence, Status.FAILED if sequence == last else Status.SUCCEEDED, steps)
        for sequence, steps in enumerate(outcomes, 1)
    ]
    return Execution(12, Status.FAILED, tuple(groups))


def plain_execution(outcomes: Outcomes) -> tuple[int, Status, dict[int, tuple[Status, dict[str, Status]]]]:
    """The same in a tuple and dicts, unchecked."""
    last = len(outcomes)
    groups = {
        sequence: (Status.FAILED if sequence == last else Status.SUCCEEDED, dict(steps))
        for sequence, steps in enumerate(outcomes, 1)
    }
    return (12, Status.FAILED, groups)


def plan_of_steps(steps: list[tuple[Step, ...]]) -> LoadPlan:
    """A plan, from `Step` values."""
    groups = [LoadGroup(sequence, group) for sequence, group in enumerate(steps, 1)]
    return LoadPlan("P", tuple(groups))


def execution_of_steps(outcomes: list[tuple[StepOutcome, ...]]) -> Execution:
    """An execution, from `StepOutcome` values."""
    last = len(outcomes)
    groups = [
        GroupOutcome(sequence, Status.FAILED if sequence == last else Status.SUCCEEDED, steps)
        for sequence, steps in enumerate(outcomes, 1)
    ]
    return Execution(12, Status.FAILED, tuple(groups))


def making_tables(measurer: Measurer) -> Iterator[Table]:
    """Plans and executions, made."""
    sizes = _SIZES[:3] if measurer.effort.quick else _SIZES
    rows: dict[str, list[tuple[str, ...]]] = {"time": [], "memory": []}
    for steps in sizes:
        names = names_of(steps)
        outcomes = outcomes_of(names)
        assert plan_from(names) == plan_of_steps([tuple(map(Step.parse, group)) for group in names])
        assert execution_from(outcomes) == execution_of_steps(_as_values(outcomes))
        actions: dict[str, Action] = {
            "plan": partial(plan_from, names),
            "plain plan": partial(plain_plan, names),
            "execution": partial(execution_from, outcomes),
            "plain execution": partial(plain_execution, outcomes),
        }
        times = measurer.take_turns(f"made, {steps} steps", actions)
        taken = {name: bytes_of(action) for name, action in actions.items()}
        of_time, of_memory = [f"{steps:,}"], [f"{steps:,}"]
        for name in ("plan", "execution"):
            plain = f"plain {name}"
            of_time += [number(times[name].middle / steps * 1e9), ratio(times[name].to(times[plain]))]
            of_memory += [number(taken[name] / steps), number(taken[name] / taken[plain])]
        rows["time"].append(tuple(of_time))
        rows["memory"].append(tuple(of_memory))
    for of_what, unit in (("time", "ns"), ("memory", "bytes")):
        head = ("steps", f"plan, {unit} a step", "times plain", f"execution, {unit} a step", "times plain")
        yield Table(name=f"making-{of_what}", head=head, rows=tuple(rows[of_what]))
    yield _from_values(measurer)


def _as_values(outcomes: Outcomes) -> list[tuple[StepOutcome, ...]]:
    return [
        tuple(StepOutcome(Step.parse(name), status) for name, status in steps.items()) for steps in outcomes
    ]


def _from_values(measurer: Measurer) -> Table:
    """From names, and from the values that the engine makes of names only when somebody looks."""
    names = names_of(1_000)
    outcomes = outcomes_of(names)
    steps, values = [tuple(map(Step.parse, group)) for group in names], _as_values(outcomes)
    actions: dict[str, Action] = {
        "a plan from names": partial(plan_from, names),
        "a plan from steps that stand already": partial(plan_of_steps, steps),
        "a plan from steps made for it": lambda: plan_of_steps(
            [tuple(map(Step.parse, each)) for each in names]
        ),
        "an execution from names": partial(execution_from, outcomes),
        "an execution from outcomes that stand already": partial(execution_of_steps, values),
        "an execution from outcomes made for it": lambda: execution_of_steps(_as_values(outcomes)),
    }
    times = measurer.take_turns("made of values", actions)

    def row(name: str) -> tuple[str, str, str]:
        from_names = times[f"{' '.join(name.split()[:2])} from names"]
        relative = Spread(1, 1, 1) if times[name] is from_names else times[name].to(from_names)
        return name, number(times[name].middle / 1_000 * 1e9), ratio(relative)

    return Table(
        name="making-values",
        head=("1,000 steps", "ns a step", "times from names"),
        rows=tuple(map(row, actions)),
    )


def bytes_of(action: Action) -> int:
    """What the value that is made takes, beyond what it is made of."""
    action()
    gc.collect()
    tracemalloc.start()
    try:
        made = action()
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
        del made
    finally:
        tracemalloc.stop()
    return taken
