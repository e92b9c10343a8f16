"""An execution's record, between its value and its rows: what it was opened with, and what came since."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, final

import msgspec
from attrs import frozen
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Row,
    Table,
    bindparam,
    case,
    delete,
    insert,
    literal,
    null,
    select,
    union_all,
    update,
)

from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.status import ACTIVE, Status
from restart_engine.server.database import upsert
from restart_engine.server.tables import executions, group_outcomes, load_plans, step_outcomes
from restart_engine.wire.scenario import execution_shape, group_shapes
from restart_engine.wire.shapes import GroupShape, OutcomeShape

_GROUPS: Final = msgspec.json.Decoder(list[GroupShape])
_OUTCOMES: Final = msgspec.json.Decoder(list[OutcomeShape])


@final
@frozen(kw_only=True)
class Record:
    """An execution as the database has it."""

    execution: Execution
    plan_id: int
    version: int
    """How often it was changed; a change is made to the version that it was worked out from."""
    keeps_history: bool
    """Whether its step outcomes are kept once it is over: its tenant's detailed load jobs tracking."""
    process: str | None
    """The server process that runs it, none where nobody's does."""


@final
@frozen(kw_only=True)
class Opening:
    """What else the row of a new execution says."""

    plan_id: int
    etag: int
    """The plan's when the start was decided."""
    start_order: int
    """One more than that of the execution that was the latest then."""
    keeps_history: bool
    process: str | None
    rule: str
    based_on: int | None
    started_by: str
    now: str
    """UTC in ISO 8601."""


def groups_text(plan: LoadPlan) -> str:
    """The plan's groups as the database keeps them."""
    return msgspec.json.encode(group_shapes(plan)).decode()


@lru_cache(maxsize=256)
def plan_from(name: str, groups: str) -> LoadPlan:
    """The plan that the database keeps."""
    return LoadPlan(name, tuple(LoadGroup(g.sequence, g.steps) for g in _GROUPS.decode(groups)))


def opened_text(execution: Execution) -> str:
    """The groups of an execution as the database keeps them."""
    return msgspec.json.encode(execution_shape(execution).groups).decode()


_ROW: Final = [column for column in executions.columns if column is not executions.c.id]
_OPEN: Final = (
    insert(executions)
    .from_select(
        [column.name for column in _ROW],
        select(*(bindparam(column.name, type_=column.type) for column in _ROW))
        .where(load_plans.c.id == bindparam("plan"), load_plans.c.etag == bindparam("etag"))
        .with_for_update(read=True),  # on PostgreSQL who changes the plan waits for us, or we see its etag
    )
    .returning(executions.c.id)
)


def open_execution(connection: Connection, opened: Execution, opening: Opening) -> int | None:
    """Insert an execution as its plan's latest, and give the id that the database chose.

    None where the plan is another by now; the database raises `IntegrityError` where another was started.
    """
    row = {
        "plan": opening.plan_id,
        "etag": opening.etag,
        "plan_id": opening.plan_id,
        "start_order": opening.start_order,
        "status": opened.status,
        "version": 1,
        "opened": opened_text(opened),
        "keeps_history": opening.keeps_history,
        "process": opening.process,
        "rule": opening.rule,
        "based_on": opening.based_on,
        "started_by": opening.started_by,
        "started_at": opening.now,
        "ended_at": None if opened.active else opening.now,
    }
    return connection.execute(_OPEN, row).scalar_one_or_none()


RECORD: Final[tuple[Column[Any], ...]] = (
    executions.c.id,
    executions.c.plan_id,
    executions.c.status,
    executions.c.version,
    executions.c.opened,
    executions.c.keeps_history,
    executions.c.process,
)
"""What a row has to have to be read as a record."""
_LATEST: Final = executions.alias("latest")
_LATEST_ID: Final = (
    select(_LATEST.c.id)
    .where(_LATEST.c.plan_id == load_plans.c.id)
    .order_by(_LATEST.c.start_order.desc())
    .limit(1)
    .correlate(load_plans)
    .scalar_subquery()
)
PLAN: Final = select(
    load_plans.c.id.label("plan"), load_plans.c.groups, load_plans.c.etag, executions.c.start_order, *RECORD
).select_from(load_plans.outerjoin(executions, executions.c.id == _LATEST_ID))
"""A plan, and the record of its latest execution, null where it never ran."""
_OF_ID: Final = select(*RECORD).where(executions.c.id == bindparam("id"))
_OUTCOMES_OF: Final = union_all(
    select(step_outcomes.c.sequence, step_outcomes.c.step, step_outcomes.c.status).where(
        step_outcomes.c.execution_id == bindparam("id")
    ),
    select(group_outcomes.c.sequence, null(), group_outcomes.c.status).where(
        group_outcomes.c.execution_id == bindparam("id")
    ),
)


