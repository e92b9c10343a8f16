"""What was measured of a way at a size, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any, Final

from attrs import asdict, frozen
from benchmarks.compare.tools import OURS, UNIT

PHASES: Final = ("start", "load", "select")
WORK: Final = ("load", "select")
"""The phases that are added up: a process starts once, and may then serve for long."""
MILLISECOND: Final = 1e-3


@frozen(kw_only=True)
class Figures:
    """A way of a tool at a size, each repeat in a process of its own."""

    tool: str
    way: str
    steps: int
    seconds: tuple[dict[str, float], ...]
    """Of the processor, by phase, of each repeat."""
    elapsed: tuple[dict[str, float], ...]
    """The same by the clock on the wall, but for the start."""
    peak_bytes: tuple[int, ...]
    selected_gates: int

    def best(self, *phases: str) -> float | None:
        """The least that these phases took together; none where the way has none of them."""
        together = self.together(*phases)
        return min(together) if together else None

    def median(self, *phases: str) -> float | None:
        """The median of the same."""
        together = self.together(*phases)
        return median(together) if together else None

    def together(self, *phases: str) -> list[float]:
        """What these phases took together, of each repeat."""
        if not any(phase in self.seconds[0] for phase in phases):
            return []
        return [sum(each.get(phase, 0.0) for phase in phases) for each in self.seconds]

    def document(self) -> dict[str, Any]:
        """The same as an object of JSON."""
        return asdict(self)


def table(figures: Sequence[Figures]) -> str:
    """A Markdown table; beside each figure what it is in times ours of the same size."""
    header = [
        "steps", "tool", "way", "start", "load", "select",
        "load and select", "the same, median", "peak memory", "repeats",
    ]  # fmt: skip
    rows = [header]
    for each in figures:
        unit = next(
            ours for ours in figures if (ours.tool, ours.way, ours.steps) == (OURS.name, UNIT, each.steps)
        )
        rows.append(
            [
                f"{each.steps:,}",
                each.tool,
                each.way,
                *(shown(each.best(phase), unit.best(phase)) for phase in PHASES),
                shown(each.best(*WORK), unit.best(*WORK)),
                shown(each.median(*WORK), unit.median(*WORK)),
                memory(min(each.peak_bytes), min(unit.peak_bytes)),
                str(len(each.seconds)),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def shown(seconds: float | None, unit: float | None) -> str:
    """A duration, and in brackets how many times ours it is."""
    if seconds is None or unit is None:
        return "-"
    return f"{duration(seconds)} (x{times(seconds / unit)})"


def memory(size: int, unit: int) -> str:
    """An amount of memory, and in brackets how many times ours it is."""
    return f"{size / 2**20:.0f} MiB (x{times(size / unit)})"


def duration(seconds: float) -> str:
    """A duration in the unit that suits it, to three figures."""
    if seconds >= 1:
        return f"{seconds:.3g} s"
    if seconds >= MILLISECOND:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds * 1e6:.3g} µs"


def times(ratio: float) -> str:
    """A ratio to two figures."""
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"
