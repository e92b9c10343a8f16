"""What a summary counts, counted decision by decision as they are made."""

from __future__ import annotations

from collections import Counter
from typing import Final

from restart_engine.core.decision import Rejection, RestartPlan
from restart_engine.core.rule_table import START_RULE_IDS
from restart_engine.fleet.counts import Started, helping
from restart_engine.fleet.marks import SHOWN, Mistake
from restart_engine.fleet.summary import Summary, by_name, in_order
from restart_engine.wire import WireError
from restart_engine.wire.shapes import PlannedShape


class Tally:
    """Counts decisions, in the order of their rows."""

    def __init__(self) -> None:
        self._started: Final = {rule: [0, 0, 0] for rule in START_RULE_IDS}
        self._rejected: Final[Counter[tuple[str, str]]] = Counter()
        self._notes: Final[Counter[str]] = Counter()
        self._errors = 0
        self._rows = 0
        self.mistakes: Final[list[Mistake]] = []
        """The first ones."""

    def planned(self, restart: RestartPlan, shape: PlannedShape) -> None:
        """One that is accepted, and what its JSON says."""
        self._rows += 1
        steps = [len(group.names) for group in restart.facts.plan.groups]
        counts = self._started[shape.rule]
        counts[0] += 1
        counts[1] += sum(steps)
        counts[2] += len(shape.start.run) + sum(steps[len(shape.before) + 1 :])
        for note in shape.notes:
            self._notes[str(note.__struct_config__.tag)] += 1

    def rejected(self, rejection: Rejection, rule: str) -> None:
        """One that is rejected, by this rule first."""
        self._rows += 1
        self._rejected[rule, helping(rejection.remedy)] += 1

    def refused(self, error: WireError) -> None:
        """One that is no scenario."""
        self._rows += 1
        self._errors += 1
        if len(self.mistakes) < SHOWN:
            self.mistakes.append(Mistake(self._rows, str(error)))

    @property
    def summary(self) -> Summary:
        """The summary of those counted so far."""
        return Summary(
            started=tuple(Started(rule, *counts) for rule, counts in self._started.items()),
            rejected=in_order(self._rejected),
            notes=by_name(self._notes),
            errors=self._errors,
        )
