"""A decision as JSON, and back to its shape."""

from __future__ import annotations

from typing import assert_never

from restart_engine.core.decision import Decision, Rejection, RestartPlan
from restart_engine.core.explanation import advice, message
from restart_engine.core.notes import (
    EarlierGroupsStayFailed,
    GroupsChanged,
    Note,
    NothingToRun,
    SkippedElsewhere,
    StepsChanged,
)
from restart_engine.core.precondition import Precondition
from restart_engine.core.rules import (
    AlreadyRunning,
    GroupNotFound,
    HistoryUnavailable,
    NoFailedGroup,
    NotMostRecent,
    Reason,
)
from restart_engine.strict_json import read_integer
from restart_engine.wire import shapes
from restart_engine.wire.contradictions import check_decision
from restart_engine.wire.reading import read_carefully
from restart_engine.wire.shapes import DecisionShape, NoteShape
from restart_engine.wire.writing import write_json


def encode_decision(decision: Decision | DecisionShape) -> bytes:
    """The decision as one line of JSON, without a newline: the same decision, the same bytes.

    What `decode_decision` has read from such a line gives that line again.
    """
    return write_json(decision if isinstance(decision, shapes.Shape) else decision_shape(decision))


def decode_decision(text: str | bytes) -> DecisionShape:
    """The shape of a decision's JSON; raises `WireError` for any other text.

    A decision does not carry the facts that it was made from, so it is read back as what it says; one that
    contradicts itself is refused.
    """
    shape: DecisionShape = read_carefully(text, DecisionShape, integer=read_integer)
    check_decision(shape)
    return shape


def decision_shape(decision: Decision) -> DecisionShape:
    """What the JSON of a decision says."""
    match decision:
        case RestartPlan():
            return _planned(decision)
        case Rejection():
            return _rejected(decision)
        case _:
            assert_never(decision)


def _planned(restart: RestartPlan) -> shapes.PlannedShape:
    return shapes.PlannedShape(
        rule=restart.rule,
        based_on=restart.based_on,
        before=[group.sequence for group in restart.groups_before],
        start=start_shape(restart),
        after=[group.sequence for group in restart.groups_after],
        notes=[_note(note) for note in restart.notes],
        precondition=_precondition(restart.precondition),
    )


def start_shape(restart: RestartPlan) -> shapes.StartShape:
    """Where a restart begins, and what it runs and skips there."""
    return shapes.StartShape(
        sequence=restart.start.sequence,
        run=list(restart.names_to_run),
        skip=list(restart.names_to_skip),
    )


def _precondition(precondition: Precondition) -> shapes.PreconditionShape:
    latest = precondition.latest
    return shapes.PreconditionShape(
        latest=None if latest is None else shapes.SeenShape(id=latest.id, status=latest.status),
        plan_digest=precondition.plan_digest,
    )


def _note(note: Note) -> NoteShape:
    match note:
        case EarlierGroupsStayFailed(sequences=sequences):
            return shapes.EarlierGroupsStayFailedShape(sequences=list(sequences))
        case GroupsChanged(added=added, removed=removed):
            return shapes.GroupsChangedShape(added=list(added), removed=list(removed))
        case StepsChanged(sequence=sequence, added=added, removed=removed):
            return shapes.StepsChangedShape(
                sequence=sequence, added=list(map(str, added)), removed=list(map(str, removed))
            )
        case SkippedElsewhere(sequence=sequence, steps=steps):
            return shapes.SkippedElsewhereShape(sequence=sequence, steps=list(map(str, steps)))
        case NothingToRun(sequence=sequence):
            return shapes.NothingToRunShape(sequence=sequence)
        case _:
            assert_never(note)


def _rejected(rejection: Rejection) -> shapes.RejectedShape:
    evidence = shapes.EvidenceShape()
    for reason in rejection.reasons:
        _enter(evidence, reason)
    return shapes.RejectedShape(
        rule=rejection.reason.rule,
        rules=list(rejection.rules),
        message=message(rejection.reason),
        remedy=advice(rejection),
        evidence=evidence,
    )


def _enter(evidence: shapes.EvidenceShape, reason: Reason) -> None:
    match reason:
        case AlreadyRunning(execution_id=execution, status=status):
            evidence.r1 = shapes.R1Shape(execution=execution, status=status)
        case NotMostRecent(given=given, latest=newest):
            evidence.r2 = shapes.R2Shape(given=given, latest=newest)
        case NoFailedGroup(latest=latest, never_reached=rest):
            evidence.r3 = shapes.R3Shape(latest=latest, never_reached=list(rest))
        case GroupNotFound(sequence=sequence, existing=existing):
            evidence.r4 = shapes.R4Shape(sequence=sequence, existing=list(existing))
        case HistoryUnavailable(execution_id=execution, sequence=sequence):
            evidence.r5 = shapes.R5Shape(execution=execution, group=sequence)
        case _:
            assert_never(reason)
