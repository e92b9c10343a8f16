"""What clients saw, written down; whatever later contradicts it is a violation.

Of an execution that was answered with 200, or whose status was asked: its id is of one plan for ever. Of a
step, a group or an execution that was once shown to be over: how it ended, for ever.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from threading import Lock
from typing import Any, Final, NamedTuple, TypeAlias, final

from attrs import frozen

ACTIVE: Final = frozenset({"In Queue", "In Progress"})
FAILED: Final = frozenset({"Failed", "Finished With Errors", "Interrupted", "In Progress"})
"""What makes a group of an execution that is over a failed one."""
DONE: Final = frozenset({"Succeeded", "Skipped"})
Place: TypeAlias = tuple[int, int, str]
"""An execution, a group or 0 for the execution itself, a step or nothing for the group itself."""


@final
@frozen(kw_only=True)
class Started:
    """A start that was answered with 200."""

    plan: str
    call: str
    sequence: int
    based_on: int | None


@final
@frozen(kw_only=True)
class View:
    """A status at level 4, read."""

    status: str
    groups: dict[int, tuple[str, dict[str, str] | None]]
    """By sequence: the group's status, and its steps' where their history is there."""

    @classmethod
    def read(cls, body: Any) -> View:
        """From the JSON of the answer."""
        groups: dict[int, tuple[str, dict[str, str] | None]] = {}
        for group in body["groups"]:
            steps = None
            if group["schemas"] is not None:
                steps = {
                    f"{schema['name']}.{each['name']}": each["status"]
                    for schema in group["schemas"]
                    for each in schema["objects"]
                }
            groups[group["sequence"]] = group["status"], steps
        return cls(status=body["status"], groups=groups)

    @property
    def active(self) -> bool:
        """Whether it runs, or is about to."""
        return self.status in ACTIVE

    @property
    def failed(self) -> list[int]:
        """The groups that failed, of an execution that is over."""
        return sorted(sequence for sequence, (status, _) in self.groups.items() if status in FAILED)

    def over(self, execution: int) -> Iterator[tuple[Place, str]]:
        """Everything in it that is over, and how it ended."""
        if not self.active:
            yield (execution, 0, ""), self.status
        for sequence, (status, steps) in self.groups.items():
            if status not in ACTIVE:
                yield (execution, sequence, ""), status
            for step, of_step in (steps or {}).items():
                if of_step not in ACTIVE:
                    yield (execution, sequence, step), of_step


class Asked(NamedTuple):
    """What was known when a client asked."""

    newest: int | None
    """The latest execution of the plan that was known to have been started."""
    at: float
    """The moment, of the monotonic clock."""


class Ledger:
    """Written by all clients at once."""

    def __init__(self) -> None:
        self.started: dict[int, Started] = {}
        self.counts: Counter[str] = Counter()
        self.violations: list[str] = []
        self._ended: dict[Place, tuple[str, float]] = {}
        """How it ended, and when a client had seen that."""
        self._latest: dict[str, int] = {}
        self._lock = Lock()

    def wrong(self, what: str) -> None:
        """A violation."""
        with self._lock:
            self.violations.append(what)

    def count(self, what: str, by: int = 1) -> None:
        """A figure."""
        with self._lock:
            self.counts[what] += by

    def latest(self, plan: str) -> int | None:
        """The latest execution of the plan that is known to have been started."""
        with self._lock:
            return self._latest.get(plan)

    def is_latest(self, plan: str, execution: int) -> None:
        """The plan has, or had, this execution as its latest."""
        with self._lock:
            self._latest[plan] = max(execution, self._latest.get(plan, 0))

    def answered(self, execution: int, started: Started) -> None:
        """A client was told that this execution was started."""
        with self._lock:
            known = self.started.setdefault(execution, started)
            if known is not started:
                self.violations.append(f"the id {execution} is answered twice: {known}, {started}")
            self.counts["started"] += 1
            self._latest[started.plan] = max(execution, self._latest.get(started.plan, 0))

    def asks(self, plan: str) -> Asked:
        """What is known before a client asks: what it is shown then cannot be older."""
        with self._lock:
            return Asked(newest=self._latest.get(plan), at=time.monotonic())

    def shown(self, plan: str, execution: int, view: View, asked: Asked, *, tracked: bool = True) -> None:
        """A client that had asked then was shown this."""
        newest = asked.newest
        with self._lock:
            self.counts["statuses shown"] += 1
            if view.active and newest is not None and newest > execution:
                self.violations.append(
                    f"execution {execution} of {plan} is {view.status} though {newest} was started after it"
                )
            over = dict(view.over(execution))
            for place, status in over.items():
                before, _ = self._ended.setdefault(place, (status, time.monotonic()))
                if before != status:
                    self.violations.append(f"{place} was shown {before}, and now {status}")
            shown = {(execution, 0, ""): view.status}
            for sequence, (of_group, steps) in view.groups.items():
                shown[execution, sequence, ""] = of_group
                shown |= {(execution, sequence, step): status for step, status in (steps or {}).items()}
                if steps is None and (tracked or view.active):
                    self.violations.append(f"the steps of group {sequence} of {execution} are gone")
            for place in shown.keys() - over.keys():
                before, seen = self._ended.get(place, ("", asked.at))
                if seen < asked.at:
                    self.violations.append(f"{place} was shown {before}, and now {shown[place]}")

    def ended(self) -> int:
        """How many outcomes were seen."""
        return len(self._ended)
