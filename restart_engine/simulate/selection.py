"""What a failure may strike: which steps, and in which hours of the day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_text
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.server.world import first_miss
from restart_engine.simulate.times import DAY, within


@final
@frozen
class Hours(Sealed):
    """A part of the day in seconds since midnight, over midnight where it ends earlier than it begins."""

    begins: float
    ends: float

    def __attrs_post_init__(self) -> None:
        for name, value in (("from", self.begins), ("to", self.ends)):
            if type(value) is not float or not 0 <= value < DAY:
                raise InvalidValue(name, value, "seconds of a day")
        if self.begins == self.ends:
            raise InvalidValue("to", self.ends, "another time than `from`")

    def hold(self, now: float) -> bool:
        """Whether it is then."""
        return within(now, self.begins, self.ends)


@final
@frozen(kw_only=True)
class Where(Sealed):
    """Which steps: those of this schema, this group, this name; what is none selects all."""

    schema: str | None = None
    sequence: int | None = None
    step: Step | None = None

    def __attrs_post_init__(self) -> None:
        if self.schema is not None:
            check_text("schema", self.schema)
        if self.sequence is not None:
            check_integer("sequence", self.sequence, minimum=1)
        if self.step is not None:
            check_kind("step", self.step, Step)

    def selects(self, sequence: int, step: Step) -> bool:
        """Whether the step of this group is meant."""
        return self.misses([(sequence, step)]) is None

    def misses(self, places: Iterable[tuple[int, Step]]) -> str | None:
        """The first member that leaves none of these places, as the file names it; none where one is left."""
        where = {"schema": self.schema, "sequence": self.sequence, "step": self.step}
        return first_miss(where, [(step.schema, sequence, step) for sequence, step in places])
