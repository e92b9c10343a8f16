"""The chain of restarts: no completed work is repeated, and resuming comes to an end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from restart_engine import (
    Execution,
    GroupOutcome,
    ImpossibleMove,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    SkippedElsewhere,
    Status,
    Step,
    plan_restart,
    progress,
)
from restart_engine.conformance.strategies import OVER, RUN_STATUSES, load_plans, outcomes

RESUME = RestartRequest(0, execution_id=1)
STARTING_PLAN = LoadPlan("P", (LoadGroup(1, ["S.a", "S.b"]), LoadGroup(3, ["S.a", "S.c"]), LoadGroup(4, [])))


class ChainOfRestarts(RuleBasedStateMachine):
    """A host that runs a plan, is cut off, edits it, loses history, and restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = STARTING_PLAN
        self.latest: Execution | None = None
        self.completed: set[Step] = set()
        """Completed in the group that the chain is resuming, while it goes on resuming that group."""
        self.resuming: int | None = None
        self.highest = 0

    def running(self) -> bool:
        """Whether the latest execution is active."""
        return self.latest is not None and self.latest.active

    @rule(sequence=st.sampled_from([0, -1, 1, 3, 4, 9]), known=st.booleans())
    def restart(self, sequence: int, known: bool) -> None:
        """Starts what the engine accepts; while it runs, nothing is."""
        execution_id = self.latest.id if known and self.latest else None
        decision = plan_restart(self.plan, RestartRequest(sequence, execution_id=execution_id), self.latest)
        if self.running():
            assert isinstance(decision, Rejection)
            assert decision.rules[0] == "R1"
        if isinstance(decision, Rejection):
            return
        assert decision.precondition.holds(self.plan, self.latest)
        assert not any(isinstance(note, SkippedElsewhere) for note in decision.notes)  # our own records [C9]
        start = decision.start.sequence
        if known and start == self.resuming:
            assert not self.completed & set(decision.steps_to_run)
        else:
            self.completed = set()
        self.resuming = start
        # a step that left the plan leaves the record of the next execution with it
        self.completed &= set(decision.start.steps)
        self.completed |= set(decision.steps_to_skip)
        self.highest += 1
        self.latest = progress.opening_record(decision, self.highest)
        assert not decision.precondition.holds(self.plan, self.latest)

    @precondition(running)
    @rule(data=st.data(), status=st.sampled_from(OVER))
    def run_a_step(self, data: st.DataObject, status: Status) -> None:
        """One of those that may run begins and ends."""
        assert self.latest is not None
        turn = progress.ready(self.latest)
        if turn is None or not turn.steps:
            return
        step = data.draw(st.sampled_from(turn.steps))
        begun = progress.begin_step(self.latest, turn.sequence, step)
        if data.draw(st.integers(0, 4)) == 0:
            self.latest = progress.cut_off(begun)
            return
        self.latest = progress.end_step(begun, turn.sequence, step, status)
        if status is Status.SUCCEEDED and turn.sequence == self.resuming:
            self.completed.add(step)

    @precondition(running)
    @rule(status=st.sampled_from(OVER))
    def end_the_group(self, status: Status) -> None:
        """The group whose turn it is ends, as far as that can be."""
        assert self.latest is not None
        turn = progress.ready(self.latest)
        if turn is None:
            return
        try:
            self.latest = progress.end_group(self.latest, turn.sequence, status)
        except ImpossibleMove:
            assert status is Status.SUCCEEDED

    @precondition(running)
    @rule(status=st.sampled_from(OVER))
    def end_the_execution(self, status: Status) -> None:
        """It ends, also with groups never reached."""
        assert self.latest is not None
        try:
            self.latest = progress.end_execution(self.latest, status)
        except ImpossibleMove:
            self.latest = progress.cut_off(self.latest)

    @rule(plan=load_plans())
    def edit(self, plan: LoadPlan) -> None:
        """Another plan under the same name; what was completed of its steps is still so."""
        self.plan = LoadPlan("P", plan.groups)

    @rule()
    def put_back(self) -> None:
        """The plan is as it was at first."""
        self.plan = STARTING_PLAN

    @precondition(lambda self: self.latest is not None and not self.latest.active)
    @rule()
    def lose_history(self) -> None:
        """The job history is purged: nothing is known to be completed."""
        assert self.latest is not None
        groups = tuple(GroupOutcome(group.sequence, group.status, None) for group in self.latest.groups)
        self.latest = Execution(self.latest.id, self.latest.status, groups)
        self.completed = set()
        self.resuming = None

    @invariant()
    def record_matches_its_status(self) -> None:
        """Outside an active execution nothing may run; each execution has its own id."""
        if self.latest is not None:
            assert self.latest.id == self.highest
            if not self.latest.active:
                assert progress.ready(self.latest) is None


TestChain = ChainOfRestarts.TestCase
TestChain.settings = settings(max_examples=settings().max_examples * 3 // 2, stateful_step_count=40)


def resumed_once(decision: RestartPlan, execution_id: int, step: bool) -> Execution:
    """A run that gets one more step done, or one more group, and then fails."""
    run = progress.opening_record(decision, execution_id)
    turn = progress.ready(run)
    while turn is not None and not turn.steps:
        run = progress.end_group(run, turn.sequence, Status.SUCCEEDED)
        turn = progress.ready(run)
    if turn is None:
        return progress.end_execution(run, Status.SUCCEEDED)
    for each in turn.steps[:1] if step else turn.steps:
        run = progress.end_step(
            progress.begin_step(run, turn.sequence, each), turn.sequence, each, Status.SUCCEEDED
        )
    if step:
        return progress.end_execution(progress.end_group(run, turn.sequence, Status.FAILED), Status.FAILED)
    run = progress.end_group(run, turn.sequence, Status.SUCCEEDED)
    turn = progress.ready(run)
    if turn is None:
        return progress.end_execution(run, Status.SUCCEEDED)
    return progress.end_execution(progress.end_group(run, turn.sequence, Status.FAILED), Status.FAILED)


class TestResumingEnds:
    """On an unedited plan, resuming with some progress each time comes to R3."""

    @given(load_plans(), st.lists(st.booleans(), min_size=60, max_size=60))
    def test_after_finitely_many_restarts_nothing_failed_is_left(
        self, plan: LoadPlan, by_step: list[bool]
    ) -> None:
        """A completed step or a succeeded group more each time ends in "no failed group"."""
        decision = plan_restart(plan, RestartRequest(0))
        if isinstance(decision, Rejection):
            return
        amount = 1 + sum(1 + len(group.steps) for group in plan.groups)
        for restarts, step in enumerate(by_step, 1):
            latest = resumed_once(decision, restarts, step)
            again = plan_restart(plan, RestartRequest(0, execution_id=latest.id), latest)
            if isinstance(again, Rejection):
                assert again.rules == ("R3",)
                assert latest.status is Status.SUCCEEDED
                assert restarts <= amount
                return
            assert again.rule == "S3"
            decision = again
        raise AssertionError

    @given(st.data())
    def test_a_later_group_runs_whole_whatever_happened_there(self, data: st.DataObject) -> None:
        """Only the group where a restart begins skips anything."""
        plan = data.draw(load_plans())
        groups = tuple(data.draw(outcomes(group)) for group in plan.groups)
        latest = Execution(1, data.draw(st.sampled_from(RUN_STATUSES)), groups)
        decision = plan_restart(plan, RESUME, latest)
        if isinstance(decision, RestartPlan):
            opening = progress.opening_record(decision, 2)
            assert all(
                status is Status.IN_QUEUE for g in opening.groups[1:] for _, status in g.recorded.items()
            )
