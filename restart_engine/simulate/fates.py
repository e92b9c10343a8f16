"""What becomes of each attempt of a night: how long it runs, and what breaks it off."""

from __future__ import annotations

from collections import defaultdict
from typing import assert_never, final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.luck import Draw
from restart_engine.simulate.failures import Attempt, Failure, Independent, Outage, Persistent, strikes
from restart_engine.simulate.simulation import Simulation


@final
@frozen(kw_only=True)
class Fate(Sealed):
    """What becomes of an attempt."""

    attempt: int
    seconds: float
    status: Status
    failure: int | None
    """The place in the simulation's failures of the one that broke it off; none where it succeeds."""


class Fates:
    """The fates of one night under one policy.

    What is drawn is the same under every policy; when an attempt is made is not, and so neither is whether
    it meets an outage or something broken.
    """

    def __init__(self, simulation: Simulation, draw: Draw) -> None:
        self._simulation = simulation
        self._draw = draw
        self._attempts: defaultdict[tuple[int, Step], int] = defaultdict(int)
        self._broken: defaultdict[tuple[str | int, ...], list[tuple[float, float]]] = defaultdict(list)
        self.down = {
            index: stretch
            for index, failure in enumerate(simulation.failures)
            if isinstance(failure, Outage)
            and (stretch := failure.stretch(index, draw, simulation.start)) is not None
        }
        """The outages of this night by their places among the failures: from when to when."""

    def of(self, sequence: int, step: Step, now: float) -> Fate:
        """What becomes of the step that begins now."""
        self._attempts[sequence, step] += 1
        number = self._attempts[sequence, step]
        share = self._draw("seconds", sequence, str(step), number)
        seconds = self._simulation.duration(step).at(share)
        attempt = Attempt(sequence=sequence, step=step, number=number, began=now, seconds=seconds)
        hit: tuple[float, int, Failure] | None = None
        for index, failure in self._simulation.failing(sequence, step):
            moment = self._breaks_off(attempt, index, failure)
            if moment is not None and (hit is None or _comes_before(moment, failure, hit)):
                hit = (moment, index, failure)
        if hit is None:
            return Fate(attempt=number, seconds=seconds, status=Status.SUCCEEDED, failure=None)
        moment, index, failure = hit
        if isinstance(failure, Persistent) and not self._is_broken(failure.key(index, attempt), now):
            self._broken[failure.key(index, attempt)].append((moment, failure.mended(moment)))
        return Fate(attempt=number, seconds=moment - now, status=failure.status, failure=index)

    def _breaks_off(self, attempt: Attempt, index: int, failure: Failure) -> float | None:
        """When the failure breaks the attempt off; none where it does not."""
        match failure:
            case Independent():
                hits = strikes(failure, attempt, index, self._draw)
            case Persistent():
                hits = self._is_broken(failure.key(index, attempt), attempt.began) or strikes(
                    failure, attempt, index, self._draw
                )
            case Outage():
                began, ended = self.down.get(index, (attempt.began, attempt.began))
                if attempt.began < began < attempt.began + attempt.seconds:
                    return began
                hits = began <= attempt.began < ended
            case _:
                assert_never(failure)
        return attempt.began + failure.takes * attempt.seconds if hits else None

    def _is_broken(self, key: tuple[str | int, ...], now: float) -> bool:
        return any(broke <= now < mended for broke, mended in self._broken.get(key, ()))


def _comes_before(moment: float, failure: Failure, hit: tuple[float, int, Failure]) -> bool:
    """Whether this breaks an attempt off, and not the other; of two at once the one that stays."""
    at, _, other = hit
    stays = isinstance(failure, Persistent) and not isinstance(other, Persistent)
    return moment < at or (moment == at and stays)
