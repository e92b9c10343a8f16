"""An execution draws the consequences of what is over in it: `advance`."""

from __future__ import annotations

import pytest
from core.builders import F, I, K, Outcome, P, Q, S, W, execution, plan
from hypothesis import given
from hypothesis import strategies as st

from restart_engine import Execution, Facts, ImpossibleMove, RestartPlan, RestartRequest, Status, plan_restart
from restart_engine.conformance.strategies import executions, load_plans, scenarios
from restart_engine.core.progress import (
    OVER,
    advance,
    begin_step,
    cut_off,
    end_step,
    opening_record,
    ready,
)
from restart_engine.core.status import ACTIVE


def in_turn(run: Execution) -> bool:
    """Whether no group runs out of its turn, as the moves never let one."""
    return all(group.status is not P for group in run.groups if group is not run.current)


ANY = load_plans().flatmap(executions).filter(in_turn)


class TestAGroupThatIsOver:
    """A group whose steps are over ends with the worst of their statuses."""

    @pytest.mark.parametrize(
        ("steps", "worst"),
        [
            ({}, S),
            ({"a": S, "b": S}, S),
            ({"a": K}, S),
            ({"a": S, "b": K}, S),
            ({"a": S, "b": I}, I),
            ({"a": I, "b": W}, W),
            ({"a": W, "b": F, "c": I}, F),
            ({"a": F, "b": K, "c": S}, F),
        ],
    )
    def test_failed_is_worst_then_errors_then_interrupted(
        self, steps: dict[str, Status], worst: Status
    ) -> None:
        """Skipped and Succeeded are as good as each other, and so is no step at all."""
        run = advance(execution(P, {1: (P, steps), 2: (Q, {"a": Q})}))
        outcome = run.outcome(1)
        assert outcome is not None
        assert outcome.status is worst

    def test_groups_with_nothing_to_run_succeed_one_after_another(self) -> None:
        """Up to the first that has something to run, which waits untouched."""
        groups: dict[int, Outcome] = {1: (Q, {"a": K, "b": K}), 2: (Q, {}), 4: (Q, {"e": Q}), 7: (Q, {})}
        expected: dict[int, Outcome] = {1: (S, {"a": K, "b": K}), 2: (S, {}), 4: (Q, {"e": Q}), 7: (Q, {})}
        assert advance(execution(Q, groups)) == execution(P, expected)

    def test_a_group_without_history_has_no_step_left(self) -> None:
        """Nothing is known to run in it, and nothing to have failed."""
        assert advance(execution(P, {1: (P, None)})) == execution(S, {1: (S, None)})

    @pytest.mark.parametrize("active", sorted(ACTIVE))
    @pytest.mark.parametrize("beside", [S, F, K])
    def test_a_step_that_is_not_over_keeps_its_group_going(self, active: Status, beside: Status) -> None:
        """Also beside one that failed: nothing changes."""
        run = execution(P, {1: (P, {"a": beside, "b": active}), 2: (Q, {})})
        assert advance(run) is run
        assert advance(run, past_failures=True) is run


