"""What a step takes: a time drawn from what is said, or was seen, of it."""

from __future__ import annotations

from math import exp, isfinite
from statistics import NormalDist
from typing import Final, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_tuple
from restart_engine.core.errors import InvalidValue

_NORMAL: Final = NormalDist()


@final
@frozen
class Constant(Sealed):
    """Always the same time."""

    seconds: float

    def __attrs_post_init__(self) -> None:
        check_seconds("seconds", self.seconds)

    def at(self, _uniform: float, /) -> float:
        """The seconds."""
        return self.seconds


@final
@frozen
class Lognormal(Sealed):
    """Half of the times are under the median; two of three within a factor of `e` to the `spread` of it."""

    median: float
    spread: float

    def __attrs_post_init__(self) -> None:
        check_seconds("median", self.median)
        check_seconds("spread", self.spread)

    def at(self, uniform: float, /) -> float:
        """The seconds that so large a share of the times is under."""
        return self.median * exp(self.spread * _NORMAL.inv_cdf(uniform))


@final
@frozen
class Observed(Sealed):
    """One of these times, each as likely."""

    seconds: tuple[float, ...]

    def __attrs_post_init__(self) -> None:
        check_tuple("seconds", self.seconds, float)
        if not self.seconds:
            raise InvalidValue("seconds", self.seconds, "at least one")
        for index, seconds in enumerate(self.seconds):
            check_seconds(f"seconds[{index}]", seconds)
        object.__setattr__(self, "seconds", tuple(sorted(self.seconds)))

    def at(self, uniform: float, /) -> float:
        """The seconds that so large a share of the times is under."""
        return self.seconds[int(uniform * len(self.seconds))]


Duration: TypeAlias = Constant | Lognormal | Observed
DURATIONS: Final[tuple[type, ...]] = (Constant, Lognormal, Observed)


def check_seconds(field: str, value: object) -> None:
    """A float of 0 or more that ends."""
    if type(value) is not float or not isfinite(value) or value < 0:
        raise InvalidValue(field, value, "a number of 0 or more")
