"""What a host shows of its latest execution, held against what it follows from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias, final

from attrs import frozen

from restart_engine.conformance.reference import Planned
from restart_engine.core.checks import Sealed
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution
from restart_engine.core.explanation import listed, named
from restart_engine.core.rule_table import AnyRuleId
from restart_engine.core.status import ACTIVE, COMPLETED, Status

Place: TypeAlias = tuple[int, str]
"""A step: the sequence of its group, and its name."""


@final
@frozen
class Wrong(Sealed):
    """What is wrong with what a host answers or shows; without a law it cannot be judged."""

    law: str
    kind: str
    detail: str = ""


@final
@frozen(kw_only=True)
class View(Sealed):
    """What a host shows of its latest execution, and all that this follows from."""

    planned: Planned
    skipped_as: Status
    run: dict[int, frozenset[str]]
    """What is to run of each group, ascending."""
    earlier: frozenset[str]
    """Of what is skipped, that which was so already in the execution resumed."""
    ended: Mapping[Place, Status]
    """What the check reported."""
    lost: bool
    """Whether what became of the steps is no longer known."""
    cut: bool
    cut_in: int | None
    """The group that had begun when the run was cut off."""
    latest: Execution
    waiting: tuple[Place, ...]

    def wrong(self) -> Wrong | None:
        """The first thing that is wrong."""
        ways = (self._in_waiting(), self._in_turn(), self._in_steps(), self._in_groups(), self._when_over())
        return next(chain.from_iterable(ways), None)

    def _left(self, sequence: int) -> set[Place]:
        return {(sequence, name) for name in self.run.get(sequence, ())} - self.ended.keys()

    def _failing(self, sequence: int) -> bool:
        """Whether a step of the group has failed, after which a host may leave out the others."""
        return any(at == sequence and status not in COMPLETED for (at, _), status in self.ended.items())

    def _of(self, sequence: int) -> AnyRuleId:
        """The rule that makes a group run as it has to."""
        assert self.planned.rule is not None
        return "C1" if sequence in self.planned.after else self.planned.rule

    def _in_waiting(self) -> Iterator[Wrong]:
        """Exactly the steps wait that may run of one group."""
        if not self.latest.active:
            if self.waiting:
                yield Wrong("turn", "runs steps of an execution that is over", places_text(self.waiting))
            return
        if self.cut:
            yield Wrong("cut off", "leaves a run active that was cut off")
        waiting = set(self.waiting)
        groups = {sequence for sequence, _ in waiting}
        may = set[Place]().union(*map(self._left, groups))
        yield from map(self._not_to_run, sorted(waiting - may))
        if not groups:
            yield Wrong("turn", "stands still: the execution is active, and no step of it waits")
        if len(groups) > 1 or len(waiting) < len(self.waiting):
            yield Wrong("turn", "runs two groups at once, or a step twice", places_text(self.waiting))
        for sequence in sorted(groups):
            if may - waiting and not self._failing(sequence):
                out = places_text(may - waiting)
                yield Wrong(self._of(sequence), "leaves out steps that have to run", out)

    def _not_to_run(self, place: Place) -> Wrong:
        (sequence, name), start = place, self.planned.start
        if place in self.ended:
            return Wrong("turn", "runs a step again that is over", places_text([place]))
        if sequence == start and name in self.planned.skip:
            law = "chain" if name in self.earlier else str(self.planned.rule)
            return Wrong(law, "runs a step again that was completed", places_text([place]))
        if sequence < start:
            return Wrong(str(self.planned.rule), "runs a group before the start", places_text([place]))
        return Wrong("C6", "runs what is not in the plan as it stands", places_text([place]))

    def _in_turn(self) -> Iterator[Wrong]:
        """No group is passed whose steps have not run."""
        current = self.waiting[0][0] if self.waiting else 0
        for sequence, names in self.run.items():
            outcome, left = self.latest.outcome(sequence), self._left(sequence)
            status = Status.IN_QUEUE if outcome is None else outcome.status
            passed = sequence < current
            if left and (status is Status.SUCCEEDED or (passed and not self._failing(sequence))):
                yield Wrong(
                    self._of(sequence), "is done with a group before its steps ran", places_text(left)
                )
            if passed and names and status in ACTIVE:
                yield Wrong("turn", "goes on before a group is over", f"group {shown(sequence)}")

    def _in_steps(self) -> Iterator[Wrong]:
        """What became of steps is recorded, and of no others."""
        recorded = {
            (g.sequence, name): status for g in self.latest.groups for name, status in g.recorded.items()
        }
        for name in () if self.lost else sorted(self.planned.skip):
            place = (self.planned.start, name)
            found = recorded.pop(place, None)
            if found not in COMPLETED:
                yield Wrong("record", "does not record a skipped step as completed", places_text([place]))
            elif found is not self.skipped_as:
                yield Wrong("one profile", "records skipped steps in two ways", places_text([place]))
        for place, status in () if self.lost else self.ended.items():
            if recorded.pop(place, None) is not status:
                yield Wrong("outcome", "loses or changes what became of a step", places_text([place]))
        for place, status in sorted(recorded.items()):
            sequence, name = place
            if name not in self.run.get(sequence, (name,)):
                yield Wrong("C6", "records a step that is not in the plan as it stands", places_text([place]))
            if status in COMPLETED and sequence in self.run:
                law = "C1" if sequence in self.planned.after else "record"
                yield Wrong(law, "records a step as completed that did not run", places_text([place]))

    def _in_groups(self) -> Iterator[Wrong]:
        """Nothing is recorded of the groups that do not run."""
        for group in self.latest.groups:
            if group.sequence not in self.run and (group.begun or group.completed):
                yield Wrong(
                    "record", "records a group that it does not run", f"group {shown(group.sequence)}"
                )

    def _when_over(self) -> Iterator[Wrong]:
        """An execution ends by its steps, and what was cut off has failed."""
        if self.latest.active:
            return
        failed = any(status not in COMPLETED for status in self.ended.values())
        left = set[Place]().union(*map(self._left, self.run))
        if left and not failed and not self.cut:
            yield Wrong("turn", "ends before its steps ran, with none failed", places_text(left))
        if self.cut_in is not None and self.cut_in not in self.latest.failed:
            yield Wrong(
                "cut off", "records a group as not failed that was cut off", f"group {shown(self.cut_in)}"
            )
        if not left and not failed and self.latest.failed:
            yield Wrong("end", "leaves a group failed whose steps all succeeded")


def places_text(places: Iterable[Place]) -> str:
    """Steps with their groups."""
    return listed(f"{named([name])} of group {shown(sequence)}" for sequence, name in sorted(places))
