"""What is asked for."""

from __future__ import annotations

from typing import Final, final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_integer


def _asked_start(group_sequence: int) -> int:
    return max(group_sequence, 0)


@final
@frozen
class RestartRequest(Sealed):
    """The start asked for, and the execution to resume if there is one.

    Every `group_sequence` of 0 or less asks for the same, so such requests are equal.

    :param group_sequence: The group to start at; 0 or less leaves the choice to the rules (S1, S3).
    :param execution_id: Any integer counts as provided, 0 and negative ones too; only none means "not
        provided".
    """

    group_sequence: int = field(eq=_asked_start)
    execution_id: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_integer("group_sequence", self.group_sequence)
        if self.execution_id is not None:
            check_integer("execution_id", self.execution_id)


START_OVER: Final = RestartRequest(0)
"""Accepted whenever any request is: when nothing runs and the plan has a group."""
