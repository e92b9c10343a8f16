"""Client processes with many open connections each, all of which ask at the same moment.

A connection is a plain socket and a request the bytes that were made before: what takes turns here are the
servers, not the clients.
"""

from __future__ import annotations

import multiprocessing
import select
import socket
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self, TypeAlias
from urllib.parse import urlsplit

Answers: TypeAlias = Counter[tuple[str, int, bytes]]
"""How often which kind of request was answered with which status and body; 0 where there was no answer."""
Asked: TypeAlias = tuple[str, bytes]
"""A kind, which is any word, and a request."""
_PATIENCE: Final = 60.0


def request_bytes(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """A whole request, on a connection that stays open."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: harness\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Line:
    """One open connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._where = (str(parts.hostname), int(parts.port or 80))
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> None:
        """Send a request; a connection that the server has closed meanwhile is opened again."""
        self.open()
        assert self._socket is not None
        self._socket.sendall(request)

    def open(self) -> None:
        """Be connected."""
        if self._socket is not None and select.select([self._socket], [], [], 0)[0]:
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._where, _PATIENCE)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> tuple[int, bytes]:
        """The status and the body of the answer to what was sent last."""
        assert self._socket is not None
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields[b"content-length"])
        while len(body) < length:
            body += self._more()
        if fields.get(b"connection") == b"close":
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        """Be not connected."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _more(self) -> bytes:
        assert self._socket is not None
        got = self._socket.recv(65_536)
        if not got:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        return got


def _serve_rounds(orders: Connection, ready: Any, addresses: Sequence[str], connections: int) -> None:
    """One client process: a round for each list of requests, until there is none."""
    at = cycle(addresses)
    lines = [Line(next(at)) for _ in range(connections)]
    while (asked := orders.recv()) is not None:  # none: this was the last round
        for line, _ in zip(lines, asked, strict=False):
            line.open()
        ready.wait(_PATIENCE)
        orders.send(_round(lines, asked))


def _round(lines: list[Line], asked: list[Asked]) -> Answers:
    """All requests are sent before the first answer is read."""
    answers: Answers = Counter()
    sent = list(zip(lines, asked, strict=False))
    for line, (_, request) in sent:
        line.send(request)
    for line, (kind, _) in sent:
        try:
            answers[kind, *line.answer()] += 1
        except OSError as error:
            line.close()
            answers[kind, 0, repr(error).encode()] += 1
    return answers


class Clients:
    """The client processes; their connections go to the servers in turn."""

    def __init__(self, addresses: Sequence[str], connections: int, processes: int = 2) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready = context.Barrier(processes)  # kept: it ends with its last owner here
        each = -(-connections // processes)
        self._orders: list[Any] = []
        self._processes: list[Any] = []
        for number in range(processes):
            ours, theirs = context.Pipe()
            turned = [*addresses[number % len(addresses) :], *addresses[: number % len(addresses)]]
            process = context.Process(
                target=_serve_rounds, args=(theirs, self._ready, turned, each), daemon=True
            )
            process.start()
            theirs.close()
            self._orders.append(ours)
            self._processes.append(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for orders in self._orders:
            with suppress(OSError):
                orders.send(None)
        for process in self._processes:
            process.join(1)
            process.terminate()
            process.join()
        for orders in self._orders:
            orders.close()

    def ask(self, asked: Sequence[Asked]) -> Answers:
        """All at the same moment, one on each connection."""
        count = len(self._orders)
        for number, orders in enumerate(self._orders):
            orders.send(list(asked[number::count]))
        answers: Answers = Counter()
        for orders in self._orders:
            if not orders.poll(3 * _PATIENCE):
                raise RuntimeError("a client process does not answer")
            answers.update(orders.recv())
        return answers
