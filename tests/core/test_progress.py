"""An execution goes on by moves; what cannot happen is refused and changes nothing."""

from __future__ import annotations

import contextlib
import copy
import pickle
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from core.builders import F, I, K, Outcome, P, Q, S, W, execution, plan
from hypothesis import given
from hypothesis import strategies as st

from restart_engine import (
    Execution,
    Facts,
    GroupOutcome,
    ImpossibleMove,
    InvalidValue,
    RestartPlan,
    RestartRequest,
    Status,
    Step,
    StepStatuses,
    plan_restart,
)
from restart_engine.conformance.strategies import scenarios
from restart_engine.core.progress import (
    MOVES,
    OVER,
    Ready,
    advance,
    begin_step,
    cut_off,
    end_execution,
    end_group,
    end_step,
    opening_record,
    ready,
)
from restart_engine.core.status import OF_RUN

PLAN = plan({1: "ab", 2: "cd", 4: "e"})
A, B, C, D, E = (Step("X", name) for name in "abcde")


def opened(sequence: int = 0) -> Execution:
    """The opening record of a restart of the plan without an id."""
    decision = plan_restart(PLAN, RestartRequest(sequence))
    assert isinstance(decision, RestartPlan)
    return opening_record(decision, 13)


class TestOpening:
    """What starting an accepted restart opens."""

    def test_the_start_group_has_its_skipped_steps(self) -> None:
        """Nothing stands for the groups before, everything else is In Queue."""
        latest = execution(F, {1: (S, {}), 2: (F, {"c": S, "d": F})})
        decision = plan_restart(PLAN, RestartRequest(0, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        assert opening_record(decision, 13) == execution(
            Q, {2: (Q, {"c": K, "d": Q}), 4: (Q, {"e": Q})}, id_=13
        )

    @given(scenarios())
    def test_it_follows_from_the_plan_alone(self, scenario: Facts) -> None:
        """Skipped are the steps to skip; every group from the start on is there with all its steps."""
        decision = plan_restart(scenario.plan, scenario.request, scenario.latest)
        if not isinstance(decision, RestartPlan):
            return
        opening = opening_record(decision, 99)
        assert (opening.id, opening.status, opening.active) == (99, Q, True)
        assert opening.sequences == tuple(g.sequence for g in (decision.start, *decision.groups_after))
        for group in opening.groups:
            skipped = decision.steps_to_skip if group.sequence == decision.start.sequence else ()
            assert group.status is Q
            assert group.steps is not None
            statuses = {outcome.step: outcome.status for outcome in group.steps}
            planned = next(g for g in scenario.plan.groups if g.sequence == group.sequence)
            assert statuses == {step: K if step in skipped else Q for step in planned.steps}

    def test_what_it_takes_is_checked(self) -> None:
        """A restart plan, and the id of an execution."""
        decision = plan_restart(PLAN, RestartRequest(0))
        assert isinstance(decision, RestartPlan)
        with pytest.raises(InvalidValue, match="`id` is `0`"):
            opening_record(decision, 0)
        with pytest.raises(InvalidValue, match="`restart` is `None`"):
            opening_record(None, 1)  # type: ignore[arg-type]  # refused at run time too

    @pytest.mark.parametrize("skipped", [(), ("X.c",), ("X.d", "X.c")])
    def test_a_group_that_waits_is_as_if_made_from_names(self, skipped: tuple[str, ...]) -> None:
        """Its steps are those of the plan's group, In Queue or skipped."""
        steps = {"X.c": Q, "X.d": Q} | dict.fromkeys(skipped, K)
        assert GroupOutcome.waiting(PLAN.groups[1], skipped) == GroupOutcome(2, Q, steps)

    def test_what_waits_is_a_group_of_a_plan_and_skips_its_own_steps(self) -> None:
        """Anything else is refused."""
        with pytest.raises(InvalidValue, match=r"`skipped` is `'X\.e'`, accepted is a step of the group"):
            GroupOutcome.waiting(PLAN.groups[1], ("X.c", "X.e"))
        with pytest.raises(InvalidValue, match="`group` is `2`, accepted is a LoadGroup"):
            GroupOutcome.waiting(2)  # type: ignore[arg-type]  # refused at run time too

    @pytest.mark.parametrize("asked", [RestartRequest(0, execution_id=12), RestartRequest(1)])
    def test_a_new_execution_has_an_id_of_its_own(self, asked: RestartRequest) -> None:
        """That of the latest is refused, whether it is resumed or not; a lower one is not."""
        decision = plan_restart(PLAN, asked, execution(F, {1: (F, {})}))
        assert isinstance(decision, RestartPlan)
        with pytest.raises(InvalidValue, match="`execution_id` is `12`, accepted is an id of its own"):
            opening_record(decision, 12)
        assert opening_record(decision, 11).id == 11


class TestMoves:
    """The moves that can be made."""

    def test_a_night_from_its_start_to_its_end(self) -> None:
        """Steps run side by side; a group runs when those before are over."""
        run = opened(2)
        assert ready(run) == Ready(sequence=2, steps=(C, D))
        run = begin_step(run, 2, D)
        assert run == execution(P, {2: (P, {"c": Q, "d": P}), 4: (Q, {"e": Q})}, id_=13)
        assert ready(run) == Ready(sequence=2, steps=(C,))
        run = end_step(begin_step(run, 2, C), 2, D, S)
        assert run == execution(P, {2: (P, {"c": P, "d": S}), 4: (Q, {"e": Q})}, id_=13)
        run = end_group(end_step(run, 2, C, S), 2, S)
        assert ready(run) == Ready(sequence=4, steps=(E,))
        run = end_group(end_step(begin_step(run, 4, E), 4, E, S), 4, S)
        assert ready(run) is None
        assert run.active
        run = end_execution(run, S)
        assert run == execution(S, {2: (S, {"c": S, "d": S}), 4: (S, {"e": S})}, id_=13)
        assert ready(run) is None

    @pytest.mark.parametrize("status", sorted(OVER - {S}))
    def test_a_group_may_fail_and_the_next_run(self, status: Status) -> None:
        """Going on after a failed group is the host's choice; the execution does not succeed then."""
        run = end_group(end_step(begin_step(opened(), 1, A), 1, A, status), 1, status)
        assert run.outcome(1) == execution(P, {1: (status, {"a": status, "b": Q})}).groups[0]
        assert ready(run) == Ready(sequence=2, steps=(C, D))
        run = end_execution(run, status)
        assert (run.status, run.failed) == (status, (1,))
        assert run.last_begun == 1

    def test_a_group_may_fail_with_all_its_steps_completed(self) -> None:
        """Its post-load failed."""
        run = opened(4)
        run = end_group(end_step(begin_step(run, 4, E), 4, E, S), 4, F)
        assert run == execution(P, {4: (F, {"e": S})}, id_=13)

    def test_a_group_with_nothing_to_run_succeeds_at_once(self) -> None:
        """It has no step, or only skipped ones."""
        latest = execution(F, {1: (F, {"a": S, "b": S}), 2: (Q, {})})
        decision = plan_restart(plan({1: "ab", 2: ""}), RestartRequest(1, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        run = opening_record(decision, 13)
        assert ready(run) == Ready(sequence=1, steps=())
        run = end_group(end_group(run, 1, S), 2, S)
        assert end_execution(run, S) == execution(S, {1: (S, {"a": K, "b": K}), 2: (S, {})}, id_=13)

    def test_cutting_off_leaves_everything_as_it_was(self) -> None:
        """What was In Progress stays so, and has failed now."""
        run = end_step(begin_step(begin_step(opened(), 1, A), 1, B), 1, A, S)
        assert run.failed == ()
        cut = cut_off(run)
        assert cut == execution(
            I, {1: (P, {"a": S, "b": P}), 2: (Q, {"c": Q, "d": Q}), 4: (Q, {"e": Q})}, id_=13
        )
        assert cut.failed == (1,)

    @pytest.mark.parametrize("status", [P, Q])
    def test_a_step_that_ends_has_run_and_so_its_group_runs(self, status: Status) -> None:
        """Also where the host had the group In Queue; cut off then, it has failed and can be resumed."""
        run = end_step(execution(status, {1: (Q, {"a": P, "b": Q})}), 1, A, S)
        assert run == execution(P, {1: (P, {"a": S, "b": Q})})
        assert cut_off(run).failed == (1,)

    def test_a_group_without_history_ends_as_a_whole(self) -> None:
        """Its steps are not tracked, so none can begin."""
        run = execution(P, {1: (P, None)})
        assert ready(run) == Ready(sequence=1, steps=())
        assert end_group(run, 1, F) == execution(P, {1: (F, None)})
        assert end_group(run, 1, S) == execution(P, {1: (S, None)})


class TestCheapMoves:
    """A move checks only what it changes, and still makes the value that making it anew would."""

    @given(st.data())
    def test_what_follows_from_the_groups_is_as_if_made_anew(self, data: st.DataObject) -> None:
        """After any replacement: the failed groups, those not recoverable, the last begun, the steps."""
        scenario = data.draw(scenarios().filter(lambda s: s.latest is not None and bool(s.latest.groups)))
        assert scenario.latest is not None
        was = data.draw(st.sampled_from(scenario.latest.groups))
        group = attrs.evolve(was, status=data.draw(st.sampled_from(sorted(OF_RUN))))
        for outcome in group.steps or ():
            assert group.statuses is not None
            status = data.draw(st.sampled_from(Status))
            group = attrs.evolve(group, steps=group.statuses.replaced(str(outcome.step), status))
            assert group.status_of(outcome.step) is group.status_of(str(outcome.step)) is status
        again = GroupOutcome(group.sequence, group.status, group.steps)
        assert (group, hash(group), group.steps) == (again, hash(again), again.steps)
        execution = scenario.latest.with_group(group)
        groups = [group if each is was else each for each in scenario.latest.groups]
        anew = Execution(execution.id, execution.status, tuple(groups))
        for each in (execution, pickle.loads(pickle.dumps(execution)), copy.deepcopy(execution)):  # noqa: S301  # our own
            assert (each, hash(each), each.groups) == (anew, hash(anew), anew.groups)
            assert (each.sequences, each.failed) == (anew.sequences, anew.failed)
            assert (each.lost_history, each.last_begun) == (anew.lost_history, anew.last_begun)
            assert each.current == next((group for group in each.groups if group.status in {P, Q}), None)
            assert each.outcome(group.sequence) == group

    def test_a_move_looks_at_no_other_step_or_group(self) -> None:
        """The outcomes of the groups that did not move are the very ones, and no step is made."""
        run = begin_step(opened(), 1, A)
        moved = end_step(run, 1, A, S)
        assert all(moved.outcome(sequence) is run.outcome(sequence) for sequence in (2, 4))
        assert end_group(moved, 1, F).groups[0].statuses is moved.groups[0].statuses

    def test_what_would_not_be_legal_is_refused(self) -> None:
        """A status, a step or a group that cannot be: the error has the field, the value and what may be."""
        statuses = StepStatuses({"X.a": P})
        status, step = "a Status, such as Status.FAILED", "a step as `Schema.Object`, neither part blank"
        recorded, existing = "a step that the group recorded", "a sequence that the execution has"
        refused: list[tuple[Callable[[], object], str, object, str]] = [
            (lambda: statuses.replaced("X.a", "Failed"), "status", "Failed", status),  # type: ignore[arg-type]  # refused at run time too
            (lambda: statuses.replaced("X.b", S), "step", "X.b", recorded),
            (lambda: GroupOutcome(1, P, statuses).status_of("Xa"), "step", "Xa", step),
            (lambda: RUNNING.with_group(None), "group", None, "a GroupOutcome"),  # type: ignore[arg-type]  # likewise
            (lambda: RUNNING.with_group(GroupOutcome(3, P, None)), "group.sequence", 3, existing),
        ]
        for make, *found in refused:
            with pytest.raises(InvalidValue) as error:
                make()
            assert error.value.args == tuple(found)


RUNNING = begin_step(opened(), 1, A)
DONE = end_group(end_step(begin_step(opened(4), 4, E), 4, E, S), 4, S)
OVER_NOW = end_execution(DONE, S)
IMPOSSIBLE: list[tuple[Callable[[], object], str]] = [
    (lambda: begin_step(RUNNING, 1, A), "begin step `X.a` of group 1: it is In Progress, not In Queue"),
    (lambda: begin_step(RUNNING, 1, C), "begin step `X.c` of group 1: the group has no such step"),
    (lambda: begin_step(RUNNING, 2, C), "begin step `X.c` of group 2: group 1 is not over"),
    (lambda: begin_step(RUNNING, 3, C), "begin step `X.c` of group 3: the execution has no group 3"),
    (lambda: begin_step(DONE, 4, E), "begin step `X.e` of group 4: group 4 is over"),
    (lambda: begin_step(OVER_NOW, 4, E), "begin step `X.e` of group 4: execution 13 is Succeeded"),
    (
        lambda: begin_step(execution(Q, {1: (Q, None)}), 1, A),
        "begin step `X.a` of group 1: the history of the group's steps is unavailable",
    ),
    (
        lambda: begin_step(end_group(end_step(RUNNING, 1, A, F), 1, F), 1, B),
        "begin step `X.b` of group 1: group 1 is over",
    ),
    (lambda: end_step(RUNNING, 1, B, S), "end step `X.b` of group 1: it is In Queue, not In Progress"),
    (lambda: end_step(RUNNING, 2, C, S), "end step `X.c` of group 2: group 1 is not over"),
    (lambda: end_step(cut_off(RUNNING), 1, A, S), "end step `X.a` of group 1: execution 13 is Interrupted"),
    (lambda: end_group(RUNNING, 1, F), "end group 1: a step of it is In Progress"),
    (
        lambda: end_group(end_step(RUNNING, 1, A, S), 1, S),
        "end group 1: it has a step that is not completed",
    ),
    (
        lambda: end_group(end_step(begin_step(end_step(RUNNING, 1, A, W), 1, B), 1, B, S), 1, S),
        "end group 1: it has a step that is not completed",
    ),
    (lambda: end_group(opened(), 2, F), "end group 2: group 1 is not over"),
    (lambda: end_execution(RUNNING, F), "end execution 13: a group of it is In Progress"),
    (lambda: end_execution(opened(), S), "end execution 13: it has a group that did not succeed"),
    (lambda: end_execution(OVER_NOW, F), "end execution 13: it is Succeeded"),
    (lambda: cut_off(OVER_NOW), "cut off execution 13: it is Succeeded"),
]


class TestTable:
    """`MOVES` is the whole table of what may become of a status."""

    @pytest.mark.parametrize("before", Status)
    @pytest.mark.parametrize("after", Status)
    def test_a_change_that_is_not_in_the_table_is_refused(self, before: Status, after: Status) -> None:
        """For steps, groups and executions: whatever leads from one status to another stands in a row."""
        of_step: dict[int, Outcome] = {1: (P, {"a": before})}
        tries: dict[str, list[Callable[[], Execution]]] = {
            "step": [
                lambda: begin_step(execution(P, of_step), 1, A),
                lambda: end_step(execution(P, of_step), 1, A, after),
            ]
        }
        if before is not K:
            tries["group"] = [lambda: end_group(execution(P, {1: (before, {})}), 1, after)]
            tries["execution"] = [
                lambda: end_execution(execution(before, {}), after),
                lambda: cut_off(execution(before, {})),
            ]
        found = {
            "step": lambda run: run.groups[0].status_of(A),
            "group": lambda run: run.groups[0].status,
            "execution": lambda run: run.status,
        }
        for of, moves in tries.items():
            reached = set()
            for move in moves:
                with contextlib.suppress(ImpossibleMove, InvalidValue):
                    reached.add(found[of](move()))
            in_table = {a for m in MOVES if m.of == of and before in m.before for a in m.after}
            assert (after in reached) == (after in in_table)
            assert reached <= in_table


class TestRefusal:
    """The moves that cannot be made."""

    @pytest.mark.parametrize("number", range(len(IMPOSSIBLE)))
    def test_impossible_move(self, number: int) -> None:
        """The error names the move, the place and what stands against it."""
        make, message = IMPOSSIBLE[number]
        with pytest.raises(ImpossibleMove) as refused:
            make()
        error = refused.value
        assert str(error) == f"cannot {message}"
        assert str(error) == f"cannot {error.move} {error.where}: {error.why}"
        assert error.args == (error.move, error.where, error.why)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own

    @pytest.mark.parametrize("status", [P, Q, K])
    def test_nothing_ends_with_a_status_that_is_not_over(self, status: Status) -> None:
        """A step, a group and an execution end Succeeded, Finished With Errors, Failed or Interrupted."""
        moves: list[Callable[[], object]] = [
            lambda: end_step(RUNNING, 1, A, status),
            lambda: end_group(RUNNING, 1, status),
            lambda: end_execution(DONE, status),
        ]
        for move in moves:
            with pytest.raises(InvalidValue, match="`status` is "):
                move()

    def test_wrong_types_are_refused(self) -> None:
        """Each argument by its name."""
        refused: dict[str, Callable[[], object]] = {
            "execution": lambda: ready(None),  # type: ignore[arg-type]  # refused at run time too
            "sequence": lambda: begin_step(RUNNING, True, A),
            "step": lambda: begin_step(RUNNING, 1, "Xa"),
            "status": lambda: end_group(RUNNING, 1, "Failed"),  # type: ignore[arg-type]  # likewise
        }
        for field, move in refused.items():
            with pytest.raises(InvalidValue, match=f"^`{field}` is "):
                move()
        nothing: Any = None
        moves: list[Callable[[], object]] = [
            lambda: begin_step(nothing, 1, A),
            lambda: end_step(nothing, 1, A, S),
            lambda: end_group(nothing, 1, S),
            lambda: end_execution(nothing, S),
            lambda: cut_off(nothing),
            lambda: advance(nothing),
        ]
        for move in moves:
            with pytest.raises(InvalidValue, match=r"^`execution` is `None`, accepted is an Execution$"):
                move()
