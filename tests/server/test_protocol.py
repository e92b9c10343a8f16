"""The protocol below the application: connections that say nothing, too little, or no HTTP."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from server.listening import (
    PATIENCE,
    Listening,
    closed,
    events,
    head,
    listening,
    logged,
    read_answer,
    wait_until,
)


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    """A server that waits a moment for heads."""
    with listening(head_seconds=0.3, header_bytes=1000) as here:
        yield here


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged."""
    with logged() as stream:
        yield stream


def heard(client: socket.socket) -> bytes:
    """All that the server says until it closes."""
    said = b""
    with suppress(ConnectionResetError):  # it need not have read all
        while more := client.recv(65536):
            said += more
    return said


class TestHeads:
    """A request's head has its time."""

    @pytest.mark.parametrize("sent", [b"", b"G", b"GET /echo HTTP/1.1\r\nhost: he"])
    def test_a_head_that_does_not_come(self, server: Listening, sent: bytes) -> None:
        """A connection that sends nothing, or a part, is closed without a word."""
        with server.connect() as client:
            client.sendall(sent)
            assert closed(client)

    def test_a_head_that_comes_bit_by_bit(self, server: Listening) -> None:
        """A byte now and then does not extend the time."""
        began = time.monotonic()
        with server.connect() as client, suppress(ConnectionError):
            while time.monotonic() < began + PATIENCE:
                client.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() < began + PATIENCE

    def test_the_second_head_of_a_connection(self, server: Listening) -> None:
        """The time counts anew for each request, from its first byte."""
        with server.connect() as client:
            client.sendall(head(method="GET"))
            assert read_answer(client).status == 200
            client.sendall(b"GET /ec")
            assert closed(client)

    def test_a_request_in_time(self, server: Listening) -> None:
        """An application may take longer than a head."""
        with server.connect() as client:
            client.sendall(head("/wait", "GET"))
            client.settimeout(0.6)
            with pytest.raises(TimeoutError):
                client.recv(1)
            server.go_on.set()
            client.settimeout(PATIENCE)
            assert read_answer(client).body == b"too late"


class TestNoHttp:
    """What h11 cannot read is the connection's end, and nothing that the log calls an error."""

    @pytest.fixture(autouse=True)
    def _quiet(self, log: io.StringIO) -> Iterator[None]:
        yield
        assert [event for event in events(log) if event["level"] == "error"] == []

    @pytest.mark.parametrize("method", ["POST", "HEAD"])
    def test_a_body_that_breaks_off(self, server: Listening, method: str) -> None:
        """After a chunk that is none the application is not asked."""
        server.seen.clear()
        with server.connect() as client:
            client.sendall(head(method=method, transfer_encoding="chunked"))
            client.sendall(b"2\r\nab\r\nnone\r\n")
            assert b"200" not in heard(client)
        assert server.ask(head(method="GET")).status == 200
        assert server.seen == ["echo"]

    def test_nonsense_after_a_refusal(self, server: Listening) -> None:
        """What follows a refusal is not answered again."""
        with server.connect() as client:
            client.sendall(b"hello\r\n\r\n" + head(method="GET"))
            assert heard(client).count(b"HTTP/1.1 ") == 1

    def test_nonsense_after_an_answer_has_begun(self, server: Listening) -> None:
        """The connection is closed, for there is no second answer to one request."""
        with server.connect() as client:
            client.sendall(head(f"/{'x' * 3000}", transfer_encoding="chunked"))
            assert read_answer(client).status == 414
            client.sendall(b"none\r\n")
            assert closed(client)

    def test_nonsense_while_an_answer_is_made(self, server: Listening) -> None:
        """The answer under way is given, and the nonsense behind it refused."""
        with server.connect() as client:
            client.sendall(head(method="GET") + b"hello\r\n\r\n")
            assert read_answer(client).status == 200
            assert heard(client).startswith(b"HTTP/1.1 400 ")


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the system has no such limit")
def test_a_client_that_does_not_read() -> None:
    """Its connection is broken off."""
    with socket.socket() as client, listening(write_seconds=0.2) as server:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(head("/large", "GET"))
        server.await_seen("large")
        wait_until(lambda: not server.connections)


def test_a_client_that_reads_slowly() -> None:
    """It has its answer whole, although that takes longer than a client that does not read is given."""
    with listening(write_seconds=1) as server, server.connect() as client:
        client.sendall(head("/large", "GET"))
        taken = 0
        while taken < 20_000_000:
            time.sleep(0.05)
            part = client.recv(400_000, socket.MSG_WAITALL)
            assert part, "the connection was closed within the answer"
            taken += len(part)


def test_a_server_that_stops() -> None:
    """A connection that waits for a head does not keep the server from ending."""
    with socket.socket() as idle, listening() as server:
        idle.connect(("127.0.0.1", server.port))
