"""The control API: for tests and demonstrations, who change the world behind the endpoint's back.

It is there only where the server was told so, and takes tokens of its own. Bodies and records have the
shapes of docs/wire.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from restart_engine.core.errors import ImpossibleMove
from restart_engine.core.plan import Step
from restart_engine.endpoint.replies import message_body
from restart_engine.server.changes import save_loading, save_user
from restart_engine.server.faults import read_faults
from restart_engine.server.plans import NoPlan, PlanSeen, save_plan, see_plan
from restart_engine.server.routing import SegmentRoute
from restart_engine.server.service import Service
from restart_engine.server.snapshot import RunByAnother, clear, restore
from restart_engine.server.tokens import TokenFault
from restart_engine.server.world import Seconds, read_world, world_text
from restart_engine.server.world_dump import dump_world
from restart_engine.server.world_load import WorldConflict, load_world
from restart_engine.strict_json import WireError
from restart_engine.wire.reading import read_carefully
from restart_engine.wire.scenario import execution_shape, plan_of
from restart_engine.wire.shapes import GroupShape, OverStatus, PlanShape, Positive, Shape, StepName

_TENANT: Final = "/control/tenants/{tenant}"
_PLAN: Final = f"{_TENANT}/load-plans/{{plan}}"
_Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class GroupsShape(Shape):
    """A plan without its name, which the path has."""

    groups: list[GroupShape]


class EndShape(Shape):
    """How a step that was begun has ended."""

    sequence: Positive
    step: StepName
    status: OverStatus


class AdvanceShape(Shape):
    """Simulated seconds to let pass."""

    seconds: Seconds


def control_routes(service: Service) -> list[SegmentRoute]:
    """The routes, each of which asks for a control token first."""
    control = _Control(service)

    def route(path: str, handler: _Handler, method: str) -> SegmentRoute:
        return SegmentRoute(path, control.guarded(handler), methods=[method], name=handler.__name__)

    return [
        route("/control/world", control.dump_world, "GET"),
        route("/control/world", control.load_world, "POST"),
        route("/control/world", control.replace_world, "PUT"),
        route("/control/reset", control.reset, "POST"),
        route("/control/faults", control.see_faults, "GET"),
        route("/control/faults", control.replace_faults, "PUT"),
        route("/control/advance", control.advance, "POST"),
        route(f"{_TENANT}/loading", control.save_loading, "PUT"),
        route(f"{_TENANT}/users/{{user}}", control.save_user, "PUT"),
        route(_PLAN, control.see_plan, "GET"),
        route(_PLAN, control.save_plan, "PUT"),
        route(f"{_PLAN}/end-step", control.end_step, "POST"),
        route(f"{_PLAN}/cut-off", control.cut_off, "POST"),
        route(f"{_PLAN}/lose-history", control.lose_history, "POST"),
    ]


class _Control:
    """What the routes call."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._replacing = asyncio.Lock()

    def guarded(self, handler: _Handler) -> _Handler:
        """The handler, for who has a control token; every error of it in the shape of the endpoint's."""

        async def guard(request: Request) -> Response:
            claims = self._service.claims(request.headers.get("authorization"), use="control")
            if isinstance(claims, TokenFault):
                request.state.refused = claims
                return _said(401, "the control API asks for a control token")
            for name in request.query_params:
                return _said(422, f"the query has a member `{name}`, accepted is none")
            try:
                return await handler(request)
            except WireError as error:
                return _said(422, str(error))
            except NoPlan as error:
                return _said(404, str(error))
            except (ImpossibleMove, RunByAnother, WorldConflict) as error:
                return _said(409, str(error))

        return guard

    async def dump_world(self, _request: Request) -> Response:
        """The whole world as it stands, as a world file."""
        return Response(await run_in_threadpool(self._dumped), media_type="application/json")

    async def load_world(self, request: Request) -> Response:
        """Load a world file beside what is there."""
        world = read_world(await request.body(), name="")

        def load() -> None:
            with self._service.database.writing() as connection:
                load_world(connection, world)

        await self._service.write(load)
        return JSONResponse({"tenants": [tenant.name for tenant in world.tenants]})

    async def replace_world(self, request: Request) -> Response:
        """The world is that of a world file, and nothing else."""
        world = read_world(await request.body(), name="")

        def replace(connection: Connection) -> None:
            clear(connection, self._service.process)
            load_world(connection, world)

        await self._replaced(replace)
        return JSONResponse({"tenants": [tenant.name for tenant in world.tenants]})

    async def reset(self, _request: Request) -> Response:
        """The world is as this process found it when it started, ids too."""
        start = self._service.found
        assert start is not None
        await self._replaced(partial(restore, snapshot=start, process=self._service.process))
        return JSONResponse({"nextExecutionId": start.next_id})

    async def see_faults(self, _request: Request) -> Response:
        """The rules, in order."""
        return JSONResponse(msgspec.to_builtins(self._service.faults.shown()))

    async def replace_faults(self, request: Request) -> Response:
        """These rules from now on, in this order."""
        self._service.faults.replace(read_faults(await request.body()))
        return await self.see_faults(request)

    async def save_loading(self, request: Request) -> Response:
        """How the tenant's steps are loaded from now on."""
        tenant, body = request.path_params["tenant"], await request.body()
        return await self._written(lambda connection: save_loading(connection, tenant, body))

    async def save_user(self, request: Request) -> Response:
        """Create the user, or replace what it may do."""
        tenant, user = request.path_params["tenant"], request.path_params["user"]
        body = await request.body()
        return await self._written(lambda connection: save_user(connection, tenant, user, body))

    async def advance(self, request: Request) -> Response:
        """Let simulated time pass, where it is moved by hand."""
        asked = read_carefully(await request.body(), AdvanceShape)
        if self._service.settings.speed is not None:
            return _said(409, "time goes by itself here: start the server with `--by-hand`")
        await self._service.pretended.advance(asked.seconds)
        return JSONResponse({"seconds": asked.seconds})

    async def see_plan(self, request: Request) -> Response:
        """The plan, its latest execution, and the steps that are not over of the group whose turn it is."""
        return JSONResponse(_shown(await self._seen(request)))

    async def save_plan(self, request: Request) -> Response:
        """Create the plan, or replace it for every start from now on."""
        shape = read_carefully(await request.body(), GroupsShape)
        tenant, name = request.path_params["tenant"], request.path_params["plan"]
        plan = plan_of(PlanShape(name=name, groups=shape.groups))

        def save() -> None:
            with self._service.database.writing() as connection:
                save_plan(connection, tenant, plan)

        await self._service.write(save)
        return JSONResponse(_shown(await self._seen(request)))

    async def end_step(self, request: Request) -> Response:
        """A step of the group whose turn it is has run, and ended so."""
        asked = read_carefully(await request.body(), EndShape)
        execution_id = await self._latest(request)

        def end() -> None:
            self._service.runs.begin(execution_id)
            self._service.runs.end_step(execution_id, asked.sequence, Step.parse(asked.step), asked.status)

        await self._service.write(end)
        return JSONResponse(_shown(await self._seen(request)))

    async def cut_off(self, request: Request) -> Response:
        """The latest execution is Interrupted where it stands."""
        await self._service.write(partial(self._service.runs.cut_off, await self._latest(request)))
        return JSONResponse(_shown(await self._seen(request)))

    async def lose_history(self, request: Request) -> Response:
        """What became of the steps of the latest execution is forgotten."""
        await self._service.write(partial(self._service.runs.lose_history, await self._latest(request)))
        return JSONResponse(_shown(await self._seen(request)))

    async def _replaced(self, replace: Callable[[Connection], None]) -> None:
        """Replace the world, whole or not at all; what this process runs is let go, and no fault is left."""

        def write() -> None:
            with self._service.database.writing() as connection:
                replace(connection)

        async with self._replacing, self._service.runner.paused():
            self._service.faults.replace([])
            await self._service.write(write)

    async def _written(self, write: Callable[[Connection], Any]) -> Response:
        def written() -> Any:
            with self._service.database.writing() as connection:
                return write(connection)

        return JSONResponse(await self._service.write(written))

    async def _latest(self, request: Request) -> int:
        seen = await self._seen(request)
        if seen.latest is None:
            raise ImpossibleMove("change", "latest execution", "the plan never ran")
        return seen.latest.id

    async def _seen(self, request: Request) -> PlanSeen:
        tenant, name = request.path_params["tenant"], request.path_params["plan"]

        def see() -> PlanSeen:
            with self._service.database.reading() as connection:
                return see_plan(connection, tenant, name)

        return await run_in_threadpool(see)

    def _dumped(self) -> bytes:
        with self._service.database.reading() as connection:
            return world_text(dump_world(connection), "json")


def _said(status: int, message: str) -> Response:
    return Response(message_body(message), status, media_type="application/json")


def _shown(seen: PlanSeen) -> dict[str, Any]:
    latest = None if seen.latest is None else msgspec.to_builtins(execution_shape(seen.latest))
    return {"latest": latest, "waiting": [[sequence, name] for sequence, name in seen.waiting]}
