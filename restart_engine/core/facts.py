"""What a decision is made from, and the questions that more than one rule asks of it."""

from __future__ import annotations

from typing import final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import RestartRequest


@final
@frozen
class Facts(Sealed):
    """The plan as it stands now, the request, and the latest execution if the plan ever ran."""

    plan: LoadPlan
    request: RestartRequest
    latest: Execution | None

    def __attrs_post_init__(self) -> None:
        if type(self.plan) is not LoadPlan:
            raise InvalidValue("plan", self.plan, "a LoadPlan")
        if type(self.request) is not RestartRequest:
            raise InvalidValue("request", self.request, "a RestartRequest")
        if self.latest is not None and type(self.latest) is not Execution:
            raise InvalidValue("latest", self.latest, "an Execution or none")

    def resumes(self) -> bool:
        """Whether the request names the latest execution; of any other nothing is known."""
        return self.latest is not None and self.request.execution_id == self.latest.id

    def asked_start(self) -> int:
        """The sequence to start at: the group asked for, or else the first failed one; 0 for neither."""
        if self.request.group_sequence > 0:
            return self.request.group_sequence
        if self.latest is None or not self.latest.failed or not self.resumes():
            return 0
        return self.latest.failed[0]

    def never_reached(self) -> tuple[int, ...]:
        """The plan's sequences above every group that the latest execution began.

        Those below its first recorded group lie before its own start, also where it began none.
        """
        assert self.latest is not None
        first = max((self.latest.last_begun + 1, *self.latest.sequences[:1]))
        return self.plan.sequences[self.plan.at(first) :]
