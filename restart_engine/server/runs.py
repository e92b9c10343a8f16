"""Executions on their way: each change of a record is a move of `core.progress`, made to one version.

A move is worked out before the transaction that writes it, so that a large one keeps nobody waiting. Two
that change a record at once cannot both: the second finds another version, reads again and asks the move
once more, which then may be impossible. So an execution that was closed stays closed, whoever still believes
to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

from attrs import evolve
from sqlalchemy import Connection, bindparam, select, update

from restart_engine.core import progress
from restart_engine.core.errors import ImpossibleMove
from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.status import ACTIVE, Status
from restart_engine.server.database import Database, Unavailable, upsert
from restart_engine.server.loader import StepRun
from restart_engine.server.records import Record, forget_steps, read_record, write_record
from restart_engine.server.tables import attempts, executions, load_plans, new_etag, tenants
from restart_engine.server.times import Clock, text_of

_T = TypeVar("_T")
Move: TypeAlias = Callable[[Execution], Execution]
_Then: TypeAlias = Callable[[Connection, Execution, Record], _T]
"""What is done with the execution as it was before a move, and its record since."""
_TRIES: Final = 100
"""Changes of one record by others between our reading and writing it; in practice one or two."""
_COUNTS: Final = select(attempts.c.step, attempts.c.count).where(
    attempts.c.plan_id == bindparam("plan"), attempts.c.sequence == bindparam("group")
)
_NAMES: Final = (
    select(tenants.c.name, load_plans.c.name)
    .join(load_plans, load_plans.c.tenant_id == tenants.c.id)
    .where(load_plans.c.id == bindparam("plan"))
)
_VERSION: Final = select(executions.c.version).where(executions.c.id == bindparam("id"))
_ACTIVE_OF: Final = select(executions.c.id).where(
    executions.c.process == bindparam("process"), executions.c.status.in_(sorted(ACTIVE))
)


class NoExecution(LookupError):
    """There is no execution of this id."""


class StepEnd(NamedTuple):
    """A step that has run, and how it ended."""

    sequence: int
    """The group's."""
    step: Step
    status: Status
    """One of `progress.OVER`."""


class Runs:
    """The executions of one database. A method opens and ends a transaction of its own, or more."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last: dict[int, Record] = {}
        """The records that this process changed last, while they are active."""

    def begin(
        self, execution_id: int, running: frozenset[tuple[int, Step]] = frozenset()
    ) -> tuple[StepRun, ...]:
        """Begin every step that may, and give those In Progress that are not among the running.

        None are left where the execution is over, or all that may run do; steps run in a group of this
        sequence. A step that was begun in a transaction of which nobody learned that it was committed is
        given again: nobody loads it yet.
        """

        def move(execution: Execution) -> Execution:
            execution = progress.advance(execution)
            turn = progress.ready(execution)
            if turn is not None:
                for step in turn.steps:
                    execution = progress.begin_step(execution, turn.sequence, step)
            return execution

        def runs(connection: Connection, before: Execution, record: Record) -> tuple[StepRun, ...]:
            return _step_runs(connection, before, record, running)

        return self._moved(execution_id, move, runs)

    def end_step(self, execution_id: int, sequence: int, step: Step, status: Status) -> Execution:
        """The step has run, and ended so; the groups and the execution end where that follows from it."""
        return self.end_steps(execution_id, [StepEnd(sequence, step, status)])

    def end_steps(self, execution_id: int, ends: Sequence[StepEnd]) -> Execution:
        """These steps have run, in one change of the record; it is all of them, or an error and none."""

        def move(execution: Execution) -> Execution:
            for sequence, step, status in ends:
                group = execution.outcome(sequence)
                if group is not None and group.status_of(step) is status:
                    continue  # it was told before, and whoever told it did not learn that it was kept
                execution = progress.end_step(execution, sequence, step, status)
            return progress.advance(execution)

        return self._moved(execution_id, move, _execution)

    def cut_off(self, execution_id: int) -> Execution:
        """The execution is Interrupted where it stands."""
        return self._moved(execution_id, progress.cut_off, _execution)

    def cut_off_all(self, process: str) -> tuple[int, ...]:
        """Cut off what this process runs, and give the executions that were still active."""
        cut: list[int] = []
        for execution_id in self.active_of(process):
            try:
                self.cut_off(execution_id)
            except (ImpossibleMove, NoExecution):
                continue  # it ended by itself just now, or its tenant was replaced
            cut.append(execution_id)
        return tuple(cut)

    def active_of(self, process: str) -> tuple[int, ...]:
        """The active executions that this process runs."""
        with self._database.reading() as connection:
            return tuple(connection.execute(_ACTIVE_OF, {"process": process}).scalars())

    def lose_history(self, execution_id: int) -> None:
        """The step outcomes of an execution that is over are forgotten."""
        with self._database.writing() as connection:
            record = _found(connection, execution_id)
            if record.execution.active:
                raise ImpossibleMove("lose history", f"execution {execution_id}", "it is not over")
            forget_steps(connection, record.execution)
            # a start of its plan that was decided on all of it is decided again
            connection.execute(
                update(load_plans).where(load_plans.c.id == record.plan_id).values(etag=new_etag())
            )

    def read(self, execution_id: int) -> Record:
        """The record as it stands."""
        with self._database.reading() as connection:
            return _found(connection, execution_id)

    def forget(self, execution_id: int) -> None:
        """Remember no more of this execution's record: this process does not run it any longer."""
        self._last.pop(execution_id, None)

    def _moved(self, execution_id: int, move: Move, then: _Then[_T]) -> _T:
        """Make a move, and in the transaction that writes it what `then` does; gives what that gives."""
        known = self._last.pop(execution_id, None)
        for _ in range(_TRIES):
            before = known or self.read(execution_id)
            try:
                after = move(before.execution)
            except ImpossibleMove:
                if known is None:
                    raise
                known = None  # what we knew may be out of date
                continue
            known = None
            with self._database.writing() as connection:
                record = _written(connection, before, after, text_of(self._clock()))
                if record is None:
                    continue
                given = then(connection, before.execution, record)
            if after.active and record.process is not None:
                self._last[execution_id] = record
            return given
        raise Unavailable(f"execution {execution_id} is changed by others all the time")


