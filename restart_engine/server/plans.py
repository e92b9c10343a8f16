"""Load plans in the database: seen with their latest execution, and saved."""

from __future__ import annotations

from typing import Final, final

from attrs import frozen
from sqlalchemy import Connection, bindparam, func, insert, select

from restart_engine.core import progress
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.status import ACTIVE
from restart_engine.server.database import upsert
from restart_engine.server.records import PLAN, groups_text, plan_from, record_of
from restart_engine.server.tables import load_plans, new_etag, schemas, tenants

_TENANT: Final = (
    select(tenants.c.id).where(tenants.c.name == bindparam("tenant")).with_for_update(key_share=True)
)
"""Plans of a tenant are saved one after another: two may add the same schema."""
_PLAN: Final = PLAN.where(
    load_plans.c.name == bindparam("name"),
    load_plans.c.tenant_id
    == select(tenants.c.id).where(tenants.c.name == bindparam("tenant")).scalar_subquery(),
)


class NoPlan(LookupError):
    """The tenant, or its load plan, is not there."""


@final
@frozen(kw_only=True)
class PlanSeen:
    """A load plan as it stands, its latest execution, and the steps of that whose turn it is."""

    plan: LoadPlan
    latest: Execution | None
    waiting: tuple[tuple[int, str], ...]
    """The sequence of the group and `Schema.Object`."""


def see_plan(connection: Connection, tenant: str, name: str) -> PlanSeen:
    """The tenant's plan of this name."""
    row = connection.execute(_PLAN, {"tenant": tenant, "name": name}).one_or_none()
    if row is None:
        raise NoPlan(f"the tenant `{tenant}` has no load plan `{name}`")
    latest = None if row.id is None else record_of(connection, row).execution
    return PlanSeen(plan=plan_from(name, row.groups), latest=latest, waiting=_waiting(latest))


def _waiting(latest: Execution | None) -> tuple[tuple[int, str], ...]:
    turn = None if latest is None else progress.ready(latest)
    if latest is None or turn is None:
        return ()
    group = latest.outcome(turn.sequence)
    assert group is not None
    names = sorted(name for name, status in group.recorded.items() if status in ACTIVE)
    return tuple((turn.sequence, name) for name in names)


def save_plan(connection: Connection, tenant: str, plan: LoadPlan) -> None:
    """Create the plan, or replace its groups; schemas that the tenant does not have yet are added."""
    tenant_id = connection.execute(_TENANT, {"tenant": tenant}).scalar_one_or_none()
    if tenant_id is None:
        raise NoPlan(f"there is no tenant `{tenant}`")
    row = {"tenant_id": tenant_id, "name": plan.name, "groups": groups_text(plan), "etag": new_etag()}
    saved = upsert(connection, load_plans).values(row)
    again = {"groups": saved.excluded.groups, "etag": saved.excluded.etag}
    connection.execute(saved.on_conflict_do_update(index_elements=["tenant_id", "name"], set_=again))
    of_tenant = schemas.c.tenant_id == tenant_id
    known = set(connection.execute(select(schemas.c.name).where(of_tenant)).scalars())
    names = {name.partition(".")[0]: None for group in plan.groups for name in group.names}
    highest: int = connection.execute(
        select(func.coalesce(func.max(schemas.c.id), 0)).where(of_tenant)
    ).scalar_one()
    added = [name for name in names if name not in known]
    for number, name in enumerate(added, highest + 1):
        connection.execute(insert(schemas), {"tenant_id": tenant_id, "id": number, "name": name})
