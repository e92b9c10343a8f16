"""Faults on purpose: what a client has to survive, injected by rule. There only with the control API.

The rules stand in order, and the first that decides about a call is the fault. A rule decides where operation
and tenant are its own, it has `times` left, and its draw hits: draws come from its `seed`, one for each call
that gets so far, so the same calls meet the same faults. Rules are of one process.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final, Literal, TypeAlias, cast, get_args

from msgspec import Meta
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restart_engine.endpoint.replies import message_body
from restart_engine.luck import drawn
from restart_engine.server.logs import logger
from restart_engine.strict_json import WireError
from restart_engine.wire.reading import read_carefully
from restart_engine.wire.shapes import Name, Shape

Operation: TypeAlias = Literal["restart", "execute", "status"]
"""The name of a route that faults are injected into."""
_STATUS: Final = 503
_LONGEST: Final = 3600


class FaultShape(Shape, omit_defaults=True, kw_only=True):
    """A rule: what it decides about, and what such a call meets. Members left out decide about every call."""

    operation: Operation | None = None
    tenant: Name | None = None
    status: (
        Annotated[
            int, Meta(ge=400, le=599, description="null: the true answer, which `delaySeconds` makes late")
        ]
        | None
    ) = _STATUS
    retry_after: Annotated[int, Meta(ge=0, description="seconds, as the header `retry-after`")] | None = None
    delay_seconds: Annotated[float, Meta(ge=0, le=_LONGEST)] = 0.0
    times: Annotated[int, Meta(ge=1, description="calls, after which the rule is used up")] | None = None
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    drop: Annotated[bool, Meta(description="the connection is closed without an answer")] = False
    before: Annotated[
        bool, Meta(description="false: the call is done first, and its true answer withheld")
    ] = True


class FaultSeenShape(FaultShape, omit_defaults=True, kw_only=True):
    """A rule, and about how many calls it has decided."""

    used: Annotated[int, Meta(ge=0)]


def read_faults(text: bytes) -> list[FaultShape]:
    """The rules of a JSON array, in its order; raises `WireError` at the first place that is off."""
    shapes: list[FaultShape] = read_carefully(text, list[FaultShape], levels=2)
    for index, shape in enumerate(shapes):
        _check(shape, f"[{index}]")
    return shapes


def _check(shape: FaultShape, place: str) -> None:
    if shape.drop and shape.status != _STATUS:
        found = "null" if shape.status is None else shape.status
        raise WireError(f"{place}.status", f"`{found}`", "none where `drop` is")
    if shape.retry_after is not None and (shape.drop or shape.status is None):
        accepted = "none where there is no answer of the rule's own"
        raise WireError(f"{place}.retryAfter", f"`{shape.retry_after}`", accepted)
    if shape.seed and shape.probability == 1:
        raise WireError(f"{place}.seed", f"`{shape.seed}`", "none where there is no probability")


class Faults:
    """The rules of one process, in one event loop."""

    def __init__(self) -> None:
        self._rules: list[_Rule] = []
        self._changed = asyncio.Event()

    def replace(self, shapes: list[FaultShape]) -> None:
        """These rules from now on, none of them used; whoever is being delayed is answered at once."""
        self._rules = [_Rule(shape) for shape in shapes]
        self._changed.set()
        self._changed = asyncio.Event()

    def shown(self) -> list[FaultSeenShape]:
        """The rules, in order."""
        return [rule.shown() for rule in self._rules]

    def deciding(self, operation: str, tenant: str) -> FaultShape | None:
        """What this call meets, counted; none where no rule decides about it."""
        return next((rule.shape for rule in self._rules if rule.decides(operation, tenant)), None)

    async def delay(self, seconds: float) -> bool:
        """Wait; whether the rules are still the same then."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return True
        return False


class _Rule:
    def __init__(self, shape: FaultShape) -> None:
        self.shape = shape
        self._used = 0
        self._reached = 0

    def decides(self, operation: str, tenant: str) -> bool:
        shape = self.shape
        meant = shape.operation in (None, operation) and shape.tenant in (None, tenant)
        if not meant or self._used == shape.times:
            return False
        self._reached += 1
        if drawn(shape.seed, self._reached) >= shape.probability:
            return False
        self._used += 1
        return True

    def shown(self) -> FaultSeenShape:
        members = {name: getattr(self.shape, name) for name in self.shape.__struct_fields__}
        return FaultSeenShape(**members, used=self._used)


class Injected:
    """The calls of the endpoint meet the faults."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the call on, or what the deciding rule says instead."""
        called = _called(scope) if scope["type"] == "http" else None
        fault = None if called is None else self._faults.deciding(*called)
        if fault is None:
            await self._app(scope, receive, send)
            return
        logger().info("fault injected", operation=called and called[0], status=fault.status, drop=fault.drop)
        withheld: list[Message] = []

        async def withhold(message: Message) -> None:
            withheld.append(message)

        if not fault.before:
            await self._app(scope, receive, withhold)
        same = not fault.delay_seconds or await self._faults.delay(fault.delay_seconds)
        if fault.drop:
            await _drop(receive)
        elif fault.status is not None or not same:
            await _answer(send, fault)
        elif fault.before:
            await self._app(scope, receive, send)
        else:
            for message in withheld:
                await send(message)


def _called(scope: Scope) -> tuple[str, str] | None:
    """The operation and the tenant of a call of the endpoint."""
    for route in scope["app"].routes:
        if isinstance(route, Route) and route.name in get_args(Operation):
            match, child = route.matches(scope)
            if match is Match.FULL:
                return route.name, child["path_params"]["tenant"]
    return None


async def _answer(send: Send, fault: FaultShape) -> None:
    status = fault.status or _STATUS
    body = message_body(f"a fault on purpose: status {status}").encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if fault.retry_after is not None:
        headers.append((b"retry-after", b"%d" % fault.retry_after))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _drop(receive: Receive) -> None:
    """Close the connection. ASGI has no word for that: the transport is that of uvicorn's own `receive`.

    Where the application is called in the client's process there is no connection, and so the client has
    the error as it is.
    """
    transport = cast("Any", getattr(getattr(receive, "__self__", None), "transport", None))
    if transport is None:
        raise ConnectionResetError("a fault on purpose: the connection was closed without an answer")
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass
