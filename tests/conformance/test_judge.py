"""The judge passes all that the rules allow, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from conformance.subjects import Answer, facts_of, of_profile
from hypothesis import given, settings

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan, RestartRequest, Status
from restart_engine.conformance.judge import KINDS, Judge, Question
from restart_engine.conformance.profile import FREEDOMS, OURS, PROFILES, STATELESS, Profile, members
from restart_engine.conformance.reference import (
    Planned,
    Rejected,
    allowed,
    by_answer,
    compared,
    explaining,
)
from restart_engine.conformance.run import check
from restart_engine.conformance.situations import PAIRS, rules_of
from restart_engine.conformance.strategies import scenarios
from restart_engine.conformance.subject import reference
from restart_engine.core.decision import plan_restart
from restart_engine.core.errors import InvalidValue
from restart_engine.core.rule_table import RULES
from restart_engine.core.rules import Facts
from restart_engine.wire import encode_scenario

FEW = settings().max_examples // 2
S, F, W, I = Status.SUCCEEDED, Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED  # noqa: E741  # a table's letters


def facts(request: RestartRequest, *groups: GroupOutcome, latest: int = 7, status: Status = F) -> Facts:
    """A plan of the groups 1 and 3, and a latest execution of these outcomes."""
    plan = LoadPlan("P", (LoadGroup(1, ["A.a", "A.b"]), LoadGroup(3, ["A.a"])))
    return Facts(plan, request, Execution(latest, status, groups))


def judged(*pairs: tuple[Facts, Answer | str]) -> list[str | None]:
    """The kinds of the faults in these answers, one after another."""
    judge = Judge()
    kinds: list[str | None] = []
    for asked, answer in pairs:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        fault = judge.judge(Question(asked, encode_scenario(asked), "test"), text)
        kinds.append(None if fault is None else f"{fault.kind} {fault.rule}")
    return kinds


def planned(start: int, run: list[str], skip: list[str], after: list[int]) -> Answer:
    """A plan of which only what is required is given."""
    return {
        "decision": "planned",
        "start": {"sequence": start, "run": run, "skip": skip},
        "after": after,
    }


def rejected(rule: str) -> Answer:
    """A rejection of which only what is required is given."""
    return {"decision": "rejected", "rule": rule}


class TestWhatIsAllowed:
    """A correct but different implementation is never flagged."""

    @given(scenarios())
    def test_ours_is_among_them_and_belongs_to_our_profile(self, drawn: Facts) -> None:
        """What `plan_restart` answers is the first answer allowed under our profile."""
        ours = compared(plan_restart(drawn.plan, drawn.request, drawn.latest))
        assert allowed(drawn, OURS)[0] == ours
        assert OURS in explaining(by_answer(drawn), ours)

    @given(scenarios())
    def test_every_profile_has_its_answer(self, drawn: Facts) -> None:
        """The profiles are divided among the answers, none left out."""
        answers = by_answer(drawn)
        assert sum(map(len, answers.values())) == len(STATELESS)
        for answer, profiles in answers.items():
            for profile in profiles:
                assert allowed(drawn, profile) == answer

    @pytest.mark.parametrize(
        "profile",
        [pytest.param(p, marks=[pytest.mark.slow] if n % 2 else []) for n, p in enumerate(STATELESS)],
        ids=lambda p: "-".join(n for n, v in members(p).items() if v),
    )
    def test_an_engine_of_any_profile_conforms_and_its_profile_is_found(self, profile: Profile) -> None:
        """One profile explains it, and that is its own."""
        report = check(of_profile(profile), examples=FEW)
        assert report.conforms, report.faults
        assert report.profiles == {profile}

    @pytest.mark.parametrize("choose", [lambda rules: rules[-1], lambda rules: max(rules, key=hash)])
    def test_any_order_of_precedence_conforms(self, choose: Callable[[tuple[str, ...]], str]) -> None:
        """Which of several rules is named is free, and need not even be an order."""
        assert check(of_profile(OURS, choose), examples=FEW).conforms

    @pytest.mark.parametrize("profile", [OURS, Profile(history_of_any_start=True)])
    def test_what_the_rules_leave_open_conforms_either_way(self, profile: Profile) -> None:
        """A start group that was never reached, and has an outcome, may be read as either."""
        assert check(of_profile(profile, literal=True), examples=FEW).conforms

    def test_wording_order_within_a_group_and_other_members_are_not_compared(self) -> None:
        """Steps side by side have no order; notes and messages are anybody's own."""
        asked = facts(RestartRequest(1))
        answer = planned(1, ["A.b", "A.a"], [], [3]) | {"notes": "none", "precondition": 5, "rule": "S9"}
        assert judged((asked, answer)) == [None]


