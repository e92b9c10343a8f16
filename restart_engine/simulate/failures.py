"""What fails: attempts each on their own, a source that is down, and what stays broken until it is mended.

What they do to an attempt is worked out in `fates.py`.
"""

from __future__ import annotations

from types import NoneType
from typing import Final, Literal, TypeAlias, final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_kind, check_text, check_tuple
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.progress import OVER
from restart_engine.core.status import Status, check_status
from restart_engine.luck import Draw
from restart_engine.simulate.durations import DURATIONS, Duration
from restart_engine.simulate.selection import Hours, Where
from restart_engine.simulate.times import DAY, last_at, next_at

FAILING: Final = OVER - {Status.SUCCEEDED}


@final
@frozen(kw_only=True)
class Attempt(Sealed):
    """A step about to run: nothing is checked here, one is made for each."""

    sequence: int
    step: Step
    number: int
    """1 for the first time in this night that the step of this group runs."""
    began: float
    seconds: float
    """What it takes if nothing breaks it off."""


@final
@frozen(kw_only=True)
class Independent(Sealed):
    """A share of the attempts fails, each on its own; of some hours or some attempts only, where said."""

    name: str = "a step fails"
    where: Where = field(factory=Where)
    share: float
    takes: float = 0.5
    """The share of its time after which the step fails."""
    status: Status = Status.FAILED
    hours: Hours | None = None
    attempts: tuple[int, ...] | None = None

    def __attrs_post_init__(self) -> None:
        _check(self)
        _check_drawn(self)


@final
@frozen(kw_only=True)
class Outage(Sealed):
    """In a share of the nights a source is down for a while: what runs then fails."""

    name: str = "a source is down"
    where: Where
    share: float
    takes: float = 0.5
    status: Status = Status.FAILED
    begins: Hours
    """It begins at a moment of these hours, each as likely."""
    lasts: Duration

    def __attrs_post_init__(self) -> None:
        _check(self)
        check_kind("begins", self.begins, Hours)
        check_kind("lasts", self.lasts, *DURATIONS)

    def stretch(self, index: int, draw: Draw, start: float) -> tuple[float, float] | None:
        """From when to when it is down in this night, which starts then; none in most nights."""
        if draw("outage", index) >= self.share:
            return None
        # the hours in which the night starts have begun with it or before
        earliest = (last_at if self.begins.hold(start) else next_at)(start, self.begins.begins)
        began = earliest + draw("begins", index) * ((self.begins.ends - self.begins.begins) % DAY)
        lasts = self.lasts.at(draw("lasts", index))
        if began + lasts <= start:  # over before the night begins: it is the night's end that is meant
            began += DAY
        return began, began + lasts


@final
@frozen(kw_only=True)
class Persistent(Sealed):
    """A share of the attempts breaks the step, or its whole schema, until somebody mends it."""

    name: str = "a step is broken"
    where: Where = field(factory=Where)
    share: float
    takes: float = 0.5
    status: Status = Status.FAILED
    breaks: Literal["step", "schema"] = "step"
    hours: Hours | None = None
    attempts: tuple[int, ...] | None = None
    mended_after: float | None = None
    """Seconds after it broke; else `mended_at`, the next time that it is so late, in seconds of the day."""
    mended_at: float | None = None

    def __attrs_post_init__(self) -> None:
        _check(self)
        _check_drawn(self)
        if self.breaks not in ("step", "schema"):
            raise InvalidValue("breaks", self.breaks, "step or schema")
        if (self.mended_after is None) == (self.mended_at is None):
            accepted = "a time of the day, where `mendedAfterMinutes` is none, and none where it is given"
            raise InvalidValue("mendedAt", self.mended_at, accepted)

    def key(self, index: int, attempt: Attempt) -> tuple[str | int, ...]:
        """What is broken."""
        step = attempt.step
        return (index, step.schema) if self.breaks == "schema" else (index, attempt.sequence, str(step))

    def mended(self, broke: float) -> float:
        """When what broke then is mended."""
        if self.mended_after is not None:
            return broke + self.mended_after
        assert self.mended_at is not None
        return next_at(broke, self.mended_at)


Failure: TypeAlias = Independent | Outage | Persistent
FAILURES: Final[tuple[type, ...]] = (Independent, Outage, Persistent)


def strikes(failure: Independent | Persistent, attempt: Attempt, index: int, draw: Draw) -> bool:
    """Whether the attempt is one of its share; `index` is the failure's place among all."""
    if failure.attempts is not None and attempt.number not in failure.attempts:
        return False
    if failure.hours is not None and not failure.hours.hold(attempt.began):
        return False
    return draw("fails", index, attempt.sequence, str(attempt.step), attempt.number) < failure.share


def _check(failure: Failure) -> None:
    check_text("name", failure.name)
    check_kind("where", failure.where, Where)
    for name, value in (("share", failure.share), ("takes", failure.takes)):
        if type(value) is not float or not 0 <= value <= 1:
            raise InvalidValue(name, value, "a number from 0 to 1")
    check_status("status", failure.status, FAILING)


def _check_drawn(failure: Independent | Persistent) -> None:
    check_kind("hours", failure.hours, Hours, NoneType)
    if failure.attempts is not None:
        check_tuple("attempts", failure.attempts, int)
