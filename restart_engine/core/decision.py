"""The decision: which restart runs, or every rule that says why none does.

A decision holds its facts and nothing else, so it cannot contradict them. Deciding takes the same time for
any plan: the lists of steps are made when they are read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property
from typing import NamedTuple, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_kind
from restart_engine.core.drift import Drift, groups_changed, plan_drift, steps_changed
from restart_engine.core.errors import InvalidValue, shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.notes import EarlierGroupsStayFailed, Note, NothingToRun, SkippedElsewhere
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.precondition import Precondition
from restart_engine.core.remedies import Remedy, SendRequest
from restart_engine.core.request import START_OVER, RestartRequest
from restart_engine.core.rule_table import RuleId, StartRuleId
from restart_engine.core.rules import Facts, Reason, starting
from restart_engine.core.status import Status


def plan_restart(plan: LoadPlan, request: RestartRequest, latest: Execution | None = None) -> Decision:
    """What exactly a restart of this plan runs, or why it is rejected.

    `latest` is the plan's most recently started execution as the host knows it, none if it never ran.
    Never raises for these types; any other type is an `InvalidValue`.
    """
    facts = Facts(plan, request, latest)
    return Rejection(facts) if facts.rejecting else RestartPlan(facts)


def decide(facts: Facts) -> Decision:
    """What `plan_restart` says of these facts."""
    check_kind("facts", facts, Facts)
    return Rejection(facts) if facts.rejecting else RestartPlan(facts)


class _Split(NamedTuple):
    """Where the plan is cut by a restart's start, and how the start group is."""

    before: int
    """How many groups come before the start."""
    start: LoadGroup
    outcome: GroupOutcome | None
    run: tuple[str, ...]
    skip: tuple[str, ...]


def _skipped(start: LoadGroup, outcome: GroupOutcome | None) -> Collection[str]:
    """The names of the steps that the outcome of the start group shows to be completed [S3, S4]."""
    if outcome is None:
        return ()
    if outcome.statuses is None:
        return start.names if outcome.status is Status.SUCCEEDED else ()
    return outcome.completed


