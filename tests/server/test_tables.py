"""What the database itself forbids and keeps, as the migrations make it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from server.stores import TENANT, store_at
from sqlalchemy import MetaData, event, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from restart_engine import LoadGroup, LoadPlan
from restart_engine.endpoint import Bearer, RestartCall
from restart_engine.server import migration
from restart_engine.server.database import Database
from restart_engine.server.migration import migrate
from restart_engine.server.plans import save_plan, see_plan
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


def test_a_database_of_the_first_version_is_kept(database_url: str) -> None:
    """Its plans have the latest executions that they had, and are started on; and back again."""
    database = Database(database_url)
    alembic("upgrade", database, "0001")
    tables = MetaData()
    with database.writing() as connection:
        tables.reflect(connection)
        old = tables.tables
        tenant = {"name": TENANT, "enabled": True, "detailed_tracking": True, "loader_services": 1}
        connection.execute(insert(old["tenants"]), {"id": 1, "loading": "{}", **tenant})
        for plan_id, name, latest_id in ((1, "P", 7), (2, "Q", 9), (3, "R", None)):
            row = {"id": plan_id, "tenant_id": 1, "name": name, "groups": "[]", "latest_id": latest_id}
            connection.execute(insert(old["load_plans"]), row)
        for id_, plan_id, order in ((8, 1, 1), (7, 1, 2), (9, 2, 1)):
            row = opened(plan_id, order, "Failed") | {"id": id_}
            connection.execute(insert(old["executions"]), row)
    migrate(database)
    with database.writing() as connection:
        seen = [see_plan(connection, TENANT, name).latest for name in "PQR"]
        assert [latest and latest.id for latest in seen] == [7, 9, None]
        save_plan(connection, TENANT, LoadPlan("P", (LoadGroup(1, ()),)))
    alembic("downgrade", database, "0001")
    with database.reading() as connection:
        found = connection.execute(text("select name, latest_id from load_plans order by name")).all()
    assert [tuple(row) for row in found] == [("P", 7), ("Q", 9), ("R", None)]
    database.close()


def alembic(direction: str, database: Database, version: str) -> None:
    """Bring the tables to this version."""
    config = Config()
    config.set_main_option("script_location", str(Path(migration.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        getattr(command, direction)(config, version)


def test_sqlite_syncs_at_every_commit(sqlite_url: str) -> None:
    """A commit that was answered with 200 is on the disk."""
    store = store_at(sqlite_url)
    with store.database.reading() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    store.close()


def test_for_a_tenant_that_is_disabled_no_plan_is_looked_up(database_url: str) -> None:
    """So who is refused at H3 learns nothing of it, and asks the database for no more than that."""
    store = store_at(database_url)
    saved_plan(store.database)
    store.set_tenant(enabled=False)
    said: list[str] = []
    event.listen(store.database.engine, "before_cursor_execute", lambda *heard: said.append(heard[2]))
    call = RestartCall(
        tenant=TENANT, authorization="Bearer a", body=b'{"loadPlanName": "P", "groupSequence": 0}'
    )
    answer = Starts(store.database, "here", lambda: 0.0).start(call, Bearer(TENANT, "ada"))
    assert answer is not None
    assert answer.reply.gate == "H3"
    assert any("tenants" in statement for statement in said)
    assert not any("load_plans" in statement for statement in said)
    store.close()