def _written(connection: Connection, before: Record, after: Execution, now: str) -> Record | None:
    """The record with its change written; none where it is another by now."""
    if after is before.execution:
        version = connection.execute(_VERSION, {"id": after.id}).scalar_one_or_none()
        return before if version == before.version else None
    if not write_record(connection, before, after, now):
        return None
    return evolve(before, execution=after, version=before.version + 1)


def _found(connection: Connection, execution_id: int) -> Record:
    record = read_record(connection, execution_id)
    if record is None:
        raise NoExecution(f"there is no execution {execution_id}")
    return record


def _execution(_connection: Connection, _before: Execution, record: Record) -> Execution:
    return record.execution


def _step_runs(
    connection: Connection, before: Execution, record: Record, running: frozenset[tuple[int, Step]]
) -> tuple[StepRun, ...]:
    """The steps In Progress of the group whose turn it is, but for these; attempts begun now are counted."""
    turn = progress.ready(record.execution)
    group = None if turn is None else record.execution.outcome(turn.sequence)
    if group is None:
        return ()
    names = [name for name, status in group.recorded.items() if status is Status.IN_PROGRESS]
    was = before.outcome(group.sequence)
    begun = [name for name in names if was is None or was.recorded.get(name) is not Status.IN_PROGRESS]
    steps = [step for step in map(Step.parse, names) if (group.sequence, step) not in running]
    if not steps:
        return ()
    counted = _attempts(connection, record.plan_id, group.sequence, begun)
    tenant, plan = connection.execute(_NAMES, {"plan": record.plan_id}).one()
    return tuple(
        StepRun(
            tenant=tenant,
            load_plan=plan,
            execution_id=record.execution.id,
            sequence=group.sequence,
            step=step,
            attempt=counted.get(str(step), 1),  # what a world file says to be In Progress was not counted
        )
        for step in steps
    )


def _attempts(connection: Connection, plan_id: int, sequence: int, begun: list[str]) -> dict[str, int]:
    """How often each step of the group was begun, of which these are begun now."""
    key = {"plan_id": plan_id, "sequence": sequence}
    if begun:
        first = upsert(connection, attempts)
        again = first.on_conflict_do_update(
            index_elements=["plan_id", "sequence", "step"], set_={"count": attempts.c.count + 1}
        )
        connection.execute(again, [{**key, "step": name, "count": 1} for name in begun])
    counts = connection.execute(_COUNTS, {"plan": plan_id, "group": sequence})
    return {step: count for step, count in counts}  # noqa: C416  # rows are no pairs to a checker
