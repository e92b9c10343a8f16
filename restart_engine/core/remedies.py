"""What helps after a rejection, as data; the text is made from it."""

from __future__ import annotations

from typing import Final, TypeAlias, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind
from restart_engine.core.request import RestartRequest


@final
@frozen
class SendRequest(Sealed):
    """Send this request: with the facts as they are, it is accepted."""

    request: RestartRequest

    def __attrs_post_init__(self) -> None:
        check_kind("request", self.request, RestartRequest)


@final
@frozen
class WaitUntilOver(Sealed):
    """Ask again when this execution is over; until then every request is rejected [R1]."""

    execution_id: int

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)


@final
@frozen
class AddGroup(Sealed):
    """Give the load plan a group: without one there is nowhere to start [R4]."""


@final
@frozen
class SeeOptions(Sealed):
    """Look at `restart_options`: a reason made by hand knows no facts to advise from."""


Remedy: TypeAlias = SendRequest | WaitUntilOver | AddGroup | SeeOptions
REMEDIES: Final[tuple[type, ...]] = get_args(Remedy)
