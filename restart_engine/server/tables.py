"""The tables: what is kept of tenants, load plans and executions, and what the database itself forbids.

An execution's record is what it was opened with (`opened`) and the outcomes written since, which stand over
that. So to start a restart is to insert one row, and a move writes what it moves. Names are compared byte by
byte. Times are UTC in ISO 8601, with milliseconds.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from restart_engine.core.status import ACTIVE


class Name(TypeDecorator[str]):
    """Any text, as JSON writes it between its quotes: PostgreSQL keeps no NUL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002  # its signature
        """The text as it is kept."""
        return None if value is None else json.dumps(value, ensure_ascii=False)[1:-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002  # likewise
        """The text that is kept."""
        if value is None or "\\" not in value:
            return value
        text: str = json.loads(f'"{value}"')
        return text


class Whole(TypeDecorator[int]):
    """An integer of any size, as its digits."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Any) -> str | None:  # noqa: ARG002  # its signature
        """The digits."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Any) -> int | None:  # noqa: ARG002  # likewise
        """The integer of these digits."""
        return None if value is None else int(value)


metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)
MAX_STORED: Final = 2**63 - 1
"""The highest execution id or schema id that the database keeps; a sequence may be any."""
_Number: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits; SQLite numbers the rows of a table by itself only under this name."""

tenants: Final = Table(
    "tenants",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("name", Name, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False),
    Column("detailed_tracking", Boolean, nullable=False),
    Column("loader_services", Integer, nullable=False),
    Column("loading", Text, nullable=False),
)
"""`loader_services` are those available; `loading` is the JSON of how steps are loaded (loading.py)."""

schemas: Final = Table(
    "schemas",
    metadata,
    Column("tenant_id", _Number, ForeignKey("tenants.id"), primary_key=True),
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("name", Name, nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

users: Final = Table(
    "users",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("tenant_id", _Number, ForeignKey("tenants.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("super_user", Boolean, nullable=False),
    Column("roles", Text, nullable=False),
    Column("every_schema", Text, nullable=True),
    UniqueConstraint("tenant_id", "name"),
)
"""`roles` is a JSON array of names; `every_schema` is the access to all schemas: `view`, `edit` or none."""

grants: Final = Table(
    "grants",
    metadata,
    Column("user_id", _Number, ForeignKey("users.id"), primary_key=True),
    Column("tenant_id", _Number, primary_key=True),
    Column("schema_id", _Number, primary_key=True),
    Column("access", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id", "schema_id"], ["schemas.tenant_id", "schemas.id"]),
)
"""Access to one schema: `view` or `edit`, which includes it."""


def new_etag() -> int:
    """Another number than any that a plan had before."""
    return secrets.randbits(62)


load_plans: Final = Table(
    "load_plans",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("tenant_id", _Number, ForeignKey("tenants.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("groups", Text, nullable=False),
    Column("etag", _Number, nullable=False, default=new_etag),
    UniqueConstraint("tenant_id", "name"),
)
"""`groups` is the JSON of the plan's groups. `etag` is another number after each change of what a start is
decided on: its groups, or the history of an execution. A start itself is told by its `start_order`."""

executions: Final = Table(
    "executions",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("plan_id", _Number, ForeignKey("load_plans.id"), nullable=False),
    Column("start_order", _Number, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", _Number, nullable=False),
    Column("opened", Text, nullable=False),
    Column("keeps_history", Boolean, nullable=False),
    Column("process", Text, nullable=True),
    Column("rule", Text, nullable=True),
    Column("based_on", _Number, nullable=True),
    Column("started_by", Name, nullable=True),
    Column("started_at", Text, nullable=True),
    Column("ended_at", Text, nullable=True),
    UniqueConstraint("plan_id", "start_order"),
    sqlite_autoincrement=True,
)
"""`id` is unique in the database, and never given again. `start_order` counts a plan's executions, 1 for the
first: of two starts that saw the same latest execution, the database takes one. `version` counts the changes
of the record. `opened` is the JSON of the groups as the execution was opened; once it is over, as it ended.
`process` runs the steps; none where nobody's does, and the outcomes are told by hand."""

_IS_ACTIVE: Final = text(f"status in ({', '.join(repr(str(s)) for s in sorted(ACTIVE))})")

one_active: Final = Index(
    "one_active_execution_of_a_load_plan",
    executions.c.plan_id,
    unique=True,
    sqlite_where=_IS_ACTIVE,
    postgresql_where=_IS_ACTIVE,
)
"""No two executions of a load plan are active: the database's word, whatever any program believes."""

of_process: Final = Index(
    "active_executions_of_a_process",
    executions.c.process,
    sqlite_where=_IS_ACTIVE,
    postgresql_where=_IS_ACTIVE,
)

group_outcomes: Final = Table(
    "group_outcomes",
    metadata,
    Column("execution_id", _Number, ForeignKey("executions.id"), primary_key=True),
    Column("sequence", Whole, primary_key=True),
    Column("status", Text, nullable=False),
)

step_outcomes: Final = Table(
    "step_outcomes",
    metadata,
    Column("execution_id", _Number, ForeignKey("executions.id"), primary_key=True),
    Column("sequence", Whole, primary_key=True),
    Column("step", Name, primary_key=True),
    Column("status", Text, nullable=False),
    Column("began_at", Text, nullable=True),
    Column("ended_at", Text, nullable=True),
)

attempts: Final = Table(
    "attempts",
    metadata,
    Column("plan_id", _Number, ForeignKey("load_plans.id"), primary_key=True),
    Column("sequence", Whole, primary_key=True),
    Column("step", Name, primary_key=True),
    Column("count", _Number, nullable=False),
)
"""How often each step was begun, over all executions of its plan that this server ran."""

processes: Final = Table(
    "processes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("beat", _Number, nullable=False),
)
"""The server processes; each counts its `beat` up while it lives (liveness.py)."""
