"""What stands around the application, outermost first: a request's id, its event in the log, its last resort.

Pure ASGI. `around` gives them in this order, and the limits after them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restart_engine.server.faults import Faults, Injected
from restart_engine.server.limits import Limited, Limits, answer
from restart_engine.server.logs import bind_request, logger
from restart_engine.server.metrics import Metrics

_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PATH_SHOWN: Final = 256
_METHOD_SHOWN: Final = 16


def new_id() -> str:
    """An id that no other request has."""
    return uuid4().hex


def around(
    limits: Limits, metrics: Metrics, make_id: Callable[[], str] = new_id, faults: Faults | None = None
) -> list[Middleware]:
    """What `Starlette(middleware=...)` takes, outermost first. What faults answer is logged, and counted."""
    return [
        Middleware(RequestIds, make_id=make_id),
        Middleware(Accesses, metrics=metrics),
        *(() if faults is None else (Middleware(Injected, faults=faults),)),
        Middleware(LastResort),
        Middleware(Limited, limits=limits),
    ]


class RequestIds:
    """Each request has an id: the client's `x-request-id` where it is a decent one, else one made here."""

    def __init__(self, app: ASGIApp, make_id: Callable[[], str] = new_id) -> None:
        self._app = app
        self._make_id = make_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The id goes into the scope's state, the log and the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = [value for name, value in scope["headers"] if name == b"x-request-id"]
        decent = len(given) == 1 and _ID.fullmatch(given[0])
        request_id = given[0].decode() if decent else self._make_id()
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", ()), named]
            await send(message)

        with bind_request(request_id):
            await self._app(scope, receive, send_with_id)


class Accesses:
    """Each answer is counted, and is one event in the log, before the client has it whole.

    Tenant and user are those that the application put into the scope's state, by name; so is why it `refused`
    a token, which the client is not told.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch for the first part of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        status: int | None = None
        told = False

        async def send_and_tell(message: Message) -> None:
            nonlocal status, told
            if message["type"] == "http.response.start":
                status = message["status"]
            elif status is not None and not told:
                told = True
                self._tell(scope, status, self._clock() - began)
            await send(message)

        await self._app(scope, receive, send_and_tell)
        if not told:
            logger().info("client left", **_asked(scope))

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route: str | None = getattr(scope.get("route"), "path", None)
        self._metrics.answered(route=route, method=scope["method"], status=status, seconds=seconds)
        state = scope.get("state", {})
        refused: dict[str, str] = {}
        if "refused" in state:
            refused = {"reason": state["refused"], "client": (scope.get("client") or ("unknown",))[0]}
        logger().info(
            "answered",
            **_asked(scope),
            status=status,
            milliseconds=round(seconds * 1000, 3),
            tenant=state.get("tenant"),
            user=state.get("user"),
            **refused,
        )


def _asked(scope: Scope) -> dict[str, str]:
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return {"method": scope["method"][:_METHOD_SHOWN], "path": path[:_PATH_SHOWN]}


class LastResort:
    """What the application did not expect: the log has all of it, the client the request's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 where the application fails, or gives no answer to a client that still waits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = ended = left = False

        async def watched_receive() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] == "http.disconnect"
            return message

        async def watched_send(message: Message) -> None:
            nonlocal started, ended
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        failure: Exception | None = None
        try:
            await self._app(scope, watched_receive, watched_send)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001  # this is where every error ends
            failure = error
        if failure is None and (started or left):
            return
        logger().error("internal error", exc_info=failure)
        if not started:
            request_id = scope.get("state", {}).get("request_id")
            await answer(send, 500, f"internal error, request id {request_id}")
        elif not ended and failure is not None:
            raise failure  # half an answer cannot be taken back: the server has to close the connection
