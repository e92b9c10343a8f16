"""A load plan as a picture of text: its groups in order, and what becomes of each step.

Every mark is a word, so that the picture reads the same without colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.text import Text

from restart_engine.cli.texts import cut, flowed, plain
from restart_engine.core.decision import RestartPlan
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.facts import Facts
from restart_engine.core.plan import LoadGroup
from restart_engine.core.status import COMPLETED, Status

ARROW: Final = ">>> "
_MARK: Final = 14
"""Cells that a mark takes, with the space behind it."""
_INDENT: Final = 6
_LINES: Final = 3
"""Lines of names that a mark may fill; in the start group `_START_LINES`."""
_START_LINES: Final = 30
STYLES: Final = {
    "run": "bold green",
    "skip": "cyan",
    "later": "green",
    "done": "dim",
    "failed": "red",
    "interrupted": "red",
    "with errors": "red",
    "in progress": "yellow",
}
_MARKS: Final = {
    status: "done" if status in COMPLETED else str(status).removeprefix("Finished ").lower()
    for status in Status
}

Row = tuple[str, Iterable[str]]


def picture(facts: Facts, restart: RestartPlan | None, width: int) -> Iterator[Text]:
    """The plan's groups, one below the other, in lines of at most this width.

    With a restart it shows what that runs, skips and leaves; without one what the latest execution did.
    """
    title = f"load plan {plain(facts.plan.name)}"
    if facts.latest is not None:
        title += f", latest execution {shown(facts.latest.id)}: {facts.latest.status}"
    yield Text(cut(title, width), style="bold")
    for group in facts.plan.groups:
        start = restart is not None and group.sequence == restart.start.sequence
        yield _heading(group, facts.latest, restart, width)
        for mark, names in _rows(group, facts.latest, restart):
            lines = _START_LINES if start else _LINES
            yield from _row(mark, list(names), width, lines)


def _heading(group: LoadGroup, latest: Execution | None, restart: RestartPlan | None, width: int) -> Text:
    sequence = cut(shown(group.sequence), width // 3)
    happened = "" if latest is None else _happened(group, latest)
    if restart is None:
        return Text(cut(f"    group {sequence:<6} {happened}".rstrip(), width))
    if group.sequence == restart.start.sequence:
        return Text(
            cut(f"{ARROW}group {sequence:<6} START       {happened}".rstrip(), width), style="bold green"
        )
    if group.sequence > restart.start.sequence:
        return Text(cut(f"    group {sequence:<6} runs whole  {happened}".rstrip(), width))
    if group.sequence in restart.left_failed:
        return Text(cut(f"    group {sequence:<6} not run     {happened}, stays failed", width), style="red")
    return Text(cut(f"    group {sequence:<6} not run     {happened}".rstrip(), width))


def _happened(group: LoadGroup, latest: Execution) -> str:
    outcome = latest.outcome(group.sequence)
    if outcome is None or not outcome.begun:
        return _absent(group, latest)
    history = "" if outcome.recorded is not None else ", no step history"
    return f"{outcome.status}{history}"


def _absent(group: LoadGroup, latest: Execution) -> str:
    return "not reached" if group.sequence > latest.last_begun else "not recorded"


def _rows(group: LoadGroup, latest: Execution | None, restart: RestartPlan | None) -> Iterator[Row]:
    if restart is not None and group.sequence == restart.start.sequence:
        yield "run", restart.step_names_to_run
        yield "skip", restart.step_names_to_skip
    elif restart is not None and group.sequence > restart.start.sequence:
        yield "later", group.step_names
    elif latest is not None:
        yield from _recorded(group, latest, latest.outcome(group.sequence))
    else:
        yield "not run", group.step_names


def _recorded(group: LoadGroup, latest: Execution, outcome: GroupOutcome | None) -> Iterator[Row]:
    """The group's steps by what the latest execution recorded of them, the best news first."""
    known = {} if outcome is None or outcome.recorded is None else dict(outcome.recorded)
    rows: dict[str, list[str]] = {mark: [] for mark in ("done", *_MARKS.values())}
    for name in group.step_names:
        mark = _MARKS[known[name]] if name in known else _unknown(group, latest, outcome)
        rows.setdefault(mark, []).append(name)
    yield from rows.items()


def _unknown(group: LoadGroup, latest: Execution, outcome: GroupOutcome | None) -> str:
    if outcome is not None and outcome.recorded is None:
        return "done" if outcome.status is Status.SUCCEEDED else "unknown"
    return _absent(group, latest)


def _row(mark: str, names: list[str], width: int, most: int) -> Iterator[Text]:
    """The names behind their mark, flowed; those that do not fit are counted."""
    lines = list(flowed(names, width - _INDENT - _MARK))
    shown_lines = lines if len(lines) <= most else lines[:most]
    for number, line in enumerate(shown_lines):
        head = mark if number == 0 else ""
        yield Text(f"{'':{_INDENT}}{head:<{_MARK}}{'  '.join(line)}", style=STYLES.get(mark, ""))
    left = len(names) - sum(map(len, shown_lines))
    if left:
        yield Text(f"{'':{_INDENT + _MARK}}\u2026 and {left} more", style=STYLES.get(mark, ""))
