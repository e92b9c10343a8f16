"""The statuses of groups, steps and executions, and what each set of them means (rules.md, Statuses)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from restart_engine.core.errors import InvalidValue


class Status(StrEnum):
    """A label as the product shows it; `SKIPPED` is this engine's own.

    `SKIPPED` is for a step that did not run because the execution that this one restarted had completed
    it. In other systems "skipped" often means *not run*: map their words explicitly (`status_of_word`).
    """

    SUCCEEDED = "Succeeded"
    FINISHED_WITH_ERRORS = "Finished With Errors"
    FAILED = "Failed"
    INTERRUPTED = "Interrupted"
    IN_PROGRESS = "In Progress"
    IN_QUEUE = "In Queue"
    SKIPPED = "Skipped"


ACTIVE: Final = frozenset({Status.IN_PROGRESS, Status.IN_QUEUE})
"""An execution with one of these is not over [R1]."""

FAILED: Final = frozenset({Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED})
"""A group with one of these has failed, whatever its steps say [R3]."""

FAILED_OR_CUT_OFF: Final = FAILED | {Status.IN_PROGRESS}
"""The same in an execution that is over, where no group can still be In Progress [R3]."""

COMPLETED: Final = frozenset({Status.SUCCEEDED, Status.SKIPPED})
"""A step with one of these is not run again in the group where a restart begins [S3, S4]."""

OF_STEP: Final = frozenset(Status)
"""What a step may have."""

OF_RUN: Final = OF_STEP - {Status.SKIPPED}
"""What a group or an execution may have: only a step is ever skipped."""

OVER: Final = OF_RUN - ACTIVE
"""What a step, a group or an execution that has run may end with."""


_WORST_FIRST: Final = (Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED)


def worst(statuses: Collection[Status]) -> Status:
    """The worst of statuses that are over; Succeeded where none is a failure."""
    return next((status for status in _WORST_FIRST if status in statuses), Status.SUCCEEDED)


def check_status(field: str, value: object, allowed: frozenset[Status]) -> None:
    """Exactly a `Status`, and one that is allowed in this field."""
    if type(value) is not Status:
        raise InvalidValue(field, value, "a Status, such as Status.FAILED")
    if value not in allowed:
        labels = ", ".join(status for status in Status if status in allowed)
        raise InvalidValue(field, value, f"a status, one of {labels}")
