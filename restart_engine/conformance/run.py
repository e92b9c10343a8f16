"""The run: every case of the vectors, then drawn scenarios, then, if asked for, all of a small scope."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.metadata import version
from typing import Final, Literal, TypeAlias

from attrs import evolve
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Flaky

from restart_engine.conformance import questions
from restart_engine.conformance.answer import read_answer
from restart_engine.conformance.command import CommandSubject, SubjectFailure
from restart_engine.conformance.judge import Answered, Fault, Judge, Kind, Question, Signature, same_answer
from restart_engine.conformance.plain import report_text
from restart_engine.conformance.report import Report
from restart_engine.conformance.situations import EVERY, rules_of
from restart_engine.conformance.subject import Ask, Subject, SubjectRaised, over_lines
from restart_engine.core.errors import InvalidValue
from restart_engine.core.rule_table import RULES
from restart_engine.wire import WireError

EXAMPLES: Final = 3_000
"""Scenarios drawn in a default run."""
_ASKED_AGAIN: Final = 20
"""One case in so many is asked again at once, to see that the answer is the same."""

_SMALL: Final = 3
"""Groups, those recorded included, up to which a scenario is not made smaller."""

Stage: TypeAlias = Literal["cases", "drawn", "enumerated", "replayed"]
OnProgress: TypeAlias = Callable[[Stage, int, int | None], None]
"""Told at each question the stage, how many it has asked, and out of how many where that is known."""


Fresh: TypeAlias = Callable[[], AbstractContextManager[Ask]]
"""Opens a subject that was asked nothing yet."""


class _Shown(AssertionError):
    """Raised where a fault shows that the cases did not show, for Hypothesis to shrink it.

    Each signature has a class of its own: that is how Hypothesis tells faults apart.
    """


class _Stopped(BaseException):
    """The run cannot go on, or its seconds are over: out of everything, Hypothesis included."""


class _Run:
    """What one run has asked and found."""

    def __init__(self, ask: Ask, seconds: float | None, on_progress: OnProgress | None) -> None:
        self.judge = Judge()
        self.coverage: Counter[str] = Counter()
        self.faults: dict[Signature, Fault] = {}
        self.seen: Counter[Signature] = Counter()
        self.asked = 0
        self.failure: str | None = None
        self._ask = ask
        self._end = None if seconds is None else time.monotonic() + seconds
        self._seconds = seconds
        self._stage: Stage = "cases"
        self._on_progress = on_progress or _unwatched

    def each(self, stage: Stage, asked: Iterable[Question], total: int | None, *, again: int = 0) -> None:
        """Ask all of these, in their order, and every `again`-th of them a second time."""
        self._stage = stage
        for number, question in enumerate(asked, 1):
            self._on_progress(stage, number, total)
            self._put(question, twice=again > 0 and number % again == 0)

    def drawn(self, examples: int, number: int) -> None:
        """Draw so many scenarios; whenever faults that are new have been shrunk, go on for others."""
        self._stage, drawn = "drawn", 0
        while drawn < examples:
            drawn += self._drawn(examples - drawn, number + drawn, drawn)

    def _drawn(self, examples: int, number: int, before: int) -> int:
        """Draw until faults that are new have been shrunk, and give how many were drawn."""
        known, count = self._small(), 0
        classes: dict[Signature, type[_Shown]] = {}

        @seed(number)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            verbosity=Verbosity.quiet,
        )
        @given(questions.drawn())
        def draw(question: Question) -> None:
            nonlocal count
            count += 1
            self._on_progress("drawn", before + min(count, examples), before + examples)
            fault = self._put(question)
            if fault is not None and fault.signature not in known:
                raise classes.setdefault(fault.signature, type("Shown", (_Shown,), {}))

        try:
            draw()
        except* (_Shown, Flaky):  # Flaky: a subject that wavers, whose answers have been judged
            pass
        return count

    def _small(self) -> frozenset[Signature]:
        """The faults whose scenario is small enough to be read."""
        return frozenset(
            signature for signature, fault in self.faults.items() if fault.shown.question.size[0] <= _SMALL
        )

    def _put(self, question: Question, *, twice: bool = False) -> Fault | None:
        """Ask one question and judge the answer."""
        if self._end is not None and time.monotonic() > self._end:
            if self._stage != "drawn":  # of those as many are drawn as there is time for
                self.failure = (
                    f"the {self._seconds} seconds of the run were over before all {self._stage} were asked"
                )
            raise _Stopped
        answer = self._answer(question)
        fault = answer if isinstance(answer, Fault) else self.judge.judge(question, answer)
        if fault is None and twice:
            fault = self._wavering(question, answer)
        self.asked += 1
        self.coverage.update(question.exercised)
        if fault is not None:
            self.seen[fault.signature] += 1
            smallest = self.faults.setdefault(fault.signature, fault)
            if fault.shown.question.size < smallest.shown.question.size:
                self.faults[fault.signature] = fault
        return fault

    def _wavering(self, question: Question, first: str | Fault) -> Fault | None:
        """A fault where the same question gets another answer now."""
        second = self._answer(question)
        if isinstance(first, Fault) or isinstance(second, Fault):
            return None
        fault = self.judge.judge(question, second)
        if fault is not None or same_answer(first, second):
            return fault
        shown, before = Answered(question, second), Answered(question, first)
        return Fault(kind="wavers", rule=rules_of(question.facts)[0], shown=shown, against=(before,))

    def _answer(self, question: Question) -> str | Fault:
        try:
            return self._ask(question.line).decode(errors="backslashreplace")
        except SubjectRaised as error:
            shown = Answered(question, error.cause)
            return Fault(kind="raises", rule=rules_of(question.facts)[0], shown=shown)
        except SubjectFailure as error:
            self.failure = f"{error.cause}, at scenario {self.asked + 1}: {question.line.decode()}"
            raise _Stopped from error

    def asked_alone(self, fresh: Fresh) -> None:
        """Ask what shows each fault once more, of a fresh subject each time.

        Answers that differ from those before are no faults of their rules: of all of these one fault is left.
        """
        for signature, fault in list(self.faults.items()):
            found = _alone(fault, fresh)
            if found.kind == fault.kind:
                self.faults[signature] = found
                continue
            del self.faults[signature]
            times = self.seen.pop(signature)
            other = next((each for each in self.faults.values() if each.kind == found.kind), None)
            if other is not None:
                del self.faults[other.signature]
                times += self.seen.pop(other.signature)
                found = min(found, other, key=lambda each: each.shown.question.size)
            self.faults[found.signature] = found
            self.seen[found.signature] = times


def _alone(fault: Fault, fresh: Fresh) -> Fault:
    """The fault as fresh subjects show it; as it is where one cannot be asked."""
    if fault.kind == "wavers":
        return fault
    with suppress(SubjectFailure):
        for answered in (fault.shown, *fault.against):
            first = _asked_fresh(answered.question, fresh)
            if not _alike(first, answered.answer):
                second = _asked_fresh(answered.question, fresh)
                kind: Kind = "remembers" if _alike(first, second) else "wavers"
                beside = (Answered(answered.question, first),)
                return Fault(kind=kind, rule=fault.rule, shown=answered, against=beside)
        return evolve(fault, alone=True)
    return fault


def _asked_fresh(question: Question, fresh: Fresh) -> str:
    with fresh() as ask:
        return ask(question.line).decode(errors="backslashreplace")


def _alike(first: str, second: str) -> bool:
    """Whether two answers are the same, or decisions that mean the same."""
    if first == second:
        return True
    try:
        return read_answer(first) == read_answer(second)
    except WireError:
        return False


def _unwatched(_stage: Stage, _asked: int, _total: int | None) -> None:
    """Progress that nobody looks at."""


def judged(  # noqa: PLR0913  # one keyword for each choice that a user has
    ask: Ask,
    *,
    name: str,
    seed: int = 0,
    examples: int = EXAMPLES,
    seconds: float | None = None,
    exhaustive: bool = False,
    replay: tuple[Question, ...] | None = None,
    fresh: Fresh | None = None,
    on_progress: OnProgress | None = None,
) -> Report:
    """The verdict on a subject that answers lines: over the cases and so many `examples` drawn.

    `seconds` end the run early. With `fresh` what shows a fault is asked once more, alone.
    """
    run = _Run(ask, seconds, on_progress)
    with suppress(_Stopped):
        if replay is not None:
            run.each("replayed", replay, len(replay), again=1)
        else:
            of_vectors = questions.of_cases()
            run.each("cases", of_vectors, len(of_vectors), again=_ASKED_AGAIN)
            run.drawn(examples, seed)
            if exhaustive:
                run.each("enumerated", questions.enumerated(), None)
    if fresh is not None:
        run.asked_alone(fresh)
    faults = sorted(run.faults.values(), key=lambda fault: list(RULES).index(fault.rule))
    return Report(
        subject=name,
        version=version("restart-engine"),
        seed=seed,
        asked=run.asked,
        coverage=tuple((what, run.coverage[what]) for what in EVERY),
        faults=tuple(faults),
        seen=tuple((fault.signature, run.seen[fault.signature]) for fault in faults),
        profiles=run.judge.profiles,
        failure=run.failure,
        replayed=replay is not None,
    )


def check(
    subject: Subject,
    *,
    seed: int = 0,
    examples: int = EXAMPLES,
    seconds: float | None = None,
    exhaustive: bool = False,
) -> Report:
    """The verdict on a Python function; the same seed gives the same run."""
    if not callable(subject):
        raise InvalidValue("subject", subject, "a function that takes a scenario and gives a decision")
    name = getattr(subject, "__qualname__", type(subject).__qualname__)
    return judged(
        over_lines(subject), name=name, seed=seed, examples=examples, seconds=seconds, exhaustive=exhaustive
    )


def assert_conforms(
    subject: Subject, *, seed: int = 0, examples: int = EXAMPLES, seconds: float | None = None
) -> None:
    """Raise `AssertionError` with the report as text, unless the subject conforms."""
    report = check(subject, seed=seed, examples=examples, seconds=seconds)
    if not report.conforms:
        raise AssertionError(report_text(report))


def check_command(  # noqa: PLR0913  # one keyword for each choice that a user has
    command: str,
    *,
    timeout: float = 5.0,
    seed: int = 0,
    examples: int = EXAMPLES,
    seconds: float | None = None,
    exhaustive: bool = False,
    replay: tuple[Question, ...] | None = None,
    on_progress: OnProgress | None = None,
) -> Report:
    """The verdict on a program: a scenario a line in, a decision a line out.

    `timeout` is the seconds that it may take for each answer. Nothing that it does makes this hang. What
    shows a fault is asked again of the program started anew, so that one that remembers is told apart.
    """

    @contextmanager
    def fresh() -> Generator[Ask]:
        with CommandSubject(command, timeout=timeout) as program:
            yield program.ask

    report = judged(bytes, name=command, seed=seed, replay=())
    try:
        with CommandSubject(command, timeout=timeout) as program:
            report = judged(
                program.ask,
                name=command,
                seed=seed,
                examples=examples,
                seconds=seconds,
                exhaustive=exhaustive,
                replay=replay,
                fresh=fresh,
                on_progress=on_progress,
            )
            if report.failure is None:
                program.finish()
    except SubjectFailure as error:
        return evolve(report, failure=error.cause)
    return report
