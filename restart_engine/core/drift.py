"""How a plan differs from what an execution recorded of it."""

from __future__ import annotations

from types import NoneType
from typing import final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_kind, check_sequences, check_tuple, check_unique
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.notes import GroupsChanged, StepsChanged
from restart_engine.core.plan import LoadGroup, LoadPlan, Step


@final
@frozen(kw_only=True)
class Drift(Sealed):
    """What was added to the plan or removed from it since the execution.

    :param groups: The groups that came and went; none where none did.
    :param steps: The groups that both have and whose steps are known and differ, ascending.
    """

    groups: GroupsChanged | None
    steps: tuple[StepsChanged, ...]

    def __attrs_post_init__(self) -> None:
        check_kind("groups", self.groups, GroupsChanged, NoneType)
        check_tuple("steps", self.steps, StepsChanged)
        sequences = tuple([change.sequence for change in self.steps])
        check_sequences("steps", sequences, ".sequence")
        if self.groups is not None:
            check_unique("groups and steps", self.groups.added + self.groups.removed + sequences)

    def __bool__(self) -> bool:
        return self.groups is not None or bool(self.steps)


def added_since(drift: Drift) -> list[int]:
    """The groups that were added to the plan, and those to which a step was."""
    groups = [] if drift.groups is None else list(drift.groups.added)
    return groups + [change.sequence for change in drift.steps if change.added]


def groups_changed(plan: LoadPlan, execution: Execution) -> GroupsChanged | None:
    """Which groups came and went, as far as the execution can tell; none where it shows no change.

    A group without an outcome counts as added only between two that have one: before the first it may lie
    ahead of a restart's start, and after the last it may just not have been reached.
    """
    recorded = execution.sequences
    if not recorded:
        return None
    span = plan.sequences[plan.index_from(recorded[0]) : plan.index_from(recorded[-1] + 1)]
    if span == recorded:
        return None
    kept = frozenset(recorded)
    return GroupsChanged(
        added=tuple([sequence for sequence in span if sequence not in kept]),
        removed=tuple([sequence for sequence in recorded if sequence not in plan.sequence_set]),
    )


def steps_changed(group: LoadGroup, outcome: GroupOutcome | None) -> StepsChanged | None:
    """Which steps of a group came and went; none where they did not, or where nothing was recorded."""
    if outcome is None or outcome.statuses is None or not (outcome.begun or outcome.statuses):
        return None
    recorded, planned = outcome.statuses.keys(), frozenset(group.names)
    if len(recorded) == len(planned) and planned.issuperset(recorded):
        return None
    added = [name for name in group.names if name not in recorded]
    removed = sorted(recorded - planned)
    return StepsChanged(
        sequence=group.sequence,
        added=tuple(map(Step.parse, added)),
        removed=tuple(map(Step.parse, removed)),
    )


def plan_drift(plan: LoadPlan, execution: Execution) -> Drift:
    """Everything that the plan shows to have changed since this execution of it."""
    check_kind("plan", plan, LoadPlan)
    check_kind("execution", execution, Execution)
    changes = (steps_changed(group, execution.outcome(group.sequence)) for group in plan.groups)
    return Drift(
        groups=groups_changed(plan, execution),
        steps=tuple(change for change in changes if change is not None),
    )
