"""Deciding and starting in one transaction: whose the new execution is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest
from server.stores import TENANT, Store, store_at
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from restart_engine import Execution, LoadGroup, LoadPlan, Status
from restart_engine.endpoint import Bearer, ExecuteCall
from restart_engine.server.plans import save_plan
from restart_engine.server.records import PLAN, Opening, open_execution
from restart_engine.server.starts import Answer, Starts
from restart_engine.server.tables import users
from restart_engine.server.times import text_of
from restart_engine.server.world_dump import dump_world
from restart_engine.server.world_load import load_world


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
    answer = Starts(store.database, "here", lambda: 0.0).start(call, Bearer(TENANT, "ada"))
    assert answer is not None
    return answer


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


def opening(store: Store) -> tuple[Execution, Opening]:
    """A start of the plan as it is now."""
    with store.database.reading() as connection:
        plan = connection.execute(PLAN).one()
    opened = Execution(99, Status.SUCCEEDED, ())
    return opened, Opening(
        plan_id=plan.plan,
        etag=plan.etag,
        start_order=(plan.start_order or 0) + 1,
        keeps_history=True,
        process=None,
        rule="S1",
        based_on=None,
        started_by="ada",
        now=text_of(0),
    )


def change_groups(store: Store) -> None:
    """The plan is saved anew."""
    with store.database.writing() as connection:
        save_plan(connection, TENANT, LoadPlan("P", (LoadGroup(1, ["B.b"]),)))


def lose_history(store: Store) -> None:
    """What became of the steps of the first execution is forgotten."""
    store.runs.lose_history(1)


def replace_world(store: Store) -> None:
    """The tenant is another of the same name, with the same plan."""
    with store.database.reading() as connection:
        world = dump_world(connection)
    with store.database.writing() as connection:
        load_world(connection, world, replace=True)


@pytest.mark.parametrize("change", [change_groups, lose_history, replace_world])
def test_what_has_changed_is_decided_again(database_url: str, change: Callable[[Store], None]) -> None:
    """A start is opened only where the plan is still the one that it was decided on."""
    store = store_at(database_url)
    assert started(store).opened is not None
    decided = opening(store)
    change(store)
    with store.database.writing() as connection:
        assert open_execution(connection, *decided) is None
        assert open_execution(connection, *opening(store)) is not None
    store.close()


def test_of_two_that_saw_the_same_latest_one_is_started(database_url: str) -> None:
    """Also where the first is over before the second is opened."""
    store = store_at(database_url)
    assert started(store).opened is not None
    decided = opening(store)
    with store.database.writing() as connection:
        assert open_execution(connection, *decided) is not None
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        open_execution(connection, *decided)
    store.close()


def test_a_start_waits_for_who_changes_the_plan(postgresql_url: str) -> None:
    """On PostgreSQL a plan that is being saved is not started as it was; SQLite has one writer anyway."""
    store = store_at(postgresql_url)
    assert started(store).opened is not None
    opened: list[int | None] = []

    def open_decided(decided: tuple[Execution, Opening]) -> None:
        with store.database.writing() as connection:
            opened.append(open_execution(connection, *decided))

    thread = threading.Thread(target=open_decided, args=(opening(store),))
    with store.database.writing() as connection:
        save_plan(connection, TENANT, LoadPlan("P", (LoadGroup(1, ["B.b"]),)))
        thread.start()
        thread.join(0.3)
        assert opened == []
    thread.join()
    assert opened == [None]
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
