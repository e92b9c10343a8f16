"""Every restart that is possible now: what a person looks at before choosing one."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.core.decision import Rejection, RestartPlan, plan_restart
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import START_OVER


def restart_options(plan: LoadPlan, latest: Execution | None = None) -> tuple[RestartPlan, ...] | Rejection:
    """The restarts that would be accepted, or why none would: when starting over is rejected, all are.

    Two that run and skip the same steps mean the same, and one stands for both: resuming at the first
    failed group (S3) before starting over (S1) before starting at a group whole (S2) before resuming at a
    group (S4). Ascending by the group they start at, there the one that skips more first.
    """
    start_over = plan_restart(plan, START_OVER, latest)
    if isinstance(start_over, Rejection):
        return start_over
    meanings: dict[tuple[int, tuple[str, ...]], RestartPlan] = {}
    for request in _requests(plan, latest):
        restart = plan_restart(plan, request, latest)
        if isinstance(restart, RestartPlan):
            meaning = (restart.start.sequence, restart.step_names_to_skip)
            meanings.setdefault(meaning, restart)
    return tuple(
        sorted(
            meanings.values(),
            key=lambda restart: (restart.start.sequence, -len(restart.step_names_to_skip)),
        )
    )


def _requests(plan: LoadPlan, latest: Execution | None) -> Iterator[RestartRequest]:
    """Every request that can be told apart from the others, in the order of preference."""
    if latest is not None:
        yield RestartRequest(0, execution_id=latest.id)
    yield START_OVER
    for sequence in plan.sequences:
        yield RestartRequest(sequence)
    if latest is not None:
        for sequence in plan.sequences:
            yield RestartRequest(sequence, execution_id=latest.id)
