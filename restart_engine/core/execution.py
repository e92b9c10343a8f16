"""What happened: the outcomes of steps and groups, and the execution they belong to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from functools import cached_property
from operator import attrgetter
from typing import Final, Self, TypeAlias, cast, final

from attrs import Factory, field, frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_tuple, check_unique
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import LoadGroup, Step, step_names
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
    """What became of one step.

    :param step: The step.
    :param status: Any status, `SKIPPED` included.
    """

    step: Step
    status: Status

    def __attrs_post_init__(self) -> None:
        check_kind("step", self.step, Step)
        check_status("status", self.status, OF_STEP)


class _Checked(dict[str, Status]):
    """Names and statuses that have been checked, ascending; nobody changes it any more."""

    __slots__ = ()


def _checked(steps: Mapping[Step, Status] | Mapping[str, Status]) -> _Checked:
    if type(steps) is _Checked:
        return steps
    given = dict(cast("Mapping[Step | str, Status]", steps))  # read once: a mapping may change its mind
    names, statuses = step_names("steps", given, indexed=False), given.values()
    if not {Status}.issuperset(map(type, statuses)):
        name, found = next(pair for pair in zip(names, statuses, strict=True) if type(pair[1]) is not Status)
        check_status(f"steps[{name}]", found, OF_STEP)
    return _Checked(sorted(zip(names, statuses, strict=True)))


@final
@frozen(eq=False, repr=False)
class StepStatuses(Sealed, Mapping[str, Status]):
    """The status of each step by its name, ascending: an immutable mapping, equal to a dict of the same.

    :param steps: Any mapping of steps, each a `Step` or its text, to statuses; it is copied.
    """

    _by_name: _Checked = field(alias="steps", converter=_checked)

    def __getitem__(self, name: str) -> Status:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StepStatuses):
            other = other._by_name
        return self._by_name == other

    def __hash__(self) -> int:
        return hash(tuple(self._by_name.items()))

    def __repr__(self) -> str:
        return repr(dict(self._by_name))

    def keys(self) -> KeysView[str]:
        """The names, ascending."""
        return self._by_name.keys()

    def values(self) -> ValuesView[Status]:
        """The statuses, in the order of the names."""
        return self._by_name.values()

    def items(self) -> ItemsView[str, Status]:
        """Each name with its status, ascending."""
        return self._by_name.items()

    def replaced(self, step: Step | str, status: Status) -> Self:
        """The same with this status of a step that it has; no other is looked at."""
        check_status("status", status, OF_STEP)
        name = str(step) if type(step) is Step else step
        if type(name) is not str or name not in self._by_name:
            raise InvalidValue("step", name, "a step that the group recorded")
        changed = _Checked(self._by_name)
        changed[name] = status
        return type(self)(changed)


Steps: TypeAlias = Mapping[Step, Status] | Mapping[str, Status] | Collection[StepOutcome]
"""The outcomes of a group's steps, in any order."""


def _statuses(steps: Steps | None) -> StepStatuses | None:
    if steps is None or type(steps) is StepStatuses:
        return steps
    if isinstance(steps, Mapping):
        return StepStatuses(cast("Mapping[str, Status]", steps))
    accepted = "a mapping of steps to statuses, a tuple or a list of StepOutcome, or none"
    check_kind("steps", steps, tuple, list, accepted=accepted)
    outcomes = tuple(steps)
    check_tuple("steps", outcomes, StepOutcome)
    check_unique("steps", [outcome.step for outcome in outcomes])
    return StepStatuses({outcome.step: outcome.status for outcome in outcomes})


_NOTHING: Final = StepStatuses({})


def _of_run(status: Status) -> Status:
    check_status("status", status, OF_RUN)
    return status


