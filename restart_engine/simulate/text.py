"""The report as lines for people: tables as wide as fits, times as those of the day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import inf, isfinite
from typing import Final

from attrs import frozen

from restart_engine.simulate.statistics import Estimate
from restart_engine.simulate.summary import Comparison, Report, Summary
from restart_engine.simulate.times import DAY, clock, hours_and_minutes

_GAP: Final = "  "
_NARROWEST: Final = 12
"""What of a policy's name is shown at least."""


@frozen
class Line:
    """A line; `style` is title, dim or plain."""

    text: str
    style: str = "plain"


def report_lines(report: Report, width: int, cut: Callable[[str, int], str]) -> Iterator[Line]:
    """The whole report; `cut` makes a name no wider than it may be."""
    simulation = report.simulation
    when = f"from {clock(simulation.start)}, ready by {clock(simulation.deadline)}?"
    yield Line(
        cut(f"{simulation.plan.name}: {report.nights:,} nights {when} (seed {report.seed})", width), "title"
    )
    yield Line("in 19 of 20 simulations the true value lies between the two numbers beside it", "dim")
    for title, header, row in _BLOCKS:
        yield Line("")
        rows = [(each.policy, row(report, each)) for each in report.summaries]
        yield from _table(title, header, rows, width, cut)
    if report.comparisons:
        yield Line("")
        title = f"against `{report.baseline}`, in the same nights"
        rows = [(each.policy, _compared(each)) for each in report.comparisons]
        yield from _table(title, ("ready", "done, where both are", "steps run"), rows, width, cut)
    for each in report.summaries:
        for rule, nights in each.rejected:
            yield Line("")
            yield Line(f"`{each.policy}`: a restart was rejected in {nights:,} nights, {rule}")


def _table(
    title: str,
    header: tuple[str, ...],
    rows: Sequence[tuple[str, tuple[str, ...]]],
    width: int,
    cut: Callable[[str, int], str],
) -> Iterator[Line]:
    columns = [max(map(len, column)) for column in zip(header, *(cells for _, cells in rows), strict=True)]
    left = width - sum(columns) - len(_GAP) * len(columns)
    names = min(max(len(title), *(len(name) for name, _ in rows)), max(left, _NARROWEST))

    def line(name: str, cells: tuple[str, ...]) -> str:
        padded = (cell.rjust(column) for cell, column in zip(cells, columns, strict=True))
        return _GAP.join((cut(name, names).ljust(names), *padded))

    if len(title) > names:
        yield Line(cut(title, width), "title")
        title = ""
    yield Line(line(title, header), "title")
    for name, cells in rows:
        yield Line(line(name, cells))


def _ready(_: Report, each: Summary) -> tuple[str, ...]:
    nights = each.nights
    rejected = sum(count for _, count in each.rejected)
    ready = f"{each.ready.value:.1%} {each.ready.low * 100:.1f}..{each.ready.high * 100:.1f}"
    late = nights - round(each.ready.value * nights) - each.given_up - rejected
    return ready, f"{late / nights:.1%}", f"{(each.given_up + rejected) / nights:.1%}"


def _times(report: Report, each: Summary) -> tuple[str, ...]:
    start = report.simulation.start
    estimates = (each.median, each.nine_in_ten, each.mean)
    return tuple("never" if found is None else _at(found, start) for found in estimates)


def _cost(_: Report, each: Summary) -> tuple[str, ...]:
    return (
        f"{each.restarts.value:.2f}",
        _number(each.steps_run),
        _number(each.run_twice),
        f"{each.saved.value:.1f}",
    )


_BLOCKS: Final[tuple[tuple[str, tuple[str, ...], Callable[[Report, Summary], tuple[str, ...]]], ...]] = (
    ("how often is it ready", ("by the deadline", "later", "given up"), _ready),
    ("when is it ready", ("half by", "9 of 10 by", "on average, if ready"), _times),
    ("what a night costs", ("restarts", "steps run", "of them twice", "saved"), _cost),
)


def _compared(each: Comparison) -> tuple[str, ...]:
    ready = each.ready
    share = f"{ready.value * 100:+.1f}% {ready.low * 100:+.1f}..{ready.high * 100:+.1f}"
    done = "-" if each.seconds is None else _span(each.seconds)
    return share, done, _number(each.steps_run, "+")


def _number(found: Estimate, sign: str = "") -> str:
    return f"{found.value:{sign}.1f} {found.low:{sign}.1f}..{found.high:{sign}.1f}"


def _at(found: Estimate, start: float) -> str:
    if found.value == inf:
        return "never"
    return f"{_day(found.value, start)} {_day(found.low, start)}..{_day(found.high, start)}"


def _day(seconds: float, start: float) -> str:
    """The time of the day so long after the start, and how many days later if it is one or more."""
    if not isfinite(seconds):
        return "never" if seconds > 0 else "?"
    days = int(seconds // DAY)
    return f"{clock(start + seconds)}{f'+{days}d' if days else ''}"


def _span(found: Estimate) -> str:
    return "..".join((f"{_signed(found.value)} {_signed(found.low)}", _signed(found.high)))


def _signed(seconds: float) -> str:
    if not isfinite(seconds):
        return "?"
    text = hours_and_minutes(seconds)
    return text if text.startswith("-") else f"+{text}"
