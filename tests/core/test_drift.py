"""What a plan shows to have changed since an execution of it, and the notes of a restart."""

from __future__ import annotations

import pytest
from core.builders import F, K, Q, S, execution, plan
from hypothesis import given

from restart_engine import (
    Drift,
    EarlierGroupsStayFailed,
    Facts,
    GroupsChanged,
    Note,
    NothingToRun,
    RestartPlan,
    RestartRequest,
    SkippedElsewhere,
    Step,
    StepsChanged,
    plan_drift,
    plan_restart,
)
from restart_engine.conformance.strategies import scenarios

PLAN = plan({1: "ab", 2: "cd", 4: "e"})
WHOLE = execution(F, {1: (S, {"a": S, "b": S}), 2: (F, {"c": F, "d": S})})


def changed(sequence: int, added: str = "", removed: str = "") -> StepsChanged:
    """Steps of X by their letters."""
    return StepsChanged(
        sequence=sequence,
        added=tuple(Step("X", name) for name in added),
        removed=tuple(Step("X", name) for name in removed),
    )


class TestDrift:
    """Groups and steps that came and went."""

    def test_an_unedited_plan_shows_none(self) -> None:
        """A group never reached is not an added one."""
        drift = plan_drift(PLAN, WHOLE)
        assert drift == Drift(groups=None, steps=())
        assert not drift

    def test_groups_between_two_recorded_ones_are_added(self) -> None:
        """Before the first and after the last nothing is known."""
        latest = execution(F, {2: (F, {"c": S, "d": S}), 7: (Q, {})})
        drift = plan_drift(plan({1: "a", 2: "cd", 4: "e", 6: "", 9: "f"}), latest)
        assert drift == Drift(groups=GroupsChanged(added=(4, 6), removed=(7,)), steps=())
        assert drift

    def test_steps_differ_from_what_was_recorded(self) -> None:
        """In the plan's order what was added, in the order of their texts what is gone."""
        latest = execution(F, {1: (S, {"z": S, "a": S, "y": S}), 2: (F, None)})
        drift = plan_drift(plan({1: "cab", 2: "d"}), latest)
        assert drift == Drift(groups=None, steps=(changed(1, "cb", "yz"),))
        assert drift

    def test_a_group_not_begun_recorded_nothing(self) -> None:
        """In Queue with no step says nothing; with steps it says which there were."""
        for recorded, expected in (({}, ()), ({"a": Q, "z": Q}, (changed(1, "b", "z"),))):
            assert plan_drift(PLAN, execution(Q, {1: (Q, recorded)})).steps == expected

    def test_a_restart_that_resumes_nothing_has_none(self) -> None:
        """Also where the plan has changed since the latest execution."""
        for request in (RestartRequest(0), RestartRequest(1)):
            restart = plan_restart(PLAN, request, execution(F, {1: (F, {"z": F})}))
            assert isinstance(restart, RestartPlan)
            assert restart.drift is None

    def test_an_execution_without_groups_shows_none(self) -> None:
        """It began nothing."""
        assert not plan_drift(PLAN, execution(F, {}))

    @given(scenarios())
    def test_applying_it_gives_what_was_recorded(self, scenario: Facts) -> None:
        """The recorded steps are the plan's without those added and with those removed."""
        if scenario.latest is None:
            return
        drift = plan_drift(scenario.plan, scenario.latest)
        by_group = {change.sequence: change for change in drift.steps}
        for group in scenario.plan.groups:
            outcome = scenario.latest.outcome(group.sequence)
            if outcome is None or outcome.steps is None or (outcome.status is Q and not outcome.steps):
                assert group.sequence not in by_group
                continue
            change = by_group.get(group.sequence)
            added, removed = (set(change.added), set(change.removed)) if change else (set(), set())
            recorded = {each.step for each in outcome.steps}
            assert (set(group.steps) - added) | removed == recorded
            assert added <= set(group.steps) - recorded
        gone = drift.groups.removed if drift.groups else ()
        assert set(gone) == set(scenario.latest.sequences) - set(scenario.plan.sequences)
        assert drift.groups is None or not set(drift.groups.added) & set(scenario.latest.sequences)


NOTES: dict[str, tuple[RestartRequest, tuple[Note, ...]]] = {
    "nothing to note": (RestartRequest(0, execution_id=12), ()),
    "an earlier group stays failed": (RestartRequest(4, execution_id=12), (EarlierGroupsStayFailed((2,)),)),
    "without an id, nothing of the execution": (RestartRequest(4), ()),
    "nothing to run": (RestartRequest(1, execution_id=12), (NothingToRun(1),)),
}


class TestNotes:
    """What a restart plan points out."""

    @pytest.mark.parametrize("name", NOTES)
    def test_note(self, name: str) -> None:
        """The notes are those in the table."""
        request, notes = NOTES[name]
        decision = plan_restart(PLAN, request, WHOLE)
        assert isinstance(decision, RestartPlan)
        assert decision.notes == notes

    def test_all_of_them_in_order(self) -> None:
        """Failed groups before, then groups and steps that changed, then that nothing is left."""
        latest = execution(F, {1: (F, {}), 2: (F, {"c": S, "z": F}), 3: (S, {})})
        edited = plan({1: "a", 2: "c", 4: "e"})
        decision = plan_restart(edited, RestartRequest(2, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        assert decision.notes == (
            EarlierGroupsStayFailed((1,)),
            GroupsChanged(added=(), removed=(3,)),
            changed(1, "a", ""),
            changed(2, "", "z"),
            NothingToRun(2),
        )
        assert decision.drift == plan_drift(edited, latest)

    def test_a_step_added_before_the_start_is_noted(self) -> None:
        """Nobody runs it, and that is seen [C6]; groups after the start run whole and need no note."""
        edited = plan({1: "abn", 2: "cd", 4: "em"})
        latest = execution(F, {1: (S, {"a": S, "b": S}), 2: (F, {"c": S, "d": F}), 4: (Q, {"e": Q})})
        decision = plan_restart(edited, RestartRequest(0, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        assert decision.notes == (changed(1, "n", ""),)

    def test_a_failed_step_that_moved_before_the_start_is_noted(self) -> None:
        """Groups were inserted before the failed one; the note says which steps nobody runs [C6]."""
        edited = plan({1: "cd", 2: "f", 3: "g"})
        latest = execution(F, {1: (S, {"a": S, "b": S}), 2: (F, {"c": F, "d": S})})
        decision = plan_restart(edited, RestartRequest(0, execution_id=12), latest)
        assert isinstance(decision, RestartPlan)
        assert decision.start.sequence == 2
        assert decision.notes == (changed(1, "cd", "ab"), changed(2, "f", "cd"))

    def test_steps_skipped_in_a_group_where_no_restart_began_are_noted(self) -> None:
        """They count as completed; in foreign records the word often means not run [C9]."""
        latest = execution(F, {1: (S, {"a": S, "b": K}), 2: (F, {"c": K, "d": F})})
        first, second = (
            plan_restart(PLAN, RestartRequest(sequence, execution_id=12), latest) for sequence in (1, 2)
        )
        assert isinstance(first, RestartPlan)
        assert isinstance(second, RestartPlan)
        assert first.names_to_skip == ("X.a", "X.b")
        assert first.notes == (NothingToRun(1),)
        assert second.names_to_skip == ("X.c",)
        assert second.notes == (SkippedElsewhere(2, (Step("X", "c"),)),)
