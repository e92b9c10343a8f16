"""Decide and start: one transaction, in which everything that was decided on is still so."""

from __future__ import annotations

from contextlib import suppress
from typing import final

from attrs import frozen
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from restart_engine.core import progress
from restart_engine.core.decision import RestartPlan
from restart_engine.core.execution import Execution
from restart_engine.endpoint import (
    Bearer,
    Reply,
    Start,
    StartCall,
    StatusCall,
    answer_start,
    answer_status,
    started,
)
from restart_engine.server.database import Database
from restart_engine.server.loading import read_loading
from restart_engine.server.lookups import DatabaseLookups
from restart_engine.server.records import Opening, open_execution
from restart_engine.server.times import Clock, text_of


@final
@frozen(kw_only=True)
class Answer:
    """What a call is answered, and the execution that it started."""

    reply: Reply
    opened: Execution | None = None
    """None where nothing was started."""
    driven: bool = False
    """Whether this process has to run its steps."""


class Starts:
    """The endpoint's calls on one database. A method opens and ends a transaction of its own."""

    def __init__(self, database: Database, process: str, clock: Clock) -> None:
        self._database = database
        self._process = process
        self._clock = clock

    def start(self, call: StartCall, bearer: Bearer, patience: float | None = None) -> Answer | None:
        """Answer a restart or an execution, and open what is accepted; none where it has to be asked again.

        `NotBegun` where SQLite's lock could not be had within `patience`, or until the deadline.
        """
        # a start that the database forbids met another one of the same plan
        with suppress(IntegrityError), self._database.writing(patience) as connection:
            lookups = DatabaseLookups(connection, bearer)
            outcome = answer_start(call, lookups)
            if isinstance(outcome, Start):
                return self._open(connection, lookups, outcome)
            return Answer(reply=outcome)
        return None

    def refusal(self, call: StartCall, bearer: Bearer) -> Reply | None:
        """What refuses a restart or an execution, if anything does; it waits for nobody's lock."""
        with self._database.reading() as connection:
            outcome = answer_start(call, DatabaseLookups(connection, bearer))
        return outcome if isinstance(outcome, Reply) else None

    def status(self, call: StatusCall, bearer: Bearer) -> Reply:
        """Answer a question after a status."""
        with self._database.reading() as connection:
            return answer_status(call, DatabaseLookups(connection, bearer))

    def _open(self, connection: Connection, lookups: DatabaseLookups, start: Start) -> Answer | None:
        plan, tenant = lookups.plan_row, lookups.tenant_row
        assert plan is not None
        assert tenant is not None
        by_hand = read_loading(tenant.loading).by_hand
        opening = Opening(
            plan_id=plan.plan,
            etag=plan.etag,
            start_order=(plan.start_order or 0) + 1,
            keeps_history=tenant.detailed_tracking,
            process=None if by_hand else self._process,
            rule=start.restart.rule,
            based_on=start.restart.based_on,
            started_by=start.bearer.user,
            now=text_of(self._clock()),
        )
        opened = _opened(start.restart)
        execution_id = open_execution(connection, opened, opening)
        if execution_id is None:
            return None
        opened = Execution(execution_id, opened.status, opened.groups)
        return Answer(reply=started(execution_id), opened=opened, driven=opened.active and not by_hand)


def _opened(restart: RestartPlan) -> Execution:
    """The opening record, at the first group that has something to run; its id is not yet the database's."""
    latest = restart.facts.latest
    return progress.advance(progress.opening_record(restart, 1 if latest is None else latest.id + 1))
