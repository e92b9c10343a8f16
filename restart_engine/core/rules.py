"""The rules that decide: R1 to R5 reject a restart, S1 to S4 choose where it starts.

The law of this file: every rule of the decision is here and nowhere else, each in the one shape of its
kind, in the order in which it counts. A rule looks at the facts alone; it never asks whether another
rule holds, and never does more than look something up, so that deciding does not grow with the plan. It
knows nothing of time, storage, JSON or wording.

A rejecting rule is the class of the reason that it gives: `holds` says whether it rejects, `found`
gathers its evidence when it does, and `instead` lists what might be asked instead, the nearest first.
A starting rule has `holds`, which looks at the request, and `start`, the sequence it chooses; it is
asked only when nothing rejects.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Self, TypeAlias, final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_sequences
from restart_engine.core.errors import InvalidValue
from restart_engine.core.facts import Facts
from restart_engine.core.remedies import REMEDIES, Remedy, SeeOptions
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import ACTIVE, Status, check_status

RuleId: TypeAlias = Literal["R1", "R2", "R3", "R4", "R5"]
StartRuleId: TypeAlias = Literal["S1", "S2", "S3", "S4"]
Requests: TypeAlias = tuple[RestartRequest, ...]
START_OVER: Final = RestartRequest(0)
"""Accepted whenever nothing runs and the plan has a group."""


@final
@frozen(kw_only=True)
class AlreadyRunning(Sealed):
    """R1: the latest execution is active, whatever is asked."""

    rule: ClassVar[Literal["R1"]] = "R1"
    execution_id: int
    status: Status
    remedy: Remedy = field(default=SeeOptions(), eq=False)

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)
        check_status("status", self.status, ACTIVE)
        check_kind("remedy", self.remedy, *REMEDIES)

    @staticmethod
    def holds(facts: Facts) -> bool:
        return facts.latest is not None and facts.latest.status in ACTIVE

    @classmethod
    def found(cls, facts: Facts, remedy: Remedy) -> Self:
        assert facts.latest is not None
        return cls(execution_id=facts.latest.id, status=facts.latest.status, remedy=remedy)

    @staticmethod
    def instead(facts: Facts) -> Requests:
        return ()


@final
@frozen(kw_only=True)
class NotMostRecent(Sealed):
    """R2: an execution id is given and is not the latest execution's; `latest` is none before any run."""

    rule: ClassVar[Literal["R2"]] = "R2"
    given: int
    latest: int | None
    remedy: Remedy = field(default=SeeOptions(), eq=False)

    def __attrs_post_init__(self) -> None:
        check_integer("given", self.given)
        if self.latest is not None:
            check_integer("latest", self.latest, minimum=1)
        if self.given == self.latest:
            raise InvalidValue("given", self.given, "an id that is not the latest")
        check_kind("remedy", self.remedy, *REMEDIES)

    @staticmethod
    def holds(facts: Facts) -> bool:
        given = facts.request.execution_id
        return given is not None and (facts.latest is None or given != facts.latest.id)

    @classmethod
    def found(cls, facts: Facts, remedy: Remedy) -> Self:
        given, latest = facts.request.execution_id, facts.latest
        assert given is not None
        return cls(given=given, latest=None if latest is None else latest.id, remedy=remedy)

    @staticmethod
    def instead(facts: Facts) -> Requests:
        asked, latest = facts.request.group_sequence, facts.latest
        if latest is None:
            return (RestartRequest(asked), START_OVER)
        return (
            RestartRequest(asked, execution_id=latest.id),
            RestartRequest(0, execution_id=latest.id),
            *NoFailedGroup.instead(facts),
        )


@final
@frozen(kw_only=True)
class NoFailedGroup(Sealed):
    """R3: the execution to resume has no failed group, whichever group is asked for.

    `never_reached` are the plan's sequences above that of every group which the execution began, and not
    below the first that it recorded.
    """

    rule: ClassVar[Literal["R3"]] = "R3"
    latest: int
    never_reached: tuple[int, ...]
    remedy: Remedy = field(default=SeeOptions(), eq=False)

    def __attrs_post_init__(self) -> None:
        check_integer("latest", self.latest, minimum=1)
        check_sequences("never_reached", self.never_reached)
        check_kind("remedy", self.remedy, *REMEDIES)

    @staticmethod
    def holds(facts: Facts) -> bool:
        latest = facts.latest
        return latest is not None and not latest.failed and facts.resumes()

    @classmethod
    def found(cls, facts: Facts, remedy: Remedy) -> Self:
        assert facts.latest is not None
        return cls(latest=facts.latest.id, never_reached=facts.never_reached(), remedy=remedy)

    @staticmethod
    def instead(facts: Facts) -> Requests:
        return (*map(RestartRequest, facts.never_reached()[:1]), START_OVER)


