"""The verdict on a subject, and what it rests on."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, final

from attrs import frozen

from restart_engine.conformance.judge import Fault, Signature
from restart_engine.conformance.profile import Profile
from restart_engine.conformance.situations import EVERY
from restart_engine.core.checks import Sealed

Verdict: TypeAlias = Literal["conforms", "does not conform", "could not be judged"]
State: TypeAlias = Literal["holds", "broken", "not exercised"]
EXIT_STATUS: Final[dict[Verdict, int]] = {"conforms": 0, "does not conform": 1, "could not be judged": 2}


def counted_faults(count: int) -> str:
    """`1 fault`, `2 faults`."""
    return f"{count} fault{'' if count == 1 else 's'}"


def verdict_on(*, faulty: bool, fell_short: bool) -> Verdict:
    """A fault is a fault however the run ended; without one, a run that fell short is no verdict."""
    if faulty:
        return "does not conform"
    return "could not be judged" if fell_short else "conforms"


@final
@frozen(kw_only=True)
class Report(Sealed):
    """What a run of the kit found."""

    subject: str
    """What was asked, as it was named."""
    version: str
    """The kit's."""
    seed: int
    asked: int
    """The scenarios that were asked and answered."""
    coverage: tuple[tuple[str, int], ...]
    """For each rule, consequence, pair and freedom how many of these depended on it."""
    faults: tuple[Fault, ...]
    """Each in the smallest scenario that showed it."""
    seen: tuple[tuple[Signature, int], ...]
    """How often each fault showed, in the faults' order."""
    profiles: frozenset[Profile]
    """Those that explain every answer which is no fault."""
    failure: str | None
    """Why the run ended before its end, in one line; none where it did not."""
    replayed: bool = False
    """Whether only the scenarios of an earlier report were asked; then it is their faults that are judged."""

    @property
    def not_exercised(self) -> tuple[str, ...]:
        """What no scenario depended on, though it should have."""
        if self.replayed:
            return ()
        counts = dict(self.coverage)
        return tuple(name for name in EVERY if not counts.get(name))

    @property
    def verdict(self) -> Verdict:
        """What the faults and the way the run ended come to."""
        fell_short = self.failure is not None or bool(self.not_exercised)
        return verdict_on(faulty=bool(self.faults), fell_short=fell_short)

    @property
    def conforms(self) -> bool:
        """Whether the verdict is that it does."""
        return self.verdict == "conforms"

    def state(self, rule: str) -> State:
        """What the run says of one rule or consequence."""
        if any(fault.rule == rule for fault in self.faults):
            return "broken"
        return "holds" if dict(self.coverage).get(rule) else "not exercised"
