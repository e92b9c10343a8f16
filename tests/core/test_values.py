"""The values: what can be made is legal, and stays as it was made."""

from __future__ import annotations

import copy
import pickle
import re
from collections import OrderedDict
from types import MappingProxyType
from typing import Any, ClassVar

import attrs
import pytest
from core.builders import F, K, P, Q, S, execution, plan
from hypothesis import given
from hypothesis import strategies as st

import restart_engine
from restart_engine import (
    RULES,
    AddGroup,
    AlreadyRunning,
    EarlierGroupsStayFailed,
    Execution,
    Facts,
    GroupOutcome,
    GroupsChanged,
    HistoryUnavailable,
    InvalidValue,
    LatestSeen,
    LoadGroup,
    LoadPlan,
    NoFailedGroup,
    NothingToRun,
    Rejection,
    RestartPlan,
    RestartRequest,
    SkippedElsewhere,
    Status,
    Step,
    StepOutcome,
    StepsChanged,
    StepStatuses,
    WaitUntilOver,
    explain,
    plan_restart,
    progress,
)
from restart_engine.conformance.strategies import scenarios

A, B = Step("S", "a"), Step("S", "b")
PLAN = plan({1: "ab", 2: "c"})
LATEST = execution(F, {1: (F, {"a": S, "b": F}), 2: (Q, None)})
DIGEST = PLAN.digest
PLANNED = plan_restart(PLAN, RestartRequest(0, execution_id=12), LATEST)
REJECTED = plan_restart(PLAN, RestartRequest(7, execution_id=1), LATEST)
assert isinstance(PLANNED, RestartPlan)
assert isinstance(REJECTED, Rejection)
VALUES = [
    A,
    LoadGroup(1, (A, B)),
    LoadGroup(1, ["S.a"]),
    PLAN,
    StepOutcome(A, S),
    GroupOutcome(1, S, (StepOutcome(A, S),)),
    GroupOutcome(1, S, {"S.a": S}),
    StepStatuses({A: S, B: F}),
    LATEST,
    RestartRequest(0, execution_id=1),
    Facts(PLAN, RestartRequest(0), LATEST),
    PLANNED,
    REJECTED,
    *REJECTED.reasons,
    REJECTED.remedy,
    PLANNED.precondition,
    PLANNED.drift,
    GroupsChanged(added=(1,), removed=()),
    StepsChanged(sequence=1, added=(A,), removed=()),
    NothingToRun(1),
    EarlierGroupsStayFailed((1,)),
    SkippedElsewhere(2, (A,)),
    RULES["R1"],
    progress.Ready(sequence=1, steps=(A,)),
    AddGroup(),
]
by_class = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


class Beside:
    """Another base."""

    __slots__ = ()


class TestImmutability:
    """A value cannot change, by its fields, by a subclass, or by what it holds."""

    @by_class
    def test_no_attribute_can_be_set_or_added(self, value: Any) -> None:
        """Setting, adding and deleting are refused, and there is no `__dict__`."""
        for name in [*[field.name for field in attrs.fields(type(value))], "new"]:
            with pytest.raises(AttributeError):
                setattr(value, name, 1)
            with pytest.raises(AttributeError):
                delattr(value, name)
        assert not hasattr(value, "__dict__")

    @by_class
    def test_no_class_derives_from_it(self, value: Any) -> None:
        """Deriving raises, also beside another base."""
        with pytest.raises(TypeError, match="`Sub` derives from a closed class"):
            type("Sub", (type(value),), {})
        with pytest.raises(TypeError, match="`Sub` derives from a closed class"):
            type("Sub", (type(value), Beside), {})

    @by_class
    def test_it_is_hashable_picklable_and_copyable(self, value: Any) -> None:
        """Each copy is equal, hashes alike and finds the same key."""
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            copies = [pickle.loads(pickle.dumps(value, protocol)), copy.copy(value), copy.deepcopy(value)]  # noqa: S301  # our own
            for each in copies:
                assert each == value
                assert {value: 1}[each] == 1
        assert isinstance(repr(value), str)

    @by_class
    def test_its_help_says_first_what_each_field_is(self, value: Any) -> None:
        """The docstring has an entry for each argument, by its name, and no other."""
        documented = re.findall(r"^ *:param (\w+): .", type(value).__doc__ or "", re.MULTILINE)
        assert documented == [f.alias for f in attrs.fields(type(value)) if f.init]

    def test_every_public_class_is_tried(self) -> None:
        """The list above has one of each class of value."""
        public = [getattr(restart_engine, name) for name in restart_engine.__all__]
        classes = {c for c in public if isinstance(c, type) and attrs.has(c)}
        tried = {type(value) for value in VALUES}
        by_table = {
            AlreadyRunning,
            NoFailedGroup,
            HistoryUnavailable,
            WaitUntilOver,
            LatestSeen,
        }
        assert classes - tried - by_table == set()