@final
@frozen
class GroupOutcome(Sealed):
    """What became of one group, and of its steps where that is known.

    :param sequence: 1 or more, unique in its execution.
    :param status: Any status but `SKIPPED`, as the host reports it; never derived from the steps.
    :param steps: A mapping of steps (or of their texts) to statuses, or `StepOutcome`s; none when the
        history is unavailable.
    """

    sequence: int
    status: Status = field(converter=_of_run)
    statuses: StepStatuses | None = field(alias="steps", converter=_statuses)
    """The status of each step by its name, ascending; none when the history is unavailable."""

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)

    @classmethod
    def waiting(cls, group: LoadGroup, skipped: Iterable[Step | str] = ()) -> Self:
        """The outcome of a plan's group that has not begun: its steps are In Queue, but for those skipped.

        `skipped` are steps of the group; any other is an `InvalidValue`.
        """
        check_kind("group", group, LoadGroup)
        steps = dict.fromkeys(group.names, Status.IN_QUEUE)
        for name in step_names("skipped", skipped):
            if name not in steps:
                raise InvalidValue("skipped", name, "a step of the group")
            steps[name] = Status.SKIPPED
        return cls(group.sequence, Status.IN_QUEUE, StepStatuses(_Checked(sorted(steps.items()))))

    def status_of(self, step: Step | str) -> Status | None:
        """What became of this step, or none where nothing is recorded of it."""
        (name,) = step_names("step", (step,), indexed=False)
        return self.recorded.get(name)

    @cached_property
    def steps(self) -> tuple[StepOutcome, ...] | None:
        """The outcomes of the steps, ascending, made when somebody reads them; none without history."""
        if self.statuses is None:
            return None
        return tuple([StepOutcome(Step.parse(name), status) for name, status in self.statuses.items()])

    @property
    def recorded(self) -> Mapping[str, Status]:
        """The status of each step that is recorded; empty where the history is unavailable."""
        return _NOTHING if self.statuses is None else self.statuses

    @property
    def begun(self) -> bool:
        """Whether the execution reached this group."""
        return self.status is not Status.IN_QUEUE

    @property
    def completed(self) -> frozenset[str]:
        """The names of the steps that a restart beginning here need not run again [S3, S4]."""
        return frozenset([name for name, status in self.recorded.items() if status in COMPLETED])


def _ascending(groups: tuple[GroupOutcome, ...]) -> tuple[GroupOutcome, ...]:
    check_tuple("groups", groups, GroupOutcome)
    check_unique("groups", [group.sequence for group in groups], ".sequence")
    return tuple(sorted(groups, key=attrgetter("sequence")))


def _sequences(execution: Execution) -> tuple[int, ...]:
    return tuple([group.sequence for group in execution.groups])


def _failed(execution: Execution) -> tuple[int, ...]:
    failing = FAILED if execution.active else FAILED_OR_CUT_OFF
    return tuple([group.sequence for group in execution.groups if group.status in failing])


def _lost_history(execution: Execution) -> frozenset[int]:
    untracked = [group.sequence for group in execution.groups if group.statuses is None]
    return frozenset(untracked).intersection(execution.failed)


@final
@frozen
class Execution(Sealed):
    """One run of a load plan. Its statuses are the host's facts and need not follow from each other.

    :param id: 1 or more. A higher id need not be a later execution.
    :param status: Any status but `SKIPPED`.
    :param groups: Each sequence once; held ascending; a group that was never reached may be missing.
    """

    id: int
    status: Status = field(converter=_of_run)
    groups: tuple[GroupOutcome, ...] = field(converter=_ascending)
    sequences: tuple[int, ...] = field(
        init=False, eq=False, repr=False, default=Factory(_sequences, takes_self=True)
    )
    """The recorded groups' sequences, ascending."""
    failed: tuple[int, ...] = field(
        init=False, eq=False, repr=False, default=Factory(_failed, takes_self=True)
    )
    """The failed groups' sequences, ascending: in an execution that is over also those cut off [R3]."""
    lost_history: frozenset[int] = field(
        init=False, eq=False, repr=False, default=Factory(_lost_history, takes_self=True)
    )
    """The sequences of the failed groups whose step history is unavailable [R5]."""

    def __attrs_post_init__(self) -> None:
        check_integer("id", self.id, minimum=1)

    def with_group(self, group: GroupOutcome) -> Self:
        """The same execution with this outcome of a group that it has."""
        check_kind("group", group, GroupOutcome)
        if self.outcome(group.sequence) is None:
            raise InvalidValue("group.sequence", group.sequence, "a sequence that the execution has")
        index = bisect_left(self.sequences, group.sequence)
        groups = (*self.groups[:index], group, *self.groups[index + 1 :])
        return type(self)(self.id, self.status, groups)

    @property
    def active(self) -> bool:
        """Whether it still runs or waits to run, whatever its groups say [R1]."""
        return self.status in ACTIVE

    @property
    def current(self) -> GroupOutcome | None:
        """The first group that is not over: the one whose steps may run; none when all are over."""
        return next((group for group in self.groups if group.status in ACTIVE), None)

    @property
    def last_begun(self) -> int:
        """The highest sequence of a group that was begun; 0 when none was."""
        return next((group.sequence for group in reversed(self.groups) if group.begun), 0)

    def outcome(self, sequence: int) -> GroupOutcome | None:
        """What became of the group of this sequence, or none where nothing is recorded."""
        index = bisect_left(self.sequences, sequence)
        if index < len(self.sequences) and self.sequences[index] == sequence:
            return self.groups[index]
        return None
