# matplotlib leaves what it passes on untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
"""What the pictures share: colours that the colour-blind tell apart, times of the day, and files alike."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from restart_engine.simulate.times import HOUR, clock

# the palette of Okabe and Ito
BLUE: Final = "#0072B2"
ORANGE: Final = "#E69F00"
RED: Final = "#D55E00"
SKY: Final = "#56B4E9"
INK: Final = "#222222"
GREY: Final = "#767676"
PALE: Final = "#E8E8E8"

ENDINGS: Final = (".svg", ".png", ".pdf")
_NO_DATE: Final[dict[str, dict[str, Any]]] = {
    ".svg": {"Date": None},
    ".png": {},
    ".pdf": {"CreationDate": None},
}
_STYLE: Final[dict[str, Any]] = {
    "svg.hashsalt": "restart-engine",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.6,
    "text.parse_math": False,
}
_LONG: Final = 8 * HOUR
"""A longer axis has a mark every two hours."""


@contextmanager
def styled() -> Generator[None]:
    """Whatever is drawn in here looks the same on every machine."""
    with rc_context(_STYLE):  # type: ignore[arg-type]  # its keys are checked when it runs
        yield


def save(figure: Figure, file: Path) -> None:
    """Write the picture, in the form that the file's ending says: the same picture gives the same file."""
    ending = file.suffix.lower()
    with styled():
        figure.savefig(file, dpi=160, metadata=_NO_DATE[ending])


def mark_hours(axes: Axes, begins: float, ends: float) -> None:
    """The axis shows the hours of the day from then to then."""
    axes.set_xlim(begins, ends)
    every = HOUR if ends - begins <= _LONG else 2 * HOUR
    axes.xaxis.set_major_locator(MultipleLocator(every))
    axes.xaxis.set_major_formatter(FuncFormatter(_mark))
    axes.tick_params(axis="x", labelsize=8, length=3)


def _mark(seconds: float, _place: int | None) -> str:
    return clock(seconds)


def bare(axes: Axes, *kept: str) -> None:
    """No lines around it but these."""
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(side in kept)


def wrapped(name: str, width: int) -> str:
    """A name on as many lines as it needs."""
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)
