"""What the server is measured against: two endpoints of the same framework, started by the same command.

It takes the options of `restart-engine serve`, so uvicorn, its protocol class and its settings are the same,
and so are the database's engine and transactions. There is no middleware, no token, no gate and no log.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from unittest.mock import patch

import anyio.to_thread
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, bindparam, insert, select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from restart_engine.cli import main
from restart_engine.server import serving
from restart_engine.server.database import THREADS, Database
from restart_engine.server.settings import Settings
from restart_engine.server.tables import executions
from restart_engine.server.times import WALL, text_of

STARTED: Final = Table(
    "yardstick",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True),
    Column("execution_id", BigInteger, nullable=False),
    Column("started_at", Text, nullable=False),
)
_FOUND: Final = select(executions.c.id, executions.c.status, executions.c.opened).where(
    executions.c.id == bindparam("id")
)
_STARTED: Final = insert(STARTED).returning(STARTED.c.id)


def yardstick(settings: Settings) -> Starlette:
    """The two endpoints."""
    database = Database(settings.database)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        STARTED.create(database.engine, checkfirst=True)
        yield
        database.close()

    async def only_answers(request: Request) -> Response:
        await request.json()
        return JSONResponse({"loadPlanExecutionId": 3})

    async def one_transaction(request: Request) -> Response:
        asked = await request.json()
        return JSONResponse({"loadPlanExecutionId": await run_in_threadpool(start, asked)})

    def start(asked: dict[str, int]) -> int:
        with database.writing() as connection:
            found = connection.execute(_FOUND, {"id": asked["recentLoadPlanExecution"]}).one()
            row = {"execution_id": found.id, "started_at": text_of(WALL())}
            started: int = connection.execute(_STARTED, row).scalar_one()
        return started

    async def ready(_request: Request) -> Response:
        return Response()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/bare", only_answers, methods=["POST"]),
            Route("/one", one_transaction, methods=["POST"]),
            Route("/health/ready", ready, methods=["GET"]),
        ],
    )


if __name__ == "__main__":
    with patch.object(serving, "create_app", yardstick):
        sys.exit(main())
