"""The freedoms that the rules leave, and a profile: one value for each (docs/rules.md, Latitude).

An implementation may differ from this engine where the source is silent, but not from itself: it conforms
when one profile explains all its answers.
"""

from __future__ import annotations

from itertools import product
from typing import Final, final

from attrs import asdict, evolve, frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.errors import InvalidValue


@final
@frozen(kw_only=True)
class Profile(Sealed):
    """One way to use every freedom. As it is made without arguments it is this engine's own."""

    interrupted_fails: bool = True
    """A group that is Interrupted counts as failed."""
    finished_with_errors_fails: bool = True
    """A group that is Finished With Errors counts as failed."""
    zero_is_no_id: bool = False
    """The execution id 0 means that none is given."""
    history_of_any_start: bool = False
    """R5 holds for every start group without step history, not only for one that failed."""
    records_skipped: bool = True
    """A restart's execution records the steps that it skips as Skipped; else as Succeeded."""

    def __attrs_post_init__(self) -> None:
        for name, value in asdict(self).items():
            if type(value) is not bool:
                raise InvalidValue(name, value, "true or false")


@final
@frozen
class Freedom(Sealed):
    """A freedom: the profile's field, and what each value of it means."""

    name: str
    """The field of `Profile`."""
    member: str
    """The same in JSON."""
    when: tuple[str, str]
    """What an implementation does where the value is false, and where it is true."""
    stateless: bool = True
    """Whether a single answer can show it; else only a chain of executions does."""


FREEDOMS: Final = (
    Freedom(
        "interrupted_fails",
        "interruptedFails",
        ("an Interrupted group does not count as failed", "an Interrupted group counts as failed"),
    ),
    Freedom(
        "finished_with_errors_fails",
        "finishedWithErrorsFails",
        (
            "a group Finished With Errors does not count as failed",
            "a group Finished With Errors counts as failed",
        ),
    ),
    Freedom(
        "zero_is_no_id",
        "zeroIsNoId",
        ("the execution id 0 is an id like others", "the execution id 0 means that none is given"),
    ),
    Freedom(
        "history_of_any_start",
        "historyOfAnyStart",
        (
            "only a start group that failed needs its step history",
            "every start group that was reached needs its step history",
        ),
    ),
    Freedom(
        "records_skipped",
        "recordsSkipped",
        ("skipped steps are recorded as Succeeded", "skipped steps are recorded as Skipped"),
        stateless=False,
    ),
)
OURS: Final = Profile()
STATELESS: Final = tuple(
    Profile(
        interrupted_fails=interrupted,
        finished_with_errors_fails=with_errors,
        zero_is_no_id=zero,
        history_of_any_start=history,
    )
    for zero, history, interrupted, with_errors in product(
        (False, True), (False, True), (True, False), (True, False)
    )
)
"""Every profile that single answers can tell apart; ours first."""
PROFILES: Final = (*STATELESS, *(evolve(profile, records_skipped=False) for profile in STATELESS))
"""All of them."""


def members(profile: Profile) -> dict[str, bool]:
    """The profile as the members of a JSON object."""
    return {freedom.member: getattr(profile, freedom.name) for freedom in FREEDOMS}


def told_apart(profiles: frozenset[Profile]) -> dict[Freedom, frozenset[bool]]:
    """For each freedom the values that these profiles have."""
    return {
        freedom: frozenset(getattr(profile, freedom.name) for profile in profiles) for freedom in FREEDOMS
    }
