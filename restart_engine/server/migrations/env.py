"""Alembic's way in: it migrates on the connection that it is given, in that one's transaction."""

from alembic import context

from restart_engine.server.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