class TestEquality:
    """Equal facts are equal values, in whatever order they are given."""

    @given(scenarios(), st.randoms(use_true_random=False))
    def test_order_makes_no_difference_to_the_byte(self, scenario: Facts, random: Any) -> None:
        """Groups and outcomes in any order give equal values, decisions and texts."""

        def shuffled(values: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(random.sample(values, len(values)))

        load_plan = attrs.evolve(scenario.plan, groups=shuffled(scenario.plan.groups))
        latest = scenario.latest
        if latest is not None:
            groups = [
                GroupOutcome(g.sequence, g.status, None if g.steps is None else shuffled(g.steps))
                for g in latest.groups
            ]
            latest = Execution(latest.id, latest.status, shuffled(tuple(groups)))
        assert (load_plan, latest) == (scenario.plan, scenario.latest)
        assert hash((load_plan, latest)) == hash((scenario.plan, scenario.latest))
        assert repr((load_plan, latest)) == repr((scenario.plan, scenario.latest))
        first = plan_restart(scenario.plan, scenario.request, scenario.latest)
        second = plan_restart(load_plan, scenario.request, latest)
        assert first == second
        assert explain(first) == explain(second)
        if isinstance(first, RestartPlan) and isinstance(second, RestartPlan):
            assert first.precondition == second.precondition

    @given(scenarios())
    def test_parsed_values_equal_those_given_as_steps(self, scenario: Facts) -> None:
        """A group read from names is the group made from steps, and its steps are the same."""
        for group in scenario.plan.groups:
            parsed = LoadGroup(group.sequence, group.names)
            assert (parsed, hash(parsed), parsed.steps) == (group, hash(group), group.steps)
            assert attrs.evolve(parsed, sequence=9).steps == group.steps
        for outcome in scenario.latest.groups if scenario.latest else ():
            known = outcome.statuses
            again = GroupOutcome(outcome.sequence, outcome.status, known)
            assert (again, hash(again), again.steps) == (outcome, hash(outcome), outcome.steps)

    def test_any_mapping_of_steps_is_taken(self) -> None:
        """Names and steps, in a dict of any kind or a view of one; what was given may change afterwards."""
        given = {"S.b": F, "S.a": S}
        expected = GroupOutcome(1, F, (StepOutcome(B, F), StepOutcome(A, S)))
        mappings: list[Any] = [dict(given), OrderedDict(given), MappingProxyType(given), {B: F, A: S}]
        for mapping in mappings:
            outcome = GroupOutcome(1, F, mapping)
            assert (outcome, hash(outcome), repr(outcome)) == (expected, hash(expected), repr(expected))
        outcome = GroupOutcome(1, F, given)
        given["S.a"] = F
        assert outcome.statuses == {"S.a": S, "S.b": F}
        assert list(outcome.recorded) == ["S.a", "S.b"]
        assert outcome.recorded["S.a"] is S
        assert len(outcome.recorded) == 2
        assert attrs.evolve(outcome, sequence=2).statuses is outcome.statuses

    def test_a_mapping_that_changes_its_mind_is_read_once(self) -> None:
        """What is held is what was checked."""

        class Fickle(dict[str, Any]):
            """Another answer each time."""

            def __getitem__(self, name: str) -> Any:
                return next(self.answers)

            answers: ClassVar = iter([S, "garbage"])

        assert GroupOutcome(1, F, MappingProxyType(Fickle({"S.a": S}))).statuses == {"S.a": S}

    def test_a_status_is_replaced_by_a_step_or_its_text(self) -> None:
        """The same either way; a step that is not there is refused by its text."""
        statuses = StepStatuses({"S.a": F, "S.b": S})
        assert statuses.replaced(A, S) == statuses.replaced("S.a", S) == {"S.a": S, "S.b": S}
        with pytest.raises(InvalidValue, match=r"^`step` is `'S\.c'`, accepted is a step that the group"):
            statuses.replaced(Step("S", "c"), S)

    def test_a_group_that_waits_skips_any_of_its_steps(self) -> None:
        """Given as steps, as texts, or one by one."""
        group = LoadGroup(1, (A, B))
        expected = GroupOutcome(1, Q, {A: K, B: Q})
        assert GroupOutcome.waiting(group, (A,)) == GroupOutcome.waiting(group, iter(["S.a"])) == expected
        with pytest.raises(InvalidValue, match=r"^`skipped` is `'S\.c'`, accepted is a step of the group$"):
            GroupOutcome.waiting(group, ["S.c"])

    def test_two_plans_that_differ_in_anything_differ_in_their_digest(self) -> None:
        """Every field that makes two plans unequal is a part of what is hashed."""
        base = LoadPlan("P", (LoadGroup(1, (A,)),))
        plans = {"name": LoadPlan("Q", base.groups), "groups": LoadPlan("P", ())}
        groups = {"sequence": LoadGroup(2, (A,)), "names": LoadGroup(1, (B,))}
        assert list(plans) == [field.name for field in attrs.fields(LoadPlan) if field.eq]
        assert list(groups) == [field.name for field in attrs.fields(LoadGroup) if field.eq]
        for other in (*plans.values(), *(LoadPlan("P", (group,)) for group in groups.values())):
            assert base.digest != other.digest

    def test_the_order_of_steps_is_part_of_a_plan(self) -> None:
        """It is the order in which they are answered."""
        assert LoadGroup(1, (A, B)) != LoadGroup(1, (B, A))
        assert LoadPlan("P", (LoadGroup(1, (A, B)),)).digest != LoadPlan("P", (LoadGroup(1, (B, A)),)).digest

    def test_every_sequence_of_0_or_less_is_equal(self) -> None:
        """And keeps what was asked."""
        assert RestartRequest(-5) == RestartRequest(0)
        assert hash(RestartRequest(-5)) == hash(RestartRequest(0))
        assert RestartRequest(-5).group_sequence == -5
        assert RestartRequest(1) != RestartRequest(0)
        assert RestartRequest(0, execution_id=0) != RestartRequest(0)

    def test_names_are_compared_code_point_by_code_point(self) -> None:
        """Case counts, and nothing is normalised."""
        assert Step("S", "\u00e9") != Step("S", "e\u0301")
        assert Step("S", "a") != Step("s", "a")
        assert str(Step.parse("S.a.b")) == "S.a.b"
        assert Step.parse("S.a.b") == Step("S", "a.b")
        assert LoadGroup(1, ["S.a."]).steps == (Step("S", "a."),)

    def test_a_decision_shows_itself_in_short(self) -> None:
        """Without the facts it keeps, which may be large."""
        assert repr(PLANNED) == "RestartPlan(rule='S3', start=1, skipped=1)"
        assert repr(REJECTED) == "Rejection(rules=('R2', 'R4'))"


class TestStatuses:
    """The statuses of a group's steps are a mapping."""

    def test_they_can_be_given_as_outcomes(self) -> None:
        """In a tuple or in a list."""
        outcomes = [StepOutcome(A, S), StepOutcome(B, F)]
        given = GroupOutcome(1, F, {A: S, B: F})
        assert GroupOutcome(1, F, outcomes) == GroupOutcome(1, F, tuple(outcomes)) == given

    def test_it_shows_itself_as_a_dict_and_differs_where_a_status_does(self) -> None:
        """By its text and by its hash."""
        statuses = StepStatuses({"X.b": S, "X.a": F})
        assert repr(statuses) == repr({"X.a": F, "X.b": S})
        assert hash(statuses) == hash(StepStatuses({"X.a": F, "X.b": S}))
        assert hash(statuses) != hash(StepStatuses({"X.a": F, "X.b": F}))

    def test_without_a_group_that_began_the_last_begun_is_0(self) -> None:
        """Whether none is recorded or those that are wait."""
        assert execution(Q, {}).last_begun == execution(Q, {1: (Q, {}), 3: (Q, None)}).last_begun == 0


class TestSizes:
    """Large numbers and large plans are plans like others."""

    def test_integers_of_thousands_of_digits(self) -> None:
        """Deciding, explaining, showing and hashing take any integer."""
        big = 10**6000
        latest = execution(P, {big: (F, None)}, id_=big)
        load_plan = plan({big: "a", big + 1: "b"})
        for request in (RestartRequest(big - 1, execution_id=big), RestartRequest(0, execution_id=big + 1)):
            decision = plan_restart(load_plan, request, latest)
            assert explain(decision)
            assert repr(decision)
        planned = plan_restart(load_plan, RestartRequest(big + 1))
        assert isinstance(planned, RestartPlan)
        assert explain(planned)
        assert repr(planned)
        assert len(load_plan.digest) == 64

    def test_a_plan_of_100000_steps(self) -> None:
        """One group or as many as steps."""
        names = [f"S.o{number}" for number in range(100_000)]
        wide = LoadPlan("P", (LoadGroup(1, names),))
        long = LoadPlan("P", tuple(LoadGroup(n, [name]) for n, name in enumerate(names, 1)))
        done = dict.fromkeys(names[:-1], S)
        resumed = plan_restart(
            wide, RestartRequest(0, execution_id=1), Execution(1, F, (GroupOutcome(1, F, done),))
        )
        assert isinstance(resumed, RestartPlan)
        assert resumed.steps_to_run == (Step("S", "o99999"),)
        started = plan_restart(long, RestartRequest(50_000))
        assert isinstance(started, RestartPlan)
        assert (len(started.groups_before), len(started.groups_after)) == (49_999, 50_000)

    def test_status_labels_are_the_documented_ones(self) -> None:
        """A label reads as its status."""
        assert [str(status) for status in Status] == [
            "Succeeded",
            "Finished With Errors",
            "Failed",
            "Interrupted",
            "In Progress",
            "In Queue",
            "Skipped",
        ]
