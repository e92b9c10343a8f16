"""PostgreSQL as it is run: behind a pool of transactions, with connections that end, at times read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest
from server.listening import wait_until
from server.pgbouncer import pooling
from server.postgres import PrivatePostgres
from server.serving import Served, serving
from sqlalchemy import Connection, make_url, text

from restart_engine.server.database import Database, Unavailable

PLANS: Final = [f"P{number}" for number in range(8)]
WORLD: Final[dict[str, Any]] = {
    "tenants": [
        {
            "name": "acme",
            "schemas": [{"id": 1, "name": "A"}],
            "users": [{"name": "ada", "roles": ["Schema Manager"], "everySchema": "edit"}],
            "loadPlans": [
                {"name": name, "groups": [{"sequence": 1, "steps": ["A.ä", "A.b"]}]} for name in PLANS
            ],
            "loading": {"byHand": True},
        }
    ]
}


@pytest.fixture(scope="module")
def own() -> Iterator[PrivatePostgres]:
    """A server that a test may stop, and whose settings it may change; afterwards they are as they were."""
    with PrivatePostgres(durable=False) as server:
        yield server


def client_of(served: Served) -> httpx.Client:
    """Asks as ada does."""
    headers = {"Authorization": f"Bearer {served.token('acme', 'ada')}"}
    return httpx.Client(
        base_url=f"{served.address}/incorta/api/v2/acme/load-plan", headers=headers, timeout=30
    )


def told(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What PostgreSQL answers to its superuser."""
    plain = make_url(url).set(drivername="postgresql").render_as_string()
    with psycopg.connect(plain, autocommit=True) as connection:
        answer = connection.execute(statement)
        return [] if answer.description is None else list(answer.fetchall())


def test_behind_a_pool_of_transactions_every_call_is_answered(
    postgres: PrivatePostgres, postgresql_url: str, tmp_path: Path
) -> None:
    """Its sessions change from one transaction to the next, and nothing of ours stays behind in them."""
    with pooling(postgres, sessions=3) as port:
        url = make_url(postgresql_url).set(port=port).render_as_string()
        with serving(tmp_path, WORLD, database=url) as served, client_of(served) as client:

            def night(name: str) -> list[int]:
                started = client.post("execute", json={"loadPlanName": name})
                again = [client.post("execute", json={"loadPlanName": name}) for _ in range(5)]
                found = f"status/{started.json()['loadPlanExecutionId']}?level=4"
                seen = [client.get(found) for _ in range(10)]
                return [answer.status_code for answer in (started, *again, *seen)]

            with ThreadPoolExecutor(len(PLANS)) as threads:
                nights = list(threads.map(night, PLANS))
            assert nights == [[200] + 5 * [400] + 10 * [200]] * len(PLANS)
            assert told(url, "SHOW idle_in_transaction_session_timeout") == [("0",)]
            assert told(url, "SELECT * FROM pg_prepared_statements") == []


def in_good_order(server: PrivatePostgres) -> None:
    """PostgreSQL is restarted, as for an update."""
    server.stop()
    server.start()


def every_connection(server: PrivatePostgres) -> None:
    """An administrator, or a firewall, ends them all."""
    told(server.url(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'fresh%'")


@pytest.mark.parametrize("end", [in_good_order, every_connection])
def test_after_its_connections_were_ended_a_server_goes_on(
    own: PrivatePostgres, tmp_path: Path, end: Callable[[PrivatePostgres], None]
) -> None:
    """No call fails for what happened before it."""
    with serving(tmp_path, WORLD, database=own.new_database()) as served, client_of(served) as client:
        for name in PLANS:
            assert client.post("execute", json={"loadPlanName": name}).status_code == 200
            end(own)
            assert client.post("execute", json={"loadPlanName": name}).status_code == 400


def test_a_transaction_whose_connection_is_ended_is_not_available(postgres: PrivatePostgres) -> None:
    """Which a call answers with 503, and not with a defect."""
    database = Database(postgres.url())

    def cut_off(transaction: AbstractContextManager[Connection]) -> None:
        with transaction as connection:
            session = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            told(postgres.url(), f"SELECT pg_terminate_backend({session})")
            connection.execute(text("SELECT 1"))

    for transaction in (database.reading, database.writing):
        with pytest.raises(Unavailable, match="administrator command"):
            cut_off(transaction())
    database.close()


def test_while_it_is_read_only_what_is_known_is_answered(own: PrivatePostgres, tmp_path: Path) -> None:
    """As after a failover: nothing is started, nothing is a defect, and it goes on when it can be written."""
    url = own.new_database()

    def read_only(setting: str) -> None:
        told(url, f"ALTER SYSTEM SET default_transaction_read_only = {setting}")
        told(url, "SELECT pg_reload_conf()")
        wait_until(lambda: told(url, "SHOW default_transaction_read_only") == [(setting,)])

    with serving(tmp_path, WORLD, database=url) as served, client_of(served) as client:
        first = client.post("execute", json={"loadPlanName": "P0"})
        assert first.status_code == 200
        read_only("on")
        try:
            refused = client.post("execute", json={"loadPlanName": "P1"})
            assert refused.status_code == 503
            status = client.get(f"status/{first.json()['loadPlanExecutionId']}")
            assert (status.status_code, status.json()["loadPlanName"]) == (200, "P0")
        finally:
            read_only("off")
        assert client.post("execute", json={"loadPlanName": "P1"}).status_code == 200
        assert served.executions() == 2


@pytest.mark.parametrize(
    "statement",
    ["REVOKE SELECT ON tenants FROM clerk", "ALTER TABLE tenants RENAME TO restored"],
)
def test_what_is_taken_away_is_not_available(own: PrivatePostgres, tmp_path: Path, statement: str) -> None:
    """A right, or the tables while a backup is restored: it may come back, and is no defect of the server."""
    url = own.new_database()
    with serving(tmp_path, WORLD, database=url):
        told(own.url(), "CREATE ROLE clerk LOGIN")
        told(url, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO clerk")
        database = Database(str(make_url(url).set(username="clerk")))
        with database.reading() as connection:
            assert connection.execute(text("SELECT name FROM tenants")).scalar_one() == "acme"
        told(url, statement)
        with pytest.raises(Unavailable, match="tenants"), database.reading() as connection:
            connection.execute(text("SELECT name FROM tenants"))
        database.close()
        told(url, "DROP OWNED BY clerk CASCADE")
        told(own.url(), "DROP ROLE clerk")
