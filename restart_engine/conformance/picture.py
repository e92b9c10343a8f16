"""A fault as a picture: the plan's groups and steps, what happened, what is allowed and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import final

from attrs import frozen

from restart_engine.conformance.answer import read_answer
from restart_engine.conformance.judge import Fault
from restart_engine.conformance.profile import STATELESS, Profile, told_apart
from restart_engine.conformance.reference import Allowed, Rejected, allowed, by_answer
from restart_engine.core.checks import Sealed
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.explanation import named, numbers, request_text
from restart_engine.core.rules import Facts
from restart_engine.wire import WireError


@final
@frozen
class Row(Sealed):
    """One line of the picture: the whole restart, a group or a step."""

    label: str
    happened: str
    allowed: str
    answered: str
    is_step: bool = False

    @property
    def differs(self) -> bool:
        """Whether the subject answered something else than is allowed."""
        return self.allowed != self.answered


@final
@frozen
class Picture(Sealed):
    """All that is shown of a fault beside its sentence."""

    title: str
    rows: tuple[Row, ...]
    allowed: tuple[str, ...]
    """Each answer that is allowed, in words, with its condition where there are several."""


def picture_of(fault: Fault, profiles: frozenset[Profile]) -> Picture:
    """The picture of a fault, beside what this engine allows under the first of these profiles."""
    facts = fault.shown.question.facts
    presumed = next(profile for profile in STATELESS if profile in profiles)
    try:
        answered: Allowed | None = read_answer(fault.shown.answer)
    except WireError:
        answered = None
    return Picture(
        _title(facts), tuple(_rows(facts, allowed(facts, presumed)[0], answered)), tuple(_allowed(facts))
    )


def _title(facts: Facts) -> str:
    latest = "it never ran"
    if facts.latest is not None:
        latest = f"latest execution {shown(facts.latest.id)}: {facts.latest.status}"
    return f"{request_text(facts.request)}; {latest}"


def _rows(facts: Facts, right: Allowed, answered: Allowed | None) -> Iterator[Row]:
    expected, given = _Marks(right), _Marks(answered)
    yield Row("the restart", "", expected.verdict, given.verdict)
    latest = facts.latest
    recorded = () if latest is None else latest.sequences
    asked = {given.start} if given.start is not None else set[int]()
    for sequence in sorted({*facts.plan.sequences, *recorded, *asked, *given.after}):
        outcome = None if latest is None else latest.outcome(sequence)
        there = sequence in facts.plan.sequence_set
        label = f"group {shown(sequence)}" + ("" if there else " (not in plan)")
        yield Row(label, _happened(outcome, latest), expected.of_group(sequence), given.of_group(sequence))
        if outcome is not None and outcome.statuses is None:
            yield Row("(no step history)", "", "", "", is_step=True)
        names = facts.plan.groups[facts.plan.index_from(sequence)].names if there else ()
        statuses = {} if outcome is None else dict(outcome.recorded)
        beside = sorted({*statuses, *given.steps_at(sequence)}.difference(names))
        for name in (*names, *beside):
            label = named([name]) + ("" if name in names else " (not in plan)")
            marks = expected.of_step(sequence, name), given.of_step(sequence, name)
            yield Row(label, str(statuses.get(name, "")), *marks, is_step=True)


def _happened(outcome: GroupOutcome | None, latest: Execution | None) -> str:
    if outcome is None:
        return "" if latest is None else "no outcome"
    return str(outcome.status)


class _Marks:
    """What one answer says of the restart, of each group and of each step."""

    def __init__(self, answer: Allowed | None) -> None:
        self.start: int | None = None
        self.after: tuple[int, ...] = ()
        self._steps: Mapping[str, str] = {}
        self.verdict = "?"
        if isinstance(answer, Rejected):
            self.verdict = f"reject {' '.join(answer.rules)}"
        elif answer is not None:
            self.verdict = "planned"
            self.start, self.after = answer.start, answer.after
            self._steps = dict.fromkeys(answer.run, "run") | dict.fromkeys(answer.skip, "skip")

    def steps_at(self, sequence: int) -> frozenset[str]:
        """The steps that the answer names, where the group is its start."""
        return frozenset(self._steps if sequence == self.start else ())

    def of_group(self, sequence: int) -> str:
        """What becomes of a group."""
        if self.start is None:
            return ""
        if sequence == self.start:
            return "START"
        if sequence in self.after:
            return "runs whole"
        return "not run"

    def of_step(self, sequence: int, name: str) -> str:
        """What becomes of a step of the start group."""
        return self._steps.get(name, "") if sequence == self.start else ""


def answer_text(answer: Allowed) -> str:
    """An answer in words."""
    if isinstance(answer, Rejected):
        return f"rejected by {' or '.join(answer.rules)}"
    run, skip = named(sorted(answer.run)), named(sorted(answer.skip))
    return (
        f"start at group {shown(answer.start)}, run {run}, skip {skip}, then groups {numbers(answer.after)}"
    )


def _allowed(facts: Facts) -> Iterator[str]:
    answers = by_answer(facts)
    for each, profiles in answers.items():
        text = "; or ".join(map(answer_text, each))
        yield text if len(answers) == 1 else f"{text}, where {_condition(profiles)}"


def _condition(profiles: frozenset[Profile]) -> str:
    """What these profiles have in common, in words."""
    told = told_apart(profiles)
    common = [
        freedom.when[next(iter(values))]
        for freedom, values in told.items()
        if freedom.stateless and len(values) == 1
    ]
    return " and ".join(common) or "the profile is one of several"
