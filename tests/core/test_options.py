"""The restarts that are possible, and the way out of each rejection."""

from __future__ import annotations

from typing import Any, assert_never

import pytest
from core.builders import F, I, K, Outcome, P, Q, S, execution, plan
from hypothesis import given

from restart_engine import (
    AddGroup,
    Execution,
    Facts,
    InvalidValue,
    LoadGroup,
    Rejection,
    Remedy,
    RestartPlan,
    RestartRequest,
    SendRequest,
    WaitUntilOver,
    plan_restart,
    progress,
    recommended,
    restart_options,
)
from restart_engine.conformance.strategies import scenarios

PLAN = plan({1: "ab", 2: "cd", 4: "e"})
DONE = (S, {"a": S, "b": S})
HALF = (F, {"c": F, "d": S})


RECOMMENDED: dict[str, tuple[Execution | None, tuple[str, int] | None]] = {
    "the first failed group, without its completed steps": (execution(F, {1: DONE, 2: HALF}), ("S3", 2)),
    "the group whole where its history is lost": (execution(F, {1: DONE, 2: (F, None)}), ("S2", 2)),
    "the first group never reached": (execution(I, {1: DONE}), ("S2", 2)),
    "starting over where it never ran": (None, ("S1", 1)),
    "none where nothing failed and no group is left": (
        execution(S, {1: DONE, 2: (S, {}), 4: (S, {})}),
        None,
    ),
    "the group that a failed step has moved to": (
        execution(F, {1: (S, {"a": S}), 2: (F, {"b": F, "c": S, "d": S})}),
        ("S4", 1),
    ),
    "a group before where the failed one is gone": (execution(F, {1: DONE, 3: (F, {})}), ("S2", 2)),
}


def meaning(restart: RestartPlan) -> tuple[Any, ...]:
    """What a restart does."""
    return (restart.start, restart.steps_to_run, restart.steps_to_skip, restart.groups_after)


