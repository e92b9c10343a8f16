"""Decisions and options as a person reads them: sentences around the picture."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from rich.text import Text

from restart_engine.cli.page import Page
from restart_engine.cli.picture import picture, steps
from restart_engine.core.decision import Decision, Rejection, RestartPlan
from restart_engine.core.errors import shown
from restart_engine.core.explanation import (
    explain,
    groups_text,
    note_sentences,
    rejection_sentences,
    start_sentence,
)
from restart_engine.core.options import recommended
from restart_engine.core.request import RestartRequest
from restart_engine.core.rule_table import START_RULE_IDS, complete_table
from restart_engine.core.rules import Facts
from restart_engine.strict_json import write_integer

_CHOICES: Final = complete_table(
    START_RULE_IDS,
    {
        "S1": "start over at group {}",
        "S2": "start at group {}, whole",
        "S3": "resume at the first failed group {}",
        "S4": "resume at group {}",
    },
)
_INDENT: Final = 3
_GROUPS: Final = 10
"""Groups left failed that an option names; more are counted."""


def explained(decision: Decision, page: Page) -> Iterator[str]:
    """The sentences of `explain`, whole."""
    return map(page.plain, explain(decision).split("\n"))


def decided(facts: Facts, decision: Decision, page: Page) -> Iterator[Text]:
    """A decision as a person reads it: the verdict, the picture, what to note."""
    if isinstance(decision, Rejection):
        yield from _rejected(decision, page)
        yield Text()
        yield from picture(facts, None, page)
        return
    later = sum(len(group.names) for group in decision.groups_after)
    yield from page.sentence(start_sentence(decision), "bold")
    yield from page.sentence(f"It {_amounts(decision, later)}.")
    yield Text()
    yield from picture(facts, decision, page)
    if decision.notes:
        yield Text()
        for sentence in note_sentences(decision):
            yield from page.sentence(sentence, "yellow")


def optional(facts: Facts, possible: tuple[RestartPlan, ...] | Rejection, page: Page) -> Iterator[Text]:
    """What happened, and the restarts to choose from."""
    yield from picture(facts, None, page)
    yield Text()
    if isinstance(possible, Rejection):
        yield from _rejected(possible, page)
        return
    later, failed = _steps_after(facts), () if facts.latest is None else facts.latest.failed
    best = recommended(possible)
    for number, restart in enumerate(possible, 1):
        start = restart.start.sequence
        yield _line(f"{number}. {_CHOICES[restart.rule].format(shown(start))} ({restart.rule})", "bold", page)
        if restart is best:
            yield _line("   recommended: it repeats least and leaves nothing undone", "green", page)
        yield from page.whole(f"send {_request(restart.request)}", "dim", _INDENT)
        yield _line(f"   {_amounts(restart, later[start])}", "", page)
        left = bisect_left(failed, start)
        if left:
            yield _line(f"   leaves failed: {_first_groups(failed, left)}", "yellow", page)


def _line(text: str, style: str, page: Page) -> Text:
    return Text(page.cut(text, page.width), style)


def _rejected(rejection: Rejection, page: Page) -> Iterator[Text]:
    verdict, *reasons, remedy = rejection_sentences(rejection)
    yield Text(verdict, "bold red")
    for sentence in reasons:
        yield from page.sentence(sentence)
    yield from page.whole(remedy)


def _request(request: RestartRequest) -> str:
    """The request to be copied: its numbers whole, however many digits they have."""
    execution = "none" if request.execution_id is None else write_integer(request.execution_id)
    return f"groupSequence {write_integer(request.group_sequence)}, recentLoadPlanExecution {execution}"


def _steps_after(facts: Facts) -> dict[int, int]:
    """For each group how many steps the groups after it have."""
    descending = facts.plan.groups[::-1]
    sums = accumulate((len(group.names) for group in descending), initial=0)
    return {group.sequence: later for group, later in zip(descending, sums, strict=False)}


def _first_groups(sequences: tuple[int, ...], count: int) -> str:
    """The first so many of these groups, or ten of them and how many more."""
    more = count - _GROUPS
    return groups_text(sequences[: min(count, _GROUPS)]) + (f" and {more} more" if more > 0 else "")


def _amounts(restart: RestartPlan, later: int) -> str:
    """How much a restart runs and skips; `later` is what the groups after its start have."""
    there, skipped = len(restart.names_to_run), len(restart.names_to_skip)
    return f"runs {steps(there + later)}, {there} of them there, and skips {skipped}"
