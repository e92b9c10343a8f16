"""How an execution goes on, move by move: from its opening record to its end.

Each move takes an execution and returns the next one, or raises `ImpossibleMove` and changes nothing.
`MOVES` is the table of them. A server and a simulator drive a run with these and nothing else: they say
when a step begins and how it ends, and whether a run goes on after a group that failed; `advance` does
what follows from that. A run that died is ended by `cut_off`, and then restarted like any that failed.
"""

from __future__ import annotations

from typing import Final, Literal, final

from attrs import evolve, frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_tuple, check_unique
from restart_engine.core.decision import RestartPlan
from restart_engine.core.errors import ImpossibleMove, InvalidValue, shown, visible
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import Step, step_names
from restart_engine.core.status import ACTIVE, COMPLETED, FAILED, OVER, Status, check_status, worst

__all__ = [
    "MOVES",
    "OVER",
    "Move",
    "Ready",
    "advance",
    "begin_step",
    "cut_off",
    "end_execution",
    "end_group",
    "end_step",
    "opening_record",
    "ready",
]


@final
@frozen
class Move(Sealed):
    """A change of one status. What else a move needs, its function says.

    :param name: What it is called in errors and in the diagram.
    :param of: What has the status.
    :param before: The statuses that it starts from.
    :param after: The statuses that it may lead to.
    """

    name: str
    of: Literal["step", "group", "execution"]
    before: frozenset[Status]
    after: frozenset[Status]


_IN_QUEUE, _IN_PROGRESS = frozenset({Status.IN_QUEUE}), frozenset({Status.IN_PROGRESS})
_BEGIN_STEP: Final = Move("begin step", "step", _IN_QUEUE, _IN_PROGRESS)
_END_STEP: Final = Move("end step", "step", _IN_PROGRESS, OVER)
_END_GROUP: Final = Move("end group", "group", ACTIVE, OVER)
_END_EXECUTION: Final = Move("end execution", "execution", ACTIVE, OVER)
_CUT_OFF: Final = Move("cut off execution", "execution", ACTIVE, frozenset({Status.INTERRUPTED}))
MOVES: Final = (_BEGIN_STEP, _END_STEP, _END_GROUP, _END_EXECUTION, _CUT_OFF)
"""Every move; with a step that begins or ends, its group and the execution are In Progress."""


@final
@frozen(kw_only=True)
class Ready(Sealed):
    """The group whose turn it is, and its steps that may begin: side by side, in any order.

    :param sequence: The group.
    :param steps: Its steps that are In Queue; where none is left, the group ends once its others are over.
    """

    sequence: int
    steps: tuple[Step, ...]

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_tuple("steps", self.steps, Step)
        check_unique("steps", self.steps)


def opening_record(restart: RestartPlan, execution_id: int) -> Execution:
    """The execution that starting this restart opens, everything in it still In Queue.

    It holds the start group with its skipped steps as `SKIPPED`, and the groups after it; nothing of the
    groups before. `execution_id` is the host's, 1 or more, and not the latest execution's. A first,
    ordinary run opens in the same way: restart a plan that never ran, from the beginning.
    """
    check_kind("restart", restart, RestartPlan)
    if restart.facts.latest is not None and restart.facts.latest.id == execution_id:
        raise InvalidValue("execution_id", execution_id, "an id of its own, not the latest execution's")
    start = GroupOutcome.waiting(restart.start, restart.names_to_skip)
    groups = [start, *map(GroupOutcome.waiting, restart.groups_after)]
    return Execution(execution_id, Status.IN_QUEUE, tuple(groups))


def ready(execution: Execution) -> Ready | None:
    """What may run next; none when every group is over, or the execution is."""
    check_kind("execution", execution, Execution)
    group = execution.current
    if group is None or not execution.active:
        return None
    waiting = [name for name, status in group.recorded.items() if status is Status.IN_QUEUE]
    return Ready(sequence=group.sequence, steps=tuple(map(Step.parse, waiting)))


def begin_step(execution: Execution, sequence: int, step: Step | str) -> Execution:
    """The step runs, and with it its group and the execution."""
    return _move_step(_BEGIN_STEP, execution, sequence, step, Status.IN_PROGRESS)


def end_step(execution: Execution, sequence: int, step: Step | str, status: Status) -> Execution:
    """The step is over, with one of `OVER`. It has run, and so its group and the execution run too."""
    return _move_step(_END_STEP, execution, sequence, step, status)


