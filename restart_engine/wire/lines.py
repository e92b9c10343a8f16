"""Scenarios one a line: where a line ends, and how much of one is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from restart_engine.strict_json import MAX_BYTES

_CHUNK: Final = 64 * 1024


def lines_from(readline: Callable[[int], bytes], span: int | None = None) -> Iterator[bytes]:
    """The lines of a stream, without their newlines; of one that is too long only as much as shows it.

    The rest of such a line is read, and forgotten, once it is answered. `readline` reads up to a newline, or
    so many bytes. With a `span` these are the lines that begin within so many bytes from here.
    """
    passed = 0
    while span is None or passed < span:
        line = readline(MAX_BYTES + 2)
        if not line:
            return
        yield line.removesuffix(b"\n")
        passed += len(line)
        while not line.endswith(b"\n") and (span is None or passed < span):
            line = readline(_CHUNK)
            if not line:
                return
            passed += len(line)
