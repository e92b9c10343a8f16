"""What a decision costs: `PYTHONPATH=tests python tests/benchmarks/decide.py` prints ratios within this run.

The unit is the making of one frozen, slotted attrs object of five fields, given by position and by name.
Each figure is the lowest of several repeats, because noise only adds.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable

from attrs import frozen

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan, RestartRequest, Status, plan_restart


@frozen
class Five:
    """Five fields."""

    a: int
    b: int
    c: int
    d: int
    e: int


@frozen(kw_only=True)
class FiveByName:
    """Five fields, given by name."""

    a: int
    b: int
    c: int
    d: int
    e: int


def time_of(action: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    timer = timeit.Timer(action)
    number, _ = timer.autorange()
    return min(timer.repeat(repeat=9, number=max(number // 4, 1))) / max(number // 4, 1)


def facts(steps: int, groups: int) -> tuple[LoadPlan, Execution]:
    """A plan of this size, and an execution of it whose middle group failed."""
    per_group = steps // groups
    names = [[f"S{g}.Object_{n}" for n in range(per_group)] for g in range(groups)]
    plan = LoadPlan("P", tuple(LoadGroup.parse(g, each) for g, each in enumerate(names, 1)))
    reached = groups // 2 + 1
    outcomes = [
        GroupOutcome.parse(
            g,
            Status.FAILED if g == reached else Status.SUCCEEDED,
            dict.fromkeys(each, Status.SUCCEEDED) | ({each[0]: Status.FAILED} if g == reached else {}),
        )
        for g, each in enumerate(names[:reached], 1)
    ]
    return plan, Execution(12, Status.FAILED, tuple(outcomes))


REQUESTS = {
    "S1": RestartRequest(0),
    "S2": RestartRequest(2),
    "S3": RestartRequest(0, execution_id=12),
    "S4": RestartRequest(2, execution_id=12),
    "R2": RestartRequest(0, execution_id=11),
    "R4": RestartRequest(10**9),
    "R2 R4": RestartRequest(10**9, execution_id=11),
}


def main() -> None:
    """Print the table."""
    by_position = time_of(lambda: Five(1, 2, 3, 4, 5))
    by_name = time_of(lambda: FiveByName(a=1, b=2, c=3, d=4, e=5))
    print(f"five fields by position {by_position * 1e9:.0f} ns, by name {by_name * 1e9:.0f} ns")
    small = facts(30, 3)
    sizes = {"30,000 steps in 3 groups": facts(30_000, 3), "in 30,000 groups": facts(30_000, 30_000)}
    print(f"{'':8}{'to five by position':>22}{'by name':>10}", *(f"{name} to 30" for name in sizes), sep="  ")
    for name, request in REQUESTS.items():
        plan, latest = small
        cost = time_of(lambda: plan_restart(plan, request, latest))  # noqa: B023  # called at once
        row = [f"{name:8}{cost / by_position:22.2f}{cost / by_name:10.2f}"]
        for title, (large, large_latest) in sizes.items():
            ratio = time_of(lambda: plan_restart(large, request, large_latest)) / cost  # noqa: B023  # called at once
            row.append(f"{ratio:>{len(title) + 6}.2f}")
        print(*row, sep="  ")


if __name__ == "__main__":
    main()
