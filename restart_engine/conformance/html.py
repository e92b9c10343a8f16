"""A report as one HTML file that needs nothing else: to attach to a release."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

from restart_engine.conformance.judge import KINDS, Fault
from restart_engine.conformance.picture import picture_of
from restart_engine.conformance.plain import freedom_uses, headline
from restart_engine.conformance.report import Report
from restart_engine.conformance.situations import PAIRS
from restart_engine.core.rule_table import RULES

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #1e8449; --dim: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; padding: .7rem 1rem; border-left: .5rem solid; }
h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .dim { color: var(--dim); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; }
th, td { border-bottom: 1px solid var(--line); }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.differs td { background: #c0392b22; font-weight: 600; }
td.step { padding-left: 1.4rem; }
pre { white-space: pre-wrap; word-break: break-word; background: #8881; padding: .7rem; }
section { border-top: 2px solid var(--line); margin-top: 2rem; }
"""


def html_text(report: Report) -> str:
    """The report as an HTML document."""
    tone = "good" if report.conforms else "bad"
    body = [
        f'<h1 class="{tone}">{escape(headline(report))}</h1>',
        f'<p class="dim">restart_engine {escape(report.version)}. {_summary(report)}</p>',
        *_early(report),
        "<h2>Rules</h2>",
        _table(("rule", "", "scenarios", "sentence", "source"), _rule_rows(report)),
        f'<p class="dim">Rules that reject together: {_pairs(report)}</p>',
        "<h2>Freedoms</h2>",
        _table(("freedom", "use"), _freedom_rows(report)),
        *(_fault(number, fault, report) for number, fault in enumerate(report.faults, 1)),
    ]
    title = escape(f"Conformance of {report.subject}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _summary(report: Report) -> str:
    if report.faults:
        return "Each fault below stands with the smallest scenario that shows it."
    if report.replayed:
        return "Only the scenarios of an earlier report were asked, and none shows its fault any more."
    if report.conforms:
        return "One profile explains every answer, and every rule was exercised."
    return "Too little was asked for a verdict."


def _early(report: Report) -> Iterable[str]:
    if report.failure is not None:
        yield f'<p class="bad">The run ended early: {escape(report.failure)}</p>'
    if report.not_exercised:
        yield f'<p class="bad">Not exercised: {escape(", ".join(report.not_exercised))}</p>'


def _rule_rows(report: Report) -> Iterable[str]:
    counts = dict(report.coverage)
    for rule, text in RULES.items():
        state = report.state(rule)
        tone = {"holds": "good", "broken": "bad", "not exercised": "dim"}[state]
        yield (
            f'<tr><td>{rule}</td><td class="{tone}">{state}</td><td class="number">{counts[rule]:,}</td>'
            f"<td>{escape(text.sentence)}</td><td>{text.source}</td></tr>"
        )


def _pairs(report: Report) -> str:
    counts = dict(report.coverage)
    return ", ".join(f"{pair} {counts[pair]:,}" for pair in PAIRS)


def _freedom_rows(report: Report) -> Iterable[str]:
    for use in freedom_uses(report):
        yield f"<tr><td>{use.freedom.member}</td><td>{escape(use.text)}</td></tr>"


def _fault(number: int, fault: Fault, report: Report) -> str:
    text, picture = RULES[fault.rule], picture_of(fault, report.profiles)
    question = fault.shown.question
    times = dict(report.seen)[fault.signature]
    alone = "; also when it is asked alone, of a fresh subject" if fault.alone else ""
    rows = (
        f'<tr class="{"differs" if row.differs else ""}">'
        f'<td class="{"step" if row.is_step else ""}">{escape(row.label)}</td>'
        f"<td>{escape(row.happened)}</td><td>{escape(row.allowed)}</td><td>{escape(row.answered)}</td></tr>"
        for row in picture.rows
    )
    parts = [
        f'<section><h2 class="bad">{number}. {fault.rule}: {KINDS[fault.kind]}</h2>',
        f"<p>{escape(text.sentence)} [{text.source}].</p>",
        f"<p>Seen in {times:,} scenarios; this is the smallest ({escape(question.origin)}){alone}.</p>",
        f"<p>Asked: {escape(picture.title)}</p>",
        *([f"<p>Because {escape(fault.detail)}.</p>"] if fault.detail else ()),
        _table(("", "happened", "allowed", "answered"), rows),
        f"<p>Allowed: {escape('; '.join(picture.allowed))}</p>",
        _texts("Answered", fault.shown.answer, "Scenario", question.line.decode()),
        *(
            _texts(
                "Asked alone" if fault.kind == "remembers" else "Beside the answer",
                earlier.answer,
                "to",
                earlier.question.line.decode(),
            )
            for earlier in fault.against
        ),
        "</section>",
    ]
    return "\n".join(parts)


def _texts(*titled: str) -> str:
    pairs = zip(titled[::2], titled[1::2], strict=True)
    return "\n".join(f"<p>{escape(title)}</p><pre>{escape(text)}</pre>" for title, text in pairs)


def _table(heads: tuple[str, ...], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<div class="scroll"><table><tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>"
