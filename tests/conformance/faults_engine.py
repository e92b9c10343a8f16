"""The engine that the faults break: the rules over plain JSON objects, one small method for each question.

It shares nothing with the package. A fault is a subclass that answers one question wrongly, so that two
faults are made one by inheriting from both.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from typing import Any, ClassVar, Final

Plain = dict[str, Any]
Subject = Callable[[Plain], Plain]

ACTIVE: Final = ("In Progress", "In Queue")
FAILED: Final = ("Failed", "Finished With Errors", "Interrupted")
COMPLETED: Final = ("Succeeded", "Skipped")


class Engine:
    """The unbroken engine, over one scenario."""

    breaks: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, breaks: tuple[str, ...] = ()) -> None:
        """A fault names the rules it breaks where its class begins."""
        super().__init_subclass__()
        cls.breaks = breaks

    def __init__(self, scenario: Plain) -> None:
        self.plan: list[Plain] = scenario["plan"]["groups"]
        self.latest: Plain | None = scenario.get("latest")
        self.request: Plain = scenario["request"]

    @classmethod
    def answer(cls, scenario: Plain) -> Plain:
        """The decision on this scenario."""
        return cls(scenario).decide()

    # the request

    def asked(self) -> int:
        """G."""
        asked: int = self.request["groupSequence"]
        return asked

    def given(self) -> int | None:
        """X, or None."""
        given: int | None = self.request.get("recentLoadPlanExecution")
        return given

    def is_latest(self) -> bool:
        """Is X given, and the id of L?"""
        return self.latest is not None and self.given() == self.latest["id"]

    def resumes(self) -> bool:
        """Does the start group skip what it completed?"""
        return self.given() is not None

    # the plan

    def groups(self) -> list[Plain]:
        """The plan's groups, in the order in which they run."""
        return sorted(self.plan, key=lambda group: int(group["sequence"]))

    def group(self, sequence: int | None) -> Plain | None:
        """The plan's group of this sequence."""
        return next((group for group in self.plan if group["sequence"] == sequence), None)

    # the latest execution

    def is_active(self) -> bool:
        """Is L running, or about to?"""
        return self.latest is not None and self.latest["status"] in ACTIVE

    def recorded(self) -> list[Plain]:
        """The group outcomes of L, ascending."""
        recorded: list[Plain] = [] if self.latest is None else self.latest["groups"]
        return sorted(recorded, key=lambda outcome: int(outcome["sequence"]))

    def outcome(self, sequence: int | None) -> Plain | None:
        """What L recorded of this group."""
        return next((outcome for outcome in self.recorded() if outcome["sequence"] == sequence), None)

    def has_failed(self, outcome: Plain) -> bool:
        """Has this group failed, or been cut off?"""
        cut_off = outcome["status"] == "In Progress" and not self.is_active()
        return outcome["status"] in FAILED or cut_off

    def failed(self) -> list[int]:
        """The sequences of the failed groups of L."""
        return [outcome["sequence"] for outcome in self.recorded() if self.has_failed(outcome)]

    def first_failed(self) -> int | None:
        """The sequence of the failed group to resume at."""
        return next(iter(self.failed()), None)

    def key(self, step: str) -> str:
        """What a step is known by."""
        return step

    def history(self, outcome: Plain) -> dict[str, str] | None:
        """The status of each step that was recorded; None where that is lost."""
        steps: dict[str, str] | None = outcome["steps"]
        return None if steps is None else {self.key(step): status for step, status in steps.items()}

    def needs_history(self, outcome: Plain) -> bool:
        """Is there no restart at this group without its step history?"""
        return self.has_failed(outcome)

    # the rules

    def r1(self) -> bool:
        """Already running."""
        return self.is_active()

    def r2(self) -> bool:
        """Not most recent."""
        return self.given() is not None and not self.is_latest()

    def r3(self) -> bool:
        """No failed group."""
        return self.is_latest() and not self.failed()

    def r4(self) -> bool:
        """Group not found."""
        if not self.plan:
            return True
        if self.asked() > 0:
            return self.group(self.asked()) is None
        first = self.first_failed()
        return self.is_latest() and first is not None and self.group(first) is None

    def history_of(self) -> int | None:
        """The sequence of the group whose history R5 looks at."""
        return self.start()

    def r5(self) -> bool:
        """History unavailable."""
        outcome = self.outcome(self.history_of())
        if outcome is None or not self.is_latest() or self.group(self.start()) is None:
            return False
        return self.needs_history(outcome) and self.history(outcome) is None

    # the plan of the restart

    def start(self) -> int | None:
        """The sequence of the group to start at, wherever that is."""
        if self.asked() > 0:
            return self.asked()
        if self.given() is not None:
            return self.first_failed()
        return next((group["sequence"] for group in self.groups()), None)

    def begin(self) -> Plain:
        """The group to start at; the first one where a fault let pass that there is none."""
        return self.group(self.start()) or self.groups()[0]

    def is_completed(self, status: str | None) -> bool:
        """Is there nothing left to do for a step that came out so?"""
        return status in COMPLETED

    def skips_unknown(self, group: Plain, outcome: Plain) -> list[str]:
        """What the start group skips where its history is lost."""
        return list(group["steps"]) if outcome["status"] == "Succeeded" else []

    def skips(self, group: Plain) -> list[str]:
        """What the start group skips."""
        outcome = self.outcome(group["sequence"])
        if outcome is None or not self.resumes():
            return []
        history = self.history(outcome)
        if history is None:
            return self.skips_unknown(group, outcome)
        return [step for step in group["steps"] if self.is_completed(history.get(self.key(step)))]

    def runs(self, group: Plain) -> list[str]:
        """What the start group runs."""
        skips = self.skips(group)
        return [step for step in group["steps"] if step not in skips]

    def after(self, group: Plain) -> list[int]:
        """The sequences of the groups that run after this one."""
        rest = dropwhile(lambda other: other["sequence"] != group["sequence"], self.groups())
        return [later["sequence"] for later in rest][1:]

    def decide(self) -> Plain:
        """The decision in its wire shape, without texts, evidence, notes and precondition."""
        checks = {"R1": self.r1, "R2": self.r2, "R3": self.r3, "R4": self.r4, "R5": self.r5}
        rules = [rule for rule, rejects in checks.items() if rejects()]
        if rules:
            return {"decision": "rejected", "rule": rules[0], "rules": rules}
        group = self.begin()
        sequence = group["sequence"]
        resuming, asking = self.given() is not None, self.asked() > 0
        return {
            "decision": "planned",
            "rule": ("S4" if asking else "S3") if resuming else ("S2" if asking else "S1"),
            "basedOn": self.given(),
            "before": [other["sequence"] for other in self.groups() if other["sequence"] < sequence],
            "start": {"sequence": sequence, "run": self.runs(group), "skip": self.skips(group)},
            "after": self.after(group),
        }