class TestFreedoms:
    """Each freedom by the smallest scenario that shows it."""

    @pytest.mark.parametrize(
        ("status", "name"), [(I, "interrupted_fails"), (W, "finished_with_errors_fails")]
    )
    def test_a_status_counts_as_failed_or_not(self, status: Status, name: str) -> None:
        """Resuming starts there, or has nothing to resume."""
        asked = facts(RestartRequest(0, execution_id=7), GroupOutcome(3, status, {"A.a": F}))
        for profile in STATELESS:
            counts = getattr(profile, name)
            expected = Planned(3, frozenset({"A.a"}), frozenset(), (), "S3") if counts else Rejected(("R3",))
            assert allowed(asked, profile) == (expected,)

    def test_id_0_is_an_id_or_none(self) -> None:
        """It is no execution's, or it starts over."""
        asked = facts(RestartRequest(0, execution_id=0))
        everything = Planned(1, frozenset({"A.a", "A.b"}), frozenset(), (3,), "S1")
        for profile in STATELESS:
            expected = everything if profile.zero_is_no_id else Rejected(("R2",))
            assert allowed(asked, profile) == (expected,)

    @pytest.mark.parametrize("status", [S, Status.IN_PROGRESS])
    def test_history_is_needed_of_any_start_or_of_a_failed_one(self, status: Status) -> None:
        """A start group that did not fail needs none, or is rejected without."""
        active = GroupOutcome(1, status, None), GroupOutcome(3, F, None)
        asked = facts(RestartRequest(1, execution_id=7), *active, status=Status.IN_PROGRESS)
        for profile in STATELESS:
            expected = Rejected(("R1", "R5")) if profile.history_of_any_start else Rejected(("R1",))
            assert allowed(asked, profile) == (expected,)

    def test_a_group_without_outcome_needs_no_history_under_any_profile(self) -> None:
        """It was never reached: there is no history to be lost."""
        asked = facts(RestartRequest(3, execution_id=7), GroupOutcome(1, F, None))
        expected = Planned(3, frozenset({"A.a"}), frozenset(), (), "S4")
        assert by_answer(asked) == {(expected,): frozenset(STATELESS)}

    def test_there_are_32_profiles_and_16_that_single_answers_tell_apart(self) -> None:
        """Each has a value for each freedom; ours comes first."""
        assert len(set(PROFILES)) == 32
        assert STATELESS[0] == PROFILES[0] == OURS
        assert set(members(OURS)) == {freedom.member for freedom in FREEDOMS}

    def test_a_profile_holds_booleans(self) -> None:
        """Anything else is refused by name."""
        with pytest.raises(InvalidValue, match="zero_is_no_id"):
            Profile(zero_is_no_id=0)  # type: ignore[arg-type]  # what is refused


RESUMED = facts(RestartRequest(0, execution_id=7), GroupOutcome(1, F, {"A.a": S, "A.b": F, "A.z": S}))
FAULTS = {
    "accepts R2": (facts(RestartRequest(0, execution_id=6)), planned(1, ["A.a", "A.b"], [], [3])),
    "rejects R2": (facts(RestartRequest(0)), rejected("R2")),
    "names R2": (facts(RestartRequest(0, execution_id=6)), rejected("R3")),
    "starts S2": (facts(RestartRequest(3)), planned(1, ["A.a", "A.b"], [], [3])),
    "after C1": (facts(RestartRequest(1)), planned(1, ["A.a", "A.b"], [], [])),
    "steps S1": (facts(RestartRequest(0)), planned(1, ["A.a"], ["A.b"], [3])),
    "steps S3": (RESUMED, planned(1, ["A.a", "A.b"], [], [3])),
    "steps C6": (RESUMED, planned(1, ["A.b"], ["A.a", "A.z"], [3])),
    "steps C8": (RESUMED, planned(1, [], ["A.a", "A.b"], [3])),
    "steps C4": (
        facts(RestartRequest(1, execution_id=7), GroupOutcome(1, S, None), GroupOutcome(3, F, {})),
        planned(1, ["A.a", "A.b"], [], [3]),
    ),
    "no decision S1": (
        facts(RestartRequest(0)),
        {"decision": "planned", "start": {"sequence": 1}, "after": []},
    ),
}


