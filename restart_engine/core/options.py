"""Every restart that is possible now: what a person looks at before choosing one."""

from __future__ import annotations

from collections.abc import Iterator

from restart_engine.core.checks import check_kind
from restart_engine.core.decision import Rejection, RestartPlan, plan_restart
from restart_engine.core.drift import added_since, plan_drift
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import START_OVER, RestartRequest
from restart_engine.core.rules import Facts


def restart_options(plan: LoadPlan, latest: Execution | None = None) -> tuple[RestartPlan, ...] | Rejection:
    """The restarts that would be accepted, or why none would: when starting over is rejected, all are.

    Of two that start at the same group and skip the same steps only one is listed: resuming at the first
    failed group (S3) before starting over (S1) before starting at a group whole (S2) before resuming at a
    group (S4). The recommended one is first; the others ascend by the group they start at, and at one
    group the one that skips more is first.
    """
    start_over = plan_restart(plan, START_OVER, latest)
    if isinstance(start_over, Rejection):
        return start_over
    meanings: dict[tuple[int, tuple[str, ...]], RestartPlan] = {}
    for request in _requests(plan, latest):
        restart = plan_restart(plan, request, latest)
        if isinstance(restart, RestartPlan):
            meanings.setdefault((restart.start.sequence, restart.names_to_skip), restart)
    ascending = tuple(sorted(meanings.values(), key=lambda r: (r.start.sequence, -len(r.names_to_skip))))
    best = recommended(ascending)
    return ascending if best is None else (best, *(restart for restart in ascending if restart is not best))


def recommended(options: tuple[RestartPlan, ...]) -> RestartPlan | None:
    """The restart that most people want: it repeats least and leaves nothing undone.

    Undone are groups that failed or were never reached, and, where there is one, also what was added to the
    plan since. None where nothing is undone, because then nothing needs a restart; and where every restart
    leaves a failed group behind, because that has left the plan. `options` are what `restart_options` gives.
    """
    check_kind("options", options, tuple)
    if not options:
        raise InvalidValue("options", options, "what `restart_options` gives, one restart or more")
    first = _first_undone(options[0].facts)
    whole = [restart for restart in options if first is not None and restart.start.sequence <= first]
    return max(whole, key=lambda r: (r.start.sequence, len(r.names_to_skip)), default=None)


def _first_undone(facts: Facts) -> int | None:
    """The lowest sequence that a restart has to begin at or before; none where nothing is undone."""
    failed = () if facts.latest is None else facts.latest.failed
    undone = [*failed[:1], *facts.never_reached[:1]]
    if undone and facts.latest is not None:
        undone += added_since(plan_drift(facts.plan, facts.latest))
    return min(undone, default=None)


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
