"""Limits: no request is longer, or takes longer, than `Limits` says. Pure ASGI.

A body is read whole before the application is asked: it is short, and an application that never sees half
a body cannot stumble over one. A request that is refused with its body unread is the connection's last.
"""

from __future__ import annotations

import asyncio
from typing import Final, final

from attrs import fields, frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restart_engine.core.checks import Sealed, check_integer
from restart_engine.core.errors import InvalidValue
from restart_engine.endpoint.replies import message_body
from restart_engine.server.deadline import Deadline, current_deadline

_DAY: Final = 86_400
_DIGITS: Final = 18
"""Of a length at most; one that has more is not believed, but found out by reading."""
_PER_HEADER: Final = len(": \r\n")
_REQUEST_LINE: Final = 64
"""Room for a method, the version and blanks."""
_ENCODED: Final = "no content encoding is accepted: send the body as it is"
LINGER: Final = 2.0
"""Seconds to go on reading after a refusal: who closes on unread bytes takes the answer back."""


@final
@frozen(kw_only=True)
class Limits(Sealed):
    """What a request may take, in bytes and seconds."""

    header_bytes: int = 16 * 1024
    path_bytes: int = 2 * 1024
    """Of the path with its query."""
    body_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    """Until the last header has come; then the connection is closed (protocol.py)."""
    body_seconds: float = 10.0
    """From the last header to the end of the body."""
    answer_seconds: float = 30.0
    """From there to the answer."""
    write_seconds: float = 30.0
    """For a client to take some of its answer; then the system closes the connection (serving.py)."""

    def __attrs_post_init__(self) -> None:
        for of_value in fields(Limits):
            name, value = of_value.name, getattr(self, of_value.name)
            if name.endswith("_bytes"):
                check_integer(name, value, minimum=1)
            elif type(value) not in {int, float} or not 0 < value <= _DAY:
                raise InvalidValue(name, value, "more than 0 seconds, up to a day")

    @property
    def head_bytes(self) -> int:
        """What uvicorn has to keep of a head not yet complete (`h11_max_incomplete_event_size`)."""
        return self.header_bytes + self.path_bytes + _REQUEST_LINE


async def answer(send: Send, status: int, message: str, *, close: bool = False, more: bool = False) -> None:
    """`{"message": ...}` as the whole answer; with `more`, the server is left waiting for its end."""
    body = message_body(message).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if close:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


class Limited:
    """No request is longer, or takes longer, than the limits allow."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._too_long = f"the body is longer than {limits.body_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is too much, and hand on the rest with its body complete."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limits = self._limits
        length = _body_length(scope)
        headers = sum(len(name) + len(value) + _PER_HEADER for name, value in scope["headers"])
        target = len(scope.get("raw_path") or scope["path"].encode()) + len(scope["query_string"])
        if _has_two_ends(scope):
            await _refuse_unread(receive, send, 400, "the request says twice how long its body is")
        elif target > limits.path_bytes:
            message = f"the path is longer than {limits.path_bytes} bytes"
            await _refuse_unread(receive, send, 414, message)
        elif headers > limits.header_bytes:
            message = f"the headers are longer than {limits.header_bytes} bytes"
            await _refuse_unread(receive, send, 431, message)
        elif length != 0 and _is_encoded(scope):
            await _refuse_unread(receive, send, 415, _ENCODED)
        elif length == 0:
            await self._in_time(scope, receive, send)
        elif length is not None and length > limits.body_bytes:
            await _refuse_unread(receive, send, 413, self._too_long)
        else:
            await self._with_body(scope, receive, send)

    async def _with_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                more = True
                while more and len(body) <= self._limits.body_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    body += message.get("body", b"")
                    more = message.get("more_body", False)
        except TimeoutError:
            text = f"the body did not arrive within {self._limits.body_seconds:g} seconds"
            await answer(send, 408, text, close=True)
            return
        if more:
            await _refuse_unread(receive, send, 413, self._too_long)
            return
        if len(body) > self._limits.body_bytes:
            await answer(send, 413, self._too_long, close=True)
            return
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def receive_whole() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        await self._in_time(scope, receive_whole, send)

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the application; at its deadline 503 is the answer, whatever it still says.

        A call that commits just then, or has, is waited for as long again: its own answer is the true one.
        """
        seconds = self._limits.answer_seconds
        deadline = Deadline(seconds)
        started = late = False
        telling: asyncio.Task[None] | None = None
        timer: asyncio.TimerHandle
        loop = asyncio.get_running_loop()

        async def send_in_time(message: Message) -> None:
            nonlocal started
            if not late:
                started = True
                await send(message)

        def too_late(said: str) -> None:
            nonlocal late, telling
            if not started:
                late = True
                telling = loop.create_task(answer(send, 503, said))

        def at_deadline() -> None:
            nonlocal timer
            if deadline.give_up():
                too_late(f"no answer within {seconds:g} seconds")
            else:
                said = f"no answer within {2 * seconds:g} seconds; it may have been done: ask for the status"
                timer = loop.call_later(seconds, too_late, said)

        timer = loop.call_later(seconds, at_deadline)
        token = current_deadline.set(deadline)
        try:
            await self._app(scope, receive, send_in_time)
        finally:
            current_deadline.reset(token)
            timer.cancel()
            if telling is not None:
                await telling


def _body_length(scope: Scope) -> int | None:
    """What the headers say of the body's length; none where only reading it shows."""
    length = 0
    for name, value in scope["headers"]:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            if not value.isdigit() or len(value) > _DIGITS:
                return None
            length = int(value)
    return length


def _has_two_ends(scope: Scope) -> bool:
    """Whether a proxy before us may have seen the body end elsewhere, and taken its rest for a request."""
    framing = {name for name, _ in scope["headers"] if name in {b"transfer-encoding", b"content-length"}}
    return len(framing) > 1 or (b"transfer-encoding" in framing and scope["http_version"] == "1.0")


def _is_encoded(scope: Scope) -> bool:
    codings = [value.strip().lower() for name, value in scope["headers"] if name == b"content-encoding"]
    return any(coding not in {b"", b"identity"} for coding in codings)


async def _refuse_unread(receive: Receive, send: Send, status: int, message: str) -> None:
    """The answer, and then what the client still sends, for a moment, into the void."""
    await answer(send, status, message, close=True, more=True)
    try:
        async with asyncio.timeout(LINGER):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})