class TestFaults:
    """A wrong answer is never passed, and its fault cites what it breaks."""

    @pytest.mark.parametrize("expected", FAULTS)
    def test_each_kind_is_found(self, expected: str) -> None:
        """By the smallest answer that shows it."""
        assert judged(FAULTS[expected]) == [expected]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{",
            "planned",
            '{"decision": "maybe"}',
            '{"decision": "rejected", "rule": "R0"}',
            '{"decision": "rejected", "rule": "R1", "rule": "R2"}',
            '{"error": {"path": "", "message": ""}}',
            json.dumps(planned(True, [], [], [])),
            json.dumps(planned(1, ["A.a", "A.a"], [], [3])),
            json.dumps(planned(1, ["A.a"], ["A.a"], [3])),
        ],
    )
    def test_what_is_no_decision_is_a_fault(self, text: str) -> None:
        """Whatever it is."""
        assert judged((facts(RestartRequest(0)), text)) == ["no decision S1"]

    def test_a_subject_may_differ_from_us_but_not_from_itself(self) -> None:
        """Id 0 means none in one answer and an id in another: the second cites the first."""
        judge = Judge()
        zero, other = (facts(RestartRequest(g, execution_id=0)) for g in (0, 1))
        lines = [Question(asked, encode_scenario(asked), "test") for asked in (zero, other)]
        assert judge.judge(lines[0], json.dumps(rejected("R2"))) is None
        fault = judge.judge(lines[1], json.dumps(planned(1, ["A.a", "A.b"], [], [3])))
        assert fault is not None
        assert (fault.kind, fault.rule) == ("differs", "R2")
        assert [answered.question for answered in fault.against] == [lines[0]]
        assert judge.profiles == {p for p in STATELESS if not p.zero_is_no_id}

    def test_answers_that_only_together_exclude_another_are_all_shown(self) -> None:
        """Each of the two leaves a profile that explains the third, both leave none."""
        lost = GroupOutcome(1, W, None)
        asked = [
            facts(RestartRequest(0, execution_id=7), GroupOutcome(3, W, {"A.a": F})),
            facts(RestartRequest(1, execution_id=7), GroupOutcome(1, S, None), GroupOutcome(3, F, {})),
            facts(RestartRequest(1, execution_id=7), lost, GroupOutcome(3, F, {"A.a": F})),
        ]
        answers = [rejected("R3"), planned(1, [], ["A.a", "A.b"], [3]), rejected("R5")]
        judge = Judge()
        faults = [
            judge.judge(Question(one, encode_scenario(one), "test"), json.dumps(answer))
            for one, answer in zip(asked, answers, strict=True)
        ]
        assert faults[:2] == [None, None]
        assert faults[2] is not None
        assert faults[2].kind == "differs"
        assert [each.question.facts for each in faults[2].against] == asked[:2]

    def test_every_kind_has_its_words_and_every_rule_its_sentence(self) -> None:
        """A fault can be told in words."""
        told = {expected.rpartition(" ")[0] for expected in FAULTS}
        assert told | {"raises", "wavers", "differs", "remembers"} == set(KINDS)
        assert all(text.sentence and text.source in ("documented", "ours") for text in RULES.values())


@settings(max_examples=3 * settings().max_examples)
@given(scenarios())
def test_the_pairs_are_all_that_can_reject_together(drawn: Facts) -> None:
    """No other pair of rules ever does."""
    pairs = [rule for rule in rules_of(drawn) if "+" in rule]
    assert set(pairs) <= set(PAIRS)


def test_the_engine_as_a_subject_answers_the_wire_shape() -> None:
    """What the check is given as "reference" is the engine."""
    scenario: dict[str, Any] = json.loads(encode_scenario(RESUMED))
    assert facts_of(scenario) == RESUMED
    assert reference(scenario)["start"] == {"sequence": 1, "run": ["A.b"], "skip": ["A.a"]}
