"""Empty databases, on each kind that the server's records live on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server.postgres import PrivatePostgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    """A PostgreSQL server that the tests of this process share; one that ends its server makes its own."""
    with PrivatePostgres(durable=False) as server:
        yield server


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """An empty SQLite database's URL."""
    return f"sqlite:///{tmp_path}/restart.db"


@pytest.fixture
def postgresql_url(postgres: PrivatePostgres) -> Iterator[str]:
    """An empty PostgreSQL database's URL."""
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database's URL, of each kind in turn."""
    url = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(url, str)
    return url