def end_group(execution: Execution, sequence: int, status: Status) -> Execution:
    """The group is over, with one of `OVER`.

    No step of it may be In Progress. It succeeds only when all its steps are completed; it may fail with
    none failed, and with steps that never began.
    """
    check_status("status", status, _END_GROUP.after)
    where = shown(sequence)
    group = _turn(_END_GROUP, where, execution, sequence)
    statuses = set(group.recorded.values())
    if Status.IN_PROGRESS in statuses:
        raise ImpossibleMove(_END_GROUP.name, where, "a step of it is In Progress")
    if status is Status.SUCCEEDED and not statuses <= COMPLETED:
        raise ImpossibleMove(_END_GROUP.name, where, "it has a step that is not completed")
    return _moved(execution, GroupOutcome(sequence, status, group.statuses))


def end_execution(execution: Execution, status: Status) -> Execution:
    """The execution is over, with one of `OVER`.

    No group of it may be In Progress. It succeeds only when every group has; it may end otherwise with
    groups that were never reached.
    """
    check_status("status", status, _END_EXECUTION.after)
    where = _check_active(_END_EXECUTION, execution)
    statuses = {group.status for group in execution.groups}
    if Status.IN_PROGRESS in statuses:
        raise ImpossibleMove(_END_EXECUTION.name, where, "a group of it is In Progress")
    if status is Status.SUCCEEDED and not statuses <= {Status.SUCCEEDED}:
        raise ImpossibleMove(_END_EXECUTION.name, where, "it has a group that did not succeed")
    return evolve(execution, status=status)


def advance(execution: Execution, *, past_failures: bool = False) -> Execution:
    """The execution at the next group that has something to run, or at its end.

    A group whose steps are over ends with the worst of their statuses, and the execution with the worst of
    its groups'. `past_failures` says whether it goes on after a group that failed.
    """
    check_kind("execution", execution, Execution)
    while execution.active and (group := execution.current) is not None:
        if not (group.begun or past_failures) and any(each.status in FAILED for each in execution.groups):
            break
        statuses = set(group.recorded.values())
        if statuses & ACTIVE:
            return execution
        status = worst(statuses)
        execution = end_group(execution, group.sequence, status)
        if status in FAILED and not past_failures:
            break
    if not execution.active:
        return execution
    return end_execution(execution, worst({group.status for group in execution.groups}))


def cut_off(execution: Execution) -> Execution:
    """The execution is Interrupted where it stands: what was In Progress is left so, and has failed."""
    _check_active(_CUT_OFF, execution)
    return evolve(execution, status=Status.INTERRUPTED)


def _check_active(move: Move, execution: Execution) -> str:
    """Raises unless the execution is active; gives its id as errors show it."""
    check_kind("execution", execution, Execution)
    where = shown(execution.id)
    if not execution.active:
        raise ImpossibleMove(move.name, where, f"it is {execution.status}")
    return where


def _turn(move: Move, where: str, execution: Execution, sequence: int) -> GroupOutcome:
    """The group of this sequence, which has to be the one whose turn it is."""
    check_kind("execution", execution, Execution)
    check_integer("sequence", sequence)
    if not execution.active:
        raise ImpossibleMove(move.name, where, f"execution {shown(execution.id)} is {execution.status}")
    group, current = execution.outcome(sequence), execution.current
    if group is None:
        raise ImpossibleMove(move.name, where, f"the execution has no group {shown(sequence)}")
    if current is None or sequence < current.sequence:
        raise ImpossibleMove(move.name, where, f"group {shown(sequence)} is over")
    if sequence > current.sequence:
        raise ImpossibleMove(move.name, where, f"group {shown(current.sequence)} is not over")
    return current


def _move_step(
    move: Move, execution: Execution, sequence: int, step: Step | str, status: Status
) -> Execution:
    """The execution with this status of a step, which has to be one that the move starts from."""
    check_status("status", status, move.after)
    (name,) = step_names("step", (step,), indexed=False)
    where = f"`{visible(name)}` of group {shown(sequence)}"
    group = _turn(move, where, execution, sequence)
    if group.statuses is None:
        raise ImpossibleMove(move.name, where, "the history of the group's steps is unavailable")
    before = group.statuses.get(name)
    if before is None:
        raise ImpossibleMove(move.name, where, "the group has no such step")
    if before not in move.before:
        raise ImpossibleMove(move.name, where, f"it is {before}, not {' or '.join(move.before)}")
    return _moved(
        execution, GroupOutcome(sequence, Status.IN_PROGRESS, group.statuses.replaced(name, status))
    )


def _moved(execution: Execution, group: GroupOutcome) -> Execution:
    """The execution with this outcome of a group; it runs from now on."""
    if execution.status is not Status.IN_PROGRESS:
        execution = evolve(execution, status=Status.IN_PROGRESS)
    return execution.with_group(group)