@final
@frozen(repr=False)
class RestartPlan(Sealed):
    """An accepted restart.

    :param facts: What was decided on; an `InvalidValue` where a rule rejects the request.
    """

    facts: Facts

    def __attrs_post_init__(self) -> None:
        if type(self.facts) is not Facts:
            raise InvalidValue("facts", self.facts, "a Facts")
        if self.facts.rejecting:
            raise InvalidValue("facts", self.facts, "facts of which no rule rejects the request")

    def __repr__(self) -> str:
        skipped = len(self.names_to_skip)
        return f"RestartPlan(rule={self.rule!r}, start={shown(self.start.sequence)}, skipped={skipped})"

    @property
    def request(self) -> RestartRequest:
        """The request that was accepted."""
        return self.facts.request

    @property
    def rule(self) -> StartRuleId:
        """The rule that chose the start, S1 to S4."""
        return starting(self.facts.request).rule

    @property
    def based_on(self) -> int | None:
        """The id of the execution resumed; none for S1 and S2."""
        return self.facts.request.execution_id

    @property
    def start(self) -> LoadGroup:
        """The group where the restart begins, as the plan has it."""
        return self._split.start

    @property
    def groups_before(self) -> tuple[LoadGroup, ...]:
        """The groups before the start, ascending: none of them is run."""
        return self.facts.plan.groups[: self._split.before]

    @property
    def groups_after(self) -> tuple[LoadGroup, ...]:
        """The groups after the start, ascending: each is run whole."""
        return self.facts.plan.groups[self._split.before + 1 :]

    @property
    def names_to_run(self) -> tuple[str, ...]:
        """The steps of the start group that are run, as `Schema.Object` in the plan's order."""
        return self._split.run

    @property
    def names_to_skip(self) -> tuple[str, ...]:
        """The start group's completed steps, as `Schema.Object` in the plan's order: not run again."""
        return self._split.skip

    @property
    def steps_to_run(self) -> tuple[Step, ...]:
        """The steps of the start group that are run, in the plan's order."""
        return tuple(map(Step.parse, self.names_to_run))

    @property
    def steps_to_skip(self) -> tuple[Step, ...]:
        """The steps of the start group that are not run again, in the plan's order."""
        return tuple(map(Step.parse, self.names_to_skip))

    @property
    def left_failed(self) -> tuple[int, ...]:
        """The groups before the start that failed in the latest execution, ascending: they stay so."""
        failed = () if self.facts.latest is None else self.facts.latest.failed
        return failed[: bisect_left(failed, self.start.sequence)]

    @property
    def drift(self) -> Drift | None:
        """How the plan differs from the execution resumed; none for S1 and S2."""
        resumed = self.facts.resumed
        return None if resumed is None else plan_drift(self.facts.plan, resumed)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What to point out, in the order of the `Note` kinds; without an id only facts of the plan."""
        noted: list[Note] = []
        resumed = self.facts.resumed
        if resumed is not None:
            left_failed = self.left_failed
            if left_failed:
                noted.append(EarlierGroupsStayFailed(left_failed))
            groups = groups_changed(self.facts.plan, resumed)
            if groups is not None:
                noted.append(groups)
            for group in self.facts.plan.groups[: self._split.before + 1]:
                steps = steps_changed(group, resumed.outcome(group.sequence))
                if steps is not None:
                    noted.append(steps)
            skipped = self._skipped_elsewhere
            if skipped:
                noted.append(SkippedElsewhere(self.start.sequence, skipped))
        if not self.names_to_run:
            noted.append(NothingToRun(self.start.sequence))
        return tuple(noted)

    @property
    def precondition(self) -> Precondition:
        """What must still hold when the host starts this."""
        return Precondition.seen(self.facts.plan, self.facts.latest)

    @property
    def _skipped_elsewhere(self) -> tuple[Step, ...]:
        """The steps skipped as Skipped in a group where no restart by these rules skips any [C9]."""
        resumed, outcome = self.facts.resumed, self._split.outcome
        if resumed is None or outcome is None or Status.SKIPPED not in outcome.recorded.values():
            return ()
        if outcome.sequence == resumed.sequences[0]:
            return ()
        names = [name for name in self.names_to_skip if outcome.recorded[name] is Status.SKIPPED]
        return tuple(map(Step.parse, names))

    @cached_property
    def _split(self) -> _Split:
        plan, resumed = self.facts.plan, self.facts.resumed
        before = plan.index_from(self.facts.start_sequence)
        start = plan.groups[before]
        outcome = None if resumed is None else resumed.outcome(start.sequence)
        skipped = _skipped(start, outcome)
        skip = tuple([name for name in start.names if name in skipped])
        run = tuple([name for name in start.names if name not in skipped])
        return _Split(before, start, outcome, run, skip)


@final
@frozen(repr=False)
class Rejection(Sealed):
    """No restart, and every rule that says so.

    :param facts: What was decided on; an `InvalidValue` where no rule rejects the request.
    """

    facts: Facts

    def __attrs_post_init__(self) -> None:
        if type(self.facts) is not Facts:
            raise InvalidValue("facts", self.facts, "a Facts")
        if not self.facts.rejecting:
            raise InvalidValue("facts", self.facts, "facts of which a rule rejects the request")

    def __repr__(self) -> str:
        return f"Rejection(rules={self.rules!r})"

    @property
    def rules(self) -> tuple[RuleId, ...]:
        """The ids of the rules that reject, in order of precedence."""
        return tuple([rule.rule for rule in self.facts.rejecting])

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """What each of these rules found, in order of precedence."""
        return tuple([rule.found(self.facts) for rule in self.facts.rejecting])

    @property
    def reason(self) -> Reason:
        """The first of the reasons: the one to answer with."""
        return self.reasons[0]

    @property
    def remedy(self) -> Remedy:
        """What helps: the nearest request that is accepted, or what has to change before any is."""
        plan, latest = self.facts.plan, self.facts.latest
        for rule in self.facts.rejecting:
            for remedy in rule.remedies(self.facts):
                if not isinstance(remedy, SendRequest) or not Facts(plan, remedy.request, latest).rejecting:
                    return remedy
        return SendRequest(START_OVER)


Decision: TypeAlias = RestartPlan | Rejection
