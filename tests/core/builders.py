"""Short ways to write plans and executions down."""

from __future__ import annotations

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan, Status

S, F, W, I, P, Q, K = (  # noqa: E741  # one letter a status, as in the tables that use them
    Status.SUCCEEDED,
    Status.FAILED,
    Status.FINISHED_WITH_ERRORS,
    Status.INTERRUPTED,
    Status.IN_PROGRESS,
    Status.IN_QUEUE,
    Status.SKIPPED,
)
Outcome = tuple[Status, dict[str, Status] | None]


def plan(groups: dict[int, str]) -> LoadPlan:
    """`{2: "ab"}` is a plan whose group 2 has the steps X.a and X.b."""
    return LoadPlan(
        "Nightly",
        tuple(LoadGroup(seq, [f"X.{name}" for name in names]) for seq, names in groups.items()),
    )


def execution(status: Status, groups: dict[int, Outcome], id_: int = 12) -> Execution:
    """`{2: (F, {"a": S})}` recorded group 2 as Failed with its step X.a Succeeded."""
    outcomes = [
        GroupOutcome(seq, of_group, None if steps is None else {f"X.{name}": s for name, s in steps.items()})
        for seq, (of_group, steps) in groups.items()
    ]
    return Execution(id_, status, tuple(outcomes))
