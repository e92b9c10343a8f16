"""What happened: the outcomes of steps and groups, and the execution they belong to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from operator import attrgetter
from typing import TYPE_CHECKING, Self, final

from attrs import evolve, field, frozen

from restart_engine.core.checks import (
    Sealed,
    check_integer,
    check_kind,
    check_tuple,
    check_unique,
)
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import LoadGroup, Step, check_step_names
from restart_engine.core.status import (
    ACTIVE,
    COMPLETED,
    FAILED,
    FAILED_OR_CUT_OFF,
    OF_RUN,
    OF_STEP,
    Status,
    check_status,
)


@final
@frozen
class StepOutcome(Sealed):
    """What became of one step."""

    step: Step
    status: Status
    """Any status, `SKIPPED` included."""

    def __attrs_post_init__(self) -> None:
        check_kind("step", self.step, Step)
        check_status("status", self.status, OF_STEP)


@final
@frozen
class GroupOutcome(Sealed):
    """What became of one group, and of its steps where that is known.

    Like a load group it keeps its steps by name, and makes `steps` when they are first read.
    """

    sequence: int
    """1 or more, unique in its execution."""
    status: Status
    """Any status but `SKIPPED`, as the host reports it; never derived from the steps."""
    steps: tuple[StepOutcome, ...] | None = field(eq=False)
    """Each step once, held ascending by its text; none when the history is unavailable."""
    recorded: frozenset[tuple[str, Status]] | None = field(init=False, repr=False)
    """The same outcomes as pairs of `Schema.Object` and status."""

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_status("status", self.status, OF_RUN)
        recorded = None
        if self.steps is not None:
            check_tuple("steps", self.steps, StepOutcome)
            check_unique("steps", [outcome.step for outcome in self.steps])
            ascending = sorted(self.steps, key=lambda outcome: str(outcome.step))
            object.__setattr__(self, "steps", tuple(ascending))
            recorded = frozenset((str(outcome.step), outcome.status) for outcome in ascending)
        object.__setattr__(self, "recorded", recorded)

    @classmethod
    def parse(cls, sequence: int, status: Status, steps: dict[str, Status] | None) -> Self:
        """The outcome whose steps have these names, each `Schema.Object`, and these statuses."""
        if steps is None:
            return cls(sequence, status, None)
        check_integer("sequence", sequence, minimum=1)
        check_status("status", status, OF_RUN)
        if type(steps) is not dict:
            raise InvalidValue("steps", steps, "a dict of names and statuses, or none")
        check_step_names("steps", steps, indexed=False)
        if not {Status}.issuperset(map(type, steps.values())):
            name, found = next((n, s) for n, s in steps.items() if type(s) is not Status)
            check_status(f"steps[{name}]", found, OF_STEP)
        return cls._checked(sequence, status, frozenset(steps.items()))

    @classmethod
    def _checked(cls, sequence: int, status: Status, recorded: frozenset[tuple[str, Status]] | None) -> Self:
        """The outcome of these, which the caller has checked."""
        outcome = cls.__new__(cls)
        object.__setattr__(outcome, "sequence", sequence)
        object.__setattr__(outcome, "status", status)
        object.__setattr__(outcome, "recorded", recorded)
        return outcome

    @classmethod
    def waiting(cls, group: LoadGroup, skipped: Collection[str] = ()) -> Self:
        """The outcome of a plan's group that has not begun: its steps are In Queue, but for those skipped.

        `skipped` are names of its steps; any other is an `InvalidValue`.
        """
        check_kind("group", group, LoadGroup)
        steps = dict.fromkeys(group.step_names, Status.IN_QUEUE)
        if not steps.keys() >= set(skipped):
            unknown = next(name for name in skipped if name not in steps)
            raise InvalidValue("skipped", unknown, "a step of the group")
        steps |= dict.fromkeys(skipped, Status.SKIPPED)
        return cls._checked(group.sequence, Status.IN_QUEUE, frozenset(steps.items()))

    def with_status(self, status: Status) -> Self:
        """The same group with this status."""
        check_status("status", status, OF_RUN)
        return self._checked(self.sequence, status, self.recorded)

    def with_step(self, step: Step, status: Status) -> Self:
        """The same group with this status of one of its recorded steps; nothing else is looked at."""
        before = self.status_of(step)
        check_status("status", status, OF_STEP)
        if self.recorded is None or before is None:
            raise InvalidValue("step", step, "a step that the group recorded")
        name = str(step)
        # the large set stands last: Python copies that one whole, and goes through the small one
        recorded = frozenset({(name, before)}) ^ {(name, status)} ^ self.recorded
        return self._checked(self.sequence, self.status, recorded)

    def status_of(self, step: Step) -> Status | None:
        """What became of this step, or none where nothing is recorded of it."""
        check_kind("step", step, Step)
        recorded, name = self.recorded or (), str(step)
        return next((status for status in OF_STEP if (name, status) in recorded), None)

    if not TYPE_CHECKING:  # pragma: no branch  # to a checker every name would be there

        def __getattr__(self, name: str) -> object:
            """Python asks here only for what is not set: the steps of an outcome made from names."""
            if name != "steps":
                raise AttributeError(f"a group outcome has no `{name}`")
            steps = self.recorded
            if steps is not None:
                steps = tuple(StepOutcome(Step.parse(text), status) for text, status in sorted(steps))
            object.__setattr__(self, "steps", steps)
            return steps

    @property
    def begun(self) -> bool:
        """Whether the execution reached this group."""
        return self.status is not Status.IN_QUEUE

    @property
    def completed(self) -> frozenset[str]:
        """The names of the steps that a restart beginning here need not run again [S3, S4]."""
        return frozenset([name for name, status in self.recorded or () if status in COMPLETED])


def _last_begun(groups: tuple[GroupOutcome, ...]) -> int:
    """The sequence of the last group that was begun; 0 when none was."""
    for group in reversed(groups):
        if group.begun:
            return group.sequence
    return 0


def _first_not_over(groups: tuple[GroupOutcome, ...], place: int) -> int:
    """The place of the first group that is not over, from this one on."""
    while place < len(groups) and groups[place].status not in ACTIVE:
        place += 1
    return place


@final
@frozen
class Execution(Sealed):
    """One run of a load plan. Its statuses are the host's facts and need not follow from each other."""

    id: int
    """1 or more. A higher id need not be a later execution."""
    status: Status
    """Any status but `SKIPPED`."""
    groups: tuple[GroupOutcome, ...]
    """Held ascending by sequence; a group that was never reached may be missing."""
    sequences: tuple[int, ...] = field(init=False, eq=False, repr=False)
    """The recorded groups' sequences, ascending."""
    failed: tuple[int, ...] = field(init=False, eq=False, repr=False)
    """The failed groups' sequences, ascending: in an execution that is over also those cut off [R3]."""
    unrecoverable: frozenset[int] = field(init=False, eq=False, repr=False)
    """The sequences of the failed groups whose step history is unavailable [R5]."""
    last_begun: int = field(init=False, eq=False, repr=False)
    """The highest sequence of a group that was begun; 0 when none was."""
    turn: int = field(init=False, eq=False, repr=False)
    """The place in `groups` of the first that is not over; their number when all are."""

    def __attrs_post_init__(self) -> None:
        check_integer("id", self.id, minimum=1)
        check_status("status", self.status, OF_RUN)
        check_tuple("groups", self.groups, GroupOutcome)
        sequences = tuple([group.sequence for group in self.groups])
        check_unique("groups", sequences, ".sequence")
        ascending = tuple(sorted(sequences))
        if sequences != ascending:
            object.__setattr__(self, "groups", tuple(sorted(self.groups, key=attrgetter("sequence"))))
        failures = FAILED if self.active else FAILED_OR_CUT_OFF
        failed = [group for group in self.groups if group.status in failures]
        object.__setattr__(self, "sequences", ascending)
        object.__setattr__(self, "failed", tuple([group.sequence for group in failed]))
        lost = [group.sequence for group in failed if group.recorded is None]
        object.__setattr__(self, "unrecoverable", frozenset(lost))
        object.__setattr__(self, "last_begun", _last_begun(self.groups))
        object.__setattr__(self, "turn", _first_not_over(self.groups, 0))

    def with_group(self, group: GroupOutcome) -> Self:
        """The same execution with this outcome of a group that it has.

        While it is active and the group has not failed, no other group is looked at: that costs a copy of
        the tuple of groups.
        """
        check_kind("group", group, GroupOutcome)
        before = self.outcome(group.sequence)
        if before is None:
            raise InvalidValue("group.sequence", group.sequence, "a sequence that the execution has")
        place = bisect_left(self.sequences, group.sequence)
        groups = (*self.groups[:place], group, *self.groups[place + 1 :])
        if not self.active or not group.begun or before.status in FAILED or group.status in FAILED:
            return evolve(self, groups=groups)
        execution = self.__new__(type(self))
        for name in ("id", "status", "sequences", "failed", "unrecoverable"):
            object.__setattr__(execution, name, getattr(self, name))
        object.__setattr__(execution, "groups", groups)
        object.__setattr__(execution, "last_begun", max(self.last_begun, group.sequence))
        object.__setattr__(execution, "turn", _first_not_over(groups, min(self.turn, place)))
        return execution

    @property
    def active(self) -> bool:
        """Whether it still runs or waits to run, whatever its groups say [R1]."""
        return self.status in ACTIVE

    def outcome(self, sequence: int) -> GroupOutcome | None:
        """What became of the group of this sequence, or none where nothing is recorded."""
        place = bisect_left(self.sequences, sequence)
        if place < len(self.sequences) and self.sequences[place] == sequence:
            return self.groups[place]
        return None
