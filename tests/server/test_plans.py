"""Saving load plans, which also adds the schemas that a tenant does not have yet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from server.stores import TENANT, store_at
from sqlalchemy import select

from restart_engine import LoadGroup, LoadPlan
from restart_engine.server.database import Database
from restart_engine.server.plans import NoPlan, save_plan, see_plan
from restart_engine.server.tables import schemas


def plan_of(name: str, *steps: str) -> LoadPlan:
    """A plan of one group."""
    return LoadPlan(name, (LoadGroup(1, steps),))


def test_a_plan_is_created_and_then_replaced(database_url: str) -> None:
    """What is seen is what was saved last."""
    store = store_at(database_url)
    for plan in (plan_of("P", "A.a"), plan_of("P", "A.b", "B.c")):
        with store.database.writing() as connection:
            save_plan(connection, TENANT, plan)
        with store.database.reading() as connection:
            assert see_plan(connection, TENANT, "P").plan == plan
    store.close()


def test_a_tenant_or_a_plan_that_is_not_there_is_said(database_url: str) -> None:
    """The error names it."""
    store = store_at(database_url)
    with store.database.writing() as connection, pytest.raises(NoPlan, match="no tenant `nobody`"):
        save_plan(connection, "nobody", plan_of("P"))
    with store.database.reading() as connection, pytest.raises(NoPlan, match="no load plan `P`"):
        see_plan(connection, TENANT, "P")
    store.close()


def test_plans_saved_at_once_are_all_saved(database_url: str) -> None:
    """Also the same plan for the first time, with a schema that none had before: none is an error."""
    store = store_at(database_url)
    names = ["P", "P", "P", "Q", "R", "S"]

    def save(name: str) -> None:
        database = Database(database_url)
        try:
            with database.writing() as connection:
                save_plan(connection, TENANT, plan_of(name, "New.a", f"{name}.b"))
        finally:
            database.close()

    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(save, names))
    with store.database.reading() as connection:
        found = connection.execute(select(schemas.c.name)).scalars().all()
        assert all(see_plan(connection, TENANT, name).plan.name == name for name in names)
    assert sorted(found) == ["New", "P", "Q", "R", "S"]
    store.close()
