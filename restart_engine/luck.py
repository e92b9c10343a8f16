"""Chance: a number drawn from what it is drawn for, and from nothing else.

So it is the same on every machine, in any order, as often as it is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeAlias

Draw: TypeAlias = Callable[..., float]
"""Such as `drawn`, with some of what it is drawn for given already."""
_BITS: Final = 52
"""One fewer than a float holds exactly, as half a step is added."""
_TEXT: Final = json.JSONEncoder(separators=(",", ":"))


def drawn(*what: str | int) -> float:
    """A number between 0 and 1, neither of them included: SHA-256 over the JSON array of what it is for."""
    digest = sha256(_TEXT.encode(what).encode()).digest()
    return ((int.from_bytes(digest[:8]) >> (64 - _BITS)) + 0.5) / 2.0**_BITS
