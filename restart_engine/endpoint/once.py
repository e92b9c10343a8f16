"""A value that is found once for each object that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, final

_T = TypeVar("_T")


@final
class Once(Generic[_T]):
    """`functools.cached_property` without its lock.

    Before Python 3.12 that lock is one for all objects of the class, held while the value is found: where
    finding looks into a database, every call would wait for every other.
    """

    def __init__(self, find: Callable[[Any], _T]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __get__(self, asking: Any, _class: type) -> _T:
        value = self._find(asking)
        # found in the object itself from now on, before Python looks here
        asking.__dict__[self._find.__name__] = value
        return value
