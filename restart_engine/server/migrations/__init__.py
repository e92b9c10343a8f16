"""The versions of the tables, as Alembic keeps them."""
