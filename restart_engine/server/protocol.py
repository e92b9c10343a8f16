"""uvicorn's HTTP with time for a request's head, which uvicorn gives for ever.

A server would be full once as many clients as it has file descriptors had connected and said nothing. Of
uvicorn this leans on `conn`, h11's state of the connection, and on `send_400_response`.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from restart_engine.server.limits import Limits


class Connection(H11Protocol):
    """A connection that is closed where the head of its next request does not come in time."""

    head_seconds: ClassVar[float] = Limits().head_seconds

    _closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """The first request's head is awaited from here on."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """A head is awaited from its first byte, not anew with every byte."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """As uvicorn does, where h11 lets it."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:  # an answer has begun already, or may have no body
            self.transport.close()

    def _await_head(self) -> None:
        if self._closing is None:
            self._closing = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
