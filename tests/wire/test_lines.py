"""Where a line ends, and how much of it is read."""

from __future__ import annotations

from io import BytesIO

import pytest

from restart_engine.wire import lines as module
from restart_engine.wire.lines import lines_from


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line may be four bytes long, and is read on two at a time."""
    monkeypatch.setattr(module, "MAX_BYTES", 4)
    monkeypatch.setattr(module, "_CHUNK", 2)


def test_lines_end_at_newlines_alone() -> None:
    """An empty line is one; a carriage return is part of its line; the last needs no newline."""
    stream = BytesIO(b"a\n\nb\r\nc\x0bd\ne")
    assert list(lines_from(stream.readline)) == [b"a", b"", b"b\r", b"c\x0bd", b"e"]
    assert list(lines_from(BytesIO().readline)) == []


@pytest.mark.usefixtures("_short")
def test_of_a_line_that_is_too_long_no_more_is_kept_than_shows_it() -> None:
    """The next line begins behind its end."""
    assert list(lines_from(BytesIO(b"1234567890\nab\n1234\n12345\n").readline)) == [
        b"123456",
        b"ab",
        b"1234",
        b"12345",
    ]
    assert list(lines_from(BytesIO(b"ab\n1234567890").readline)) == [b"ab", b"123456"]


@pytest.mark.usefixtures("_short")
@pytest.mark.parametrize("text", [b"a\nbc\n\nd", b"a\nbc\n\nd\n", b"1234567890\nab\n1234567", b"\n\n\n"])
def test_a_span_has_the_lines_that_begin_in_it(text: bytes) -> None:
    """Of a line that begins in it as much as without, and nothing is read far beyond."""
    begins = [0, *(place + 1 for place, byte in enumerate(text) if byte == ord("\n"))]
    whole = list(lines_from(BytesIO(text).readline))
    for span in range(len(text) + 3):
        stream = BytesIO(text)
        inside = [line for begin, line in zip(begins, whole, strict=False) if begin < span]
        assert list(lines_from(stream.readline, span)) == inside
        assert stream.tell() <= span + 6
