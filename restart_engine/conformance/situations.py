"""What a scenario exercises: the rules, pairs, consequences and freedoms that its answer depends on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from restart_engine.conformance.profile import FREEDOMS, Freedom, Profile
from restart_engine.conformance.reference import by_answer
from restart_engine.core.decision import Decision, Rejection, RestartPlan, plan_restart
from restart_engine.core.execution import GroupOutcome
from restart_engine.core.notes import SkippedElsewhere, StepsChanged
from restart_engine.core.rule_table import RULE_IDS, RULES, ConsequenceId
from restart_engine.core.rules import Facts
from restart_engine.core.status import COMPLETED

_NEVER_TOGETHER = {"R2+R3", "R2+R5", "R3+R5", "R4+R5"}
PAIRS = tuple("+".join(pair) for pair in combinations(RULE_IDS, 2) if "+".join(pair) not in _NEVER_TOGETHER)
"""Every pair of rules that can reject together."""


def exercised(facts: Facts) -> frozenset[str]:
    """The ids of the rules and consequences, `R1+R4` for a pair, and the JSON names of freedoms."""
    return frozenset((*rules_of(facts), *_freedoms(facts)))


def rules_of(facts: Facts) -> tuple[str, ...]:
    """The rules, pairs of rules and consequences alone, in this engine's order."""
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    if isinstance(decision, Rejection):
        pairs = ("+".join(pair) for pair in combinations(decision.rules, 2))
        return (*decision.rules, *pairs, *_of_any(facts, decision))
    return (decision.rule, *_of_any(facts, decision), *_of_plan(decision))


def _of_any(facts: Facts, decision: Decision) -> Iterator[ConsequenceId]:
    """The consequences that show in plans and rejections alike."""
    request, latest = facts.request, facts.latest
    if request.group_sequence < 0:
        yield "C2"
    if request.execution_id is None:
        if latest is not None and not latest.active:
            yield "C3"
    elif request.execution_id <= 0 and isinstance(decision, Rejection):
        yield "C3"


def _of_plan(restart: RestartPlan) -> Iterator[ConsequenceId]:
    """The consequences that show in a plan: what there is to do wrong in it."""
    latest, start = restart.facts.latest, restart.start
    if latest is None:
        return
    later = (latest.outcome(group.sequence) for group in restart.groups_after)
    if any(outcome is not None and outcome.completed for outcome in later):
        yield "C1"
    if restart.based_on is None:
        return
    outcome = latest.outcome(start.sequence)
    if restart.rule == "S4" and start.sequence not in latest.failed:
        yield "C4"
    if restart.left_failed:
        yield "C5"
    if _edited(start.names, outcome) or any(isinstance(note, StepsChanged) for note in restart.notes):
        yield "C6"
    if not restart.names_to_run:
        yield "C7"
    if outcome is not None and _unfinished(restart, outcome):
        yield "C8"
    if any(isinstance(note, SkippedElsewhere) for note in restart.notes):
        yield "C9"


def _edited(names: tuple[str, ...], outcome: GroupOutcome | None) -> bool:
    if outcome is None or outcome.statuses is None:
        return False
    return set(outcome.recorded) != set(names)


def _unfinished(restart: RestartPlan, outcome: GroupOutcome) -> bool:
    running = set(restart.names_to_run)
    return any(name in running and status not in COMPLETED for name, status in outcome.recorded.items())


def _freedoms(facts: Facts) -> Iterator[str]:
    """Those that change what is allowed here."""
    answers = by_answer(facts)
    if len(answers) == 1:
        return
    for freedom in FREEDOMS:
        sides = [{a for a, ps in answers.items() if _some(ps, freedom, side)} for side in (False, True)]
        if freedom.stateless and sides[0] != sides[1]:
            yield freedom.member


def _some(profiles: frozenset[Profile], freedom: Freedom, side: bool) -> bool:  # noqa: FBT001  # a value
    return any(getattr(profile, freedom.name) is side for profile in profiles)


EVERY: tuple[str, ...] = (
    *RULES,
    *PAIRS,
    *(freedom.member for freedom in FREEDOMS if freedom.stateless),
)
"""What a run has to exercise to be a verdict."""
