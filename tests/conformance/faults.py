"""Faulty decision engines, each wrong in one way in which people are, to prove that the kit finds it.

No fault is a freedom that docs/rules.md leaves (Latitude) and that is used alike throughout: whatever an
implementation chooses there, some answer of each fault remains wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType, new_class
from typing import Final

from attrs import frozen
from conformance import faults_groups, faults_requests, faults_steps
from conformance.faults_engine import Engine, Plain, Subject
from conformance.faults_groups import (
    GoneGroupNextFailed,
    InterruptedFailedOnlyInItsLike,
    LastFailedGroup,
    NothingFailedStartsOver,
)
from conformance.faults_requests import GroupsInListOrder, InQueueNotActive, StaleIdIgnored
from conformance.faults_steps import (
    AfterOmitsSucceededGroups,
    HistoryOfTheFirstFailedGroup,
    SkippedNotCompleted,
)

__all__ = ["FAULTS", "PAIRS", "Fault", "Pair", "Plain", "Subject", "both", "correct"]


@frozen
class Fault:
    """One engine that is wrong in one way."""

    name: str
    """Stable: the class's name in lower case, with hyphens."""
    why: str
    """What somebody got wrong."""
    rules: tuple[str, ...]
    """The rules that it first of all breaks: a wrong answer of one, or a wrong plan by it."""
    subject: Subject


@frozen
class Pair:
    """One engine with two faults."""

    name: str
    faults: tuple[str, str]
    """Their names."""
    subject: Subject


def name_of(engine: type[Engine]) -> str:
    """The class's name in lower case, with hyphens."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", engine.__name__).lower()


def faults_of(module: ModuleType) -> Iterator[Fault]:
    """The module's faults, in its order."""
    for engine in vars(module).values():
        if isinstance(engine, type) and issubclass(engine, Engine) and engine.breaks:
            yield Fault(name_of(engine), (engine.__doc__ or "").strip(), engine.breaks, engine.answer)


def both(first: type[Engine], second: type[Engine]) -> Pair:
    """One engine with the two faults, the first one's answers before the second's."""
    engine: type[Engine] = new_class(f"{first.__name__}And{second.__name__}", (first, second))
    return Pair(name_of(engine), (name_of(first), name_of(second)), engine.answer)


correct: Final[Subject] = Engine.answer
"""The engine without a fault."""

FAULTS: Final = (*faults_of(faults_requests), *faults_of(faults_groups), *faults_of(faults_steps))

PAIRS: Final = (
    both(StaleIdIgnored, NothingFailedStartsOver),
    both(LastFailedGroup, SkippedNotCompleted),
    both(InQueueNotActive, InterruptedFailedOnlyInItsLike),
    both(GroupsInListOrder, AfterOmitsSucceededGroups),
    both(GoneGroupNextFailed, HistoryOfTheFirstFailedGroup),
)
