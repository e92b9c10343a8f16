"""Deciding and starting in one transaction: whose the new execution is."""

from __future__ import annotations

import json

import pytest
from server.stores import TENANT, Store, store_at
from sqlalchemy import insert

from restart_engine import LoadGroup, LoadPlan, Status
from restart_engine.endpoint import Bearer, ExecuteCall
from restart_engine.server.plans import save_plan
from restart_engine.server.starts import Answer, Starts
from restart_engine.server.tables import users


def started(store: Store, *steps: str) -> Answer:
    """The answer to a start of a plan of these steps, by somebody who may do everything."""
    row = {
        "tenant_id": store.tenant_id,
        "name": "ada",
        "super_user": True,
        "roles": "[]",
        "every_schema": "edit",
    }
    with store.database.writing() as connection:
        connection.execute(insert(users), row)
        save_plan(connection, TENANT, LoadPlan("P", (LoadGroup(1, steps),)))
    call = ExecuteCall(tenant=TENANT, authorization="Bearer a", body=b'{"loadPlanName": "P"}')
    return Starts(store.database, "here", lambda: 0.0).start(call, Bearer(TENANT, "ada"))


@pytest.mark.parametrize(("by_hand", "process"), [(False, "here"), (True, None)])
def test_told_by_hand_an_execution_is_nobodys(database_url: str, by_hand: bool, process: str | None) -> None:
    """So no process drives it, and none closes it when another dies; any other is its process's."""
    store = store_at(database_url)
    store.set_tenant(loading=json.dumps({"byHand": by_hand}))
    answer = started(store, "A.a")
    assert answer.opened is not None
    assert answer.driven is not by_hand
    assert store.runs.read(answer.opened.id).process == process
    assert store.runs.active_of("here") == (() if by_hand else (answer.opened.id,))
    store.close()


def test_a_start_with_nothing_to_run_is_over_at_once(database_url: str) -> None:
    """It is answered like any other, and nobody has to drive it."""
    store = store_at(database_url)
    answer = started(store)
    assert answer.reply.status == 200
    assert answer.opened is not None
    assert not answer.driven
    assert store.execution(answer.opened.id).status is Status.SUCCEEDED
    store.close()


@pytest.mark.parametrize("tracked", [True, False])
def test_a_tenant_keeps_step_outcomes_or_does_not(sqlite_url: str, tracked: bool) -> None:
    """Without detailed tracking the history is unavailable once the execution is over."""
    store = store_at(sqlite_url)
    store.set_tenant(detailed_tracking=tracked)
    answer = started(store, "A.a")
    assert answer.opened is not None
    assert store.runs.read(answer.opened.id).keeps_history is tracked
    store.close()
