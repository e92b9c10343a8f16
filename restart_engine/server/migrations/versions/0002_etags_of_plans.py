"""A plan's etag; its latest execution is the one with the highest start order, and is not named again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Go from the revision before to this one."""
    op.add_column("load_plans", sa.Column("etag", number, nullable=False, server_default="0"))
    op.drop_column("load_plans", "latest_id")


def downgrade() -> None:
    """Go back."""
    op.add_column("load_plans", sa.Column("latest_id", number, nullable=True))
    op.execute(
        "update load_plans set latest_id = (select id from executions where plan_id = load_plans.id"
        " order by start_order desc limit 1)"
    )
    op.drop_column("load_plans", "etag")
