"""What the database itself forbids and keeps, as the migrations make it."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from server.stores import TENANT, store_at
from sqlalchemy import event, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from restart_engine import LoadGroup, LoadPlan
from restart_engine.endpoint import Bearer, RestartCall
from restart_engine.server.database import Database
from restart_engine.server.plans import save_plan
from restart_engine.server.starts import Starts
from restart_engine.server.tables import executions, load_plans, metadata


def opened(plan_id: int, order: int, status: str) -> dict[str, object]:
    """A row of an execution."""
    return {
        "plan_id": plan_id,
        "start_order": order,
        "status": status,
        "version": 1,
        "opened": "[]",
        "keeps_history": True,
    }


def saved_plan(database: Database) -> int:
    """The row of a plan without a step."""
    with database.writing() as connection:
        save_plan(connection, TENANT, LoadPlan("P", (LoadGroup(1, ()),)))
        found: int = connection.execute(select(load_plans.c.id)).scalar_one()
    return found


@pytest.mark.parametrize("status", ["In Progress", "In Queue"])
def test_no_two_executions_of_a_plan_are_active(database_url: str, status: str) -> None:
    """The database refuses the second, whatever any program believes; one that is over is in nobody's way."""
    store = store_at(database_url)
    plan_id = saved_plan(store.database)
    with store.database.writing() as connection:
        connection.execute(insert(executions), opened(plan_id, 1, "Failed"))
        connection.execute(insert(executions), opened(plan_id, 2, "In Progress"))
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(insert(executions), opened(plan_id, 3, status))
    store.close()


def test_the_migrations_make_the_tables(database_url: str) -> None:
    """Nothing is left for Alembic to find; and the indexes over what is active are over nothing else."""
    store = store_at(database_url)
    with store.database.writing() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        indexes = {index["name"]: index for index in inspect(connection).get_indexes("executions")}
    for index in executions.indexes:
        found = indexes[index.name]
        assert bool(found["unique"]) is index.unique
        where = str(next(iter(found["dialect_options"].values())))
        assert all(label in where for label in ("In Progress", "In Queue"))
    store.close()


def test_sqlite_syncs_at_every_commit(sqlite_url: str) -> None:
    """A commit that was answered with 200 is on the disk."""
    store = store_at(sqlite_url)
    with store.database.reading() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    store.close()


def test_for_a_tenant_that_is_disabled_no_plan_is_looked_up(database_url: str) -> None:
    """So nobody who is refused at H3 holds a plan's lock."""
    store = store_at(database_url)
    saved_plan(store.database)
    store.set_tenant(enabled=False)
    said: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *heard: said.append(heard[2]))
    call = RestartCall(
        tenant=TENANT, authorization="Bearer a", body=b'{"loadPlanName": "P", "groupSequence": 0}'
    )
    answer = Starts(store.database, "here", lambda: 0.0).start(call, Bearer(TENANT, "ada"))
    assert answer.reply.gate == "H3"
    assert any("tenants" in statement for statement in said)
    assert not any("load_plans" in statement for statement in said)
    store.close()