class TestTheEnd:
    """The execution ends with the worst of its groups' statuses."""

    @pytest.mark.parametrize("status", sorted(OVER - {S}))
    def test_at_the_first_group_that_did_not_succeed(self, status: Status) -> None:
        """The groups after it are never reached."""
        run = execution(P, {1: (S, {"a": S}), 2: (P, {"c": status}), 4: (Q, {"e": Q}), 7: (Q, {})})
        expected = {1: (S, {"a": S}), 2: (status, {"c": status}), 4: (Q, {"e": Q}), 7: (Q, {})}
        assert advance(run) == execution(status, {**expected})

    def test_or_past_it_where_the_host_goes_on(self) -> None:
        """To the next group that has something to run, and in the end to the worst of all."""
        run = execution(P, {1: (P, {"a": I}), 2: (Q, {}), 4: (Q, {"e": Q})})
        going = advance(run, past_failures=True)
        assert going == execution(P, {1: (I, {"a": I}), 2: (S, {}), 4: (Q, {"e": Q})})
        (step,) = ready(going).steps  # type: ignore[union-attr]  # that it is ready is the test
        ended = advance(end_step(begin_step(going, 4, step), 4, step, W), past_failures=True)
        assert ended == execution(W, {1: (I, {"a": I}), 2: (S, {}), 4: (W, {"e": W})})

    def test_when_every_group_has_succeeded(self) -> None:
        """It has succeeded."""
        run = execution(P, {1: (S, {"a": S}), 2: (P, {"c": S})})
        assert advance(run) == execution(S, {1: (S, {"a": S}), 2: (S, {"c": S})})

    @pytest.mark.parametrize("status", [P, Q])
    def test_of_no_group_at_all(self, status: Status) -> None:
        """Nothing failed."""
        assert advance(execution(status, {})) == execution(S, {})

    def test_of_groups_that_all_were_over_before(self) -> None:
        """What failed in them counts, whenever that was."""
        assert advance(execution(P, {1: (F, {}), 2: (S, {})})) == execution(F, {1: (F, {}), 2: (S, {})})

    @pytest.mark.parametrize("status", sorted(OVER))
    def test_an_execution_that_is_over_is_left_as_it_is(self, status: Status) -> None:
        """Whatever its groups say, and the same object."""
        run = execution(status, {1: (P, {"a": S}), 2: (Q, {})})
        assert advance(run) is run

    def test_a_group_that_runs_out_of_its_turn_is_in_the_way(self) -> None:
        """A host's record may have one, the moves never make one: the execution cannot end around it."""
        run = execution(P, {1: (P, {"a": F}), 2: (P, {"c": P})})
        with pytest.raises(ImpossibleMove, match="cannot end execution 12: a group of it is In Progress"):
            advance(run)
        assert advance(run, past_failures=True).active

    def test_a_group_that_failed_by_itself_ends_the_run(self) -> None:
        """Its post-load failed, say: the next group does not begin unless the run goes on past failures."""
        run = execution(P, {1: (F, {"a": S}), 2: (Q, {"c": Q})})
        assert advance(run) == execution(F, {1: (F, {"a": S}), 2: (Q, {"c": Q})})
        assert advance(run, past_failures=True) is run

    def test_one_that_was_cut_off_stays_so(self) -> None:
        """Nothing is ended in it afterwards."""
        run = cut_off(execution(P, {1: (P, {"a": S})}))
        assert advance(run) is run


class TestLaws:
    """Whatever the execution."""

    @given(ANY, st.booleans())
    def test_it_is_over_or_has_something_to_wait_for(self, run: Execution, past_failures: bool) -> None:
        """In the group whose turn it is, a step runs or may begin."""
        after = advance(run, past_failures=past_failures)
        if after.active:
            turn = ready(after)
            assert turn is not None
            outcome = after.outcome(turn.sequence)
            assert outcome is not None
            assert outcome.statuses is not None
            assert set(outcome.recorded.values()) & ACTIVE

    @given(ANY, st.booleans())
    def test_twice_is_once(self, run: Execution, past_failures: bool) -> None:
        """The second time there is nothing left to draw."""
        once = advance(run, past_failures=past_failures)
        assert advance(once, past_failures=past_failures) is once

    @given(ANY, st.booleans())
    def test_steps_and_groups_that_are_over_stay_as_they_were(
        self, run: Execution, past_failures: bool
    ) -> None:
        """It ends groups and the execution, and nothing else."""
        after = advance(run, past_failures=past_failures)
        assert (after.id, after.sequences) == (run.id, run.sequences)
        for was, now in zip(run.groups, after.groups, strict=True):
            assert now.recorded == was.recorded
            assert now.status in ({was.status} if was.status not in ACTIVE else {was.status, *OVER})

    @given(ANY)
    def test_one_that_goes_on_has_no_failed_group_but_those_it_had(self, run: Execution) -> None:
        """Unless it goes past failures, a group that fails here is the last."""
        after = advance(run)
        if after.active:
            assert after.failed == run.failed

    @given(scenarios(), st.data())
    def test_it_drives_any_restart_to_its_end(self, facts: Facts, data: st.DataObject) -> None:
        """Step by step, however each ends; it has succeeded only when all groups have."""
        decision = plan_restart(facts.plan, facts.request, facts.latest)
        if not isinstance(decision, RestartPlan):
            return
        run = advance(opening_record(decision, 99))
        while (turn := ready(run)) is not None:
            step, status = turn.steps[0], data.draw(st.sampled_from([S, S, *sorted(OVER)]))
            run = advance(end_step(begin_step(run, turn.sequence, step), turn.sequence, step, status))
        assert not run.active
        assert (run.status is S) == all(group.status is S for group in run.groups)

    def test_a_restart_with_nothing_to_run_is_over_at_once(self) -> None:
        """All steps of its last group were completed before."""
        latest = execution(F, {1: (F, {"a": S, "b": S})})
        decision = plan_restart(plan({1: "ab"}), RestartRequest(0, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        run = advance(opening_record(decision, 13))
        assert run == execution(S, {1: (S, {"a": K, "b": K})}, id_=13)
