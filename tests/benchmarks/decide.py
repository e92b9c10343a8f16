"""What one decision costs, made and read out, in a small plan and in a large one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeAlias, assert_never

from attrs import evolve
from benchmarks.measuring import Action, Measurer, unit
from benchmarks.tables import Table, ratio

from restart_engine import (
    Decision,
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    plan_restart,
)

Case: TypeAlias = tuple[LoadPlan, RestartRequest, Execution]
_COMPLETED: Final = {Status.SUCCEEDED, Status.SKIPPED}


def facts(steps: int, groups: int) -> tuple[LoadPlan, Execution]:
    """A plan of this size, and an execution of it whose middle group failed."""
    per_group = steps // groups
    names = [[f"S{g}.Object_{n}" for n in range(per_group)] for g in range(groups)]
    plan = LoadPlan("P", tuple(LoadGroup(g, each) for g, each in enumerate(names, 1)))
    reached = groups // 2 + 1
    outcomes = [
        GroupOutcome(
            g,
            Status.FAILED if g == reached else Status.SUCCEEDED,
            dict.fromkeys(each, Status.SUCCEEDED) | ({each[0]: Status.FAILED} if g == reached else {}),
        )
        for g, each in enumerate(names[:reached], 1)
    ]
    return plan, Execution(12, Status.FAILED, tuple(outcomes))


def cases(steps: int, groups: int) -> dict[str, Case]:
    """Facts of this size for each rule that starts or rejects, and for some that reject together."""
    plan, failed = facts(steps, groups)
    start = failed.failed[0]
    active = evolve(failed, status=Status.IN_PROGRESS)
    stopped = evolve(failed, status=Status.INTERRUPTED, groups=failed.groups[:-1])
    untracked = failed.with_group(GroupOutcome(start, Status.FAILED, None))
    nowhere = groups + 1
    return {
        "S1": (plan, RestartRequest(0), failed),
        "S2": (plan, RestartRequest(start), failed),
        "S3": (plan, RestartRequest(0, execution_id=12), failed),
        "S4": (plan, RestartRequest(start, execution_id=12), failed),
        "R1": (plan, RestartRequest(0), active),
        "R2": (plan, RestartRequest(0, execution_id=11), failed),
        "R3": (plan, RestartRequest(0, execution_id=12), stopped),
        "R4": (plan, RestartRequest(nowhere), failed),
        "R5": (plan, RestartRequest(0, execution_id=12), untracked),
        "R1, R2 and R4": (plan, RestartRequest(nowhere, execution_id=11), active),
    }


def rules_of(decision: Decision) -> str:
    """The ids of the rules that decided."""
    match decision:
        case RestartPlan():
            return decision.rule
        case Rejection():
            *others, last = decision.rules
            return f"{', '.join(others)} and {last}" if others else last
        case _:
            assert_never(decision)


def read_out(decision: Decision) -> tuple[object, ...]:
    """All that a host or an operator would ask of it."""
    match decision:
        case RestartPlan():
            return (
                decision.rule,
                decision.start,
                decision.names_to_run,
                decision.names_to_skip,
                decision.groups_before,
                decision.groups_after,
                decision.left_failed,
                decision.notes,
                decision.precondition,
            )
        case Rejection():
            return decision.rules, decision.reasons, decision.remedy
        case _:
            assert_never(decision)


def by_hand(names: list[str], outcomes: dict[str, str]) -> tuple[list[str], list[str]]:
    """The steps to run and to skip, by the loop that a team would write."""
    run, skip = [], []
    for name in names:
        if outcomes.get(name) in _COMPLETED:
            skip.append(name)
        else:
            run.append(name)
    return run, skip


def decision_tables(measurer: Measurer) -> Iterator[Table]:
    """One decision."""
    large = 300 if measurer.effort.quick else 30_000
    shapes = {"30 steps": cases(30, 3), f"{large:,} in 3 groups": cases(large, 3)}
    shapes[f"{large:,} groups of one"] = cases(large, large)
    small, *others = shapes
    for of_shape in shapes.values():
        for rules, case in of_shape.items():
            assert rules_of(plan_restart(*case)) == rules
    actions: dict[str, Action] = {"unit": unit}
    for title, of_shape in shapes.items():
        for rules, case in of_shape.items():
            actions[f"decide {rules}, {title}"] = partial(plan_restart, *case)
            actions[f"read {rules}, {title}"] = _deciding_and_reading(case)
    times = measurer.take_turns("decision", actions)
    rows = []
    for rules in shapes[small]:
        decided, read = times[f"decide {rules}, {small}"], times[f"read {rules}, {small}"]
        grown = [ratio(times[f"decide {rules}, {title}"].to(decided)) for title in others]
        rows.append((rules, ratio(decided.to(times["unit"])), *grown, ratio(read.to(times["unit"]))))
    yield Table(
        name="decision",
        head=(
            "rule",
            small,
            *(f"{title}: times that" for title in others),
            f"{small}, and read out",
        ),
        rows=tuple(rows),
        below=f"In objects of five fields, each of which takes {times['unit'].middle * 1e9:.0f} ns here.",
    )
    yield _reading_out(measurer, cases(large, 3))


def _deciding_and_reading(case: Case) -> Callable[[], object]:
    return lambda: read_out(plan_restart(*case))


def _reading_out(measurer: Measurer, of_rules: dict[str, Case]) -> Table:
    """Reading out where it grows, against the loop by hand over the start group."""
    plan, _, failed = of_rules["S3"]
    start = plan.groups[plan.index_from(failed.failed[0])]
    names, outcomes = list(start.names), dict(failed.groups[-1].recorded)
    run, skip = by_hand(names, {name: status.value for name, status in outcomes.items()})
    decided = plan_restart(*of_rules["S3"])
    assert isinstance(decided, RestartPlan)
    assert (run, skip) == (list(decided.names_to_run), list(decided.names_to_skip))
    loop = "the loop by hand"
    actions: dict[str, Action] = {loop: partial(by_hand, names, {n: s.value for n, s in outcomes.items()})}
    actions |= {rules: _deciding_and_reading(case) for rules, case in of_rules.items()}
    times = measurer.take_turns("read out", actions)
    rows = tuple(
        (rules, f"{times[rules].middle * 1e6:,.1f}", ratio(times[rules].to(times[loop])))
        for rules in [loop, *of_rules]
    )
    return Table(
        name="read-out",
        head=("", "microseconds", "times the loop"),
        rows=rows,
        below=f"{sum(len(group.names) for group in plan.groups):,} steps in 3 groups;"
        f" the start group has {len(names):,}, and so has the loop's.",
    )
