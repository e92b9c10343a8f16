"""What a person can mend: the errors that a command tells in one line."""

from __future__ import annotations

from typing import Final

from restart_engine.server.database import BadUrl, Unavailable
from restart_engine.server.migration import UnusableDatabase
from restart_engine.server.tokens import UnsafeKeyFile, WeakKey
from restart_engine.server.world_load import WorldConflict
from restart_engine.wire import WireError


class CannotListen(Exception):
    """The address is another's, or none of this machine; `why` is what the system says of it."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(address, why)
        self.address = address
        self.why = why

    def __str__(self) -> str:
        return f"cannot listen at {self.address}: {self.why[:1].lower()}{self.why[1:]}"


class CannotStart(Exception):
    """A process of the server ended before it could answer."""

    def __str__(self) -> str:
        return "the server did not start; its log says why"


TOLD: Final = (
    BadUrl,
    CannotListen,
    CannotStart,
    Unavailable,
    UnsafeKeyFile,
    UnusableDatabase,
    WeakKey,
    WireError,
    WorldConflict,
)
"""Each says on one line what is wrong, and holds no secret."""
