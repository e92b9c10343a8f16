"""The tables as Alembic keeps them: a database is brought to this version before it is served."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from restart_engine.server.database import Database

_SCRIPTS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 5_290_503
"""Any number that is ours: who migrates a PostgreSQL holds it."""


class ForeignDatabase(Exception):
    """The database was migrated by a newer version of this server, or by something else."""


def migrate(database: Database) -> None:
    """Bring the tables to this version; an empty database gets them. Several processes may do so at once."""
    with database.writing() as connection:
        if not database.embedded:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = Config()
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            raise ForeignDatabase(f"the database has version `{found}`, which this server does not know")
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ForeignDatabase(" ".join(str(error).split())) from error
