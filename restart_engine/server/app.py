"""The ASGI application: routes to the gates, and nothing decided here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Route

from restart_engine.endpoint import (
    Bearer,
    Call,
    ExecuteCall,
    Reply,
    RestartCall,
    StartCall,
    StatusCall,
    admitted_by_token,
)
from restart_engine.endpoint.replies import message_body
from restart_engine.server.control import control_routes
from restart_engine.server.database import Unavailable
from restart_engine.server.loader import Loader
from restart_engine.server.logs import logger
from restart_engine.server.middleware import around
from restart_engine.server.openapi import document
from restart_engine.server.page import page
from restart_engine.server.routing import SegmentRoute
from restart_engine.server.service import Service
from restart_engine.server.settings import Settings
from restart_engine.server.tokens import TokenFault

ROOT: Final = "/incorta/api/v2/{tenant}/load-plan"
_JSON: Final = "application/json"
_USER_GONE: Final = "the user is gone"
"""Why the gates answer 401 once they have seen a valid token."""


def create_app(settings: Settings, loader: Loader | None = None) -> Starlette:
    """The application of one server process; `loader` loads the steps, in place of the one that pretends."""
    service = Service(settings, loader)
    calls = _Calls(service)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None, None]:
        await service.open()
        yield
        await service.close()

    app = Starlette(
        lifespan=lifespan,
        middleware=around(
            settings.limits, service.metrics, faults=service.faults if settings.control else None
        ),
        exception_handlers={HTTPException: _no_route, Unavailable: _unavailable},
        routes=[
            SegmentRoute(f"{ROOT}/restart", calls.restart, methods=["POST"]),
            SegmentRoute(f"{ROOT}/execute", calls.execute, methods=["POST"]),
            SegmentRoute(f"{ROOT}/status/{{execution_id}}", calls.status, methods=["GET"]),
            SegmentRoute("/openapi.json", calls.openapi, methods=["GET"]),
            SegmentRoute("/docs", calls.page, methods=["GET"]),
            SegmentRoute("/health/live", _live, methods=["GET"]),
            SegmentRoute("/health/ready", calls.ready, methods=["GET"]),
            SegmentRoute("/metrics", calls.metrics, methods=["GET"]),
            *(control_routes(service) if settings.control else ()),
        ],
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


class _Calls:
    """What the routes call."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def restart(self, request: Request) -> Response:
        """Restart a load plan."""
        return await self._start(
            request,
            RestartCall(
                tenant=request.path_params["tenant"],
                authorization=_authorization(request),
                body=await request.body(),
            ),
        )

    async def execute(self, request: Request) -> Response:
        """Start a load plan from the beginning."""
        return await self._start(
            request,
            ExecuteCall(
                tenant=request.path_params["tenant"],
                authorization=_authorization(request),
                body=await request.body(),
            ),
        )

    async def status(self, request: Request) -> Response:
        """Follow an execution."""
        call = StatusCall(
            tenant=request.path_params["tenant"],
            authorization=_authorization(request),
            execution_id=request.path_params["execution_id"],
            level=",".join(request.query_params.getlist("level"))
            if "level" in request.query_params
            else None,
        )
        admitted = self._admitted_by_token(request, call)
        if isinstance(admitted, Response):
            return admitted
        reply = await run_in_threadpool(self._service.starts.status, call, admitted)
        return self._replied(request, reply, _USER_GONE)

    async def ready(self, _request: Request) -> Response:
        """Whether calls can be answered now: whether the database can."""
        await run_in_threadpool(self._ask_database)
        return JSONResponse({"status": "ready"})

    async def metrics(self, _request: Request) -> Response:
        """What was counted, by all processes of this server."""
        body, media_type = self._service.metrics.text()
        return Response(body, media_type=media_type)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document, of the routes that are there."""
        root = request.scope.get("root_path", "")
        return Response(document(control=self._service.settings.control, root_path=root), media_type=_JSON)

    async def page(self, request: Request) -> Response:
        """The same to read."""
        root = request.scope.get("root_path", "")
        return HTMLResponse(page(control=self._service.settings.control, root_path=root))

    async def _start(self, request: Request, call: StartCall) -> Response:
        service = self._service
        admitted = self._admitted_by_token(request, call)
        if isinstance(admitted, Response):
            return admitted
        if not _is_json(request):
            return _error(415, f"the body's media type is not {_JSON}: send it as the header content-type")
        answer = await service.start(call, admitted)
        if answer.opened is not None:
            logger().info("execution started", execution=answer.opened.id, tenant=call.tenant)
            service.metrics.execution_started()
            if answer.driven:
                service.runner.take(answer.opened.id)
            elif not answer.opened.active:
                service.metrics.execution_ended(answer.opened.status)
        return self._replied(request, answer.reply, _USER_GONE)

    def _admitted_by_token(self, request: Request, call: Call) -> Bearer | Response:
        """Whom the token names, to be named in the log too, or what H1 or H2 answers."""
        claims = self._service.claims(call.authorization)
        if isinstance(claims, TokenFault):
            bearer, why = None, claims.value
        else:
            bearer, why = Bearer(claims.tenant, claims.user), "for another tenant"
        admitted = admitted_by_token(call, bearer)
        if isinstance(admitted, Reply):
            return self._replied(request, admitted, why)
        request.state.tenant, request.state.user = admitted.tenant, admitted.user
        return admitted

    def _replied(self, request: Request, reply: Reply, unauthorized: str) -> Response:
        """`unauthorized` is why it is 401, if it is: for the log alone."""
        self._service.metrics.refused(reply.gate)
        headers: dict[str, str] = {}
        if reply.status == 401:  # noqa: PLR2004  # HTTP's own
            headers["www-authenticate"] = "Bearer"
            request.state.refused = unauthorized
        return Response(reply.body, reply.status, headers, _JSON)

    def _ask_database(self) -> None:
        with self._service.database.reading() as connection:
            connection.execute(text("select 1 from tenants"))


def _authorization(request: Request) -> str | None:
    """The header; where it stands twice, both as one, which no token is."""
    return ", ".join(request.headers.getlist("authorization")) if "authorization" in request.headers else None


def _is_json(request: Request) -> bool:
    """Whether the body says that it is JSON, or says nothing."""
    media_type = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    return media_type == _JSON


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(message_body(message), status, headers, _JSON)


async def _no_route(request: Request, error: Exception) -> Response:
    """What Starlette's routing raises, in the shape of every other error."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:  # noqa: PLR2004  # HTTP's own number
        allowed = _methods_here(request)
        return _error(405, f"{request.method} is not allowed here, only {allowed}", {"allow": allowed})
    return _error(error.status_code, "there is nothing at this path", dict(error.headers or {}))


def _methods_here(request: Request) -> str:
    """The methods of every route of this path; Starlette names those of the first one."""
    routes: list[Route] = request.app.routes
    here = (route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for methods in here for method in methods}))


async def _unavailable(_request: Request, error: Exception) -> Response:
    """The database is away, full or read-only: nothing is known to have been started, so ask again."""
    assert isinstance(error, Unavailable)
    logger().error("database not available", cause=error.cause)
    return _error(503, "the database is not available, ask again", {"retry-after": "1"})


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "live"})
