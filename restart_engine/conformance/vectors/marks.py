"""Whose decision a case is: the documentation's, or these rules' own (the marks in docs/rules.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeAlias

from restart_engine.conformance.reference import by_answer, compared
from restart_engine.conformance.situations import rules_of
from restart_engine.core.decision import Rejection, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.rule_table import RULES
from restart_engine.core.rules import Facts
from restart_engine.core.status import Status

Source: TypeAlias = Literal["documented", "ours"]
_IN_PART: Final = ("C3", "C4")
"""Ours, but not in every case that they are in."""


def source_of(facts: Facts) -> Source:
    """Ours, where anything that decides the case is marked so."""
    return "ours" if any(_ours(facts)) else "documented"


def _ours(facts: Facts) -> Iterator[bool]:
    plan, request, latest = facts.plan, facts.request, facts.latest
    rules = rules_of(facts)
    yield len(by_answer(facts)) > 1  # a freedom
    yield any(rule in RULES and rule not in _IN_PART and RULES[rule].source == "ours" for rule in rules)
    yield "R2" in rules and (latest is None or (request.execution_id or 0) <= 0)
    yield "R4" in rules and (not plan.groups or request.group_sequence <= 0)
    yield any(not group.names for group in plan.groups)
    yield "C4" in rules and _without_history(facts)
    yield _in_two_groups(facts)
    yield _differs(facts, _cut_off_in_queue(facts))
    yield _differs(facts, _skipped_failed(facts))


def _without_history(facts: Facts) -> bool:
    assert facts.latest is not None
    outcome = facts.latest.outcome(facts.request.group_sequence)
    return outcome is not None and outcome.statuses is None


def _in_two_groups(facts: Facts) -> bool:
    """Whether a step that is resumed stands in another group too, in the plan or in what was recorded."""
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    if isinstance(decision, Rejection) or facts.latest is None or decision.based_on is None:
        return False
    start = decision.start
    planned = [group.names for group in facts.plan.groups if group is not start]
    recorded = [list(group.recorded) for group in facts.latest.groups if group.sequence != start.sequence]
    return not set(start.names).isdisjoint(name for names in (*planned, *recorded) for name in names)


def _differs(facts: Facts, latest: Execution | None) -> bool:
    """Whether the decision would be another one if this had happened."""
    decisions = (plan_restart(facts.plan, facts.request, each) for each in (facts.latest, latest))
    first, second = map(compared, decisions)
    return first != second


def _cut_off_in_queue(facts: Facts) -> Execution | None:
    """The latest execution, if a group that was cut off did not count as failed."""

    def queued(group: GroupOutcome) -> GroupOutcome:
        recorded = group.statuses
        status = Status.IN_QUEUE if group.status is Status.IN_PROGRESS else group.status
        return GroupOutcome(group.sequence, status, recorded)

    return _with(facts.latest, queued)


def _skipped_failed(facts: Facts) -> Execution | None:
    """The latest execution, if a step that was skipped did not count as completed."""

    def failed(group: GroupOutcome) -> GroupOutcome:
        if group.statuses is None:
            return group
        steps: dict[str, Status] = {
            name: Status.FAILED if status is Status.SKIPPED else status
            for name, status in group.recorded.items()
        }
        return GroupOutcome(group.sequence, group.status, steps)

    return _with(facts.latest, failed)


def _with(latest: Execution | None, change: Callable[[GroupOutcome], GroupOutcome]) -> Execution | None:
    if latest is None:
        return None
    return Execution(latest.id, latest.status, tuple(map(change, latest.groups)))
