"""What the schema does not say of a decision: it must not contradict itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, assert_never

from msgspec import UNSET

from restart_engine.core.rules import REJECTIONS, STARTS
from restart_engine.wire import shapes
from restart_engine.wire.errors import WireError
from restart_engine.wire.reading import member, unlike

_PRECEDENCE: Final = [rule.rule for rule in REJECTIONS]
_WITHOUT_ID: Final = [rule.rule for rule in STARTS if not rule.resumes]


def check_decision(decision: shapes.DecisionShape) -> None:
    """Raises `WireError` at the first place that contradicts another, or the order that lists are in."""
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
    _check_places(planned)
    run = frozenset(planned.start.run)
    for index, name in enumerate(planned.start.skip):
        if name in run:
            raise unlike(f"start.skip[{index}]", name, "a step that is not run as well")
    for index, note in enumerate(planned.notes):
        for name, sequences in _noted(note):
            _check_ascending(f"notes[{index}].{name}", sequences)


def _check_places(planned: shapes.PlannedShape) -> None:
    """Before the start, the start and after it: ascending, none twice."""
    _check_ascending("before", planned.before)
    start = planned.start.sequence
    if planned.before and planned.before[-1] >= start:
        raise unlike(f"before[{len(planned.before) - 1}]", planned.before[-1], "a group before the start")
    if planned.after and planned.after[0] <= start:
        raise unlike("after[0]", planned.after[0], "a group after the start")
    _check_ascending("after", planned.after)


def _noted(note: shapes.NoteShape) -> Iterator[tuple[str, list[int]]]:
    """The lists of sequences that a note has."""
    match note:
        case shapes.EarlierGroupsStayFailedShape():
            yield "sequences", note.sequences
        case shapes.GroupsChangedShape():
            yield "added", note.added
            yield "removed", note.removed
        case shapes.StepsChangedShape() | shapes.SkippedElsewhereShape() | shapes.NothingToRunShape():
            return
        case _:
            assert_never(note)


def _check_rejected(rejected: shapes.RejectedShape) -> None:
    for index, (rule, following) in enumerate(pairwise(map(_PRECEDENCE.index, rejected.rules)), 1):
        if following < rule:
            raise unlike(f"rules[{index}]", rejected.rules[index], "rules in order of precedence")
    if rejected.rule != rejected.rules[0]:
        raise unlike("rule", rejected.rule, "the first of `rules`")
    _check_evidence(rejected)


def _check_evidence(rejected: shapes.RejectedShape) -> None:
    evidence = rejected.evidence
    given = {rule: getattr(evidence, rule.lower()) is not UNSET for rule in _PRECEDENCE}
    for rule in _PRECEDENCE:
        if given[rule] != (rule in rejected.rules):
            found = "evidence of no rule that rejects" if given[rule] else "missing"
            raise WireError(member("evidence", rule), found, "a member for each of `rules`")
    if evidence.r3 is not UNSET:
        _check_ascending("evidence.R3.neverReached", evidence.r3.never_reached)
    if evidence.r4 is not UNSET:
        _check_ascending("evidence.R4.existing", evidence.r4.existing)


def _check_ascending(path: str, sequences: Iterable[int]) -> None:
    for index, (lower, higher) in enumerate(pairwise(sequences), 1):
        if higher <= lower:
            raise unlike(f"{path}[{index}]", higher, "sequences that ascend, none twice")
