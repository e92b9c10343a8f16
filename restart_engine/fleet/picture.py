"""A summary as a picture: how much of the fleet can resume, what the rest needs, and the steps saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from restart_engine.core.rule_table import complete_table
from restart_engine.fleet.counts import HELPS
from restart_engine.fleet.summary import Summary
from restart_engine.fleet.words import share

_RESUMES, _ANEW, _SENDS, _WAITS, _WRONG = "#0072b2", "#56b4e9", "#e69f00", "#d55e00", "#7f7f7f"
_PALE: Final = "#d9d9d9"
"""From the palette of Okabe and Ito, which people tell apart whatever colours they see; and two greys."""
_SETTINGS: Final[dict[str, Any]] = {
    "svg.hashsalt": "restart-engine",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
}
_METADATA: Final[dict[str, dict[str, Any]]] = {
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
    ".png": {"Software": None},
}
_HELPED: Final = complete_table(
    HELPS,
    {
        "sendResume": ("needs another request: resume", _SENDS),
        "sendFromGroup": ("needs another request: from a group", _SENDS),
        "sendFromBeginning": ("needs another request: start over", _SENDS),
        "waitUntilOver": ("has to wait: is still running", _WAITS),
        "addGroup": ("needs a group in the load plan", _WAITS),
    },
)
"""What a rejected scenario needs: the label and the colour of its bar."""
_WIDTH: Final = 10.0
_ROW: Final = 0.36
_INSIDE: Final = 0.11
"""A bar of a smaller share has its words beside it."""


class _Bar(NamedTuple):
    label: str
    scenarios: int
    colour: str


def draw_summary(summary: Summary, file: Path) -> None:
    """Draw the summary into a .svg, .png or .pdf: the same summary, the same bytes."""
    settings: Any = _SETTINGS
    with rc_context(settings):
        figure = picture_of(summary)
        figure.savefig(file, dpi=150, metadata=_METADATA[file.suffix.lower()])


def picture_of(summary: Summary) -> Figure:
    """The picture of the summary."""
    bars = list(_bars(summary))
    height = 2.3 + _ROW * len(bars)
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.02, 1 - 0.22 / height, _title(summary), fontsize=15, weight="bold", va="top")
    figure.text(0.02, 1 - 0.56 / height, _subtitle(summary), color="#444444", va="top")
    left, right = 0.36, 0.83
    counted = figure.add_axes((left, 1.2 / height, right - left, _ROW * len(bars) / height))
    _draw_counts(counted, bars, summary.scenarios)
    steps = figure.add_axes((left, 0.3 / height, right - left, 0.5 / height))
    _draw_steps(steps, summary)
    return figure


def _title(summary: Summary) -> str:
    if not summary.scenarios:
        return "No scenarios"
    text = f"{share(summary.resumed, summary.scenarios)} of {summary.scenarios:,} restarts can resume"
    if not summary.steps_saved:
        return text
    return f"{text}, {share(summary.steps_saved, summary.steps_in_plan)} of the steps are saved"


def _subtitle(summary: Summary) -> str:
    rejected = summary.scenarios - summary.planned - summary.errors
    said = [f"{summary.planned:,} accepted as they are sent"]
    if rejected:
        sent = sum(summary.helped_by(helps) for helps, (_, colour) in _HELPED.items() if colour == _SENDS)
        helped = "all of them" if sent == rejected else f"{sent:,} of them"
        said.append(f"{rejected:,} rejected, another request helps {helped}")
    if summary.errors:
        said.append(f"{summary.errors:,} unreadable")
    return "; ".join(said)


def _bars(summary: Summary) -> Iterator[_Bar]:
    """Those that there are, from what goes on by itself to what is beyond help; two are always there."""
    anew = summary.planned - summary.resumed
    yield _Bar("resumes", summary.resumed, _RESUMES)
    if anew:
        yield _Bar("starts over, or at a group", anew, _ANEW)
    for helps, (label, colour) in _HELPED.items():
        count = summary.helped_by(helps)
        if count:
            yield _Bar(label, count, colour)
    if summary.errors:
        yield _Bar("is no scenario", summary.errors, _WRONG)


def _draw_counts(axes: Any, bars: list[_Bar], whole: int) -> None:
    places = range(len(bars))
    axes.barh(places, [bar.scenarios for bar in bars], color=[bar.colour for bar in bars], height=0.74)
    most = max(1, *(bar.scenarios for bar in bars))
    for place, bar in zip(places, bars, strict=True):
        axes.text(
            bar.scenarios + most * 0.012,
            place,
            f"{bar.scenarios:,}  ({share(bar.scenarios, whole)})",
            va="center",
        )
    axes.set_xlim(0, most)
    axes.set_yticks(places, [bar.label for bar in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    _bare(axes)
    axes.spines["left"].set_visible(True)


def _draw_steps(axes: Any, summary: Summary) -> None:
    """One bar that is all steps of the accepted plans."""
    whole = max(summary.steps_in_plan, 1)
    run, saved = summary.steps_to_run, summary.steps_saved
    axes.barh([0], [run], color=_PALE, height=1)
    axes.barh([0], [saved], left=[run], color=_RESUMES, height=1)
    for start, count, words, colour in ((0, run, "run", "black"), (run, saved, "saved", "white")):
        part = share(count, summary.steps_in_plan)
        if count / whole > _INSIDE:
            text = f"{words}: {part}" if count / whole < 2 * _INSIDE else f"{count:,} {words} ({part})"
            axes.text(start + count / 2, 0, text, va="center", ha="center", color=colour)
    if 0 < saved <= _INSIDE * whole:
        axes.text(whole * 1.012, 0, f"{saved:,} saved", va="center")
    axes.set_xlim(0, whole)
    axes.set_yticks([0], ["steps of the accepted plans"])
    axes.set_ylim(0.5, -0.5)
    _bare(axes)


def _bare(axes: Any) -> None:
    """No frame and no scale: the numbers stand on the bars."""
    axes.set_xticks([])
    axes.tick_params(left=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
