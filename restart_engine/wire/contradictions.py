"""What the schema does not say of a decision: its places do not contradict each other."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, assert_never

from msgspec import UNSET

from restart_engine.core.rules import REJECTIONS, STARTS
from restart_engine.strict_json import WireError, member
from restart_engine.wire import shapes
from restart_engine.wire.reading import unlike

_PRECEDENCE: Final = [rule.rule for rule in REJECTIONS]
_WITHOUT_ID: Final = [rule.rule for rule in STARTS if not rule.resumes]


def check_decision(decision: shapes.DecisionShape) -> None:
    """Raises `WireError` at the first place that contradicts another."""
    match decision:
        case shapes.PlannedShape():
            _check_planned(decision)
        case shapes.RejectedShape():
            _check_rejected(decision)
        case _:
            assert_never(decision)


def _check_planned(planned: shapes.PlannedShape) -> None:
    latest = planned.precondition.latest
    seen = None if latest is None else latest.id
    if (planned.based_on is None) != (planned.rule in _WITHOUT_ID) or planned.based_on not in (None, seen):
        meant = "null for S1 and S2, else the id of the precondition's latest execution"
        raise unlike("basedOn", planned.based_on, meant)
    before, start, after = planned.before, planned.start, planned.after
    if before and before[-1] >= start.sequence:
        raise unlike(f"before[{len(before) - 1}]", before[-1], "a group before the start")
    if after and after[0] <= start.sequence:
        raise unlike("after[0]", after[0], "a group after the start")
    run = frozenset(start.run)
    for index, name in enumerate(start.skip):
        if name in run:
            raise unlike(f"start.skip[{index}]", name, "a step that is not run as well")


def _check_rejected(rejected: shapes.RejectedShape) -> None:
    places = map(_PRECEDENCE.index, rejected.rules)
    for index, (place, following) in enumerate(pairwise(places), 1):
        if following < place:
            raise unlike(f"rules[{index}]", rejected.rules[index], "rules in order of precedence")
    if rejected.rule != rejected.rules[0]:
        raise unlike("rule", rejected.rule, "the first of `rules`")
    for rule in _PRECEDENCE:
        given = getattr(rejected.evidence, rule.lower()) is not UNSET
        if given != (rule in rejected.rules):
            found = "evidence of no rule that rejects" if given else "missing"
            raise WireError(member("evidence", rule), found, "a member for each of `rules`")
