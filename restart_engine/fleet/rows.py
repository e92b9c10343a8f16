"""From decisions to rows, and from rows to columns."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, assert_never

import pyarrow as pa

from restart_engine.core.decision import Decision, Rejection, RestartPlan, decide
from restart_engine.core.explanation import advice, message
from restart_engine.core.plan import LoadPlan
from restart_engine.core.remedies import SendRequest
from restart_engine.core.rules import Facts
from restart_engine.fleet.counts import helping
from restart_engine.fleet.schemas import DECISIONS
from restart_engine.strict_json import quote
from restart_engine.wire import WireError

_HIGHEST: Final = 2**63 - 1
_LOWEST: Final = -(2**63)


class Row(NamedTuple):
    """A row of `DECISIONS`, its fields in that order."""

    decision: str
    rule: str | None = None
    rules: tuple[str, ...] | None = None
    based_on: int | None = None
    start: int | None = None
    run: tuple[str, ...] | None = None
    skip: tuple[str, ...] | None = None
    before: tuple[int, ...] | None = None
    after: tuple[int, ...] | None = None
    steps_in_plan: int | None = None
    steps_to_run: int | None = None
    notes: list[str] | None = None
    latest_id: int | None = None
    latest_status: str | None = None
    plan_digest: str | None = None
    message: str | None = None
    remedy: str | None = None
    remedy_kind: str | None = None
    send_group_sequence: int | None = None
    send_execution: int | None = None
    path: str | None = None


def decided(facts: Facts) -> Row:
    """The row of the decision on these facts."""
    decision: Decision = decide(facts)
    match decision:
        case RestartPlan():
            return _planned(decision)
        case Rejection():
            return _rejected(decision)
        case _:
            assert_never(decision)


def refused(error: WireError) -> Row:
    """The row of a scenario that is none."""
    return Row("error", message=str(error), path=error.path)


def size_of(row: Row) -> int:
    """How many names and sequences its lists hold, those of rejections left aside: they are few."""
    if row.run is None or row.skip is None or row.before is None or row.after is None:
        return 0
    return len(row.run) + len(row.skip) + len(row.before) + len(row.after)


def columns_of(rows: list[Row]) -> list[Any]:
    """The columns of these rows; a row with a number that no column holds becomes an error."""
    try:
        return _columns(rows)
    except OverflowError:
        return _columns([_that_fits(row) for row in rows])


def _columns(rows: list[Row]) -> list[Any]:
    return [
        pa.array(column, field.type) for field, column in zip(DECISIONS, zip(*rows, strict=True), strict=True)
    ]


def _planned(restart: RestartPlan) -> Row:
    plan, latest = restart.facts.plan, restart.facts.latest
    run = restart.names_to_run
    after = restart.groups_after
    return Row(
        "planned",
        rule=restart.rule,
        based_on=restart.based_on,
        start=restart.start.sequence,
        run=run,
        skip=restart.names_to_skip,
        before=tuple([group.sequence for group in restart.groups_before]),
        after=tuple([group.sequence for group in after]),
        steps_in_plan=_steps_in(plan),
        steps_to_run=len(run) + sum([len(group.names) for group in after]),
        notes=[note.note for note in restart.notes],
        latest_id=None if latest is None else latest.id,
        latest_status=None if latest is None else latest.status,
        plan_digest=plan.digest,
    )


def _rejected(rejection: Rejection) -> Row:
    latest, remedy = rejection.facts.latest, rejection.remedy
    send = remedy.request if isinstance(remedy, SendRequest) else None
    return Row(
        "rejected",
        rule=rejection.reason.rule,
        rules=rejection.rules,
        steps_in_plan=_steps_in(rejection.facts.plan),
        latest_id=None if latest is None else latest.id,
        latest_status=None if latest is None else latest.status,
        message=message(rejection.reason),
        remedy=advice(rejection),
        remedy_kind=helping(remedy),
        send_group_sequence=None if send is None else send.group_sequence,
        send_execution=None if send is None else send.execution_id,
    )


def _steps_in(plan: LoadPlan) -> int:
    return sum([len(group.names) for group in plan.groups])


def _that_fits(row: Row) -> Row:
    """The row, or what is wrong with it: a column's integers have 64 bits, a scenario's any number."""
    for field, value in zip(DECISIONS, row, strict=True):
        numbers = value if isinstance(value, tuple) else (value,)
        for number in numbers:
            if isinstance(number, int) and not _LOWEST <= number <= _HIGHEST:
                return refused(
                    WireError(field.name, f"`{quote(number)}`", "an integer of 64 bits in a column")
                )
    return row
