# matplotlib leaves what it passes on untyped
# pyright: reportUnknownMemberType=false
"""The picture of a report: for each policy a hundred nights as dots, and what they cost."""

from __future__ import annotations

from collections import Counter
from math import ceil, inf
from typing import Final

from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from restart_engine.simulate.drawing import BLUE, GREY, INK, ORANGE, PALE, bare, mark_hours, styled, wrapped
from restart_engine.simulate.story import Ending, Result
from restart_engine.simulate.summary import Report, Summary
from restart_engine.simulate.times import HOUR, clock

DOTS: Final = 100
_SLICE: Final = 600.0
"""Seconds of the axis that one dot is wide."""
_LONGEST: Final = 20 * HOUR
"""Later nights stand at the edge, as those that are given up do."""
_ROW_INCHES: Final = 1.05
_DOT_POINTS: Final = 4.6


def report_picture(report: Report) -> Figure:
    """The policies below each other: when their nights are ready, how many in time, what runs twice."""
    rows = len(report.summaries)
    nights = {each.policy: _hundred(report.results[each.policy]) for each in report.summaries}
    ends = _ends(report, nights)
    within = report.simulation.deadline - report.simulation.start
    stacks = {name: _stacked(seconds, within, ends) for name, seconds in nights.items()}
    tallest = max(dot.height for stack in stacks.values() for dot in stack) + 1
    with styled():
        figure = Figure(figsize=(10, 1.75 + _ROW_INCHES * rows))
        figure.suptitle(_finding(report), x=0.02, y=0.985, ha="left", va="top", fontsize=13, weight="bold")
        top, bottom = 1 - 1.1 / (1.75 + _ROW_INCHES * rows), 0.62 / (1.75 + _ROW_INCHES * rows)
        grid = figure.add_gridspec(
            rows, 3, width_ratios=(6.4, 1.25, 1.5), left=0.165, right=0.97, top=top, bottom=bottom
        )
        most_twice = max([each.run_twice.value for each in report.summaries] + [1.0])
        for row, each in enumerate(report.summaries):
            last = row == rows - 1
            dots, ready, twice = (figure.add_subplot(grid[row, column]) for column in range(3))
            _dots(dots, report, stacks[each.policy], (ends, tallest), last=last)
            dots.set_ylabel(
                wrapped(each.policy, 18), rotation=0, ha="right", va="center", fontsize=10, labelpad=8
            )
            _share(ready, each)
            _bar(twice, each, most_twice)
            if row == 0:
                _head(report, dots, ready, twice)
            if last:
                dots.set_xlabel("time at which all is loaded", fontsize=9)
    return figure


def _head(report: Report, dots: Axes, ready: Axes, twice: Axes) -> None:
    deadline = clock(report.simulation.deadline)
    dots.set_title(
        f"each dot is one night in {DOTS}: ready in time, or late", loc="left", fontsize=9, color=GREY, pad=17
    )
    dots.text(
        report.simulation.deadline, 1.04, deadline, transform=dots.get_xaxis_transform(), ha="center",
        weight="bold", fontsize=9,
    )  # fmt: skip
    ready.set_title(f"ready by {deadline}", fontsize=9, color=GREY, pad=17)
    twice.set_title("steps loaded twice\nper night", fontsize=9, color=GREY, pad=9, loc="left")


def _finding(report: Report) -> str:
    """What the picture shows, in words."""
    best, deadline = report.best, clock(report.simulation.deadline)
    name = report.simulation.plan.name
    base = next(each for each in report.summaries if each.policy == report.baseline)
    found = f"{name} is ready by {deadline} in {_of_a_hundred(best)} of 100 nights `{best.policy}`"
    if best is not base:
        found += f",\nand in {_of_a_hundred(base)} of 100 `{base.policy}`"
    return found


