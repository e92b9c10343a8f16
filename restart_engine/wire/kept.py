"""What was made from a part of an input, kept for the next input that has that very part."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

KEPT_BYTES: Final = 8 * 1024 * 1024
"""Of text, at the most: thousands of plans. What is made of it takes several times that."""
_Part = TypeVar("_Part", bound=Hashable)
_Value = TypeVar("_Value")


class Kept(Generic[_Part, _Value]):
    """Values by the parts that they are made from; the oldest go when the parts are too much together."""

    def __init__(
        self, make: Callable[[_Part], _Value], size: Callable[[_Part], int], most: int = KEPT_BYTES
    ) -> None:
        """`make` gives the value of a part, or raises; `most` is the size of all parts together."""
        self._make = make
        self._size = size
        self._most = most
        self._values: dict[_Part, _Value] = {}
        self._sizes = 0

    def of(self, part: _Part) -> _Value:
        """The value of this part, made when it is first asked for; raises as making it does."""
        value = self._values.get(part)
        if value is None:
            value = self._make(part)
            self._keep(part, value)
        return value

    def _keep(self, part: _Part, value: _Value) -> None:
        self._sizes += self._size(part)
        self._values[part] = value
        while self._sizes > self._most:
            oldest = next(iter(self._values))
            del self._values[oldest]
            self._sizes -= self._size(oldest)
