"""One class for each rule: exactly when it holds, and what it says."""

from __future__ import annotations

from itertools import combinations

import pytest
from attrs import evolve
from core.builders import Outcome, Q, S, execution, plan
from hypothesis import Phase, given, settings

from restart_engine import (
    AlreadyRunning,
    Execution,
    Facts,
    GroupNotFound,
    GroupOutcome,
    HistoryUnavailable,
    NoFailedGroup,
    NotMostRecent,
    Rejection,
    RestartPlan,
    RestartRequest,
    SendRequest,
    Status,
    plan_restart,
)
from restart_engine.conformance.situations import PAIRS
from restart_engine.conformance.strategies import scenarios
from restart_engine.core.rule_table import (
    CONSEQUENCE_IDS,
    RULE_IDS,
    RULES,
    START_RULE_IDS,
    complete_table,
)
from restart_engine.core.rules import STARTS

ACTIVE = {Status.IN_PROGRESS, Status.IN_QUEUE}


def decided(scenario: Facts) -> RestartPlan | Rejection:
    """The engine's decision."""
    return plan_restart(scenario.plan, scenario.request, scenario.latest)


def rules(scenario: Facts) -> tuple[str, ...]:
    """The rules that reject, or the one that chose the start."""
    decision = decided(scenario)
    return decision.rules if isinstance(decision, Rejection) else (decision.rule,)


def reason(scenario: Facts, rule: str) -> object:
    """What this rule found."""
    decision = decided(scenario)
    assert isinstance(decision, Rejection)
    return next(reason for reason in decision.reasons if reason.rule == rule)


def resumed(scenario: Facts) -> Execution | None:
    """The latest execution, where the request names it."""
    latest = scenario.latest
    return latest if latest is not None and scenario.request.execution_id == latest.id else None


def failed(execution: Execution) -> list[GroupOutcome]:
    """Its failed groups, ascending."""
    bad = {Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED}
    if execution.status not in ACTIVE:
        bad.add(Status.IN_PROGRESS)
    return [group for group in execution.groups if group.status in bad]


def start(scenario: Facts) -> int:
    """The group asked for, or else the first failed one; 0 for neither."""
    if scenario.request.group_sequence > 0:
        return scenario.request.group_sequence
    execution = resumed(scenario)
    return failed(execution)[0].sequence if execution and failed(execution) else 0


class TestR1:
    """While the latest execution runs or waits, nothing else of the plan may start."""

    @given(scenarios())
    def test_rejects_exactly_while_the_latest_is_active(self, scenario: Facts) -> None:
        """Neither the request nor the groups make a difference, and it is named first."""
        latest = scenario.latest
        if latest is None or latest.status not in ACTIVE:
            assert "R1" not in rules(scenario)
        else:
            assert rules(scenario)[0] == "R1"
            assert reason(scenario, "R1") == AlreadyRunning(execution_id=latest.id, status=latest.status)


class TestR2:
    """An execution can be resumed only while it is the plan's latest."""

    @given(scenarios())
    def test_rejects_exactly_an_id_that_is_not_the_latest(self, scenario: Facts) -> None:
        """An id of 0 or less is an id; before any run every id is rejected."""
        given_id, latest = scenario.request.execution_id, scenario.latest
        newest = None if latest is None else latest.id
        assert ("R2" in rules(scenario)) == (given_id is not None and given_id != newest)
        if "R2" in rules(scenario):
            assert given_id is not None
            assert reason(scenario, "R2") == NotMostRecent(given=given_id, latest=newest)


class TestR3:
    """There has to be a failed group to resume from, even where another group is asked for."""

    @given(scenarios())
    def test_rejects_exactly_an_execution_without_a_failed_group(self, scenario: Facts) -> None:
        """The evidence lists the plan's groups above all that were begun, none before the first recorded."""
        execution = resumed(scenario)
        assert ("R3" in rules(scenario)) == (execution is not None and not failed(execution))
        if "R3" in rules(scenario):
            assert execution is not None
            begun = [g.sequence for g in execution.groups if g.status is not Status.IN_QUEUE]
            first = min((group.sequence for group in execution.groups), default=0)
            rest = tuple(s for s in scenario.plan.sequences if s > max(begun, default=0) and s >= first)
            assert reason(scenario, "R3") == NoFailedGroup(latest=execution.id, never_reached=rest)

    def test_where_nothing_began_every_group_is_never_reached(self) -> None:
        """The first of the plan is among them, and is where to start."""
        nothing: list[dict[int, Outcome]] = [{}, {1: (Q, {})}]
        for recorded in nothing:
            rejected = plan_restart(
                plan({1: "a", 2: "b"}), RestartRequest(0, execution_id=12), execution(S, recorded)
            )
            assert isinstance(rejected, Rejection)
            assert rejected.reason == NoFailedGroup(latest=12, never_reached=(1, 2))
            assert rejected.remedy == SendRequest(RestartRequest(1))


