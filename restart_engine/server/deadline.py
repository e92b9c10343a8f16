"""A call's deadline: it commits before, or its answer is 503 and it changes nothing any more."""

from __future__ import annotations

import time
from contextvars import ContextVar
from threading import Lock
from typing import Final


class Deadline:
    """Of one call. Either its thread commits or its answer is 503: the first keeps the other from it."""

    def __init__(self, seconds: float) -> None:
        self._at: Final = time.monotonic() + seconds
        self._lock: Final = Lock()
        self._commits = False
        self._given_up = False

    @property
    def left(self) -> float:
        """Seconds until it, 0 from then on."""
        return max(0.0, self._at - time.monotonic())

    def may_commit(self) -> bool:
        """Whether the call may commit a change now; once it may, it is no longer given up."""
        with self._lock:
            may = self.left > 0 and not self._given_up
            self._commits = self._commits or may
            return may

    def give_up(self) -> bool:
        """Whether the call is given up, and commits nothing any more; not so where it commits or has."""
        with self._lock:
            self._given_up = not self._commits
            return self._given_up


current_deadline: Final[ContextVar[Deadline | None]] = ContextVar("deadline", default=None)
"""That of the call that is answered here; none for what a server does by itself."""
