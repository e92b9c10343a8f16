"""A decision in plain sentences. Pure text: the same decision gives the same text, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar, assert_never
from unicodedata import normalize

from restart_engine.core.checks import check_kind
from restart_engine.core.decision import Decision, Rejection, RestartPlan
from restart_engine.core.drift import added_since, plan_drift
from restart_engine.core.errors import shown, visible
from restart_engine.core.notes import (
    EarlierGroupsStayFailed,
    GroupsChanged,
    Note,
    NothingToRun,
    SkippedElsewhere,
    StepsChanged,
)
from restart_engine.core.plan import Step
from restart_engine.core.remedies import AddGroup, SendRequest, WaitUntilOver
from restart_engine.core.request import RestartRequest
from restart_engine.core.rule_table import START_RULE_IDS, complete_table
from restart_engine.core.rules import (
    AlreadyRunning,
    Facts,
    GroupNotFound,
    HistoryUnavailable,
    NoFailedGroup,
    NotMostRecent,
    Reason,
)


def explain(decision: Decision) -> str:
    """What will run and what will not, which rule and facts decided it, and what to do instead.

    One sentence a line, for a person: of many groups or steps it names the first and counts the others.
    For a program there are the decision's own fields, which hold all.
    """
    check_kind("decision", decision, RestartPlan, Rejection)
    if isinstance(decision, Rejection):
        return "\n".join(rejection_sentences(decision))
    return "\n".join(_plan_sentences(decision))


def message(reason: Reason) -> str:
    """One line that says what the rule found."""
    match reason:
        case AlreadyRunning(execution_id=execution, status=status):
            return f"execution {shown(execution)} of the load plan is {status}"
        case NotMostRecent(given=given, latest=None):
            return f"execution {shown(given)} is not the latest: the load plan has never run"
        case NotMostRecent(given=given, latest=latest):
            return f"execution {shown(given)} is not the latest, which is {shown(latest)}"
        case NoFailedGroup(latest=latest, never_reached=()):
            return f"execution {shown(latest)} has no failed group"
        case NoFailedGroup(latest=latest, never_reached=rest):
            return f"execution {shown(latest)} has no failed group; never reached: {numbers(rest)}"
        case GroupNotFound(existing=()):
            return "the load plan has no group"
        case GroupNotFound(sequence=sequence, existing=existing):
            return f"the load plan has no group {shown(sequence)}, only {numbers(existing)}"
        case HistoryUnavailable(execution_id=execution, sequence=sequence):
            return (
                f"the step history of group {shown(sequence)} in execution {shown(execution)} is"
                " unavailable; detailed load jobs tracking has to be on while a plan runs"
            )
        case _:
            assert_never(reason)


def advice(rejection: Rejection) -> str:
    """One line that says what to do, and what a request that it names does."""
    remedy = rejection.remedy
    match remedy:
        case SendRequest(request=request):
            return _request_advice(rejection.facts, request)
        case WaitUntilOver(execution_id=execution):
            return f"wait until execution {shown(execution)} is over, then ask again"
        case AddGroup():
            return "add a group to the load plan"
        case _:
            assert_never(remedy)


def _request_advice(facts: Facts, request: RestartRequest) -> str:
    send, does = f"send {request_text(request)}", request_does(facts, request)
    latest = facts.latest
    if latest is None or latest.failed or facts.never_reached or added_since(plan_drift(facts.plan, latest)):
        return f"{send}, which {does}"
    return (
        f"nothing needs a restart: in execution {shown(latest.id)} no group failed and none is left;"
        f" to run the load plan again all the same, {send}, which {does}"
    )


def request_does(facts: Facts, request: RestartRequest) -> str:
    """What an accepted request does, so that nobody loads everything again by accident."""
    restart = RestartPlan(Facts(facts.plan, request, facts.latest))
    if facts.latest is None and restart.rule == "S1":
        return "loads everything from the beginning"
    return _DOES[restart.rule].format(shown(restart.start.sequence))


_DOES: Final = complete_table(
    START_RULE_IDS,
    {
        "S1": "starts over and loads everything again",
        "S2": "runs group {} whole and goes on after it",
        "S3": "resumes at group {}, the first that failed",
        "S4": "resumes at group {}",
    },
)


def note_text(note: Note) -> str:
    """One line that says what the note points out."""
    match note:
        case EarlierGroupsStayFailed(sequences=sequences):
            return f"failed before the start, and left so: {groups_text(sequences)}"
        case GroupsChanged(added=added, removed=removed):
            changes = _changes(groups_text(added), groups_text(removed))
            return f"the load plan changed since the execution: {changes}"
        case StepsChanged(sequence=sequence, added=added, removed=removed):
            changes = _changes(named(map(str, added)), named(map(str, removed)))
            return f"group {shown(sequence)} changed since the execution: {changes}{_alike(added, removed)}"
        case SkippedElsewhere(sequence=sequence, steps=steps):
            return (
                f"group {shown(sequence)} records these as Skipped, so they count as completed, though no"
                " restart began there; if the word meant not run, map it to another status:"
                f" {named(map(str, steps))}"
            )
        case NothingToRun(sequence=sequence):
            return f"group {shown(sequence)} has no step left to run"
        case _:
            assert_never(note)


def request_text(request: RestartRequest) -> str:
    """The request as its documented members."""
    execution = "none" if request.execution_id is None else shown(request.execution_id)
    return f"groupSequence {shown(request.group_sequence)}, recentLoadPlanExecution {execution}"


_T = TypeVar("_T")
_LISTED: Final = 20
"""What a sentence names of a kind; more are counted, so that it stays one that can be read."""


def listed(values: Iterable[_T], text: Callable[[_T], str] = str) -> str:
    """Values with commas, or none: the first of them as this text, and how many more there are."""
    rest = iter(values)
    first = ", ".join(map(text, islice(rest, _LISTED))) or "none"
    more = sum(1 for _ in rest)
    return f"{first} and {more:,} more" if more else first


def named(names: Iterable[str]) -> str:
    """Names with commas, or none; what no one can see in them is escaped, so that they stay on one line."""
    return listed(names, visible)


def numbers(values: Iterable[int]) -> str:
    """Integers of any size with commas, or none."""
    return listed(values, shown)


def groups_text(sequences: tuple[int, ...]) -> str:
    """Groups by their sequences."""
    if not sequences:
        return "no group"
    return f"group{'s' if len(sequences) > 1 else ''} {numbers(sequences)}"


def _changes(added: str, removed: str) -> str:
    return f"added {added}, removed {removed}"


def _alike(added: tuple[Step, ...], removed: tuple[Step, ...]) -> str:
    """Which of the added names somebody would take for a removed one; blank where none."""
    looks = {_look(step) for step in removed}
    alike = [str(step) for step in added if _look(step) in looks]
    return f"; these differ from removed ones only in case or Unicode form: {named(alike)}" if alike else ""


def _look(step: Step) -> str:
    return normalize("NFC", normalize("NFD", str(step)).casefold())


_WHY_THERE: Final = complete_table(
    START_RULE_IDS,
    {
        "S1": "no execution id and no group is given, so it starts over",
        "S2": "this group is asked for, without an execution id",
        "S3": "this is the first group that failed in execution {}",
        "S4": "this group is asked for, resuming execution {}",
    },
)


def start_sentence(restart: RestartPlan) -> str:
    """Where the restart begins, and by which rule."""
    why = _WHY_THERE[restart.rule].format(shown(restart.based_on))
    return f"The restart begins at group {shown(restart.start.sequence)}: {why} ({restart.rule})."


def _plan_sentences(restart: RestartPlan) -> Iterator[str]:
    yield start_sentence(restart)
    yield f"It runs, side by side: {named(restart.names_to_run)}."
    if restart.names_to_skip:
        yield f"It skips, as completed before: {named(restart.names_to_skip)}."
    after = tuple(group.sequence for group in restart.groups_after)
    if after:
        yield f"Then it runs whole, one after another: {groups_text(after)}."
    before = tuple(group.sequence for group in restart.groups_before)
    if before:
        yield f"It does not run: {groups_text(before)}."
    yield from note_sentences(restart)


def note_sentences(restart: RestartPlan) -> Iterator[str]:
    """What the plan points out."""
    return (f"Note: {note_text(note)}." for note in restart.notes)


def rejection_sentences(rejection: Rejection) -> Iterator[str]:
    """That nothing runs, each reason, and what to do."""
    yield "No restart runs."
    for reason in rejection.reasons:
        yield f"{reason.rule}: {message(reason)}."
    yield f"What to do: {advice(rejection)}."