class TestOptions:
    """The options are the accepted requests, each meaning once."""

    @given(scenarios())
    def test_each_option_is_what_its_request_gets(self, scenario: Facts) -> None:
        """Asking for an option gives that very plan; what it leaves failed comes before its start."""
        options = restart_options(scenario.plan, scenario.latest)
        if isinstance(options, Rejection):
            assert options == plan_restart(scenario.plan, RestartRequest(0), scenario.latest)
            return
        for option in options:
            assert plan_restart(scenario.plan, option.request, scenario.latest) == option
            assert all(sequence < option.start.sequence for sequence in option.left_failed)
        assert len({meaning(option) for option in options}) == len(options)

    @given(scenarios())
    def test_each_accepted_request_means_one_of_the_options(self, scenario: Facts) -> None:
        """And where there is no option, no request is accepted."""
        decision = plan_restart(scenario.plan, scenario.request, scenario.latest)
        options = restart_options(scenario.plan, scenario.latest)
        if isinstance(decision, RestartPlan):
            assert not isinstance(options, Rejection)
            assert meaning(decision) in {meaning(option) for option in options}

    def test_the_recommended_one_is_first_the_others_ascend(self) -> None:
        """S3 stands for its equals before S1, S1 before S2, S2 before S4; one that skips more is first."""
        latest = execution(F, {1: DONE, 2: HALF})
        options = restart_options(PLAN, latest)
        assert not isinstance(options, Rejection)
        assert [(option.rule, option.start.sequence) for option in options] == [
            ("S3", 2),
            ("S4", 1),
            ("S1", 1),
            ("S2", 2),
            ("S2", 4),
        ]
        assert recommended(options) is options[0]
        assert options[-1].left_failed == (2,)
        nothing_done = execution(F, {1: (F, {"a": F, "b": F})})
        same = restart_options(PLAN, nothing_done)
        assert not isinstance(same, Rejection)
        assert [(option.rule, option.start.sequence) for option in same] == [("S3", 1), ("S2", 2), ("S2", 4)]

    def test_two_that_run_the_same_steps_differ_in_what_they_record(self) -> None:
        """S4 at a succeeded group keeps it as skipped; S2 at the next one knows nothing of it."""
        options = restart_options(PLAN, execution(F, {1: DONE, 2: HALF}))
        assert not isinstance(options, Rejection)
        at = {(option.rule, option.start.sequence): option for option in options}
        skipping, whole = (progress.opening_record(at[each], 13) for each in (("S4", 1), ("S2", 2)))
        waiting: dict[int, Outcome] = {2: (Q, {"c": Q, "d": Q}), 4: (Q, {"e": Q})}
        assert skipping == execution(Q, {1: (Q, {"a": K, "b": K}), **waiting}, id_=13)
        assert whole == execution(Q, waiting, id_=13)

    @pytest.mark.parametrize("name", RECOMMENDED)
    def test_recommended(self, name: str) -> None:
        """The restart that repeats least and leaves nothing failed or never reached, if there is one."""
        latest, expected = RECOMMENDED[name]
        options = restart_options(PLAN, latest)
        assert not isinstance(options, Rejection)
        best = recommended(options)
        assert (None if best is None else (best.rule, best.start.sequence)) == expected
        assert best in (None, options[0])
        assert best == recommended(options[::-1])

    def test_what_are_no_options_is_refused(self) -> None:
        """A rejection, or none."""
        for options in ((), restart_options(plan({}))):
            with pytest.raises(InvalidValue, match=r"^`options` is "):
                recommended(options)  # type: ignore[arg-type]  # refused at run time too

    def test_none_is_recommended_where_a_failed_group_is_gone_and_none_is_before_it(self) -> None:
        """Every restart leaves it failed."""
        options = restart_options(plan({2: "c"}), execution(F, {1: (F, {"a": F})}))
        assert not isinstance(options, Rejection)
        assert recommended(options) is None

    @given(scenarios())
    def test_the_recommended_one_leaves_nothing_undone_and_repeats_least(self, scenario: Facts) -> None:
        """No other that leaves nothing failed or never reached runs fewer steps."""
        options = restart_options(scenario.plan, scenario.latest)
        best = None if isinstance(options, Rejection) else recommended(options)
        if best is None or isinstance(options, Rejection):
            return

        latest = scenario.latest
        recorded = () if latest is None else latest.sequences

        def added(group: LoadGroup) -> bool:
            outcome = None if latest is None else latest.outcome(group.sequence)
            if outcome is None:
                return bool(recorded) and recorded[0] < group.sequence < recorded[-1]
            known = outcome.statuses is not None and (outcome.begun or outcome.statuses != {})
            return known and not set(group.names) <= set(outcome.recorded)

        def undone(restart: RestartPlan) -> bool:
            before = {group.sequence for group in restart.groups_before}
            never = not before.isdisjoint(scenario.never_reached)
            return bool(restart.left_failed) or never or any(map(added, restart.groups_before))

        def steps(restart: RestartPlan) -> int:
            return len(restart.names_to_run) + sum(len(group.names) for group in restart.groups_after)

        assert not undone(best)
        assert all(undone(option) or steps(option) >= steps(best) for option in options)

    def test_none_while_it_runs_or_without_a_group(self) -> None:
        """The rejection of starting over says why."""
        running = restart_options(PLAN, execution(P, {}))
        empty = restart_options(plan({}))
        assert isinstance(running, Rejection)
        assert isinstance(empty, Rejection)
        assert (running.rules, empty.rules) == (("R1",), ("R4",))


def send(sequence: int, execution_id: int | None = None) -> SendRequest:
    """The advice to send this request."""
    return SendRequest(RestartRequest(sequence, execution_id=execution_id))


