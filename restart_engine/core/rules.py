"""The rules that decide: R1 to R5 reject a restart, S1 to S4 choose where it starts.

The law of this file: every rule of the decision is here and nowhere else, each in the one shape of its
kind, in the order in which it counts. A rule looks at the facts alone; it never asks whether another
rule holds, and never does more than look something up, so that deciding does not grow with the plan. It
knows nothing of time, storage, JSON or wording.

A rejecting rule is the class of the reason that it gives: `holds` says whether it rejects, `found`
gathers its evidence when it does, and `remedies` lists what might help, the nearest first: the first
request that would be accepted is the remedy. A starting rule is a row of `STARTS`; it is asked only when
nothing rejects, and the restart then begins at `Facts.start_sequence`, or at the first group.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Self, TypeAlias, final

from attrs import Factory, field, frozen

from restart_engine.core.checks import Sealed, check_integer, check_sequences
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.core.remedies import AddGroup, Remedy, SendRequest, WaitUntilOver
from restart_engine.core.request import RestartRequest
from restart_engine.core.rule_table import RULE_IDS, START_RULE_IDS, StartRuleId, complete_table
from restart_engine.core.status import ACTIVE, Status, check_status

Remedies: TypeAlias = tuple[Remedy, ...]


def _rejecting(facts: Facts) -> tuple[type[Reason], ...]:
    if type(facts.plan) is not LoadPlan:
        raise InvalidValue("plan", facts.plan, "a LoadPlan")
    if type(facts.request) is not RestartRequest:
        raise InvalidValue("request", facts.request, "a RestartRequest")
    if facts.latest is not None and type(facts.latest) is not Execution:
        raise InvalidValue("latest", facts.latest, "an Execution or none")
    rejecting: tuple[type[Reason], ...] = ()
    for rule in REJECTIONS:
        if rule.holds(facts):
            rejecting += (rule,)
    return rejecting


@final
@frozen
class Facts(Sealed):
    """What a decision is made from: all that a rule may look at.

    :param plan: The load plan as it stands now.
    :param request: What is asked for.
    :param latest: The plan's most recently started execution as the host knows it; none if it never ran.
    """

    plan: LoadPlan
    request: RestartRequest
    latest: Execution | None
    rejecting: tuple[type[Reason], ...] = field(
        init=False, eq=False, repr=False, default=Factory(_rejecting, takes_self=True)
    )
    """The rules that reject the request, in order of precedence; none where it is accepted."""

    @property
    def resumed(self) -> Execution | None:
        """The latest execution where the request names it; of any other execution nothing is known."""
        latest = self.latest
        return latest if latest is not None and latest.id == self.request.execution_id else None

    @property
    def start_sequence(self) -> int:
        """The sequence to start at: the group asked for, or else the first failed one; 0 for neither."""
        asked, latest = self.request.group_sequence, self.latest
        if asked > 0:
            return asked
        if latest is None or not latest.failed or latest.id != self.request.execution_id:
            return 0
        return latest.failed[0]

    @property
    def never_reached(self) -> tuple[int, ...]:
        """The plan's sequences after the last group that the latest execution began; all if it never ran.

        Those below its first recorded group come before its own start, also where it began none.
        """
        if self.latest is None:
            return self.plan.sequences
        first = max((self.latest.last_begun + 1, *self.latest.sequences[:1]))
        return self.plan.sequences[self.plan.index_from(first) :]


@final
@frozen(kw_only=True)
class AlreadyRunning(Sealed):
    """R1: the latest execution is active, whatever is asked.

    :param execution_id: The latest execution's id.
    :param status: Its status, In Progress or In Queue.
    """

    rule: ClassVar[Literal["R1"]] = "R1"
    execution_id: int
    status: Status

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)
        check_status("status", self.status, ACTIVE)

    @staticmethod
    def holds(facts: Facts) -> bool:
        return facts.latest is not None and facts.latest.status in ACTIVE

    @classmethod
    def found(cls, facts: Facts) -> Self:
        assert facts.latest is not None
        return cls(execution_id=facts.latest.id, status=facts.latest.status)

    @staticmethod
    def remedies(facts: Facts) -> Remedies:
        assert facts.latest is not None
        return (WaitUntilOver(facts.latest.id),)


@final
@frozen(kw_only=True)
class NotMostRecent(Sealed):
    """R2: an execution id is given and is not the latest execution's.

    :param given: The id in the request.
    :param latest: The latest execution's id; none where the plan never ran.
    """

    rule: ClassVar[Literal["R2"]] = "R2"
    given: int
    latest: int | None

    def __attrs_post_init__(self) -> None:
        check_integer("given", self.given)
        if self.latest is not None:
            check_integer("latest", self.latest, minimum=1)
        if self.given == self.latest:
            raise InvalidValue("given", self.given, "an id that is not the latest")

    @staticmethod
    def holds(facts: Facts) -> bool:
        given = facts.request.execution_id
        return given is not None and (facts.latest is None or facts.latest.id != given)

    @classmethod
    def found(cls, facts: Facts) -> Self:
        given, latest = facts.request.execution_id, facts.latest
        assert given is not None
        return cls(given=given, latest=None if latest is None else latest.id)

    @staticmethod
    def remedies(facts: Facts) -> Remedies:
        asked, latest = facts.request.group_sequence, facts.latest
        if latest is None:
            return (SendRequest(RestartRequest(asked)),)
        return (
            SendRequest(RestartRequest(asked, execution_id=latest.id)),
            SendRequest(RestartRequest(0, execution_id=latest.id)),
            *NoFailedGroup.remedies(facts),
        )


@final
@frozen(kw_only=True)
class NoFailedGroup(Sealed):
    """R3: the execution to resume has no failed group, whichever group is asked for.

    :param latest: The latest execution's id.
    :param never_reached: The plan's sequences after the last group that the execution began, ascending; not
        those before the first that it recorded.
    """

    rule: ClassVar[Literal["R3"]] = "R3"
    latest: int
    never_reached: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_integer("latest", self.latest, minimum=1)
        check_sequences("never_reached", self.never_reached)

    @staticmethod
    def holds(facts: Facts) -> bool:
        return facts.latest is not None and not facts.latest.failed and facts.resumed is not None

    @classmethod
    def found(cls, facts: Facts) -> Self:
        assert facts.latest is not None
        return cls(latest=facts.latest.id, never_reached=facts.never_reached)

    @staticmethod
    def remedies(facts: Facts) -> Remedies:
        return tuple([SendRequest(RestartRequest(first)) for first in facts.never_reached[:1]])


@final
@frozen(kw_only=True)
class GroupNotFound(Sealed):
    """R4: the group to start at is not in the plan, or the plan has no group at all.

    :param sequence: The one missed: the group asked for, or else the first failed one; 0 for neither.
    :param existing: The plan's sequences, ascending.
    """

    rule: ClassVar[Literal["R4"]] = "R4"
    sequence: int
    existing: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=0)
        check_sequences("existing", self.existing)
        if self.existing and (not self.sequence or self.sequence in self.existing):
            raise InvalidValue("sequence", self.sequence, "a sequence that is not among the existing")

    @staticmethod
    def holds(facts: Facts) -> bool:
        existing, start = facts.plan.sequence_set, facts.start_sequence
        return not existing or (start > 0 and start not in existing)

    @classmethod
    def found(cls, facts: Facts) -> Self:
        return cls(sequence=facts.start_sequence, existing=facts.plan.sequences)

    @staticmethod
    def remedies(facts: Facts) -> Remedies:
        if not facts.plan.groups:
            return (AddGroup(),)
        resumed = facts.resumed
        return () if resumed is None else (SendRequest(RestartRequest(0, execution_id=resumed.id)),)


@final
@frozen(kw_only=True)
class HistoryUnavailable(Sealed):
    """R5: the group to start at failed in the execution to resume, which kept no history of its steps.

    Detailed load jobs tracking has to be on while a plan runs for its failed steps to be recovered.

    :param execution_id: The execution to resume.
    :param sequence: The group to start at.
    """

    rule: ClassVar[Literal["R5"]] = "R5"
    execution_id: int
    sequence: int

    def __attrs_post_init__(self) -> None:
        check_integer("execution_id", self.execution_id, minimum=1)
        check_integer("sequence", self.sequence, minimum=1)

    @staticmethod
    def holds(facts: Facts) -> bool:
        if facts.latest is None or not facts.latest.lost_history or facts.resumed is None:
            return False
        start = facts.start_sequence
        return start in facts.latest.lost_history and start in facts.plan.sequence_set

    @classmethod
    def found(cls, facts: Facts) -> Self:
        assert facts.latest is not None
        return cls(execution_id=facts.latest.id, sequence=facts.start_sequence)

    @staticmethod
    def remedies(facts: Facts) -> Remedies:
        return (SendRequest(RestartRequest(facts.start_sequence)),)


Reason: TypeAlias = AlreadyRunning | NotMostRecent | NoFailedGroup | GroupNotFound | HistoryUnavailable
_REASONS: Final[tuple[type[Reason], ...]] = (
    AlreadyRunning,
    NotMostRecent,
    NoFailedGroup,
    GroupNotFound,
    HistoryUnavailable,
)
REJECTIONS: Final = tuple(complete_table(RULE_IDS, {rule.rule: rule for rule in _REASONS}).values())
"""In order of precedence: the first that holds is the reason, the others are named beside it."""


@final
@frozen
class StartRule(Sealed):
    """S1 to S4: which requests it is for; exactly one is for any request.

    :param rule: Its id.
    :param resumes: Whether the request gives an execution id: then the start group's completed steps are
        skipped.
    :param at_group: Whether the request asks for a group; else the start is the first failed group, or the
        first of all.
    """

    rule: StartRuleId
    resumes: bool
    at_group: bool

    def holds(self, request: RestartRequest) -> bool:
        """Whether it is the rule for this request."""
        given = request.execution_id is not None
        return given is self.resumes and (request.group_sequence > 0) is self.at_group


_STARTS: Final = (
    StartRule("S1", resumes=False, at_group=False),
    StartRule("S2", resumes=False, at_group=True),
    StartRule("S3", resumes=True, at_group=False),
    StartRule("S4", resumes=True, at_group=True),
)
STARTS: Final = tuple(complete_table(START_RULE_IDS, {start.rule: start for start in _STARTS}).values())


def starting(request: RestartRequest) -> StartRule:
    """The one rule that says where a restart asked for like this begins."""
    (rule,) = [rule for rule in STARTS if rule.holds(request)]
    return rule
