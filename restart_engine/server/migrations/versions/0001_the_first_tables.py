"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
active = sa.text("status in ('In Progress', 'In Queue')")


def upgrade() -> None:
    """Go from the revision before to this one."""
    op.create_table(
        "processes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("beat", number, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )
    op.create_table(
        "tenants",
        sa.Column("id", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("detailed_tracking", sa.Boolean(), nullable=False),
        sa.Column("loader_services", sa.Integer(), nullable=False),
        sa.Column("loading", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("name", name=op.f("uq_tenants_name")),
    )
    op.create_table(
        "load_plans",
        sa.Column("id", number, nullable=False),
        sa.Column("tenant_id", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("latest_id", number, nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_load_plans_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_plans")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_load_plans_tenant_id_name")),
    )
    op.create_table(
        "schemas",
        sa.Column("tenant_id", number, nullable=False),
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_schemas_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_schemas")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_schemas_tenant_id_name")),
    )
    op.create_table(
        "users",
        sa.Column("id", number, nullable=False),
        sa.Column("tenant_id", number, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("super_user", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("every_schema", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_users_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "name", name=op.f("uq_users_tenant_id_name")),
    )
    op.create_table(
        "attempts",
        sa.Column("plan_id", number, nullable=False),
        sa.Column("sequence", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("count", number, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["load_plans.id"], name=op.f("fk_attempts_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "sequence", "step", name=op.f("pk_attempts")),
    )
    op.create_table(
        "executions",
        sa.Column("id", number, nullable=False),
        sa.Column("plan_id", number, nullable=False),
        sa.Column("start_order", number, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", number, nullable=False),
        sa.Column("opened", sa.Text(), nullable=False),
        sa.Column("keeps_history", sa.Boolean(), nullable=False),
        sa.Column("process", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("based_on", number, nullable=True),
        sa.Column("started_by", sa.Text(), nullable=True),
        sa.Column("started_at", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["load_plans.id"], name=op.f("fk_executions_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executions")),
        sa.UniqueConstraint("plan_id", "start_order", name=op.f("uq_executions_plan_id_start_order")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "active_executions_of_a_process",
        "executions",
        ["process"],
        unique=False,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index(
        "one_active_execution_of_a_load_plan",
        "executions",
        ["plan_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_table(
        "grants",
        sa.Column("user_id", number, nullable=False),
        sa.Column("tenant_id", number, nullable=False),
        sa.Column("schema_id", number, nullable=False),
        sa.Column("access", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "schema_id"],
            ["schemas.tenant_id", "schemas.id"],
            name=op.f("fk_grants_tenant_id_schema_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_grants_user_id")),
        sa.PrimaryKeyConstraint("user_id", "tenant_id", "schema_id", name=op.f("pk_grants")),
    )
    op.create_table(
        "group_outcomes",
        sa.Column("execution_id", number, nullable=False),
        sa.Column("sequence", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_group_outcomes_execution_id")
        ),
        sa.PrimaryKeyConstraint("execution_id", "sequence", name=op.f("pk_group_outcomes")),
    )
    op.create_table(
        "step_outcomes",
        sa.Column("execution_id", number, nullable=False),
        sa.Column("sequence", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("began_at", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_step_outcomes_execution_id")
        ),
        sa.PrimaryKeyConstraint("execution_id", "sequence", "step", name=op.f("pk_step_outcomes")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("step_outcomes")
    op.drop_table("group_outcomes")
    op.drop_table("grants")
    op.drop_index(
        "one_active_execution_of_a_load_plan",
        table_name="executions",
        sqlite_where=active,
        postgresql_where=active,
    )
    op.drop_index(
        "active_executions_of_a_process",
        table_name="executions",
        sqlite_where=active,
        postgresql_where=active,
    )
    op.drop_table("executions")
    op.drop_table("attempts")
    op.drop_table("users")
    op.drop_table("schemas")
    op.drop_table("load_plans")
    op.drop_table("tenants")
    op.drop_table("processes")