def _of_a_hundred(each: Summary) -> str:
    """Only what never fails is said to be ready in all of them, and only what always does in none."""
    share = each.ready.value * 100
    if not (0 < share < 1 or DOTS - 1 < share < DOTS):
        return f"{share:.0f}"
    return {"0.0": "under 0.1", "100.0": "over 99.9"}.get(f"{share:.1f}", f"{share:.1f}")


def _hundred(results: tuple[Result, ...]) -> tuple[float, ...]:
    """A hundred nights that stand for all, by the seconds until they were completed; `inf` for never."""
    seconds = sorted(each.seconds if each.ending is Ending.COMPLETED else inf for each in results)
    return tuple(seconds[int((dot + 0.5) / DOTS * len(seconds))] for dot in range(DOTS))


def _ends(report: Report, nights: dict[str, tuple[float, ...]]) -> float:
    """How many seconds of the night are shown: an hour past its last dot."""
    latest = max((s for seconds in nights.values() for s in seconds if s < inf), default=0.0)
    shown = max(latest, report.simulation.deadline - report.simulation.start) + HOUR
    return min(ceil(shown / HOUR) * HOUR, _LONGEST)


@frozen
class _Dot:
    """A night's place in the picture."""

    middle: float
    """Of its slice, in seconds after the start of the night."""
    height: int
    """How many dots are under it."""
    in_time: bool
    beyond: bool
    """Whether it is later than what is shown."""


def _stacked(seconds: tuple[float, ...], within: float, ends: float) -> list[_Dot]:
    """A dot for each night, those of a slice on top of each other."""
    heights: Counter[float] = Counter()
    dots: list[_Dot] = []
    for each in seconds:
        beyond = each >= ends
        middle = ends - _SLICE / 2 if beyond else (each // _SLICE + 0.5) * _SLICE
        dots.append(_Dot(middle, heights[middle], each <= within, beyond))
        heights[middle] += 1
    return dots


def _dots(
    axes: Axes,
    report: Report,
    stack: list[_Dot],
    size: tuple[float, int],
    *,
    last: bool,
) -> None:
    ends, tallest = size
    simulation = report.simulation
    x = [simulation.start + dot.middle for dot in stack]
    y = [dot.height + 0.5 for dot in stack]
    colours = [BLUE if dot.in_time else ORANGE for dot in stack]
    axes.axvspan(simulation.deadline, simulation.start + ends, color=PALE, lw=0, zorder=0)
    axes.axvline(simulation.deadline, color=INK, lw=1.2, zorder=1)
    points = min(_DOT_POINTS, _ROW_INCHES * 0.74 * 72 / tallest)
    axes.scatter(x, y, s=points**2, c=colours, linewidths=0, zorder=2)
    axes.set_ylim(0, max(tallest, 8))
    axes.set_yticks([])
    mark_hours(axes, simulation.start, simulation.start + ends)
    bare(axes, "bottom")
    beyond = sum(dot.beyond for dot in stack)
    if beyond:
        axes.text(
            0.985,
            0.93,
            f"{beyond} later or never",
            transform=axes.transAxes,
            ha="right",
            va="top",
            fontsize=8,
        )
    if not last:
        axes.tick_params(axis="x", labelbottom=False)


def _share(axes: Axes, each: Summary) -> None:
    axes.axis("off")
    share = f"{_of_a_hundred(each)}%"
    axes.text(0.5, 0.58, share, ha="center", va="center", fontsize=19, weight="bold", color=BLUE)
    interval = f"{each.ready.low * 100:.1f} to {each.ready.high * 100:.1f}"
    axes.text(0.5, 0.22, interval, ha="center", va="center", fontsize=8, color=GREY)


def _bar(axes: Axes, each: Summary, most: float) -> None:
    value = each.run_twice.value
    axes.barh([0], [value], height=0.42, color=ORANGE, hatch="////", edgecolor="white", lw=0)
    axes.set_xlim(0, most * 1.45)
    axes.set_ylim(-0.9, 0.7)
    axes.text(value + most * 0.05, 0, f"{value:.1f}" if value else "0", va="center", fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    bare(axes, "left")
