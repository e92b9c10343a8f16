"""How a server is set up: one value, checked where it is made."""

from __future__ import annotations

from math import isfinite
from types import NoneType
from typing import final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_kind
from restart_engine.core.errors import InvalidValue
from restart_engine.server.limits import Limits
from restart_engine.server.tokens import SigningKey


@final
@frozen(kw_only=True)
class Settings(Sealed):
    """What a server needs to know before it starts. It has no key of its own: one is always given."""

    database: str = field(repr=False)
    """A URL; it may hold a password, and so is never shown."""
    key: SigningKey
    """Signs and checks tokens."""
    speed: float | None = 1.0
    """Simulated seconds a second for the loader that pretends; none where time is moved by hand."""
    control: bool = False
    """Whether the control API is there."""
    dead_after: float = 10.0
    """Seconds without a sign of life after which a process is held to be dead."""
    limits: Limits = field(factory=Limits)

    def __attrs_post_init__(self) -> None:
        check_kind("database", self.database, str)
        check_kind("key", self.key, SigningKey)
        check_kind("speed", self.speed, float, int, NoneType)
        if self.speed is not None and not (self.speed > 0 and isfinite(self.speed)):
            raise InvalidValue("speed", self.speed, "simulated seconds a second, more than 0")
        check_kind("control", self.control, bool)
        check_kind("dead_after", self.dead_after, float, int)
        if not (self.dead_after >= 2 and isfinite(self.dead_after)):  # noqa: PLR2004  # two beats of a second
            raise InvalidValue("dead_after", self.dead_after, "2 seconds or more")
        check_kind("limits", self.limits, Limits)
