"""Empty databases, on each kind that the server's records live on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server.postgres import PrivatePostgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database's URL, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/past.db"
        return
    with PrivatePostgres(durable=False) as server:
        yield server.new_database()
