"""A host that restarts a failed load plan: decide, start under the precondition, drive the run."""

from __future__ import annotations

from typing import assert_never

from restart_engine import (
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    explain,
    plan_restart,
    progress,
)

PLAN = LoadPlan(
    "Nightly",
    (
        LoadGroup(1, ["Sales.Orders", "Sales.Lines"]),
        LoadGroup(2, ["Finance.Ledger", "Finance.Rates"]),
        LoadGroup(4, ["Marts.Revenue"]),
    ),
)
LATEST = Execution(
    12,
    Status.FAILED,
    (
        GroupOutcome(
            1, Status.SUCCEEDED, {"Sales.Orders": Status.SUCCEEDED, "Sales.Lines": Status.SUCCEEDED}
        ),
        GroupOutcome(2, Status.FAILED, {"Finance.Ledger": Status.FAILED, "Finance.Rates": Status.SUCCEEDED}),
    ),
)


def restart(request: RestartRequest) -> Execution | None:
    """What the host does with a request; none when it is rejected."""
    match plan_restart(PLAN, request, LATEST):
        case RestartPlan() as planned:
            print(explain(planned))
            # inside the host's transaction: start only if what was decided on still holds
            assert planned.precondition.holds(PLAN, LATEST)
            return run(progress.opening_record(planned, LATEST.id + 1))
        case Rejection() as rejected:
            print(explain(rejected))
            return None
        case other:
            assert_never(other)


def run(execution: Execution) -> Execution:
    """A loader to whom nothing happens: every step succeeds."""
    while (turn := progress.ready(execution)) is not None:
        for step in turn.steps:
            execution = progress.begin_step(execution, turn.sequence, step)
        for step in turn.steps:
            execution = progress.end_step(execution, turn.sequence, step, Status.SUCCEEDED)
        execution = progress.end_group(execution, turn.sequence, Status.SUCCEEDED)
    return progress.end_execution(execution, Status.SUCCEEDED)


if __name__ == "__main__":
    finished = restart(RestartRequest(0, execution_id=12))
    assert finished is not None
    print(finished.status)
    restart(RestartRequest(0, execution_id=11))