def read_record(connection: Connection, execution_id: int) -> Record | None:
    """The execution of this id as it stands now."""
    row = connection.execute(_OF_ID, {"id": execution_id}).one_or_none()
    return None if row is None else record_of(connection, row)


def record_of(connection: Connection, row: Row[*tuple[Any, ...]]) -> Record:
    """The record whose row of `executions` this is."""
    opened = {shape.sequence: shape for shape in _OUTCOMES.decode(row.opened)}
    since = connection.execute(_OUTCOMES_OF, {"id": row.id}).all() if row.status in ACTIVE else ()
    for sequence, step, status in since:
        steps = opened[sequence].steps
        if step is None:
            opened[sequence].status = Status(status)
        elif steps is not None:
            steps[step] = Status(status)
    groups = [GroupOutcome(shape.sequence, shape.status, shape.steps) for shape in opened.values()]
    return Record(
        execution=Execution(row.id, Status(row.status), tuple(groups)),
        plan_id=row.plan_id,
        version=row.version,
        keeps_history=row.keeps_history,
        process=row.process,
    )


def write_record(connection: Connection, before: Record, after: Execution, now: str) -> bool:
    """Write what a change made of a record; false, with nothing written, where it is another by now."""
    over = before.execution.active and not after.active
    changed = (
        update(executions)
        .where(executions.c.id == after.id, executions.c.version == before.version)
        .values(status=after.status, version=before.version + 1)
    )
    if over:  # whoever reads it from now on is spared putting it together
        ended_at = _not_before(executions.c.started_at, literal(now))
        changed = changed.values(ended_at=ended_at, opened=opened_text(after))
    if connection.execute(changed).rowcount != 1:
        return False
    groups, steps = _differences(before.execution, after)
    _write_over(
        connection,
        group_outcomes,
        [{"execution_id": after.id, "sequence": g.sequence, "status": g.status} for g in groups],
    )
    began = [row for row in steps if row["status"] is Status.IN_PROGRESS]
    ended = [row for row in steps if row["status"] is not Status.IN_PROGRESS]
    _write_over(
        connection, step_outcomes, [{"execution_id": after.id, **row, "began_at": now} for row in began]
    )
    _write_over(
        connection, step_outcomes, [{"execution_id": after.id, **row, "ended_at": now} for row in ended]
    )
    if over and not before.keeps_history:
        forget_steps(connection, after)
    return True


def _not_before(began: ColumnElement[str], ended: ColumnElement[str]) -> ColumnElement[str]:
    """When it ended; at once where the clock was put back meanwhile, or is behind another server's."""
    return case((began > ended, began), else_=ended)


def forget_steps(connection: Connection, execution: Execution) -> None:
    """The outcomes of its steps are no longer known; those of its groups are."""
    lost = Execution(
        execution.id,
        execution.status,
        tuple(GroupOutcome(group.sequence, group.status, None) for group in execution.groups),
    )
    connection.execute(delete(step_outcomes).where(step_outcomes.c.execution_id == execution.id))
    forgotten = update(executions).where(executions.c.id == execution.id)
    connection.execute(forgotten.values(opened=opened_text(lost), version=executions.c.version + 1))


def _differences(before: Execution, after: Execution) -> tuple[list[GroupOutcome], list[dict[str, Any]]]:
    """The groups whose status changed, and the steps whose did."""
    groups: list[GroupOutcome] = []
    steps: list[dict[str, Any]] = []
    for was, now in zip(before.groups, after.groups, strict=True):
        if was is now:
            continue
        if was.status is not now.status:
            groups.append(now)
        for step, status in sorted(now.recorded.items() - was.recorded.items()):
            steps.append({"sequence": now.sequence, "step": step, "status": status})
    return groups, steps


def _write_over(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or write over those that are there: what else such a row holds stays."""
    if not rows:
        return
    statement = upsert(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    written: dict[str, Any] = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if "ended_at" in written:
        written["ended_at"] = _not_before(table.c.began_at, written["ended_at"])
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=written), list(rows))