class TestR4:
    """The group to start at has to be in the plan as it stands now."""

    @given(scenarios())
    def test_rejects_exactly_a_start_that_the_plan_lacks(self, scenario: Facts) -> None:
        """The group asked for, the first failed one, or any at all."""
        existing = scenario.plan.sequences
        missing = not existing or (start(scenario) > 0 and start(scenario) not in existing)
        assert ("R4" in rules(scenario)) == missing
        if missing:
            assert reason(scenario, "R4") == GroupNotFound(sequence=start(scenario), existing=existing)


class TestR5:
    """A failed group is resumed only where it is known which of its steps were completed."""

    @given(scenarios())
    def test_rejects_exactly_a_failed_start_without_history(self, scenario: Facts) -> None:
        """A start that did not fail, or that the plan lacks, needs none."""
        execution = resumed(scenario)
        lost = execution is not None and any(
            group.sequence == start(scenario) and group.steps is None for group in failed(execution)
        )
        assert ("R5" in rules(scenario)) == (lost and start(scenario) in scenario.plan.sequences)
        if "R5" in rules(scenario):
            assert execution is not None
            expected = HistoryUnavailable(execution_id=execution.id, sequence=start(scenario))
            assert reason(scenario, "R5") == expected


class TestTable:
    """A table over rules has a row for each."""

    def test_a_table_that_leaves_a_rule_out_is_refused(self) -> None:
        """Also one with a row too much; a whole one is kept in the order of the rules."""
        rows = {rule: rule.lower() for rule in reversed(RULE_IDS)}
        assert list(complete_table(RULE_IDS, rows).items()) == [(rule, rule.lower()) for rule in RULE_IDS]
        with pytest.raises(TypeError, match=r"^the table has no row for R2$"):
            complete_table(("R1", "R2"), {"R1": 1})
        with pytest.raises(TypeError, match=r"^the table has a row for R3, which is none of R1, R2$"):
            complete_table(("R1", "R2"), {"R1": 1, "R2": 2, "R3": 3})

    def test_the_table_of_rules_has_each_rule_once(self) -> None:
        """With its own id, a sentence without a full stop, and a label."""
        assert list(RULES) == [*RULE_IDS, *START_RULE_IDS, *CONSEQUENCE_IDS]
        for rule, text in RULES.items():
            assert text.id == rule
            assert text.label
            assert text.sentence
            assert not text.sentence.endswith(".")
            assert text.source in ("documented", "ours")


class TestPrecedence:
    """Every rule that rejects is named, R1 before R2 and so on."""

    @given(scenarios())
    def test_reasons_are_in_order_and_the_first_is_the_reason(self, scenario: Facts) -> None:
        """In the order of the table, each once."""
        decision = decided(scenario)
        if isinstance(decision, Rejection):
            assert list(decision.rules) == [rule for rule in RULE_IDS if rule in decision.rules]
            assert tuple(reason.rule for reason in decision.reasons) == decision.rules
            assert decision.reason is decision.reasons[0]

    @pytest.mark.slow
    def test_every_decision_and_every_pair_is_drawn(self) -> None:
        """The strategies reach each start, each rule, and each pair that can reject together."""
        reached: set[str] = set()

        @settings(max_examples=4000, phases=[Phase.generate], database=None, derandomize=True)
        @given(scenarios())
        def draw(scenario: Facts) -> None:
            named = rules(scenario)
            reached.update(named, map("+".join, combinations(named, 2)))

        draw()
        assert reached == {*RULE_IDS, *START_RULE_IDS, *PAIRS}


def assert_cut_at(scenario: Facts, plan: RestartPlan, sequence: int) -> None:
    """The plan starts at this group; those below are before it and those above after it."""
    assert plan.start in scenario.plan.groups
    assert plan.start.sequence == sequence
    assert (*plan.groups_before, plan.start, *plan.groups_after) == scenario.plan.groups
    assert sorted(map(str, plan.steps_to_run + plan.steps_to_skip)) == sorted(map(str, plan.start.steps))
    for part in (plan.steps_to_run, plan.steps_to_skip):
        assert part == tuple(step for step in plan.start.steps if step in part)