@final
@frozen(kw_only=True)
class GroupNotFound(Sealed):
    """R4: the group to start at is not in the plan, or the plan has no group at all.

    `sequence` is the one missed: the group asked for, or else the first failed one; 0 for neither.
    `existing` are the plan's sequences, ascending.
    """

    rule: ClassVar[Literal["R4"]] = "R4"
    sequence: int
    existing: tuple[int, ...]
    remedy: Remedy = field(default=SeeOptions(), eq=False)

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=0)
        check_sequences("existing", self.existing)
        if self.existing and (not self.sequence or self.sequence in self.existing):
            raise InvalidValue("sequence", self.sequence, "a sequence that is not among the existing")
        check_kind("remedy", self.remedy, *REMEDIES)

    @staticmethod
    def holds(facts: Facts) -> bool:
        existing = facts.plan.existing
        start = facts.asked_start()
        return not existing or (start > 0 and start not in existing)

    @classmethod
    def found(cls, facts: Facts, remedy: Remedy) -> Self:
        return cls(sequence=facts.asked_start(), existing=facts.plan.sequences, remedy=remedy)

    @staticmethod
    def instead(facts: Facts) -> Requests:
        if not facts.resumes():
            return (START_OVER,)
        return (RestartRequest(0, execution_id=facts.request.execution_id), START_OVER)


@final
@frozen(kw_only=True)
class HistoryUnavailable(Sealed):
    """R5: the group to start at failed in the execution to resume, which kept no history of its steps.

    Detailed load jobs tracking has to be on while a plan runs for its failed steps to be recovered.
    """

    rule: ClassVar[Literal["R5"]] = "R5"
    execution_id: int
    sequence: int
    remedy: Remedy = field(default=SeeOptions(), eq=False)

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)
        check_integer("sequence", self.sequence, minimum=1)
        check_kind("remedy", self.remedy, *REMEDIES)

    @staticmethod
    def holds(facts: Facts) -> bool:
        latest = facts.latest
        if latest is None or not latest.unrecoverable or not facts.resumes():
            return False
        start = facts.asked_start()
        return start in latest.unrecoverable and start in facts.plan.existing

    @classmethod
    def found(cls, facts: Facts, remedy: Remedy) -> Self:
        assert facts.latest is not None
        return cls(execution_id=facts.latest.id, sequence=facts.asked_start(), remedy=remedy)

    @staticmethod
    def instead(facts: Facts) -> Requests:
        return (RestartRequest(facts.asked_start()), START_OVER)


Reason: TypeAlias = AlreadyRunning | NotMostRecent | NoFailedGroup | GroupNotFound | HistoryUnavailable
REJECTIONS: Final[tuple[type[Reason], ...]] = (
    AlreadyRunning,
    NotMostRecent,
    NoFailedGroup,
    GroupNotFound,
    HistoryUnavailable,
)
"""In order of precedence: the first that holds is the reason, the others are named beside it."""


class StartOver:
    """S1: no execution id and no group asked for: the first group, whole."""

    rule: ClassVar[Literal["S1"]] = "S1"

    @staticmethod
    def holds(request: RestartRequest) -> bool:
        return request.execution_id is None and request.group_sequence <= 0

    @staticmethod
    def start(facts: Facts) -> int:
        return facts.plan.sequences[0]


class StartAtGroup:
    """S2: no execution id: the group asked for, whole."""

    rule: ClassVar[Literal["S2"]] = "S2"

    @staticmethod
    def holds(request: RestartRequest) -> bool:
        return request.execution_id is None and request.group_sequence > 0

    @staticmethod
    def start(facts: Facts) -> int:
        return facts.request.group_sequence


class ResumeAtFirstFailed:
    """S3: an execution id and no group: the first failed group, without its completed steps."""

    rule: ClassVar[Literal["S3"]] = "S3"

    @staticmethod
    def holds(request: RestartRequest) -> bool:
        return request.execution_id is not None and request.group_sequence <= 0

    @staticmethod
    def start(facts: Facts) -> int:
        return facts.asked_start()


class ResumeAtGroup:
    """S4: an execution id and a group: that group, without its completed steps."""

    rule: ClassVar[Literal["S4"]] = "S4"

    @staticmethod
    def holds(request: RestartRequest) -> bool:
        return request.execution_id is not None and request.group_sequence > 0

    @staticmethod
    def start(facts: Facts) -> int:
        return facts.request.group_sequence


Start: TypeAlias = StartOver | StartAtGroup | ResumeAtFirstFailed | ResumeAtGroup
STARTS: Final[tuple[type[Start], ...]] = (
    StartOver,
    StartAtGroup,
    ResumeAtFirstFailed,
    ResumeAtGroup,
)
"""Exactly one holds for any request."""


def starting(request: RestartRequest) -> type[Start]:
    """The one rule that says where a restart asked for like this begins."""
    (rule,) = [rule for rule in STARTS if rule.holds(request)]
    return rule
