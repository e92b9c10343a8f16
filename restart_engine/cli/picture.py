"""A load plan as a picture of text: its groups in order, and what becomes of each step.

Every mark is a word, so that the picture reads the same without colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from restart_engine.cli.page import Page
from restart_engine.core.decision import RestartPlan
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup
from restart_engine.core.rules import Facts
from restart_engine.core.status import COMPLETED, Status

ARROW: Final = ">>> "
_MARK: Final = 14
"""Cells that a mark takes, with the space behind it."""
_INDENT: Final = 6
_WHOLE: Final = 200
"""Steps up to which a plan is shown in full: every one of them by name."""
_SMALL: Final = 8
"""In a larger plan, steps up to which a group is; one with more is counted, but for the start group."""
_START: Final = 60
"""Names that the start group of a larger plan shows; `skip` shows a few even where `run` takes them all."""
_READABLE: Final = 12
"""Cells that a name is worth showing in."""
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

Names = Sequence[str]


def steps(count: int) -> str:
    """A number of steps in words."""
    return f"{count} step" if count == 1 else f"{count} steps"


def picture(facts: Facts, restart: RestartPlan | None, page: Page) -> Iterator[Text]:
    """The plan's groups, one below the other, no line wider than the page.

    With a restart it shows what that runs, skips and leaves; without one what the latest execution did.
    """
    yield Text(_title(facts, page), style="bold")
    whole = sum(len(group.names) for group in facts.plan.groups) <= _WHOLE
    small, start = (_WHOLE, _WHOLE) if whole else (_SMALL, _START)
    left_failed = frozenset(restart.left_failed if restart is not None else ())
    for group in facts.plan.groups:
        yield _heading(group, facts.latest, restart, left_failed, page)
        if not group.names:
            yield Text(f"{'':{_INDENT}}no step")
        elif restart is not None and group.sequence == restart.start.sequence:
            run, skip = restart.names_to_run, restart.names_to_skip
            yield from _row("run", run, page, start)
            yield from _row("skip", skip, page, max(start - len(run), _SMALL))
        else:
            for mark, names in _rows(group, facts.latest, restart):
                if len(group.names) > small:
                    yield _count(mark, names, page)
                else:
                    yield from _row(mark, names, page, small)
    if not facts.plan.groups:
        yield Text("    no group")


def _title(facts: Facts, page: Page) -> str:
    name, latest = page.name(facts.plan.name[: 4 * page.width]), facts.latest
    if latest is None:
        return page.cut(f"load plan {name}", page.width)
    happened = page.cut(f", latest execution {shown(latest.id)}: {latest.status}", page.width // 2)
    return page.cut(f"load plan {name}", page.width - cell_len(happened)) + happened


def _heading(
    group: LoadGroup,
    latest: Execution | None,
    restart: RestartPlan | None,
    left_failed: frozenset[int],
    page: Page,
) -> Text:
    sequence = page.cut(shown(group.sequence), page.width // 3)
    arrow, fate, style = "    ", "", ""
    happened = "" if latest is None else _happened(group, latest)
    if restart is not None:
        if group.sequence == restart.start.sequence:
            arrow, fate, style = ARROW, "START       ", "bold green"
        elif group.sequence > restart.start.sequence:
            fate = "runs whole  "
        else:
            fate = "not run     "
            if group.sequence in left_failed:
                happened, style = f"{happened}, stays failed", "red"
    return Text(page.cut(f"{arrow}group {sequence:<6} {fate}{happened}".rstrip(), page.width), style=style)


def _happened(group: LoadGroup, latest: Execution) -> str:
    outcome = latest.outcome(group.sequence)
    if outcome is None or not outcome.begun:
        return _absent(group, latest)
    history = "" if outcome.statuses is not None else ", no step history"
    return f"{outcome.status}{history}"


def _absent(group: LoadGroup, latest: Execution) -> str:
    return "not reached" if group.sequence > latest.last_begun else "not recorded"


def _rows(
    group: LoadGroup, latest: Execution | None, restart: RestartPlan | None
) -> Iterator[tuple[str, Names]]:
    if restart is not None and group.sequence > restart.start.sequence:
        yield "later", group.names
    elif latest is not None:
        yield from _recorded(group, latest, latest.outcome(group.sequence))
    else:
        yield "not run", group.names


def _recorded(
    group: LoadGroup, latest: Execution, outcome: GroupOutcome | None
) -> Iterator[tuple[str, Names]]:
    """The group's steps by what the latest execution recorded of them, the best news first."""
    known = {} if outcome is None or outcome.statuses is None else dict(outcome.recorded)
    rows: dict[str, list[str]] = {mark: [] for mark in ("done", *_MARKS.values())}
    for name in group.names:
        mark = _MARKS[known[name]] if name in known else _unknown(group, latest, outcome)
        rows.setdefault(mark, []).append(name)
    return ((mark, names) for mark, names in rows.items() if names)


def _unknown(group: LoadGroup, latest: Execution, outcome: GroupOutcome | None) -> str:
    if outcome is not None and outcome.statuses is None:
        return "done" if outcome.status is Status.SUCCEEDED else "unknown"
    return _absent(group, latest)


def _row(mark: str, names: Names, page: Page, most: int) -> Iterator[Text]:
    """The names behind their mark, flowed; more than `most` are counted."""
    lines = ["  ".join(line) for line in page.flowed(names[:most], page.width - _INDENT - _MARK)]
    if len(names) > most:
        lines.append(f"{page.ellipsis} and {len(names) - most} more")
    for number, line in enumerate(lines):
        yield _marked(mark if number == 0 else "", line, STYLES.get(mark, ""))


def _count(mark: str, names: Names, page: Page) -> Text:
    """One line: how many steps have this mark, and the first of them where they fit."""
    count, rest = steps(len(names)), f"  {page.ellipsis} and {{}} more"
    room = page.width - _INDENT - _MARK - len(f"{count}: ") - len(rest.format(len(names)))
    style = STYLES.get(mark, "")
    if room < _READABLE:
        return _marked(mark, count, style)
    first = next(page.flowed(names, room))
    more = "" if len(first) == len(names) else rest.format(len(names) - len(first))
    return _marked(mark, f"{count}: {'  '.join(first)}{more}", style)


def _marked(mark: str, text: str, style: str) -> Text:
    return Text(f"{'':{_INDENT}}{mark:<{_MARK}}{text}", style=style)
