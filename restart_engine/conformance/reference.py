"""What a conforming implementation may answer: `plan_restart` on facts that a profile bends.

No rule is written again here. A group that does not count as failed under a profile is shown to
`plan_restart` as In Queue, the one status of a group that is neither failed nor read further by any rule
whose outcome is compared; an id of 0 that means none is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, final

from attrs import evolve, frozen

from restart_engine.conformance.profile import STATELESS, Profile
from restart_engine.core.checks import Sealed
from restart_engine.core.decision import Decision, Rejection, plan_restart
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.rule_table import RuleId, StartRuleId
from restart_engine.core.rules import Facts
from restart_engine.core.status import Status


@final
@frozen
class Planned(Sealed):
    """An accepted restart, as far as it is compared: steps side by side have no order."""

    start: int
    """The sequence of the group where it begins."""
    run: frozenset[str]
    skip: frozenset[str]
    after: tuple[int, ...]
    """The groups that follow, in the order in which they run."""
    rule: StartRuleId | None = None
    """The rule that chose the start; not compared, so none in what a subject answers."""

    def same(self, other: Allowed) -> bool:
        """Whether it runs and skips the same."""
        return isinstance(other, Planned) and evolve(self, rule=None) == evolve(other, rule=None)


@final
@frozen
class Rejected(Sealed):
    """A rejection by any one of these rules, or all of them: which is named is free."""

    rules: tuple[RuleId, ...]

    def same(self, other: Allowed) -> bool:
        """Whether every rule that the other names is among these."""
        return isinstance(other, Rejected) and set(other.rules) <= set(self.rules)


Allowed: TypeAlias = Planned | Rejected


def allowed(facts: Facts, profile: Profile) -> tuple[Allowed, ...]:
    """The answers that conform to the rules under this profile: one, or two where they leave it open.

    They leave two things open of a start group that is In Queue, so never reached, and has an outcome all
    the same: whether its history is needed, where that of every start group is; and whether its completed
    steps are skipped, as completed, or run, as never reached.
    """
    bent = _bent(facts, profile)
    answer = compared(plan_restart(bent.plan, bent.request, bent.latest))
    start = _start_resumed(facts, bent)
    if start is None:
        return (answer,)
    if start.statuses is None:
        return _without_history(answer, start, profile)
    if isinstance(answer, Planned) and answer.skip and not start.begun:
        return answer, evolve(answer, run=answer.run | answer.skip, skip=frozenset())
    return (answer,)


def _without_history(answer: Allowed, start: GroupOutcome, profile: Profile) -> tuple[Allowed, ...]:
    """The same where the start group has no step history."""
    rejecting = answer.rules if isinstance(answer, Rejected) else ()
    if not profile.history_of_any_start or "R5" in rejecting:
        return (answer,)
    needed = Rejected((*rejecting, "R5"))
    return (needed,) if start.begun else (needed, answer)


def compared(decision: Decision) -> Allowed:
    """What of this engine's decision is compared."""
    if isinstance(decision, Rejection):
        return Rejected(decision.rules)
    return Planned(
        decision.start.sequence,
        frozenset(decision.names_to_run),
        frozenset(decision.names_to_skip),
        tuple(group.sequence for group in decision.groups_after),
        decision.rule,
    )


def by_answer(facts: Facts) -> dict[tuple[Allowed, ...], frozenset[Profile]]:
    """What is allowed, and under which profiles of those that single answers can tell apart."""
    known: dict[tuple[bool, ...], tuple[Allowed, ...]] = {}
    found: dict[tuple[Allowed, ...], set[Profile]] = {}
    telling = _telling(facts)
    for profile in STATELESS:
        key = tuple(getattr(profile, name) for name in telling)
        if key not in known:
            known[key] = allowed(facts, profile)
        found.setdefault(known[key], set()).add(profile)
    return {answers: frozenset(profiles) for answers, profiles in found.items()}


def explaining(
    answers: Mapping[tuple[Allowed, ...], frozenset[Profile]], answer: Allowed
) -> frozenset[Profile]:
    """The profiles, of those that single answers can tell apart, under which this answer conforms."""
    matching = [profiles for allowed, profiles in answers.items() if any(a.same(answer) for a in allowed)]
    return frozenset[Profile]().union(*matching)


def _telling(facts: Facts) -> tuple[str, ...]:
    """The freedoms that can make a difference to these facts."""
    groups = () if facts.latest is None else facts.latest.groups
    possible = {
        "interrupted_fails": any(group.status is Status.INTERRUPTED for group in groups),
        "finished_with_errors_fails": any(group.status is Status.FINISHED_WITH_ERRORS for group in groups),
        "zero_is_no_id": facts.request.execution_id == 0,
        "history_of_any_start": any(group.statuses is None for group in groups),
    }
    return tuple(name for name, tells in possible.items() if tells)


def _bent(facts: Facts, profile: Profile) -> Facts:
    """The facts as this engine has to see them to decide as the profile does."""
    plan, request, latest = facts.plan, facts.request, facts.latest
    if profile.zero_is_no_id and request.execution_id == 0:
        request = evolve(request, execution_id=None)
    harmless = set[Status]()
    if not profile.interrupted_fails:
        harmless.add(Status.INTERRUPTED)
    if not profile.finished_with_errors_fails:
        harmless.add(Status.FINISHED_WITH_ERRORS)
    if latest is not None and any(group.status in harmless for group in latest.groups):
        groups = [_never_reached(group) if group.status in harmless else group for group in latest.groups]
        latest = Execution(latest.id, latest.status, tuple(groups))
    return Facts(plan, request, latest)


def _never_reached(group: GroupOutcome) -> GroupOutcome:
    recorded = group.statuses
    return GroupOutcome(group.sequence, Status.IN_QUEUE, recorded)


def _start_resumed(facts: Facts, bent: Facts) -> GroupOutcome | None:
    """The outcome, as it was, of the start group where that is resumed and in the plan."""
    if facts.latest is None or bent.resumed is None or bent.start_sequence not in bent.plan.sequence_set:
        return None
    return facts.latest.outcome(bent.start_sequence)
