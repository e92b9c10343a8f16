"""Chance: a number drawn from the seed and from what it is drawn for, and from nothing else.

So what becomes of an attempt is the same for every policy, in any order and on any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeAlias

Draw: TypeAlias = Callable[..., float]
"""From what it is drawn for, texts and integers, to a number between 0 and 1, neither of them included."""
_BITS: Final = 52


def luck(seed: int, night: int) -> Draw:
    """What is drawn in this night, which counts from 1; a number drawn before is not worked out again."""
    drawn: dict[tuple[str | int, ...], float] = {}

    def draw(*what: str | int) -> float:
        number = drawn.get(what)
        if number is None:
            digest = sha256(repr((seed, night, *what)).encode()).digest()
            number = ((int.from_bytes(digest[:8]) >> (64 - _BITS)) + 0.5) / 2.0**_BITS
            drawn[what] = number
        return number

    return draw
