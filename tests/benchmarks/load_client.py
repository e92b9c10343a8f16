"""Requests as fast as they are answered, over connections that stay open, each answer checked and timed.

It is of sockets and one selector, because it has to send an exact number of requests, each another, and
has to cost little beside the server: about 20 microseconds a request.
"""

from __future__ import annotations

import re
import selectors
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

_LENGTH: Final = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_PATIENCE: Final = 30.0


@frozen
class Window:
    """What so many requests took."""

    seconds: float
    latencies: Sequence[float]
    """Ascending, in seconds."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def latency(self, share: float) -> float:
        """What this share of the requests took at most, in milliseconds."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def request(method: str, path: str, token: str | None, body: bytes = b"") -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "accept: */*"]
    if token is not None:
        lines.append(f"authorization: Bearer {token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def drive(address: str, requests: Iterable[bytes], status: int, connections: int = 1) -> Window:
    """Send all requests, so many at the same time; an answer of another status ends it."""
    place = urlsplit(address)
    left = iter(requests)
    expected = b"HTTP/1.1 %d " % status
    latencies: list[float] = []
    with ExitStack() as closing, selectors.DefaultSelector() as selector:
        lines = [_Line(str(place.hostname), int(place.port or 0), closing) for _ in range(connections)]
        began = time.perf_counter()
        for line in lines:
            if line.ask(left):
                selector.register(line.socket, selectors.EVENT_READ, line)
        while selector.get_map():
            ready = selector.select(_PATIENCE)
            if not ready:
                raise RuntimeError(f"no answer in {_PATIENCE:g} seconds")
            for key, _ in ready:
                line = key.data
                if line.read(expected):
                    latencies.append(time.perf_counter() - line.asked)
                    if not line.ask(left):
                        selector.unregister(line.socket)
        return Window(time.perf_counter() - began, sorted(latencies))


@define
class _Line:
    """A connection, with one request under way at most."""

    host: str
    port: int
    closing: ExitStack
    socket: socket.socket = field(init=False)
    asked: float = field(init=False, default=0.0)
    _read: bytes = field(init=False, default=b"")

    def __attrs_post_init__(self) -> None:
        self.socket = self.closing.enter_context(socket.create_connection((self.host, self.port), _PATIENCE))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, left: Iterator[bytes]) -> bool:
        """Send the next request; false where there is none."""
        following = next(left, None)
        if following is None:
            return False
        self._read = b""
        self.asked = time.perf_counter()
        self.socket.sendall(following)
        return True

    def read(self, expected: bytes) -> bool:
        """Read what has come; whether that is the whole answer."""
        came = self.socket.recv(65536)
        self._read += came
        head, ended, body = self._read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n") if ended else None
        if came and (length is None or len(body) < int(length[1])):
            return False
        if not self._read.startswith(expected):
            raise RuntimeError(f"expected {expected!r}, got {self._read[:2000]!r}")
        return True
