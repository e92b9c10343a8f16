"""What a user of a decision writes; both type checkers accept it, and would miss a case left out."""

from __future__ import annotations

from typing import assert_never

from restart_engine import (
    AddGroup,
    AlreadyRunning,
    Decision,
    EarlierGroupsStayFailed,
    Execution,
    GroupNotFound,
    GroupOutcome,
    GroupsChanged,
    HistoryUnavailable,
    LoadGroup,
    NoFailedGroup,
    Note,
    NothingToRun,
    NotMostRecent,
    Reason,
    Rejection,
    Remedy,
    RestartPlan,
    RestartRequest,
    SendRequest,
    SkippedElsewhere,
    StepsChanged,
    WaitUntilOver,
)


def http_status(decision: Decision) -> int:
    """A decision is one of two."""
    match decision:
        case RestartPlan():
            return 200
        case Rejection(reason=reason):
            return 409 if isinstance(reason, AlreadyRunning) else 400
        case _:
            assert_never(decision)


def sequence_of(reason: Reason) -> int | None:
    """A reason is one of five, with its evidence as typed fields."""
    match reason:
        case AlreadyRunning(execution_id=execution_id):
            return execution_id
        case NotMostRecent(given=given, latest=latest):
            return given if latest is None else latest
        case NoFailedGroup(never_reached=never_reached):
            return never_reached[0] if never_reached else None
        case GroupNotFound(sequence=sequence) | HistoryUnavailable(sequence=sequence):
            return sequence
        case _:
            assert_never(reason)


def recorded_steps(group: LoadGroup, outcome: GroupOutcome, execution: Execution) -> tuple[int, ...]:
    """A value's fields, also those made when they are first read, are all that it has."""
    outcomes = len(outcome.steps or ())
    return (group.sequence, len(group.steps), outcome.sequence, outcomes, execution.last_begun)


def next_request(remedy: Remedy) -> RestartRequest | None:
    """A remedy is one of three."""
    match remedy:
        case SendRequest(request=request):
            return request
        case WaitUntilOver() | AddGroup():
            return None
        case _:
            assert_never(remedy)


def concerns(note: Note) -> tuple[int, ...]:
    """A note is one of five."""
    match note:
        case EarlierGroupsStayFailed(sequences=sequences):
            return sequences
        case GroupsChanged(added=added, removed=removed):
            return added + removed
        case StepsChanged(sequence=sequence) | NothingToRun(sequence=sequence):
            return (sequence,)
        case SkippedElsewhere(sequence=sequence, steps=steps):
            return (sequence, len(steps))
        case _:
            assert_never(note)
