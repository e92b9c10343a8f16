"""A cache of what was made from a part of an input, for the next input that has that very part."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

MAX_CACHED_BYTES: Final = 8 * 1024 * 1024
"""Of text: thousands of plans. What is made of it takes several times that."""
_Part = TypeVar("_Part", bound=Hashable)
_Value = TypeVar("_Value")


class BoundedCache(Generic[_Part, _Value]):
    """Values by the parts that they are made from; the oldest go when the parts are too large together."""

    def __init__(
        self, make: Callable[[_Part], _Value], size: Callable[[_Part], int], limit: int = MAX_CACHED_BYTES
    ) -> None:
        """`make` gives the value of a part, or raises; `limit` is the size of all parts together."""
        self._make = make
        self._size = size
        self._limit = limit
        self._values: dict[_Part, _Value] = {}
        self._total = 0

    def get(self, part: _Part) -> _Value:
        """The value of this part, made when it is first asked for; raises as making it does."""
        value = self._values.get(part)
        if value is None:
            value = self._make(part)
            self._add(part, value)
        return value

    def _add(self, part: _Part, value: _Value) -> None:
        self._total += self._size(part)
        self._values[part] = value
        while self._total > self._limit:
            oldest = next(iter(self._values))
            del self._values[oldest]
            self._total -= self._size(oldest)
