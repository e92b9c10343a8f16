"""The protocol below the application: connections that say nothing, too little, or no HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from server.listening import PATIENCE, Listening, closed, head, listening, read_answer


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    """A server that waits a moment for heads."""
    with listening(head_seconds=0.3, header_bytes=1000) as here:
        yield here


class TestHeads:
    """A request's head has its time."""

    @pytest.mark.parametrize("sent", [b"", b"G", b"GET /echo HTTP/1.1\r\nhost: he"])
    def test_a_head_that_does_not_come(self, server: Listening, sent: bytes) -> None:
        """A connection that sends nothing, or a part, is 408 and closed."""
        with server.connect() as client:
            client.sendall(sent)
            answer = read_answer(client)
            assert (answer.status, answer.closes) == (408, True)
            assert answer.message == "the request's head did not arrive within 0.3 seconds"
            assert closed(client)

    def test_a_head_that_comes_bit_by_bit(self, server: Listening) -> None:
        """A byte now and then does not extend the time."""
        with server.connect() as client:
            client.settimeout(0.05)
            for _ in range(PATIENCE * 20):
                client.sendall(b"x")
                try:
                    client.recv(1, socket.MSG_PEEK)
                    break
                except TimeoutError:
                    continue
            assert read_answer(client).status == 408

    def test_the_second_head_of_a_connection(self, server: Listening) -> None:
        """The time counts anew for each request, from its first byte."""
        with server.connect() as client:
            client.sendall(head(method="GET"))
            assert read_answer(client).status == 200
            client.sendall(b"GET /ec")
            assert read_answer(client).status == 408
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
    """What h11 cannot read."""

    @pytest.mark.parametrize(
        "sent",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
            b"hello\r\n\r\n",
            b"GET /echo HTTP/9\r\nhost: here\r\n\r\n",
            b"GET /echo HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\nhost: here\r\n\r\n",
            b"GET /echo HTTP/1.1\r\nhost: here\r\nx\0: y\r\n\r\n",
            b"POST /echo HTTP/1.1\r\nhost: here\r\ncontent-length: -1\r\n\r\n",
            b"POST /echo HTTP/1.1\r\nhost: here\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        ],
    )
    def test_an_invalid_head(self, server: Listening, sent: bytes) -> None:
        """It is 400 in the shape of every error, and the connection's end."""
        with server.connect() as client:
            client.sendall(sent)
            answer = read_answer(client)
            assert (answer.status, answer.message) == (400, "the request is not valid HTTP")
            assert answer.closes
            assert closed(client)

    def test_a_head_without_end(self, server: Listening) -> None:
        """It is 431 once it is longer than a legal one can be, and the answer is not lost."""
        answer = server.ask(b"GET /echo HTTP/1.1\r\nhost: here\r\nx: ", b"x" * 1_000_000)
        assert (answer.status, answer.message) == (431, "the request's head is too long")
        assert answer.closes

    def test_another_transfer_encoding(self, server: Listening) -> None:
        """It is 501, as HTTP has it."""
        answer = server.ask(head(transfer_encoding="gzip"))
        assert answer.status == 501
        assert answer.message == "the transfer encoding is not one that this server reads"

    @pytest.mark.parametrize("method", ["POST", "HEAD"])
    def test_a_body_that_breaks_off(self, server: Listening, method: str) -> None:
        """A chunk that is none is 400, and the application is not asked."""
        server.seen.clear()
        with server.connect() as client:
            client.sendall(head(method=method, transfer_encoding="chunked"))
            client.sendall(b"2\r\nab\r\nnone\r\n")
            stream = client.makefile("rb")
            assert stream.readline() == b"HTTP/1.1 400 Bad Request\r\n"
            rest = stream.read()
            assert rest.endswith(b'{"message": "the request is not valid HTTP"}') == (method == "POST")
            stream.close()
        assert server.ask(head(method="GET")).status == 200
        assert server.seen == ["echo"]

    def test_nonsense_after_a_refusal(self, server: Listening) -> None:
        """What follows a refusal is not answered again."""
        with server.connect() as client:
            client.sendall(b"hello\r\n\r\n")
            assert read_answer(client).status == 400
            client.sendall(head(method="GET"))
            assert closed(client)

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
            assert read_answer(client).status == 400
            assert closed(client)


def test_a_client_that_does_not_read() -> None:
    """Its connection is broken off, and does not keep the server from ending."""
    with socket.socket() as client, listening(write_seconds=0.2) as server:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        client.sendall(head("/large", "GET"))
        server.await_seen("large")


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
    """Connections that wait for a head, or linger after a refusal, do not keep the server from ending."""
    with socket.socket() as idle, socket.socket() as refused, listening() as server:
        for client in (idle, refused):
            client.connect(("127.0.0.1", server.port))
        refused.sendall(b"hello\r\n\r\n")
        assert read_answer(refused).status == 400
