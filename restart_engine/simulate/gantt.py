# matplotlib leaves what it passes on untyped
# pyright: reportUnknownMemberType=false
"""The picture of one night, policy beside policy: what ran, failed, was restarted and left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from restart_engine.core.plan import Step
from restart_engine.core.status import COMPLETED
from restart_engine.simulate.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    RED,
    SKY,
    bare,
    mark_hours,
    styled,
)
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.story import Ending, Story
from restart_engine.simulate.times import MINUTE, clock

_ROW_INCHES: Final = 0.17
_GAP: Final = 0.6
"""Rows between two groups."""
_ABOVE: Final = 0.95
_BELOW: Final = 0.72
_LEFT: Final = 2.1
_PANEL: Final = 5.0
"""Inches around the rows, and of a panel."""
_MARGIN: Final = 30 * MINUTE


def night_picture(simulation: Simulation, stories: Sequence[Story]) -> Figure:
    """One night under one policy or several, side by side."""
    rows = _rows(simulation)
    width = _LEFT + 0.15 + _PANEL * len(stories)
    height = (max(rows.values(), default=0.0) + 1) * _ROW_INCHES + _ABOVE + _BELOW
    ends = max([simulation.deadline] + [story.ended for story in stories]) + _MARGIN
    with styled():
        figure = Figure(figsize=(width, height))
        panels = figure.subplots(1, len(stories), sharey=True, squeeze=False)[0]
        figure.subplots_adjust(
            left=_LEFT / width, right=0.985, top=1 - _ABOVE / height, bottom=_BELOW / height, wspace=0.04
        )
        figure.suptitle(
            _finding(simulation, stories), x=0.015, y=1 - 0.12 / height, ha="left", va="top",
            fontsize=12, weight="bold",
        )  # fmt: skip
        for axes, story in zip(panels, stories, strict=True):
            _panel(axes, simulation, story, rows)
            mark_hours(axes, simulation.start, ends)
        _label(panels[0], simulation, rows)
        figure.legend(
            handles=_legend(stories), loc="lower center", ncols=4 if len(stories) == 1 else 8, frameon=False,
            fontsize=8, bbox_to_anchor=(0.5, 0.0), handlelength=1.4, columnspacing=1.2,
        )  # fmt: skip
    return figure


def _rows(simulation: Simulation) -> dict[tuple[int, Step], float]:
    """The row of each step: groups below each other, a gap between them."""
    rows: dict[tuple[int, Step], float] = {}
    row = 0.0
    for group in simulation.plan.groups:
        for step in group.steps:
            rows[group.sequence, step] = row
            row += 1
        row += _GAP if group.steps else 0
    return rows


def _finding(simulation: Simulation, stories: Sequence[Story]) -> str:
    """What the picture shows, in words."""
    night = f"Night {stories[0].night:,} of {simulation.plan.name}"
    said = [f"`{story.policy}` {_ready(simulation, story)}" for story in stories]
    return f"{night}: {'; '.join(said)}"


def _ready(simulation: Simulation, story: Story) -> str:
    match story.ending:
        case Ending.COMPLETED if story.ended <= simulation.deadline:
            return f"ready at {clock(story.ended)}, in time"
        case Ending.COMPLETED:
            return f"ready at {clock(story.ended)}, late"
        case _:
            return f"never ready ({story.ending})"


def _panel(axes: Axes, simulation: Simulation, story: Story, rows: dict[tuple[int, Step], float]) -> None:
    lowest = max(rows.values(), default=0.0) + 1
    axes.set_ylim(lowest, -0.9)
    _bands(axes, simulation, story, rows)
    done: set[tuple[int, Step]] = set()
    for ran in story.steps:
        place = (ran.sequence, ran.step)
        good = ran.status in COMPLETED
        twice = place in done
        axes.barh(
            [rows[place]], [ran.ended - ran.began], left=ran.began, height=0.78,
            color=RED if not good else SKY if twice else BLUE,
            hatch="xxxx" if not good else "////" if twice else None,
            edgecolor="white", lw=0, zorder=3,
        )  # fmt: skip
        if good:
            done.add(place)
    for run in story.runs[1:]:
        axes.axvline(run.began, color=INK, lw=0.9, ls=(0, (4, 2)), zorder=2)
        left_out = [(run.decision.start.sequence, step) for step in run.decision.steps_to_skip]
        left_out += [(group.sequence, step) for group in run.decision.groups_before for step in group.steps]
        axes.plot(
            [run.began] * len(left_out), [rows[place] for place in left_out], ls="", marker="D", ms=3.4,
            mfc="white", mec=INK, mew=0.8, zorder=5,
        )  # fmt: skip
    axes.axvline(simulation.deadline, color=ORANGE, lw=2.2, zorder=1)
    axes.text(
        simulation.deadline, 1.004, f"deadline {clock(simulation.deadline)}", ha="center", va="bottom",
        fontsize=8, weight="bold", transform=axes.get_xaxis_transform(),
    )  # fmt: skip
    result = story.result
    counted = f"restarts {result.restarts}, steps run {result.steps_run}, of them twice {result.run_twice}"
    axes.set_title(f"{story.policy}: {counted}", fontsize=9.5, loc="left", pad=17)
    axes.tick_params(axis="y", length=0)
    bare(axes, "bottom")


def _bands(axes: Axes, simulation: Simulation, story: Story, rows: dict[tuple[int, Step], float]) -> None:
    """Every other group on a pale ground; what an outage struck while it lasted."""
    for index, group in enumerate(simulation.plan.groups):
        of_group = [rows[group.sequence, step] for step in group.steps]
        if of_group and index % 2 == 0:
            axes.axhspan(min(of_group) - 0.8, max(of_group) + 0.8, color="#F5F5F5", lw=0, zorder=0)
    for index, began, ended in story.outages:
        where = simulation.failures[index].where
        struck = [row for (sequence, step), row in rows.items() if where.selects(sequence, step)]
        for row in struck:
            axes.barh(
                [row], [ended - began], left=began, height=1.0, color=ORANGE, alpha=0.35, lw=0, zorder=1
            )


def _label(axes: Axes, simulation: Simulation, rows: dict[tuple[int, Step], float]) -> None:
    axes.set_yticks(list(rows.values()), [str(step) for _, step in rows], fontsize=7.5)
    inches = -_LEFT + 0.12
    for group in simulation.plan.groups:
        of_group = [rows[group.sequence, step] for step in group.steps]
        if of_group:
            _beside(axes, str(group.sequence), inches, (min(of_group) + max(of_group)) / 2, weight="bold")
    _beside(axes, "group", inches, -1.4, weight="normal")


def _beside(axes: Axes, text: str, inches: float, row: float, *, weight: str) -> None:
    """A text so many inches to the right of where the first panel begins."""
    axes.annotate(
        text,
        (0, row),
        (inches * 72, 0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        fontsize=8.5,
        color=GREY,
        weight=weight,
        ha="left",
        va="center",
        annotation_clip=False,
    )


def _legend(stories: Sequence[Story]) -> list[Patch | Line2D]:
    """What occurs in the picture, and the deadline."""
    results = [story.result for story in stories]
    failed = any(run.status not in COMPLETED for story in stories for run in story.steps)
    found: list[tuple[bool, Patch | Line2D]] = [
        (True, Patch(facecolor=BLUE, label="loaded")),
        (failed, Patch(facecolor=RED, hatch="xxxx", edgecolor="white", lw=0, label="failed")),
        (
            any(result.run_twice for result in results),
            Patch(facecolor=SKY, hatch="////", edgecolor="white", lw=0, label="loaded twice"),
        ),
        (
            any(result.saved for result in results),
            Line2D([], [], ls="", marker="D", ms=4, mfc="white", mec=INK, label="left out: loaded before"),
        ),
        (
            any(result.restarts for result in results),
            Line2D([], [], color=INK, lw=0.9, ls=(0, (4, 2)), label="restart"),
        ),
        (
            any(story.outages for story in stories),
            Patch(facecolor=ORANGE, alpha=0.35, lw=0, label="source down"),
        ),
        (True, Line2D([], [], color=ORANGE, lw=2.2, label="deadline")),
    ]
    return [handle for occurs, handle in found if occurs]