class TestS1:
    """With neither a group nor an execution given, everything runs from the first group."""

    @given(scenarios())
    def test_starts_over_and_skips_nothing(self, scenario: Facts) -> None:
        """Omitting the id skips nothing."""
        plan = decided(scenario)
        if isinstance(plan, RestartPlan) and plan.rule == "S1":
            assert scenario.request.execution_id is None
            assert scenario.request.group_sequence <= 0
            assert_cut_at(scenario, plan, min(scenario.plan.sequences))
            assert (plan.based_on, plan.steps_to_skip, plan.groups_before) == (None, (), ())


class TestS2:
    """With a group and no execution given, that group and all after it run whole."""

    @given(scenarios())
    def test_starts_at_the_group_and_skips_nothing(self, scenario: Facts) -> None:
        """The latest execution does not matter."""
        plan = decided(scenario)
        if isinstance(plan, RestartPlan) and plan.rule == "S2":
            assert scenario.request.execution_id is None
            assert_cut_at(scenario, plan, scenario.request.group_sequence)
            assert (plan.based_on, plan.steps_to_skip, plan.drift) == (None, (), None)


def completed(scenario: Facts, plan: RestartPlan) -> set[str]:
    """The steps of the start group that the latest execution completed."""
    assert scenario.latest is not None
    outcome = next((g for g in scenario.latest.groups if g.sequence == plan.start.sequence), None)
    if outcome is None:
        return set()
    if outcome.steps is None:
        return set(map(str, plan.start.steps)) if outcome.status is Status.SUCCEEDED else set()
    return {str(o.step) for o in outcome.steps if o.status in {Status.SUCCEEDED, Status.SKIPPED}}


class TestS3:
    """With an execution and no group given, the first failed group goes on where it stopped."""

    @given(scenarios())
    def test_starts_at_the_first_failed_group(self, scenario: Facts) -> None:
        """Its completed steps are skipped, and no other group's."""
        plan = decided(scenario)
        if isinstance(plan, RestartPlan) and plan.rule == "S3":
            assert scenario.request.group_sequence <= 0
            assert_cut_at(scenario, plan, start(scenario))
            assert plan.based_on == scenario.request.execution_id
            done = completed(scenario, plan)
            assert plan.steps_to_skip == tuple(s for s in plan.start.steps if str(s) in done)


class TestS4:
    """With an execution and a group given, that group goes on where it stopped."""

    @given(scenarios())
    def test_starts_at_the_group(self, scenario: Facts) -> None:
        """Its completed steps are skipped, whether it failed or not."""
        plan = decided(scenario)
        if isinstance(plan, RestartPlan) and plan.rule == "S4":
            assert_cut_at(scenario, plan, scenario.request.group_sequence)
            assert plan.based_on == scenario.request.execution_id
            done = completed(scenario, plan)
            assert plan.steps_to_skip == tuple(s for s in plan.start.steps if str(s) in done)


class TestEveryDecision:
    """What holds for all of them."""

    @given(scenarios())
    def test_exactly_one_starting_rule_holds(self, scenario: Facts) -> None:
        """Whatever is asked."""
        assert sum(rule.holds(scenario.request) for rule in STARTS) == 1

    @given(scenarios())
    def test_every_sequence_of_0_or_less_asks_the_same(self, scenario: Facts) -> None:
        """0, -1 and -2**63 give equal requests and equal decisions."""
        given_id = scenario.request.execution_id
        decisions = {
            plan_restart(scenario.plan, RestartRequest(sequence, execution_id=given_id), scenario.latest)
            for sequence in (0, -1, -(2**63))
        }
        assert len(decisions) == 1

    @given(scenarios())
    def test_without_an_id_only_activity_matters(self, scenario: Facts) -> None:
        """Any latest execution that is over decides like none, also in the notes."""
        if scenario.request.execution_id is None and not (scenario.latest and scenario.latest.active):
            with_latest = decided(scenario)
            without = plan_restart(scenario.plan, scenario.request)
            assert rules(scenario) == rules(evolve(scenario, latest=None))
            if isinstance(with_latest, RestartPlan):
                assert isinstance(without, RestartPlan)
                assert (with_latest.start, with_latest.steps_to_run, with_latest.notes) == (
                    without.start,
                    without.steps_to_run,
                    without.notes,
                )
