"""Mutants that nothing can find, each with its reason."""

from __future__ import annotations

from typing import NamedTuple


class Equivalent(NamedTuple):
    """All mutants of this function that have this text in a changed line."""

    file: str
    function: str
    text: str
    why: str


EQUIVALENT: tuple[Equivalent, ...] = ()
