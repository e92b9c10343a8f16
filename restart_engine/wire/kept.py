"""What was read from a part of a text, kept for the next text that has that very part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

KEPT_BYTES: Final = 8 * 1024 * 1024
"""Of text, at the most: thousands of plans. What is made of it takes several times that."""
_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """Values by the text that they are read from; the oldest go when the texts become too long."""

    def __init__(self, read: Callable[[bytes], _Value], most: int = KEPT_BYTES) -> None:
        """`read` makes the value of a text, or raises; `most` are the bytes of text to keep."""
        self._read = read
        self._most = most
        self._values: dict[bytes, _Value] = {}
        self._bytes = 0

    def of(self, text: bytes) -> _Value:
        """The value of this text, made when it is first asked for; raises as making it does."""
        value = self._values.get(text)
        if value is None:
            value = self._read(text)
            self._keep(text, value)
        return value

    def _keep(self, text: bytes, value: _Value) -> None:
        self._bytes += len(text)
        self._values[text] = value
        while self._bytes > self._most:
            oldest = next(iter(self._values))
            del self._values[oldest]
            self._bytes -= len(oldest)
