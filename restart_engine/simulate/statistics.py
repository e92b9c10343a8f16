"""Estimates with their intervals: each holds the truth in 19 of 20 simulations.

Shares have Wilson's interval, their differences between paired nights that of Bonett and Price; means the
normal one; quantiles one between two of the values, whatever their distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, sqrt
from statistics import NormalDist
from typing import Final, final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from restart_engine.core.checks import Sealed

CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
_LEAST: Final = 2
"""Values that a mean's interval is worked out from."""

Numbers = NDArray[np.float64]


@final
@frozen
class Estimate(Sealed):
    """A value, and the interval around it; `inf` where more nights are given up than it leaves out."""

    value: float
    low: float
    high: float


def share(successes: int, nights: int) -> Estimate:
    """The share of the nights, with Wilson's interval."""
    if not nights:
        return Estimate(0.0, 0.0, 1.0)
    found, z2 = successes / nights, _Z**2
    middle = (found + z2 / (2 * nights)) / (1 + z2 / nights)
    half = _Z / (1 + z2 / nights) * sqrt(found * (1 - found) / nights + z2 / (4 * nights**2))
    return Estimate(found, max(0.0, middle - half), min(1.0, middle + half))


def mean(values: Numbers) -> Estimate | None:
    """The mean; none of no value."""
    if not len(values):
        return None
    found = float(np.mean(values))
    if len(values) < _LEAST:
        return Estimate(found, -inf, inf)
    half = _Z * float(np.std(values, ddof=1)) / sqrt(len(values))
    return Estimate(found, found - half, found + half)


def quantile(values: Numbers, at: float) -> Estimate:
    """The value that so large a share of all is at or under, between two others where there are so many."""
    ascending = np.sort(values)
    count = len(ascending)
    half = _Z * sqrt(count * at * (1 - at))
    places = (ceil(count * at), round(count * at - half), round(count * at + half + 1))
    found, low, high = (float(ascending[place - 1]) if 1 <= place <= count else None for place in places)
    assert found is not None
    return Estimate(found, -inf if low is None else low, inf if high is None else high)


def difference_of_shares(of: Sequence[bool], against: Sequence[bool]) -> Estimate:
    """By how much more of the nights it is so under one policy than, in the same nights, under another."""
    nights = len(of)
    gained = sum(a and not b for a, b in zip(of, against, strict=True))
    lost = sum(b and not a for a, b in zip(of, against, strict=True))
    up, down = (gained + 1) / (nights + 2), (lost + 1) / (nights + 2)
    half = _Z * sqrt((up + down - (up - down) ** 2) / (nights + 2))
    found = (gained - lost) / nights
    return Estimate(found, max(-1.0, up - down - half), min(1.0, up - down + half))
