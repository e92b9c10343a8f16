"""A thousand restarts, each of what the one before left: what a restart costs as the chain grows."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from time import process_time
from typing import Final, TypeAlias

from attrs import frozen
from benchmarks.measuring import Measurer, Times
from benchmarks.tables import Table, number, ratio

from restart_engine import (
    Execution,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    plan_restart,
)
from restart_engine.core.plan import Step
from restart_engine.core.progress import (
    advance,
    begin_step,
    end_execution,
    end_group,
    end_step,
    opening_record,
    ready,
)

Fails: TypeAlias = Callable[[int, Step], bool]
"""Whether a step fails, by the number of the restart, from 0, and the step."""
_STAGES: Final = 10
_CHAIN: Final = 1_000


@frozen
class Chain:
    """A chain that was run: what it took, and what happened."""

    seconds: tuple[float, ...]
    """Of each restart, from the decision to the end of its execution."""
    moves: int
    succeeded: Counter[Step]
    last: Execution


def run_chain(plan: LoadPlan, restarts: int, fails: Fails) -> Chain:
    """Start over, and then resume what failed, so many times in all; each run ends where a step fails."""
    latest: Execution | None = None
    seconds, moves, succeeded = [], 0, Counter[Step]()
    for number_of_it in range(restarts):
        begun = process_time()
        request = RestartRequest(0, execution_id=None if latest is None else latest.id)
        decision = plan_restart(plan, request, latest)
        assert isinstance(decision, RestartPlan)
        latest, done = _run(opening_record(decision, number_of_it + 1), partial(fails, number_of_it))
        succeeded.update(done)
        moves += 2 * (len(done) + (latest.status is Status.FAILED))
        seconds.append(process_time() - begun)
    assert latest is not None
    return Chain(tuple(seconds), moves, succeeded, latest)


def _run(execution: Execution, fails: Callable[[Step], bool]) -> tuple[Execution, list[Step]]:
    """The execution as it ended, and the steps that succeeded in it."""
    done: list[Step] = []
    execution = advance(execution)
    while (turn := ready(execution)) is not None:
        for step in turn.steps:
            execution = begin_step(execution, turn.sequence, step)
            if fails(step):
                execution = end_step(execution, turn.sequence, step, Status.FAILED)
                execution = end_group(execution, turn.sequence, Status.FAILED)
                return end_execution(execution, Status.FAILED), done
            execution = end_step(execution, turn.sequence, step, Status.SUCCEEDED)
            done.append(step)
        execution = advance(execution)
    return execution, done


def _plan(groups: int, of_group: int) -> LoadPlan:
    names = [[f"S{g}.Object_{n:04}" for n in range(of_group)] for g in range(groups)]
    return LoadPlan("P", tuple(LoadGroup(g, each) for g, each in enumerate(names, 1)))


def chains(restarts: int) -> dict[str, tuple[LoadPlan, Fails]]:
    """The same failure each time; a step further each time; a group further each time."""

    def never_mended(_number: int, step: Step) -> bool:
        return (step.schema, step.name) == ("S5", "Object_0003")

    def one_step_further(number: int, step: Step) -> bool:
        return int(step.name.removeprefix("Object_")) > number

    def one_group_further(number: int, step: Step) -> bool:
        return int(step.schema.removeprefix("S")) > number

    return {
        "the same step of 40 fails each time": (_plan(10, 4), never_mended),
        f"one step more of {restarts:,} in a group": (_plan(1, restarts), one_step_further),
        f"one group more of {restarts:,}": (_plan(restarts, 1), one_group_further),
    }


def check(plan: LoadPlan, chain: Chain, restarts: int) -> None:
    """No step that was completed where a restart began ran again, and the chain ended as it has to."""
    assert chain.last.id == restarts
    assert set(chain.succeeded.values()) == {1}
    decision = plan_restart(plan, RestartRequest(0, execution_id=restarts), chain.last)
    over = sum(chain.succeeded.values()) == sum(len(group.names) for group in plan.groups)
    assert over == (isinstance(decision, Rejection) and decision.rules == ("R3",))


def chain_tables(measurer: Measurer) -> Iterator[Table]:
    """Chains of restarts."""
    restarts = 50 if measurer.effort.quick else _CHAIN
    part = restarts // _STAGES
    rows = []
    for name, (plan, fails) in chains(restarts).items():
        check(plan, run_chain(plan, restarts, fails), restarts)
        found = []
        for _ in range(max(measurer.effort.rounds // 2, 2)):
            measurer.time_fixed_work()
            gc.collect()
            found.append(run_chain(plan, restarts, fails))
        first, last = (
            Times(tuple(sum(chain.seconds[span]) / part for chain in found))
            for span in (slice(1, part + 1), slice(-part, None))
        )
        whole = Times(tuple(sum(chain.seconds) / chain.moves for chain in found))
        measurer.keep(f"chain: {name}, first restarts", first)
        measurer.keep(f"chain: {name}, last restarts", last)
        rows.append(
            (
                name,
                number(first.middle * 1e6),
                ratio(last.to(first)),
                f"{found[0].moves / restarts:,.0f}",
                number(1 / whole.middle),
            )
        )
    yield Table(
        name="chains",
        head=(
            f"a chain of {restarts:,} restarts",
            f"microseconds a restart, the first {part} after the first",
            f"the last {part} to these",
            "moves a restart",
            "moves a second",
        ),
        rows=tuple(rows),
    )
