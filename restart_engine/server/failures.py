"""Failures that are pretended: which attempts at which steps do not succeed.

What becomes of an attempt is drawn from a seed and from what the attempt is of, and from nothing else: it
is the same on every machine, in any order, as often as it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, final

from attrs import frozen

from restart_engine.core.checks import (
    Sealed,
    check_integer,
    check_kind,
    check_text,
    check_tuple,
    check_unique,
)
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.progress import OVER
from restart_engine.core.status import Status, check_status
from restart_engine.luck import drawn

_MAY_BE: Final = OVER - {Status.SUCCEEDED}


class Place(NamedTuple):
    """Where a step stands."""

    load_plan: str
    sequence: int
    step: Step


@final
@frozen(kw_only=True)
class Failure(Sealed):
    """Attempts that fail: of the steps that it selects, those listed or a share of all.

    What is none selects every step. Errors name the fields as a world file does.
    """

    load_plan: str | None = None
    sequence: int | None = None
    schema: str | None = None
    step: Step | None = None
    attempts: tuple[int, ...] | None = None
    """The first is 1: the first time that the step of this plan's group is begun by a server."""
    share: float | None = None
    """From 0, none of the attempts, to 1, all of them; given where no attempts are."""
    seed: int = 0
    status: Status = Status.FAILED

    def __attrs_post_init__(self) -> None:
        for name, text in (("loadPlan", self.load_plan), ("schema", self.schema)):
            if text is not None:
                check_text(name, text)
        if self.sequence is not None:
            check_integer("sequence", self.sequence, minimum=1)
        if self.step is not None:
            check_kind("step", self.step, Step)
        check_integer("seed", self.seed)
        check_status("status", self.status, _MAY_BE)
        if (self.attempts is None) == (self.share is None):
            accepted = "a share where no attempts are listed, and none where they are"
            raise InvalidValue("share", self.share, accepted)
        if self.share is not None:
            check_number("share", self.share, most=1)
        if self.attempts is not None:
            check_tuple("attempts", self.attempts, int)
            for index, attempt in enumerate(self.attempts):
                check_integer(f"attempts[{index}]", attempt, minimum=1)
            check_unique("attempts", self.attempts)
            if self.seed:
                raise InvalidValue("seed", self.seed, "none where attempts are listed")

    def selects(self, place: Place) -> bool:
        """Whether the step at this place is one of those meant."""
        return (
            self.load_plan in (None, place.load_plan)
            and self.sequence in (None, place.sequence)
            and self.schema in (None, place.step.schema)
            and self.step in (None, place.step)
        )

    def hits(self, place: Place, attempt: int) -> bool:
        """Whether this attempt at a step that it selects fails."""
        if self.attempts is not None:
            return attempt in self.attempts
        assert self.share is not None
        return drawn(self.seed, place.load_plan, place.sequence, str(place.step), attempt) < self.share

    def misses(self, places: Iterable[Place]) -> str | None:
        """The first member that leaves no step of these, as a world file names it; none where one is left."""
        left = [(place.load_plan, place.sequence, place.step.schema, place.step) for place in places]
        for index, wanted in enumerate((self.load_plan, self.sequence, self.schema, self.step)):
            if wanted is not None:
                left = [of_place for of_place in left if of_place[index] == wanted]
                if not left:
                    return ("loadPlan", "sequence", "schema", "step")[index]
        return None


def check_number(field: str, value: object, *, most: int) -> None:
    """A float from 0 to `most`."""
    if type(value) is not float or not 0 <= value <= most:
        raise InvalidValue(field, value, f"a number from 0 to {most}")
