"""A summary as a person reads it: the finding, then what starts, what does not and why, and what helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeAlias

from restart_engine.core.notes import NOTE_LABELS
from restart_engine.core.rule_table import RULES
from restart_engine.fleet.counts import HELPS, RESUMING
from restart_engine.fleet.marks import Mistake
from restart_engine.fleet.summary import Summary
from restart_engine.fleet.words import finding, share

Style: TypeAlias = Literal["", "title", "bad", "dim"]
_WIDTHS: Final = (46, 10, 13, 11)
"""Of the columns: words, and up to three numbers."""


class Line(NamedTuple):
    """A line of text, and how it is meant."""

    text: str
    style: Style = ""


def summary_lines(summary: Summary, mistakes: Iterable[Mistake] = ()) -> Iterator[Line]:
    """The summary, line by line, none but a mistake's wider than 79 characters."""
    yield Line(finding(summary), "title")
    for part in (_started(summary), _rejected(summary), _noted(summary), _wrong(summary, mistakes)):
        lines = list(part)
        if lines:
            yield Line("")
            yield from lines


def _started(summary: Summary) -> Iterator[Line]:
    if not summary.planned:
        return
    yield _row("accepted", "scenarios", "steps to run", "saved", style="title")
    by_rule = {each.rule: each for each in summary.started}
    for rule in sorted(by_rule, key=lambda rule: rule not in RESUMING):
        each = by_rule[rule]
        if each.scenarios:
            counts = (each.scenarios, each.steps_to_run, each.steps_saved)
            yield _row(f"  {rule}  {RULES[rule].label}", *(f"{count:,}" for count in counts))
    totals = (summary.planned, summary.steps_to_run, summary.steps_saved)
    yield _row("  together", *(f"{count:,}" for count in totals))
    shares = (
        share(summary.planned, summary.scenarios),
        share(summary.steps_to_run, summary.steps_in_plan),
        share(summary.steps_saved, summary.steps_in_plan),
    )
    yield _row("  of all scenarios; of the accepted's steps", *shares, style="dim")


def _rejected(summary: Summary) -> Iterator[Line]:
    if not summary.rejected:
        return
    yield _row("rejected, and what is needed", "scenarios", style="title")
    for rule, group in groupby(summary.rejected, key=lambda each: each.rule):
        each_help = list(group)
        count = sum(each.scenarios for each in each_help)
        yield _row(f"  {rule}  {RULES[rule].label}", f"{count:,}")
        for each in each_help:
            yield _row(f"      {HELPS[each.helps]}", f"{each.scenarios:,}", style="dim")


def _noted(summary: Summary) -> Iterator[Line]:
    if not summary.notes:
        return
    yield _row("noted of accepted restarts", "scenarios", style="title")
    for each in summary.notes:
        yield _row(f"  {NOTE_LABELS.get(each.note, each.note)}", f"{each.scenarios:,}")


def _wrong(summary: Summary, mistakes: Iterable[Mistake]) -> Iterator[Line]:
    if not summary.errors:
        return
    yield _row("rows that are no scenarios", f"{summary.errors:,}", style="bad")
    shown = list(mistakes)
    for mistake in shown:
        yield Line(f"  row {mistake.row:,}: {mistake.message}")
    if shown and summary.errors > len(shown):
        yield Line(f"  and {summary.errors - len(shown):,} more")


def _row(label: str, *numbers: str, style: Style = "") -> Line:
    columns = zip(numbers, _WIDTHS[1:], strict=False)
    return Line(f"{label:<{_WIDTHS[0]}}{''.join(f'{number:>{width}}' for number, width in columns)}", style)
