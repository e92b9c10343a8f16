"""The decision: which restart runs, or every rule that says why none does.

Deciding looks facts up and makes one small value; what grows with the plan is made when it is read.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property
from typing import NamedTuple, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.core.drift import Drift, groups_changed, plan_drift, steps_changed
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.facts import Facts
from restart_engine.core.notes import EarlierGroupsStayFailed, Note, NothingToRun
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.precondition import Precondition
from restart_engine.core.remedies import AddGroup, Remedy, SendRequest, WaitUntilOver
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import REJECTIONS, Reason, RuleId, Start, StartRuleId, starting
from restart_engine.core.status import Status


def plan_restart(plan: LoadPlan, request: RestartRequest, latest: Execution | None = None) -> Decision:
    """What exactly a restart of this plan runs, or why it is rejected.

    `latest` is the plan's most recently started execution as the host knows it, none if it never ran.
    Never raises for these types; any other type is an `InvalidValue`.
    """
    facts = Facts(plan, request, latest)
    rejecting: tuple[type[Reason], ...] = ()
    for rule in REJECTIONS:
        if rule.holds(facts):
            rejecting += (rule,)
    return _rejected(facts, rejecting) if rejecting else _accepted(facts)


class _Split(NamedTuple):
    """Where the plan is cut by a restart's start, and how the start group is."""

    place: int
    start: LoadGroup
    outcome: GroupOutcome | None
    run: tuple[str, ...]
    skip: tuple[str, ...]


def _skipped(start: LoadGroup, outcome: GroupOutcome | None) -> Collection[str]:
    """The names of the steps that the outcome of the start group shows to be completed [S3, S4]."""
    if outcome is None:
        return ()
    if outcome.recorded is None:
        return start.step_names if outcome.status is Status.SUCCEEDED else ()
    return outcome.completed


@final
@frozen(init=False, repr=False)
class RestartPlan(Sealed):
    """An accepted restart. Made by `plan_restart` alone, so that it follows from its facts."""

    facts: Facts

    def __init__(self) -> None:
        raise TypeError("a restart plan is made by `plan_restart`")

    def __repr__(self) -> str:
        skipped = len(self.step_names_to_skip)
        return f"RestartPlan(rule={self.rule!r}, start={shown(self.start.sequence)}, skipped={skipped})"

    @property
    def request(self) -> RestartRequest:
        """The request that was accepted."""
        return self.facts.request

    @property
    def rule(self) -> StartRuleId:
        """The rule that chose the start, S1 to S4."""
        return self._start_rule.rule

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
        return self.facts.plan.groups[: self._split.place]

    @property
    def groups_after(self) -> tuple[LoadGroup, ...]:
        """The groups after the start, ascending: each is run whole."""
        return self.facts.plan.groups[self._split.place + 1 :]

    @property
    def step_names_to_run(self) -> tuple[str, ...]:
        """The steps of the start group that are run, as `Schema.Object` in the plan's order."""
        return self._split.run

    @property
    def step_names_to_skip(self) -> tuple[str, ...]:
        """The start group's completed steps, as `Schema.Object` in the plan's order: not run again."""
        return self._split.skip

    @property
    def steps_to_skip(self) -> tuple[Step, ...]:
        """The steps of the start group that are not run again."""
        return tuple(map(Step.parse, self.step_names_to_skip))

    @property
    def steps_to_run(self) -> tuple[Step, ...]:
        """The steps of the start group that are run."""
        return tuple(map(Step.parse, self.step_names_to_run))

    @property
    def left_failed(self) -> tuple[int, ...]:
        """The groups before the start that failed in the latest execution, ascending: they stay so."""
        failed = () if self.facts.latest is None else self.facts.latest.failed
        return failed[: bisect_left(failed, self.start.sequence)]

    @property
    def drift(self) -> Drift | None:
        """How the plan differs from the execution resumed; none for S1 and S2."""
        resumed = self._resumed
        return None if resumed is None else plan_drift(self.facts.plan, resumed)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What to point out, in the order of the `Note` kinds; without an id only facts of the plan."""
        noted: list[Note] = []
        resumed = self._resumed
        if resumed is not None:
            if self.left_failed:
                noted.append(EarlierGroupsStayFailed(self.left_failed))
            groups = groups_changed(self.facts.plan, resumed)
            if groups is not None:
                noted.append(groups)
            steps = steps_changed(self.start, self._split.outcome)
            if steps is not None:
                noted.append(steps)
        if not self.step_names_to_run:
            noted.append(NothingToRun(self.start.sequence))
        return tuple(noted)

    @property
    def precondition(self) -> Precondition:
        """What must still hold when the host starts this."""
        return Precondition.seen(self.facts.plan, self.facts.latest)

    @property
    def _start_rule(self) -> type[Start]:
        return starting(self.facts.request)

    @property
    def _resumed(self) -> Execution | None:
        return None if self.based_on is None else self.facts.latest

    @cached_property
    def _split(self) -> _Split:
        plan = self.facts.plan
        place = plan.at(self._start_rule.start(self.facts))
        start, resumed = plan.groups[place], self._resumed
        outcome = None if resumed is None else resumed.outcome(start.sequence)
        skipped = _skipped(start, outcome)
        skip = tuple([name for name in start.step_names if name in skipped])
        run = tuple([name for name in start.step_names if name not in skipped])
        return _Split(place, start, outcome, run, skip)


@final
@frozen(init=False, repr=False)
class Rejection(Sealed):
    """No restart, and every rule that says so. Made by `plan_restart` alone."""

    facts: Facts
    _rejecting: tuple[type[Reason], ...]

    def __init__(self) -> None:
        raise TypeError("a rejection is made by `plan_restart`")

    def __repr__(self) -> str:
        return f"Rejection(rules={self.rules!r})"

    @property
    def rules(self) -> tuple[RuleId, ...]:
        """The ids of the rules that reject, in order of precedence."""
        return tuple(rule.rule for rule in self._rejecting)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        """What each of these rules found, in order of precedence."""
        return tuple(rule.found(self.facts, self._remedy(rule)) for rule in self._rejecting)

    @property
    def reason(self) -> Reason:
        """The first of the reasons: the one to answer with."""
        return self.reasons[0]

    @property
    def remedy(self) -> Remedy:
        """What helps against the first reason; a request that it names is accepted."""
        return self.reason.remedy

    def _remedy(self, rule: type[Reason]) -> Remedy:
        plan, latest = self.facts.plan, self.facts.latest
        for request in rule.instead(self.facts):
            if isinstance(plan_restart(plan, request, latest), RestartPlan):
                return SendRequest(request)
        if latest is not None and latest.active:
            return WaitUntilOver(latest.id)
        return AddGroup()


def _accepted(facts: Facts) -> RestartPlan:
    decision = object.__new__(RestartPlan)
    object.__setattr__(decision, "facts", facts)
    return decision


def _rejected(facts: Facts, rejecting: tuple[type[Reason], ...]) -> Rejection:
    decision = object.__new__(Rejection)
    object.__setattr__(decision, "facts", facts)
    object.__setattr__(decision, "_rejecting", rejecting)
    return decision


Decision: TypeAlias = RestartPlan | Rejection
