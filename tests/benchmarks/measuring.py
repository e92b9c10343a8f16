"""Measuring side by side: what is compared takes turns, so that what disturbs one disturbs all.

A time alone says little on a machine that other work shares. So each round times every action once, a
ratio is made within a round, and what is reported is the middle of the rounds with their middle half.
Times are the processor's, which this process alone is charged for. Python's collector runs as it does in a
program; what stands already is out of its way.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from time import process_time
from timeit import Timer
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

Action: TypeAlias = Callable[[], object]


@frozen(kw_only=True)
class Effort:
    """How thoroughly is measured."""

    quick: bool
    """Whether everything is small, and only has to run."""
    rounds: int
    """How often each action has its turn."""
    seconds: float
    """For one turn, at least; an action that takes longer is called once."""


THOROUGH: Final = Effort(quick=False, rounds=9, seconds=0.01)
QUICK: Final = Effort(quick=True, rounds=3, seconds=0.001)


@frozen
class Spread:
    """The middle of some figures, and where their middle half lies."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Of one figure or more."""
        if len(figures) == 1:
            return cls(figures[0], figures[0], figures[0])
        low, middle, high = quantiles(figures, n=4, method="inclusive")
        return cls(middle, low, high)


@frozen
class Times:
    """Seconds that one call of an action took, or one row of a file, round by round."""

    seconds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """Seconds of a call in the middle round."""
        return median(self.seconds)

    def to(self, unit: Times) -> Spread:
        """How many times the unit's, in the same round each."""
        return Spread.of([mine / its for mine, its in zip(self.seconds, unit.seconds, strict=True)])


@frozen
class Five:
    """An object of five fields: the unit of what is too small for any other."""

    a: int
    b: int
    c: int
    d: int
    e: int


def unit() -> Five:
    """Make one frozen, slotted attrs object of five fields."""
    return Five(1, 2, 3, 4, 5)


def fixed_work() -> None:
    """The same work always: what differs in its time is the machine's doing."""
    for _ in range(10_000):
        Five(1, 2, 3, 4, 5)


@frozen
class Measurer:
    """Times actions, and keeps every time for whoever wants to look closer."""

    effort: Effort
    kept: dict[str, list[Times]] = field(factory=dict, init=False)
    """By the names that were given."""
    of_fixed_work: list[float] = field(factory=list, init=False)
    """Seconds of the same work, timed in each round of everything."""

    def take_turns(self, title: str, actions: Mapping[str, Action]) -> dict[str, Times]:
        """The times of these actions, each timed once a round; the first in a round is another each time."""
        with _out_of_the_collectors_way():
            names = list(actions)
            loops = {name: self._loops(action) for name, action in actions.items()}
            seconds: dict[str, list[float]] = {name: [] for name in names}
            for number in range(self.effort.rounds):
                self.time_fixed_work()
                first = number % len(names)
                for name in names[first:] + names[:first]:
                    seconds[name].append(_timed(actions[name], loops[name]))
        found = {name: Times(tuple(each)) for name, each in seconds.items()}
        for name, times in found.items():
            self.keep(f"{title}: {name}", times)
        return found

    def time_fixed_work(self) -> None:
        """How fast the machine is just now."""
        self.of_fixed_work.append(_timed(fixed_work, 1))

    def keep(self, name: str, times: Times) -> None:
        """Keep times that were taken elsewhere, too."""
        self.kept.setdefault(name, []).append(times)

    def _loops(self, action: Action) -> int:
        action()  # what only the first call does is not what is measured
        loops, seconds = 1, _timed(action, 1)
        while seconds * loops < self.effort.seconds:
            loops = max(2 * loops, int(self.effort.seconds / seconds))
            seconds = _timed(action, loops)
        return loops


def _timed(action: Action, loops: int) -> float:
    """Seconds of one call, of so many."""
    gc.collect()
    return Timer(action, setup=gc.enable, timer=process_time).timeit(loops) / loops


@contextmanager
def _out_of_the_collectors_way() -> Generator[None]:
    """What stands now is not looked at by the collector until the end."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
