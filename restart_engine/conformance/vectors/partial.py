"""Sets of profiles as the smallest list of partial ones: objects with the freedoms that matter alone."""

from __future__ import annotations

from functools import cache
from itertools import combinations, product
from typing import Final, TypeAlias

from restart_engine.conformance.profile import FREEDOMS, STATELESS, Profile, members

Partial: TypeAlias = dict[str, bool]
_NAMES: Final = tuple(freedom.member for freedom in FREEDOMS if freedom.stateless)
_TERMS: Final = tuple(
    {name: value for name, value in zip(_NAMES, values, strict=True) if value is not None}
    for values in product((True, False, None), repeat=len(_NAMES))
)
"""Every partial profile."""


def expanded(partial: Partial) -> frozenset[Profile]:
    """The profiles, of those that single answers can tell apart, which have these values."""
    return frozenset(profile for profile in STATELESS if partial.items() <= members(profile).items())


@cache
def smallest(profiles: frozenset[Profile]) -> tuple[Partial, ...]:
    """The fewest partial profiles, and of those the shortest, that stand for exactly these."""
    within = {term: _EXPANDED[term] for term in range(len(_TERMS)) if _EXPANDED[term] <= profiles}
    largest = [
        term for term, these in within.items() if not any(these < others for others in within.values())
    ]
    for count in range(1, len(largest) + 1):
        covering = [
            chosen
            for chosen in combinations(largest, count)
            if profiles == frozenset[Profile]().union(*(within[term] for term in chosen))
        ]
        if covering:
            fewest = min(covering, key=lambda chosen: sum(len(_TERMS[term]) for term in chosen))
            return tuple(dict(_TERMS[term]) for term in fewest)
    raise AssertionError("a set without a profile has no list")


_EXPANDED: Final = tuple(map(expanded, _TERMS))
