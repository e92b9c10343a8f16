"""A report as a person reads it: the verdict first, then rule by rule, then each fault with its picture."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final, Literal, TypeAlias, final

from attrs import frozen

from restart_engine.conformance.judge import KINDS, Fault
from restart_engine.conformance.picture import Picture, picture_of
from restart_engine.conformance.profile import STATELESS, Freedom, told_apart
from restart_engine.conformance.report import Report, counted_faults
from restart_engine.conformance.situations import PAIRS
from restart_engine.core.checks import Sealed
from restart_engine.core.explanation import named
from restart_engine.core.rule_table import RULES

Style: TypeAlias = Literal["", "good", "bad", "title", "dim"]
_SHOWN: Final = 400
"""Characters of an answer that are shown."""
_HANGING: Final = 27
"""Where the sentence of a rule begins."""
_TEXT: Final = 13
"""Where the text behind a word such as `answered` begins."""
_LABEL: Final = 22
_HAPPENED: Final = 22
_MARK: Final = 16


@final
@frozen
class Line(Sealed):
    """A line of text, and how it is meant."""

    text: str
    style: Style = ""
    fixed: bool = False
    """Whether it stays one line, however wide."""


def report_text(report: Report, width: int = 100) -> str:
    """The report as lines of plain text, of this width but for JSON."""
    return "\n".join(line.text for line in report_lines(report, width))


def report_lines(report: Report, width: int = 100) -> Iterator[Line]:
    """The report, line by line; only a line of JSON is wider than this."""
    for line in _lines(report):
        text = line.text.rstrip()
        if line.fixed or not text:
            yield Line(text, line.style)
            continue
        hanging = " " * (_HANGING if text[:2] in RULES else _TEXT)
        for part in wrap(text, width, subsequent_indent=hanging):
            yield Line(part, line.style)


def _lines(report: Report) -> Iterator[Line]:
    yield Line(headline(report), "good" if report.conforms else "bad")
    if report.failure is not None:
        yield Line(f"the run ended early: {_cut(report.failure)}", "bad")
        if not report.asked:
            return
    if report.not_exercised:
        yield Line(f"not exercised: {', '.join(report.not_exercised)}", "bad")
    yield Line("")
    yield from _rules(report)
    yield Line("")
    yield from _freedoms(report)
    for number, fault in enumerate(report.faults, 1):
        text = RULES[fault.rule]
        yield Line("")
        yield Line(f"{number}. {fault.rule} [{text.source}]: {text.sentence}", "bad")
        for line in fault_lines(fault, report):
            yield Line(f"   {line.text}", line.style, line.fixed)


def headline(report: Report) -> str:
    """The verdict, and on how much it rests."""
    found = f": {counted_faults(len(report.faults))}" if report.faults else ""
    verdict = "no longer shows what is replayed" if report.replayed and report.conforms else report.verdict
    return f"{report.subject} {verdict}{found} ({report.asked:,} scenarios answered, seed {report.seed})"


def _rules(report: Report) -> Iterator[Line]:
    counts = dict(report.coverage)
    yield Line(f"{'rule':<18}scenarios", "dim", fixed=True)
    for rule, text in RULES.items():
        state = report.state(rule)
        style: Style = "bad" if state == "broken" else "" if state == "holds" else "dim"
        yield Line(f"{rule}  {state:<14}{counts[rule]:>7,}  {text.sentence} [{text.source}]", style)
    pairs = ", ".join(f"{pair} {counts[pair]:,}" for pair in PAIRS)
    yield Line(f"together: {pairs}", "dim")


@final
@frozen
class Use(Sealed):
    """How the subject uses a freedom: the value, none where no answer told, and what that means."""

    freedom: Freedom
    value: bool | None
    text: str


def freedom_uses(report: Report) -> Iterator[Use]:
    """How the subject uses each freedom, as far as its answers tell."""
    for freedom, values in told_apart(report.profiles).items():
        if not freedom.stateless:
            yield Use(freedom, None, "not seen: only the check of a host that runs things shows it")
        elif len(values) > 1:
            yield Use(freedom, None, "not seen: no answer depended on it")
        else:
            (value,) = values
            yield Use(freedom, value, freedom.when[value])


def _freedoms(report: Report) -> Iterator[Line]:
    counts = dict(report.coverage)
    yield Line(f"freedoms ({len(report.profiles)} of {len(STATELESS)} profiles explain the answers)", "title")
    for use in freedom_uses(report):
        count = f"{counts[use.freedom.member]:,}" if use.freedom.stateless else ""
        yield Line(f"  {use.freedom.member:<24}{count:>7}  {use.text}")


def fault_lines(fault: Fault, report: Report) -> Iterator[Line]:
    """What was found, the smallest scenario that shows it as a picture, and what is allowed."""
    question = fault.shown.question
    times = dict(report.seen)[fault.signature]
    more = "" if times == 1 else f", the smallest of {times:,} scenarios"
    alone = "; also when asked alone, of a fresh subject" if fault.alone else ""
    yield Line(f"{KINDS[fault.kind]} ({question.origin}{more}{alone})")
    if fault.detail:
        yield Line(f"because   {_cut(fault.detail)}")
    yield from _drawn(picture_of(fault, report.profiles))
    yield Line(f"answered  {_cut(fault.shown.answer)}", fixed=True)
    yield Line(f"scenario  {question.line.decode()}", "dim", fixed=True)
    for earlier in fault.against:
        how = "alone " if fault.kind == "remembers" else "beside"
        yield Line(f"{how}    {_cut(earlier.answer)}", fixed=True)
        if earlier.question is not question:
            yield Line(f"to        {earlier.question.line.decode()}", "dim", fixed=True)


def _drawn(picture: Picture) -> Iterator[Line]:
    yield Line(f"asked     {picture.title}")
    yield Line(f"   {'':<{_LABEL}}{'happened':<{_HAPPENED}}{'allowed':<{_MARK}}answered", "dim", fixed=True)
    for row in picture.rows:
        label = _fit(f"  {row.label}" if row.is_step else row.label, _LABEL)
        text = f"{label}{_fit(row.happened, _HAPPENED)}{_fit(row.allowed, _MARK)}{row.answered}"
        style: Style = "bad" if row.differs else ""
        yield Line(f"{'>>>' if row.differs else '   '}{text}", style, fixed=True)
    for allowed in picture.allowed:
        yield Line(f"allowed   {allowed}", "good")


def _fit(text: str, width: int) -> str:
    return f"{text:<{width}}" if len(text) < width else f"{text[: width - 4]}... "


def _cut(text: str) -> str:
    text = named([text])
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} characters)"
