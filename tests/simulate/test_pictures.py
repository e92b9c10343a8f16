from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from simulate.worlds import HOUR, MINUTE, constant, plan_of, policy, simulation, steps_of

from restart_engine.core.plan import LoadPlan
from restart_engine.simulate import (
    Constant,
    Hours,
    Independent,
    Outage,
    Report,
    Simulation,
    Where,
    report_of,
    run_night,
    run_nights,
)
from restart_engine.simulate.drawing import BLUE, ENDINGS, ORANGE, RED, SKY, save
from restart_engine.simulate.gantt import night_picture
from restart_engine.simulate.picture import DOTS, report_picture


def small(**more: Any) -> Simulation:
    """A night in which half of the first attempts in the second group fail, and late nights are late."""
    plan = plan_of(2, 2)
    given: dict[str, Any] = {
        "policies": (policy("beginning", 9 * HOUR), policy("failedSteps", 10 * MINUTE)),
        "durations": constant(plan, HOUR),
        "slots": 4,
    }
    failing = Independent(share=0.5, where=Where(sequence=20), attempts=(1,))
    return simulation(plan, failing, **given | more)


def report(world: Simulation) -> Report:
    """Of two hundred nights."""
    return report_of(world, run_nights(world, 200), seed=0)


def texts(figure: Figure) -> str:
    """All that is written in it."""
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_the_report_says_its_finding_and_draws_a_hundred_nights() -> None:
    """Each policy has its dots, as many in time as its share says."""
    found = report(small())
    late, best = found.summaries
    figure = report_picture(found)
    title = figure.get_suptitle()
    assert title == (
        f"Nightly is ready by 06:00 in 100 of 100 nights `failedSteps`,\n"
        f"and in {late.ready.value * 100:.0f} of 100 `beginning`"
    )
    assert best.ready.value == 1
    for each, axes in zip(found.summaries, figure.axes[::3], strict=True):
        (dots,) = axes.collections
        colours = [to_rgba(colour) for colour in np.asarray(dots.get_facecolor())]
        assert len(colours) == DOTS
        in_time = colours.count(to_rgba(BLUE))
        assert in_time == pytest.approx(each.ready.value * DOTS, abs=1)
        assert in_time + colours.count(to_rgba(ORANGE)) == DOTS
    assert f"{late.run_twice.value:.1f}" in texts(figure)


def test_nights_beyond_the_edge_are_counted_there() -> None:
    """Those that are given up, and what is much later than the deadline."""
    given_up = small(policies=(policy("beginning", HOUR, most=0), policy("failedSteps", 30 * HOUR)))
    written = texts(report_picture(report(given_up)))
    assert re.search(r"\d+ later or never", written)


def test_a_night_shows_what_ran_failed_and_was_left_out() -> None:
    """A bar a run, in the colour of what became of it; a mark for each step that a restart left out."""
    world = small()
    night = next(n for n in range(1, 100) if len(run_night(world, world.policies[0], n).runs) == 2)
    stories = [run_night(world, each, night) for each in world.policies]
    figure = night_picture(world, stories)
    assert f"Night {night} of Nightly: `beginning` ready at " in figure.get_suptitle()
    assert "`failedSteps` ready at " in figure.get_suptitle()
    for story, axes in zip(stories, figure.axes, strict=True):
        bars = [tuple(bar.get_facecolor()) for bar in axes.patches]
        failed = sum(step.failure is not None for step in story.steps)
        assert bars.count(to_rgba(RED)) == failed
        assert bars.count(to_rgba(SKY)) == story.result.run_twice
        assert bars.count(to_rgba(BLUE)) == len(story.steps) - failed - story.result.run_twice
        marks = [line for line in axes.lines if line.get_marker() == "D"]
        assert sum(np.size(line.get_xdata()) for line in marks) == story.result.saved
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == [str(step) for step in steps_of(world.plan)]
    assert {text.get_text() for text in figure.legends[0].get_texts()} >= {"loaded", "failed", "loaded twice"}


def test_an_outage_and_a_night_that_is_never_ready_are_shown() -> None:
    """The source's steps have a band while it is down."""
    down = Outage(
        where=Where(schema="S1"), share=1.0, begins=Hours(22 * HOUR, 22 * HOUR + MINUTE), lasts=Constant(HOUR)
    )
    world = simulation(plan_of(2, 1), down, policies=(policy("beginning", MINUTE, most=0),))
    story = run_night(world, world.policies[0], 1)
    figure = night_picture(world, [story])
    assert "never ready (given up)" in figure.get_suptitle()
    bands = [bar for bar in figure.axes[0].patches if tuple(bar.get_facecolor())[:3] == to_rgba(ORANGE)[:3]]
    assert len(bands) == 2


@pytest.mark.slow
@pytest.mark.parametrize("made", [report_picture, None], ids=["report", "night"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_picture_is_the_same_file(
    tmp_path: Path, made: Callable[[Report], Figure] | None, ending: str
) -> None:
    """With no date in it and no number that is drawn; and it is a picture of its kind."""
    world = small()
    found = report(world)
    for name in ("one", "two"):
        figure = (
            night_picture(world, [run_night(world, world.policies[0], 1)]) if made is None else made(found)
        )
        save(figure, tmp_path / f"{name}{ending}")
    one, two = ((tmp_path / f"{name}{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one.startswith({".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}[ending])
    if ending == ".svg":
        assert ET.fromstring(one).tag.endswith("svg")  # noqa: S314  # our own


def test_names_of_people_s_own_are_drawn_as_they_are() -> None:
    """A dollar is no mathematics, a long name takes several lines, and an empty plan has a picture too."""
    named = LoadPlan("50% $x^2$ & <plan>", plan_of(1).groups)
    long = policy("beginning", HOUR, most=1).__class__(
        name="as the team had it before $the$ migration of 2019", restart_from="beginning", waits=(HOUR,)
    )
    world = simulation(named, policies=(long,))
    figure = report_picture(report(world))
    assert "50% $x^2$ & <plan>" in figure.get_suptitle()
    assert "as the team had it\nbefore $the$" in texts(figure)
    empty = simulation(LoadPlan("Empty", plan_of(0).groups), policies=(long,))
    night_picture(empty, [run_night(empty, long, 1)])
    report_picture(report(empty))
