"""What helps after a rejection, as data; the text is made from it."""

from __future__ import annotations

from typing import TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind
from restart_engine.core.request import RestartRequest


@final
@frozen
class SendRequest(Sealed):
    """Send this request.

    :param request: With the facts as they are, it is accepted.
    """

    request: RestartRequest

    def __attrs_post_init__(self) -> None:
        check_kind("request", self.request, RestartRequest)


@final
@frozen
class WaitUntilOver(Sealed):
    """Ask again when an execution is over; until then every request is rejected [R1].

    :param execution_id: The execution that runs or waits to run.
    """

    execution_id: int

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)


@final
@frozen
class AddGroup(Sealed):
    """Give the load plan a group: without one there is nowhere to start [R4]."""


Remedy: TypeAlias = SendRequest | WaitUntilOver | AddGroup