FAILED = execution(F, {1: DONE, 2: HALF})
REMEDIES: dict[str, tuple[Any, Any, RestartRequest, Remedy]] = {
    "R1: wait": (PLAN, execution(P, {}), RestartRequest(0), WaitUntilOver(12)),
    "R1 beside others: wait": (
        PLAN,
        execution(P, {}),
        RestartRequest(3, execution_id=11),
        WaitUntilOver(12),
    ),
    "R2: the same group with the latest id": (
        PLAN,
        FAILED,
        RestartRequest(2, execution_id=11),
        send(2, 12),
    ),
    "R2 and R4: the first failed group": (
        PLAN,
        FAILED,
        RestartRequest(3, execution_id=11),
        send(0, 12),
    ),
    "R2 where nothing failed: the first group never reached": (
        PLAN,
        execution(S, {1: DONE}),
        RestartRequest(0, execution_id=11),
        send(2),
    ),
    "R2 before any run: the same without an id": (PLAN, None, RestartRequest(2, execution_id=5), send(2)),
    "R2 and R4 before any run: start over": (
        PLAN,
        None,
        RestartRequest(3, execution_id=5),
        send(0),
    ),
    "R3: the first group never reached": (
        PLAN,
        execution(I, {1: DONE}),
        RestartRequest(0, execution_id=12),
        send(2),
    ),
    "R3 with all reached: start over": (
        PLAN,
        execution(S, {1: DONE, 2: (S, {}), 4: (S, {})}),
        RestartRequest(0, execution_id=12),
        send(0),
    ),
    "R3 where the restart of group 2 began none: that group, not those before it": (
        PLAN,
        execution(I, {2: (Q, {"c": Q, "d": Q}), 4: (Q, {"e": Q})}),
        RestartRequest(0, execution_id=12),
        send(2),
    ),
    "R3 where the restart of group 3 began none, and that is gone: the next one": (
        PLAN,
        execution(I, {3: (Q, {}), 4: (Q, {"e": Q})}),
        RestartRequest(0, execution_id=12),
        send(4),
    ),
    "R3 where the restart of group 9 began none, and the plan ends before it: start over": (
        PLAN,
        execution(I, {9: (Q, {})}),
        RestartRequest(0, execution_id=12),
        send(0),
    ),
    "R3 where no group is recorded: the first of all": (
        PLAN,
        execution(I, {}),
        RestartRequest(0, execution_id=12),
        send(1),
    ),
    "R4 with the latest id: the first failed group": (
        PLAN,
        FAILED,
        RestartRequest(3, execution_id=12),
        send(0, 12),
    ),
    "R4 without an id: start over": (PLAN, FAILED, RestartRequest(3), send(0)),
    "R4 where the first failed group is gone: start over": (
        PLAN,
        execution(F, {3: (F, {})}),
        RestartRequest(0, execution_id=12),
        send(0),
    ),
    "R4 without a group: add one": (plan({}), None, RestartRequest(1), AddGroup()),
    "R5: the group whole": (
        PLAN,
        execution(F, {2: (F, None)}),
        RestartRequest(0, execution_id=12),
        send(2),
    ),
}


class TestRemedies:
    """Whatever is rejected, there is something to do."""

    @pytest.mark.parametrize("name", REMEDIES)
    def test_remedy(self, name: str) -> None:
        """Each rejection has the remedy in the table."""
        facts, latest, request, expected = REMEDIES[name]
        decision = plan_restart(facts, request, latest)
        assert isinstance(decision, Rejection)
        assert decision.remedy == expected

    @given(scenarios())
    def test_a_request_that_is_advised_is_accepted(self, scenario: Facts) -> None:
        """Otherwise an execution runs, or the plan has no group."""
        decision = plan_restart(scenario.plan, scenario.request, scenario.latest)
        if isinstance(decision, RestartPlan):
            return
        match decision.remedy:
            case SendRequest(request=request):
                accepted = plan_restart(scenario.plan, request, scenario.latest)
                assert isinstance(accepted, RestartPlan)
            case WaitUntilOver(execution_id=execution_id):
                assert scenario.latest is not None
                assert (scenario.latest.active, scenario.latest.id) == (True, execution_id)
            case AddGroup():
                assert scenario.plan.groups == ()
            case other:
                assert_never(other)
