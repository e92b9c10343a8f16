"""The picture of docs/performance.md: how times grow with the plan, from what was measured for its table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.measuring import Times
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from restart_engine.simulate.drawing import BLUE, GREY, INK, ORANGE, PALE, RED, SKY, bare, save, styled

PICTURE: Final = Path(__file__).parents[2] / "docs" / "pictures" / "growth.svg"
_SHOWN: Final = {
    "read a scenario": BLUE,
    "make a plan": SKY,
    "read JSON alone": GREY,
    "write a decision": INK,
    "one move: a step begins": ORANGE,
    "decide: a restart": RED,
}
_SECONDS: Final = {1e-6: "1 µs", 1e-5: "10 µs", 1e-4: "100 µs", 1e-3: "1 ms", 1e-2: "10 ms", 1e-1: "100 ms"}
_APART: Final = 1.8
"""How far labels are apart, as a factor of seconds."""


def curve(kept: Mapping[str, Sequence[Times]], operation: str) -> dict[int, float]:
    """Seconds by steps, of plans in groups of ten."""
    before = f"{operation}, groups of 10: "
    return {
        int(name.removeprefix(before).replace(",", "")): times[-1].middle
        for name, times in kept.items()
        if name.startswith(before)
    }


def draw(kept: Mapping[str, Sequence[Times]], file: Path = PICTURE) -> None:
    """Draw it. The same times give the same file."""
    curves = {operation: curve(kept, operation) for operation in _SHOWN}
    with styled():
        figure = Figure(figsize=(8, 4.6), layout="constrained")
        axes = figure.subplots()
        for operation, of_size in curves.items():
            axes.plot(
                list(of_size), list(of_size.values()), color=_SHOWN[operation], marker="o", markersize=3.5
            )
        _label(axes, curves)
        axes.set(xscale="log", yscale="log", xlabel="steps of the plan, in groups of ten")
        axes.set_title(
            "Deciding does not grow with the plan; what reads or makes one grows with it", loc="left"
        )
        axes.xaxis.set_major_formatter(FuncFormatter(lambda steps, _: f"{steps:,.0f}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _SECONDS.get(round(seconds, 9), "")))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(visible=True, color=PALE)
        axes.set_axisbelow(True)
        bare(axes, "left", "bottom")
        file.parent.mkdir(exist_ok=True)
        save(figure, file)


def _label(axes: Axes, curves: Mapping[str, Mapping[int, float]]) -> None:
    """Name each curve behind its end, none over another."""
    lowest = 0.0
    for operation, of_size in sorted(curves.items(), key=lambda item: list(item[1].values())[-1]):
        steps, seconds = list(of_size.items())[-1]
        lowest = max(seconds, lowest * _APART)
        axes.text(steps * 1.25, lowest, operation, va="center", color=_SHOWN[operation])
