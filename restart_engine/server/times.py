"""Time: the one clock of this room, and how the database writes what it says."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970 UTC, as the machine has them. They may jump, so only records and tokens use them."""
WALL: Final[Clock] = time.time


def text_of(seconds: float) -> str:
    """The time in ISO 8601, UTC, with milliseconds: `2026-11-24T21:05:00.250Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
