"""What the gates ask, looked up in one transaction of the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Executable, Row, and_, bindparam, select

from restart_engine.core.checks import is_unicode
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.endpoint import Access, Bearer, ExecutionSeen, SchemaSeen, User
from restart_engine.server.database import Unavailable
from restart_engine.server.records import PLAN, RECORD, plan_from, record_of
from restart_engine.server.tables import MAX_STORED, executions, grants, load_plans, schemas, tenants, users

_TENANT: Final = (
    select(
        tenants.c.id,
        tenants.c.enabled,
        tenants.c.detailed_tracking,
        tenants.c.loader_services,
        tenants.c.loading,
        users.c.id.label("user_id"),
        users.c.super_user,
        users.c.roles,
        users.c.every_schema,
    )
    .outerjoin(users, and_(users.c.tenant_id == tenants.c.id, users.c.name == bindparam("user")))
    .where(tenants.c.name == bindparam("tenant"))
)
_PLAN: Final = PLAN.where(
    load_plans.c.tenant_id == bindparam("tenant"), load_plans.c.name == bindparam("name")
)
_PLAN_OF: Final = (
    select(load_plans.c.name, load_plans.c.groups, *RECORD)
    .join(executions, executions.c.plan_id == load_plans.c.id)
    .where(executions.c.id == bindparam("id"), load_plans.c.tenant_id == bindparam("tenant"))
)
_SCHEMAS: Final = (
    select(schemas.c.name, schemas.c.id, grants.c.access)
    .outerjoin(
        grants,
        and_(
            grants.c.tenant_id == schemas.c.tenant_id,
            grants.c.schema_id == schemas.c.id,
            grants.c.user_id == bindparam("user"),
        ),
    )
    .where(
        schemas.c.tenant_id == bindparam("tenant"),
        schemas.c.name.in_(bindparam("names", expanding=True)),
    )
)
_ACCESS: Final = {None: Access.NONE, "view": Access.VIEW, "edit": Access.EDIT}


class DatabaseLookups:
    """`HostLookups` of one call, within one transaction."""

    def __init__(self, connection: Connection, bearer: Bearer) -> None:
        self._connection = connection
        self._bearer = bearer
        self.tenant_row: Row[Any] | None = None
        """The row of the tenant that the gates have found, with what it knows of the bearer."""
        self.plan_row: Row[Any] | None = None
        """The row of the plan that the gates have found, with its latest execution."""

    def bearer(self, _token: str, /) -> Bearer | None:
        """Whom the token names: read before there was a transaction."""
        return self._bearer

    def tenant_open(self, tenant: str, /) -> bool:
        """Whether the tenant is there, and enabled."""
        if is_unicode(tenant):
            self.tenant_row = self._row(_TENANT, {"tenant": tenant, "user": self._bearer.user})
        return self.tenant_row is not None and self.tenant_row.enabled

    def user(self, _bearer: Bearer, /) -> User | None:
        """The caller, as the tenant knows it."""
        row = self._tenant
        if row.user_id is None:
            return None
        return User(super_user=row.super_user, roles=frozenset(json.loads(row.roles)))

    def plan(self, _tenant: str, name: str, /) -> LoadPlan | None:
        """The plan of this name; its latest execution is looked up with it."""
        asked = {"tenant": self._tenant.id, "name": name}
        self.plan_row = self._row(_PLAN, asked)
        return None if self.plan_row is None else plan_from(name, self.plan_row.groups)

    def execution(self, _tenant: str, execution_id: int, /) -> ExecutionSeen | None:
        """The execution, where it is one of the tenant's."""
        if execution_id > MAX_STORED:
            return None
        asked = {"tenant": self._tenant.id, "id": execution_id}
        row = self._connection.execute(_PLAN_OF, asked).one_or_none()
        if row is None:
            return None
        return ExecutionSeen(plan_from(row.name, row.groups), record_of(self._connection, row).execution)

    def schemas(self, _bearer: Bearer, names: tuple[str, ...], /) -> Mapping[str, SchemaSeen]:
        """Each schema's id and access: what is granted, or what the user has to every schema, if more."""
        row = self._tenant
        every = _ACCESS[row.every_schema]
        asked = {"tenant": row.id, "user": row.user_id, "names": names}
        found = self._connection.execute(_SCHEMAS, asked).all()
        if len(found) < len(names):
            raise Unavailable("its tenant is being replaced")
        return {name: SchemaSeen(id_, max(every, _ACCESS[access])) for name, id_, access in found}

    def latest(self, _tenant: str, _plan: LoadPlan, /) -> Execution | None:
        """The plan's latest execution."""
        row = self.plan_row
        assert row is not None
        return None if row.id is None else record_of(self._connection, row).execution

    def loader_available(self, _tenant: str, /) -> bool:
        """Whether the tenant has a loader service available."""
        available: bool = self._tenant.loader_services > 0
        return available

    @property
    def _tenant(self) -> Row[Any]:
        assert self.tenant_row is not None
        return self.tenant_row

    def _row(self, query: Executable, asked: dict[str, Any]) -> Row[Any] | None:
        return self._connection.execute(query, asked).one_or_none()
