"""uvicorn's HTTP on h11, where it is not enough: time for a request's head, and errors of ours in JSON.

It leans on internals of uvicorn (0.54), to which `tests/server/test_protocol.py` holds it:
`data_received` handles all events of what came before it returns; `send_400_response` is called while
h11's error is handled; `conn`, `cycle`, `loop` and `transport` are the connection's state.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any, ClassVar, Final, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from restart_engine.endpoint.replies import message_body
from restart_engine.server.limits import LINGER, Limits

_TEXTS: Final = {
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "the request's head is too long",
    HTTPStatus.NOT_IMPLEMENTED: "the transfer encoding is not one that this server reads",
}
_OF_TCP: Final = (socket.AF_INET, socket.AF_INET6)


class Connection(H11Protocol):
    """One connection. Whatever a client sends or does not send, it is answered or closed in time."""

    limits: ClassVar[Limits] = Limits()

    _head_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """The first request's head is awaited from here on."""
        super().connection_made(transport)
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family in _OF_TCP:
            # asyncio does so only where the socket was made with TCP's number, and uvicorn's is not: without
            # it the body of an answer waits for the client to acknowledge the head, 40 ms
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """A head is awaited from its first byte, not anew with every byte."""
        if self._refused:
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._stop_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """A client that does not take its answer is left alone with it after a while."""
        super().pause_writing()
        self._await_taking()

    def resume_writing(self) -> None:
        """The client takes its answer."""
        self._stop_write_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's text, the same for every error
        """What h11 cannot read: 400, or the status that h11 itself names."""
        error = sys.exception()
        status = HTTPStatus(error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400)
        self._refuse(status, _TEXTS.get(status, "the request is not valid HTTP"))

    def _await_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.limits.write_seconds, self._look_after, left)

    def _look_after(self, before: int) -> None:
        """Slow is well, as long as some of it is taken each time."""
        if self.transport.get_write_buffer_size() < before:
            self._await_taking()
        else:
            self.transport.abort()

    def _await_head(self) -> None:
        if self._head_timer is None and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_missing)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _head_missing(self) -> None:
        self._head_timer = None
        seconds = f"{self.limits.head_seconds:g} seconds"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the request's head did not arrive within {seconds}")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        """Answer where no answer has begun, and close once the client has seen it."""
        self._refused = True
        bodiless = False
        # uvicorn's type leaves out that there is none before the first request
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
            bodiless = cycle.scope["method"] == "HEAD"
        if self.transport.is_closing() or self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        body = message_body(message).encode()
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        head = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
        for event in (head, h11.Data(data=b"" if bodiless else body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        with suppress(NotImplementedError):  # TLS cannot be closed on one side
            self.transport.write_eof()
        self.loop.call_later(LINGER, self.transport.close)


def protocol(limits: Limits) -> type[Connection]:
    """What `uvicorn.Config(http=...)` takes."""
    members: dict[str, Any] = {"limits": limits, "__doc__": Connection.__doc__}
    return type("LimitedConnection", (Connection,), members)
