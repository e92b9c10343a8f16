"""The judge: holds each answer against what is allowed, and all answers against one profile."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, combinations
from typing import Final, Literal, TypeAlias, final

from attrs import frozen

from restart_engine.conformance.answer import read_answer
from restart_engine.conformance.profile import STATELESS, Profile
from restart_engine.conformance.reference import (
    Allowed,
    Planned,
    Rejected,
    allowed,
    by_answer,
    explaining,
)
from restart_engine.conformance.situations import exercised, rules_of
from restart_engine.core.checks import Sealed
from restart_engine.core.rule_table import AnyRuleId, ConsequenceId
from restart_engine.core.rules import Facts
from restart_engine.core.status import COMPLETED
from restart_engine.wire import WireError

Kind: TypeAlias = Literal[
    "accepts",
    "rejects",
    "names",
    "starts",
    "steps",
    "after",
    "no decision",
    "raises",
    "wavers",
    "differs",
    "remembers",
]
KINDS: Final[dict[Kind, str]] = {
    "accepts": "accepts what has to be rejected",
    "rejects": "rejects by a rule that does not hold, what has to be accepted",
    "names": "rejects by another rule, which does not hold",
    "starts": "starts at another group",
    "steps": "runs or skips other steps of the start group",
    "after": "runs other groups after the start",
    "no decision": "answers with no decision",
    "raises": "raises an error",
    "wavers": "answers the same scenario in two ways",
    "differs": "uses a freedom in two ways",
    "remembers": "answers otherwise than when asked alone: it remembers earlier scenarios",
}


@final
@frozen
class Question(Sealed):
    """A scenario as a subject is asked it: its facts, the line that states them, and where it is from."""

    facts: Facts
    line: bytes
    origin: str
    """The id of a case, `drawn` or `enumerated`."""

    @cached_property
    def answers(self) -> dict[tuple[Allowed, ...], frozenset[Profile]]:
        """What is allowed, and under which profiles; kept, as the cases are asked again and again."""
        return by_answer(self.facts)

    @cached_property
    def exercised(self) -> frozenset[str]:
        """What its answer depends on; kept likewise."""
        return exercised(self.facts)

    @property
    def size(self) -> tuple[int, int, int]:
        """How much there is to read: groups, steps and characters."""
        plan, latest = self.facts.plan.groups, self.facts.latest
        recorded = () if latest is None else latest.groups
        steps = sum(len(group.names) for group in plan)
        steps += sum(len(group.recorded) for group in recorded)
        return (len(plan) + len(recorded), steps, len(self.line))


@final
@frozen
class Answered(Sealed):
    """A question and the subject's answer, as a line of JSON or the words of an error."""

    question: Question
    answer: str


Signature: TypeAlias = tuple[Kind, str]
"""What makes two faults the same one: their kind and the rule broken."""


@final
@frozen(kw_only=True)
class Fault(Sealed):
    """An answer that no rule or profile explains."""

    kind: Kind
    rule: str
    """The id of the rule broken."""
    shown: Answered
    against: tuple[Answered, ...] = ()
    """The answers that this one excludes; only where the subject differs from itself."""
    detail: str = ""
    """Of no decision, the place, what stands there and what is accepted."""
    alone: bool = False
    """Whether a fresh subject that was asked nothing else gave the same answer."""

    @property
    def signature(self) -> Signature:
        """Its kind and rule."""
        return (self.kind, self.rule)


class Judge:
    """Judges answer after answer, and keeps the profiles that explain all of them so far."""

    def __init__(self) -> None:
        self.profiles: frozenset[Profile] = frozenset(STATELESS)
        self._narrowing: list[tuple[frozenset[Profile], Answered]] = []

    def judge(self, question: Question, answer: str) -> Fault | None:
        """What is wrong with an answer; none where the rules allow it beside all that were before."""
        answered, facts = Answered(question, answer), question.facts
        try:
            decision = read_answer(answer)
        except WireError as error:
            return Fault(kind="no decision", rule=rules_of(facts)[0], shown=answered, detail=str(error))
        explained = explaining(question.answers, decision)
        kept = self.profiles & explained
        if kept:
            if kept != self.profiles:
                self._narrowing.append((explained, answered))
                self.profiles = kept
            return None
        presumed = next(profile for profile in STATELESS if profile in self.profiles)
        kind, rule = _broken(facts, decision, allowed(facts, presumed)[0])
        if not explained:
            return Fault(kind=kind, rule=rule, shown=answered)
        return Fault(kind="differs", rule=rule, shown=answered, against=self._against(explained))

    def _against(self, explained: frozenset[Profile]) -> tuple[Answered, ...]:
        """The fewest answers given before which together leave none of these profiles."""
        counts = range(1, len(self._narrowing) + 1)
        several = chain.from_iterable(combinations(self._narrowing, count) for count in counts)
        return next(
            tuple(answered for _, answered in some)
            for some in several
            if not explained.intersection(*(profiles for profiles, _ in some))
        )


def same_answer(first: str, second: str) -> bool:
    """Whether two answers that conform mean the same; which rule rejects may change from one to the next."""
    before, now = read_answer(first), read_answer(second)
    return before == now or (isinstance(before, Rejected) and isinstance(now, Rejected))


def _broken(facts: Facts, answer: Allowed, reference: Allowed) -> tuple[Kind, AnyRuleId]:
    """In which way an answer differs from the reference's, and the rule that it breaks."""
    if isinstance(reference, Rejected):
        if isinstance(answer, Rejected):
            return "names", reference.rules[0]
        return "accepts", reference.rules[0]
    if isinstance(answer, Rejected):
        return "rejects", answer.rules[0]
    rule = reference.rule or "S1"
    if answer.start != reference.start:
        return "starts", rule
    if answer.after != reference.after:
        return "after", "C1"
    return "steps", _of_steps(facts, answer, reference) or rule


def _of_steps(facts: Facts, answer: Planned, reference: Planned) -> ConsequenceId | None:
    """The consequence that says what the steps come to, where one does."""
    if facts.request.execution_id is None or facts.latest is None:
        return None
    outcome = facts.latest.outcome(reference.start)
    if outcome is None or reference.start not in facts.latest.failed:
        return "C4"
    recorded = dict(outcome.recorded)
    plan = reference.run | reference.skip
    wrong = (answer.run ^ reference.run) | (answer.skip ^ reference.skip)
    if any(name not in plan or name not in recorded for name in wrong):
        return "C6"
    if any(recorded[name] not in COMPLETED for name in wrong):
        return "C8"
    return None
