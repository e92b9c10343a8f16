"""What must still be true when an accepted restart is started (rules.md, The endpoint)."""

from __future__ import annotations

from types import NoneType
from typing import Final, Self, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.status import OF_RUN, Status, check_status

_HEX: Final = "0123456789abcdef"
_HEX_DIGITS: Final = 64
"""A SHA-256 in hexadecimal."""


@final
@frozen
class LatestSeen(Sealed):
    """The latest execution as it was seen.

    :param id: Its id.
    :param status: Its status.
    """

    id: int
    status: Status

    def __attrs_post_init__(self) -> None:
        check_integer("id", self.id, minimum=1)
        check_status("status", self.status, OF_RUN)


@final
@frozen(kw_only=True)
class Precondition(Sealed):
    """The facts decided on. A host that finds them changed must not start, and decides again.

    :param latest: The latest execution; none when the plan had never run.
    :param plan_digest: `LoadPlan.digest` of the plan.
    """

    latest: LatestSeen | None
    plan_digest: str

    def __attrs_post_init__(self) -> None:
        check_kind("latest", self.latest, LatestSeen, NoneType)
        digest = self.plan_digest
        if type(digest) is not str or len(digest) != _HEX_DIGITS or digest.strip(_HEX):
            raise InvalidValue("plan_digest", digest, "64 lower-case hexadecimal digits")

    @classmethod
    def seen(cls, plan: LoadPlan, latest: Execution | None) -> Self:
        """The precondition that these facts meet."""
        check_kind("plan", plan, LoadPlan)
        check_kind("latest", latest, Execution, NoneType)
        newest = None if latest is None else LatestSeen(latest.id, latest.status)
        return cls(latest=newest, plan_digest=plan.digest)

    def holds(self, plan: LoadPlan, latest: Execution | None) -> bool:
        """Whether the plan and its latest execution are still as they were."""
        return self == self.seen(plan, latest)
