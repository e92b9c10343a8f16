"""Policies: whether, when and how a failed run is restarted."""

from __future__ import annotations

from functools import partial
from typing import Final, Literal, Protocol, TypeAlias, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_text, check_tuple
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.request import START_OVER, RestartRequest
from restart_engine.simulate.durations import check_seconds
from restart_engine.simulate.times import DAY, next_at

RestartFrom: TypeAlias = Literal["beginning", "failedGroup", "failedSteps"]
RESTARTS_FROM: Final[tuple[RestartFrom, ...]] = get_args(RestartFrom)


@final
@frozen
class Restart(Sealed):
    """What a policy does after a run that failed."""

    at: float
    """When: seconds since the midnight before the night's start; now, or later."""
    request: RestartRequest


class Policy(Protocol):
    """What decides, for a night to be simulated, whether a failed run is restarted; it keeps no state.

    Whether the restart is accepted, and what it runs, the engine says.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def restart(self, latest: Execution, ended: float, restarts: int, /) -> Restart | None:
        """What to do about this run that ended then, after so many restarts; none gives the night up."""
        ...


def request_from(start: RestartFrom, latest: Execution) -> RestartRequest:
    """The request that restarts this failed run from there."""
    if start == "failedSteps":
        return RestartRequest(0, execution_id=latest.id)
    if start == "failedGroup" and latest.failed:
        return RestartRequest(latest.failed[0])
    return START_OVER


def _next_look(ended: float, time: float) -> float:
    """Who has looked at a time and restarted looks again at the next one, however soon that run failed."""
    at = next_at(ended, time)
    return at if at > ended else at + DAY


@final
@frozen(kw_only=True)
class StatedPolicy(Sealed):
    """The policy that a simulation file states."""

    name: str
    restart_from: RestartFrom
    waits: tuple[float, ...] = ()
    """Seconds before the first automatic restart, the second and so on; the last repeats."""
    most: int | None = None
    """The most automatic restarts; none where they have no limit."""
    by_hand_at: tuple[float, ...] = ()
    """The times of the day, in seconds, at which somebody looks, and restarts what is left to them."""

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name)
        if self.restart_from not in RESTARTS_FROM:
            raise InvalidValue("from", self.restart_from, f"one of {', '.join(RESTARTS_FROM)}")
        for name, times in (("afterMinutes", self.waits), ("byHandAt", self.by_hand_at)):
            check_tuple(name, times, float)
            for index, seconds in enumerate(times):
                check_seconds(f"{name}[{index}]", seconds)
        if self.most is not None:
            check_integer("restarts", self.most, minimum=0)
        if not self.waits and not self.by_hand_at:
            raise InvalidValue("afterMinutes", list(self.waits), "at least one wait, where nobody looks")
        if not self.waits and self.most is not None:
            raise InvalidValue("restarts", self.most, "none where nothing restarts by itself")
        if self.waits and self.by_hand_at and self.most is None:
            accepted = "a limit, where somebody looks at what is restarted by itself"
            raise InvalidValue("restarts", self.most, accepted)

    def restart(self, latest: Execution, ended: float, restarts: int, /) -> Restart | None:
        """By itself as long as it may, and then when somebody looks next."""
        if self.waits and (self.most is None or restarts < self.most):
            at = ended + self.waits[min(restarts, len(self.waits) - 1)]
        elif self.by_hand_at:
            at = min(map(partial(_next_look, ended), self.by_hand_at))
        else:
            return None
        return Restart(at, request_from(self.restart_from, latest))
