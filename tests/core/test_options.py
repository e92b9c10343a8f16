"""The restarts that are possible, and the way out of each rejection."""

from __future__ import annotations

from typing import Any

import pytest
from core.builders import F, I, K, Outcome, P, Q, S, execution, plan
from hypothesis import given

from restart_engine import (
    AddGroup,
    AlreadyRunning,
    Facts,
    Rejection,
    RestartPlan,
    RestartRequest,
    SeeOptions,
    SendRequest,
    WaitUntilOver,
    plan_restart,
    progress,
    restart_options,
)
from restart_engine.conformance.strategies import scenarios

PLAN = plan({1: "ab", 2: "cd", 4: "e"})
DONE = (S, {"a": S, "b": S})
HALF = (F, {"c": F, "d": S})


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

    def test_they_ascend_and_one_stands_for_its_equals(self) -> None:
        """S3 stands before S1, S1 before S2, S2 before S4; at one group the one that skips more is first."""
        latest = execution(F, {1: DONE, 2: HALF})
        options = restart_options(PLAN, latest)
        assert not isinstance(options, Rejection)
        assert [(option.rule, option.start.sequence) for option in options] == [
            ("S4", 1),
            ("S1", 1),
            ("S3", 2),
            ("S2", 2),
            ("S2", 4),
        ]
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
REMEDIES: dict[str, tuple[Any, Any, RestartRequest, list[Any]]] = {
    "R1: wait": (PLAN, execution(P, {}), RestartRequest(0), [WaitUntilOver(12)]),
    "R1 beside others: wait, for those too": (
        PLAN,
        execution(P, {}),
        RestartRequest(3, execution_id=11),
        [WaitUntilOver(12)] * 3,
    ),
    "R2: the same group with the latest id": (
        PLAN,
        FAILED,
        RestartRequest(2, execution_id=11),
        [send(2, 12)],
    ),
    "R2 and R4: the first failed group; or start over": (
        PLAN,
        FAILED,
        RestartRequest(3, execution_id=11),
        [send(0, 12), send(0)],
    ),
    "R2 where nothing failed: the first group never reached": (
        PLAN,
        execution(S, {1: DONE}),
        RestartRequest(0, execution_id=11),
        [send(2)],
    ),
    "R2 before any run: the same without an id": (PLAN, None, RestartRequest(2, execution_id=5), [send(2)]),
    "R2 and R4 before any run: start over": (
        PLAN,
        None,
        RestartRequest(3, execution_id=5),
        [send(0), send(0)],
    ),
    "R3: the first group never reached": (
        PLAN,
        execution(I, {1: DONE}),
        RestartRequest(0, execution_id=12),
        [send(2)],
    ),
    "R3 with all reached: start over": (
        PLAN,
        execution(S, {1: DONE, 2: (S, {}), 4: (S, {})}),
        RestartRequest(0, execution_id=12),
        [send(0)],
    ),
    "R3 where the restart of group 2 began none: that group, not those before it": (
        PLAN,
        execution(I, {2: (Q, {"c": Q, "d": Q}), 4: (Q, {"e": Q})}),
        RestartRequest(0, execution_id=12),
        [send(2)],
    ),
    "R3 where the restart of group 3 began none, and that is gone: the next one": (
        PLAN,
        execution(I, {3: (Q, {}), 4: (Q, {"e": Q})}),
        RestartRequest(0, execution_id=12),
        [send(4)],
    ),
    "R3 where the restart of group 9 began none, and the plan ends before it: start over": (
        PLAN,
        execution(I, {9: (Q, {})}),
        RestartRequest(0, execution_id=12),
        [send(0)],
    ),
    "R3 where no group is recorded: the first of all": (
        PLAN,
        execution(I, {}),
        RestartRequest(0, execution_id=12),
        [send(1)],
    ),
    "R4 with the latest id: the first failed group": (
        PLAN,
        FAILED,
        RestartRequest(3, execution_id=12),
        [send(0, 12)],
    ),
    "R4 without an id: start over": (PLAN, FAILED, RestartRequest(3), [send(0)]),
    "R4 where the first failed group is gone: start over": (
        PLAN,
        execution(F, {3: (F, {})}),
        RestartRequest(0, execution_id=12),
        [send(0)],
    ),
    "R4 without a group: add one": (plan({}), None, RestartRequest(1), [AddGroup()]),
    "R5: the group whole": (
        PLAN,
        execution(F, {2: (F, None)}),
        RestartRequest(0, execution_id=12),
        [send(2)],
    ),
}


class TestRemedies:
    """Whatever is rejected, there is something to do."""

    @pytest.mark.parametrize("name", REMEDIES)
    def test_remedy(self, name: str) -> None:
        """Each reason has the remedy in the table."""
        facts, latest, request, expected = REMEDIES[name]
        decision = plan_restart(facts, request, latest)
        assert isinstance(decision, Rejection)
        assert [reason.remedy for reason in decision.reasons] == expected

    @given(scenarios())
    def test_a_request_that_is_advised_is_accepted(self, scenario: Facts) -> None:
        """Otherwise an execution runs, or the plan has no group."""
        decision = plan_restart(scenario.plan, scenario.request, scenario.latest)
        if isinstance(decision, RestartPlan):
            return
        for reason in decision.reasons:
            match reason.remedy:
                case SendRequest(request=request):
                    accepted = plan_restart(scenario.plan, request, scenario.latest)
                    assert isinstance(accepted, RestartPlan)
                case WaitUntilOver(execution_id=execution_id):
                    assert scenario.latest is not None
                    assert (scenario.latest.active, scenario.latest.id) == (True, execution_id)
                case other:
                    assert (other, scenario.plan.groups) == (AddGroup(), ())

    def test_a_reason_made_by_hand_points_at_the_options(self) -> None:
        """It equals the engine's, whose remedy follows from facts it does not hold."""
        by_hand = AlreadyRunning(execution_id=12, status=P)
        decision = plan_restart(PLAN, RestartRequest(0), execution(P, {}))
        assert by_hand.remedy == SeeOptions()
        assert isinstance(decision, Rejection)
        assert decision.reason == by_hand
