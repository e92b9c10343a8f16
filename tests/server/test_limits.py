"""Limits, over real sockets: what is too much is refused in JSON, and what is not is handed on whole."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from server.listening import Listening, closed, head, listening, read_answer

from restart_engine.core.errors import InvalidValue
from restart_engine.server import limits
from restart_engine.server.limits import Limits


@pytest.fixture(scope="module")
def server() -> Iterator[Listening]:
    """A server with small sizes and times enough."""
    with listening(header_bytes=500, path_bytes=100, body_bytes=1000) as here:
        yield here


class TestValues:
    """The numbers themselves."""

    def test_the_usual_limits(self) -> None:
        """A request may have 16 KiB of headers, 2 of path and 64 of body, and 10 seconds for each."""
        usual = Limits()
        assert (usual.header_bytes, usual.path_bytes, usual.body_bytes) == (16384, 2048, 65536)
        assert (usual.head_seconds, usual.body_seconds, usual.answer_seconds) == (10, 10, 30)
        assert usual.head_bytes > usual.header_bytes + usual.path_bytes

    @pytest.mark.parametrize("name", ["header_bytes", "path_bytes", "body_bytes"])
    @pytest.mark.parametrize("value", [0, -1, 1.5, True, "1", None])
    def test_bytes_are_counted(self, name: str, value: Any) -> None:
        """A size is an integer of 1 or more."""
        accepted = "an int, not its subclass bool" if value is True else "an integer of 1 or more"
        with pytest.raises(InvalidValue, match=f"`{name}` is .*, accepted is {accepted}$"):
            Limits(**{name: value})

    @pytest.mark.parametrize("name", ["head_seconds", "body_seconds", "answer_seconds", "write_seconds"])
    @pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 86_401, True, "1", None])
    def test_seconds_are_some(self, name: str, value: Any) -> None:
        """A time is more than nothing and no more than a day."""
        with pytest.raises(
            InvalidValue, match=f"`{name}` is .*, accepted is more than 0 seconds, up to a day"
        ):
            Limits(**{name: value})


class TestHeads:
    """Paths and headers."""

    def test_a_path_at_the_limit(self, server: Listening) -> None:
        """A path of exactly the limit is looked for, with its query counted."""
        assert server.ask(head(f"/echo?{'x' * 94}", "GET")).status == 200
        assert server.ask(head(f"/{'x' * 99}", "GET")).status == 404

    @pytest.mark.parametrize("target", [f"/{'x' * 100}", f"/echo?{'x' * 96}", f"/{'%41' * 34}"])
    def test_a_long_path(self, server: Listening, target: str) -> None:
        """A longer one is 414, as the client wrote it, before percent signs are read."""
        answer = server.ask(head(target, "GET"))
        assert (answer.status, answer.message) == (414, "the path is longer than 100 bytes")
        assert answer.closes

    def test_long_headers_at_once(self, server: Listening) -> None:
        """Headers that come in one piece are counted too."""
        answer = server.ask(head(method="GET", x_long="x" * 520))
        assert (answer.status, answer.message) == (431, "the headers are longer than 500 bytes")
        assert answer.closes

    def test_many_headers(self, server: Listening) -> None:
        """Many short headers are as long as one."""
        answer = server.ask(head(method="GET", **{f"x{number}": "" for number in range(80)}))
        assert (answer.status, answer.message) == (431, "the headers are longer than 500 bytes")

    def test_a_refused_head_with_a_body(self, server: Listening) -> None:
        """The answer arrives although the client goes on sending."""
        long = head(f"/{'x' * 200}", content_length=5_000_000)
        assert server.ask(long, b"x" * 5_000_000).status == 414


class TestBodies:
    """What comes after the head."""

    @pytest.mark.parametrize("length", [0, 1, 999, 1000])
    def test_a_body_within_the_limit(self, server: Listening, length: int) -> None:
        """A body up to the limit reaches the application whole, in pieces or not."""
        body = b"x" * length
        answer = server.ask(head(content_length=length), body[:500], body[500:])
        assert b'"bytes":%d,' % length in answer.body
        chunks = b"".join(b"1\r\nx\r\n" for _ in range(length))
        answer = server.ask(head(transfer_encoding="chunked"), chunks, b"0\r\n\r\n")
        assert b'"bytes":%d,' % length in answer.body

    @pytest.mark.parametrize("length", [1001, 10**9, 10**17, 10**19])
    def test_a_body_that_says_it_is_long(self, server: Listening, length: int) -> None:
        """It is refused before it is sent; a length that nobody believes, once too much of it has come."""
        answer = server.ask(head(content_length=length), b"x" * 1001 if length > 10**18 else b"")
        assert (answer.status, answer.message) == (413, "the body is longer than 1000 bytes")
        assert answer.closes

    def test_a_client_that_waits_to_be_told(self, server: Listening) -> None:
        """Who asks first with `Expect: 100-continue` sends nothing of a long body."""
        answer = server.ask(head(content_length=10**9, expect="100-continue"))
        assert answer.status == 413

    def test_a_chunked_body_that_turns_out_long(self, server: Listening) -> None:
        """It is refused while it comes, and the application is not asked."""
        server.seen.clear()
        answer = server.ask(head(transfer_encoding="chunked"), b"3e9\r\n", b"x" * 1001)
        assert (answer.status, answer.message) == (413, "the body is longer than 1000 bytes")
        assert answer.closes
        assert server.seen == []

    def test_a_chunked_body_that_has_come_and_is_long(self, server: Listening) -> None:
        """It is refused like one that goes on."""
        answer = server.ask(head(transfer_encoding="chunked") + b"3e9\r\n%b\r\n0\r\n\r\n" % (b"x" * 1001))
        assert (answer.status, answer.closes) == (413, True)

    def test_a_client_that_stays(self, server: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
        """After a refusal, the connection is closed although the client neither sends nor leaves."""
        monkeypatch.setattr(limits, "LINGER", 0.1)
        with server.connect() as client:
            client.sendall(head(content_length=10**9))
            assert read_answer(client).status == 413
            assert closed(client)

    def test_ten_megabytes(self, server: Listening) -> None:
        """A client that sends all of it before it reads finds the answer, not a broken connection."""
        assert server.ask(head(content_length=10_000_000), b"x" * 10_000_000).status == 413
        chunk = b"%x\r\n%b\r\n" % (100_000, b"x" * 100_000)
        assert server.ask(head(transfer_encoding="chunked"), chunk * 100, b"0\r\n\r\n").status == 413

    def test_a_connection_goes_on(self, server: Listening) -> None:
        """After a request that had a body, or none, or was refused by the application, the next is read."""
        with server.connect() as client:
            for request in (
                head(content_length=3) + b"abc",
                head("/none", content_length=3) + b"abc",
                head(),
            ):
                client.sendall(request)
                assert not read_answer(client).closes

    def test_a_client_that_leaves(self, server: Listening) -> None:
        """Half a body and no client is no error: the application is not asked."""
        server.seen.clear()
        with server.connect() as client:
            client.sendall(head(content_length=100) + b"half")
            client.shutdown(socket.SHUT_RDWR)
        assert server.ask(head(method="GET")).status == 200
        assert server.seen == ["echo"]


class TestTimes:
    """Waiting ends."""

    @pytest.mark.parametrize("framing", [{"content_length": 10}, {"transfer_encoding": "chunked"}])
    def test_a_body_that_does_not_come(self, framing: dict[str, Any]) -> None:
        """It is 408, and the end of the connection."""
        with listening(body_seconds=0.2) as server, server.connect() as client:
            client.sendall(head(**framing))
            answer = read_answer(client)
            assert (answer.status, answer.message) == (408, "the body did not arrive within 0.2 seconds")
            assert answer.closes
            assert closed(client)
            assert server.seen == []

    def test_a_body_that_comes_bit_by_bit(self) -> None:
        """The time is that of the whole body: a byte now and then does not extend it."""
        with listening(body_seconds=0.3) as server, server.connect() as client:
            client.sendall(head(content_length=10**4))
            client.settimeout(0.05)
            while True:
                client.sendall(b"x")
                try:
                    client.recv(1, socket.MSG_PEEK)
                    break
                except TimeoutError:
                    continue
            assert read_answer(client).status == 408

    def test_an_answer_that_does_not_come(self) -> None:
        """It is 503; what was begun is ended, and its own answer goes nowhere."""
        with listening(answer_seconds=0.2) as server, server.connect() as client:
            client.sendall(head("/wait", "GET"))
            answer = read_answer(client)
            assert (answer.status, answer.message) == (503, "no answer within 0.2 seconds")
            assert server.seen == ["began"]
            client.sendall(head(method="GET"))
            assert read_answer(client).status == 200
            server.go_on.set()
            server.await_seen("ended")
            client.sendall(head(method="GET"))
            assert b'"bytes":0' in read_answer(client).body

    def test_an_answer_that_has_begun(self) -> None:
        """It is given to its end, however late that is."""
        with listening(answer_seconds=0.2) as server, server.connect() as client:
            client.sendall(head("/slowly", content_length=1) + b"x")
            time.sleep(0.4)
            server.go_on.set()
            answer = read_answer(client)
            assert (answer.status, answer.body) == (200, b"ab")
