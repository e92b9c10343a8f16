"""What a person can mend: the errors that a command tells in one line."""

from __future__ import annotations

from typing import Final

from restart_engine.server.database import BadUrl, Unavailable
from restart_engine.server.migration import ForeignDatabase
from restart_engine.server.tokens import UnsafeKeyFile, WeakKey
from restart_engine.server.world_load import WorldConflict
from restart_engine.wire import WireError

TOLD: Final = (BadUrl, ForeignDatabase, Unavailable, UnsafeKeyFile, WeakKey, WireError, WorldConflict)
"""Each says on one line what is wrong, and holds no secret."""
