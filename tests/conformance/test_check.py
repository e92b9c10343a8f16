"""A run: what it asks, what it finds, when it is no verdict, and how it is replayed."""

from __future__ import annotations

import itertools
import json
import sys
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from conformance.faults import FAULTS, PAIRS, Fault, correct
from conformance.kill_table import shows
from conformance.subjects import Answer, of_profile
from hypothesis import settings

from restart_engine.conformance import Budget, Profile, assert_conforms, check, run, scope
from restart_engine.conformance.documents import json_text, questions_of
from restart_engine.conformance.judge import Judge
from restart_engine.conformance.questions import enumerated, of_case
from restart_engine.conformance.report import Report
from restart_engine.conformance.run import check_command, judged
from restart_engine.conformance.situations import EVERY
from restart_engine.conformance.subject import over_lines, reference
from restart_engine.conformance.vectors import cases
from restart_engine.core.rule_table import RULES

QUICK = Budget(examples=settings().max_examples)
NONE = Budget(examples=0)
QUESTIONS = [of_case(case) for case in cases()]
SAMPLE = [fault for number, fault in enumerate(FAULTS) if number % 24 == 0 or "order" in fault.name]


def kinds(report: Report) -> set[str]:
    """The kinds of the faults found."""
    return {fault.kind for fault in report.faults}


class TestWhatConforms:
    """A run without a fault says what it rests on."""

    @pytest.mark.slow
    def test_the_engine_conforms_in_a_default_run(self) -> None:
        """Every rule, pair, consequence and freedom was exercised."""
        report = check(reference)
        assert report.conforms
        assert report.asked == len(cases()) + 3_000
        assert {name for name, count in report.coverage if count} == set(EVERY)

    def test_another_definition_conforms(self) -> None:
        """One that was written apart."""
        assert check(correct, budget=QUICK).conforms

    def test_the_same_seed_is_the_same_run(self) -> None:
        """And another seed is another one."""
        runs = [check(reference, seed=seed, budget=QUICK).coverage for seed in (1, 1, 2)]
        assert runs[0] == runs[1] != runs[2]

    def test_the_one_line_for_a_test_passes_in_silence(self) -> None:
        """And raises the report where something is wrong."""
        assert_conforms(correct, budget=NONE)
        with pytest.raises(AssertionError, match="does not conform") as raised:
            assert_conforms(FAULTS[0].subject, budget=NONE)
        assert "allowed   " in str(raised.value)


class TestPlantedFaults:
    """Each is found, whatever the seed, in a scenario that a person can read."""

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
    def test_the_cases_alone_find_each(self, fault: Fault) -> None:
        """So every run does: each begins with them, in this order."""
        judge = Judge()
        assert any(shows(fault, judge, question) for question in QUESTIONS)

    @pytest.mark.slow
    @pytest.mark.parametrize("fault", SAMPLE, ids=lambda fault: fault.name)
    def test_a_whole_run_makes_them_small(self, fault: Fault) -> None:
        """Of each signature the smallest scenario is kept."""
        report = check(fault.subject, seed=4, budget=Budget(examples=600))
        for found in report.faults:
            # where drawing has met none, the smallest is one of the cases
            assert len(found.shown.question.facts.plan.groups) <= 4
        assert sum(count for _, count in report.seen) >= len(report.faults)

    @pytest.mark.slow
    @pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
    def test_two_faults_at_once_are_both_reported(self, pair: Any) -> None:
        """What each breaks alone is broken in the report of both, or they are told apart by kind."""
        both = {found.signature for found in check(pair.subject, budget=NONE).faults}
        alone = {fault.name: fault for fault in FAULTS}
        for name in pair.faults:
            single = {found.signature for found in check(alone[name].subject, budget=NONE).faults}
            assert both & single, name

    @pytest.mark.slow
    def test_the_exhaustive_mode_finds_what_shows_in_one_scenario_of_thousands(self) -> None:
        """A fault for one record of one plan, which drawing and the cases miss."""
        target = next(itertools.islice(enumerated(), 20_011, None)).line

        def rare(scenario: Answer) -> Answer:
            answer = dict(reference(scenario))
            if json.dumps(scenario, ensure_ascii=False).encode() == target:
                answer = {"decision": "rejected", "rule": "R5"}
            return answer

        assert check(rare, budget=QUICK).conforms
        judge, ask = Judge(), over_lines(rare)
        faults = [
            judge.judge(question, ask(question.line).decode())
            for question in itertools.islice(enumerated(), 20_000, 20_020)
        ]
        assert sum(fault is not None for fault in faults) == 1

    def test_the_exhaustive_mode_asks_the_whole_scope(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Here a scope of one plan and one group, so that it ends."""
        name = "no group"
        monkeypatch.setattr(scope, "PLANS", {name: scope.PLANS[name]})
        monkeypatch.setattr(scope, "RECORDED", {name: (scope.outcomes(2, ""),)})
        size = sum(1 for _ in scope.documents())
        report = check(reference, budget=NONE, exhaustive=True)
        assert report.asked == len(cases()) + size
        assert size > 1_000


class TestBadSubjects:
    """Whatever a function does, the run ends with a report."""

    def test_one_that_raises_has_a_fault_where_it_raised(self) -> None:
        """With the error's words, and the run goes on."""

        def raising(scenario: Answer) -> Answer:
            if not scenario["plan"]["groups"]:
                raise KeyError("groups[0]")
            return dict(reference(scenario))

        report = check(raising, budget=NONE)
        assert kinds(report) == {"raises"}
        assert "KeyError: 'groups[0]'" in report.faults[0].shown.answer
        assert report.asked == len(cases())

    @pytest.mark.parametrize("nonsense", [None, 5, [], {"decision": {1, 2}}, {1: object()}])
    def test_one_that_returns_nonsense_has_no_decision(self, nonsense: object) -> None:
        """Also what cannot be written as JSON."""
        report = check(lambda _: nonsense, budget=NONE)  # type: ignore[arg-type]  # nonsense
        assert kinds(report) == {"no decision"}
        assert not report.conforms

    def test_one_that_wavers_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same scenario gets two plans, each of which would do."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.cycle([False, True])

        def wavering(scenario: Answer) -> Answer:
            return of_profile(Profile(), literal=next(turns))(scenario)

        report = check(wavering, budget=NONE)
        assert kinds(report) == {"wavers"}
        asked = questions_of(json_text(report))
        again = judged(over_lines(wavering), name="again", replay=asked)
        assert kinds(again) == {"wavers"}

    def test_one_that_names_any_rule_that_holds_does_not_waver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which it names is free, answer by answer."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.count()
        assert check(
            of_profile(Profile(), lambda rules: rules[next(turns) % len(rules)]), budget=NONE
        ).conforms

    def test_one_that_is_wrong_only_the_second_time_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its second answer is judged like any other."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.cycle([False, True])

        def tired(scenario: Answer) -> Answer:
            return {"decision": "rejected", "rule": "R5"} if next(turns) else dict(reference(scenario))

        assert {"rejects", "names"} <= kinds(check(tired, budget=NONE))

    def test_one_that_ends_the_program_has_raised(self) -> None:
        """`sys.exit` is no way to conform."""

        def leaving(scenario: Answer) -> Answer:
            raise SystemExit(len(scenario) * 0)

        report = check(leaving, budget=NONE)
        assert kinds(report) == {"raises"}

    def test_any_mapping_is_an_object(self) -> None:
        """As the Protocol says."""
        assert check(lambda scenario: MappingProxyType(dict(reference(scenario))), budget=NONE).conforms

    def test_one_that_fails_the_second_time_is_judged_by_the_first(self) -> None:
        """The error shows as soon as it is asked something else."""
        asked: set[str] = set()

        def forgetful(scenario: Answer) -> Answer:
            text = json.dumps(scenario)
            if text in asked:
                raise LookupError
            asked.add(text)
            return dict(reference(scenario))

        assert check(forgetful, budget=NONE).conforms

    def test_one_that_changes_what_it_is_given_harms_nobody(self) -> None:
        """Each scenario is its own."""

        def greedy(scenario: Answer) -> Answer:
            answer = dict(reference(scenario))
            scenario.clear()
            return answer

        assert check(greedy, budget=NONE).conforms

    def test_one_that_differs_from_itself_is_shown_with_what_it_said_before(self) -> None:
        """Id 0 means none, but not with a group above 0."""

        def two_minds(scenario: Answer) -> Answer:
            zero = scenario["request"]["groupSequence"] <= 0
            return of_profile(Profile(zero_is_no_id=zero))(scenario)

        report = check(two_minds, budget=NONE)
        assert kinds(report) == {"differs"}
        assert all(fault.against for fault in report.faults)


class TestVerdicts:
    """Conforms is said only of a whole run."""

    def test_a_run_that_exercised_too_little_is_no_verdict(self) -> None:
        """Here it had no time at all."""
        report = check(reference, budget=Budget(seconds=1e-9))
        assert report.verdict == "could not be judged"
        assert report.asked == 0
        assert report.not_exercised == EVERY

    def test_a_run_that_has_not_asked_all_cases_is_no_verdict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Though it has exercised everything: what is wrong may show in those that were left out."""
        seconds = itertools.count()
        monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))
        report = check(reference, budget=Budget(examples=0, seconds=len(cases()) - 2.5))
        assert report.asked == len(cases()) - 3
        assert report.not_exercised == ()
        assert report.verdict == "could not be judged"
        assert report.failure is not None
        assert "before all cases were asked" in report.failure

    def test_a_run_ends_when_its_seconds_are_over(self) -> None:
        """Also while it draws; what it has by then counts."""
        asked: list[str] = []
        report = judged(
            over_lines(reference),
            name="reference",
            budget=Budget(examples=10**9, seconds=1.5),
            on_progress=lambda stage, _number, _total: asked.append(stage),
        )
        assert report.asked < 10**6
        assert set(asked) <= {"cases", "drawn"}

    def test_a_program_that_stops_is_named_with_the_scenario(self) -> None:
        """And what was not answered is not counted."""
        report = check_command("sh -c 'read line; echo {}; exit 3'", budget=NONE)
        assert report.asked == 1
        assert report.failure is not None
        assert "status 3" in report.failure
        assert "at scenario 2: {" in report.failure
        assert report.verdict == "does not conform"  # `{}` is no decision

    def test_a_program_that_is_not_there_could_not_be_judged(self) -> None:
        """Nothing was asked."""
        report = check_command("no-such-program-of-anybody")
        assert (report.verdict, report.asked) == ("could not be judged", 0)

    def test_a_program_may_fail_at_its_end(self) -> None:
        """It answers all that is asked, and then says more."""
        script = Path(__file__).with_name("talkative.py")
        report = check_command(f"{sys.executable} {script}", budget=NONE)
        assert report.asked == len(cases())
        assert report.failure is not None
        assert report.verdict == "could not be judged"


class TestReplay:
    """A report's faults can be shown again, and be seen to be gone."""

    def test_what_was_found_is_found_again_and_gone_when_it_is_mended(self) -> None:
        """By the questions of the report alone."""
        fault = FAULTS[0]
        found = check(fault.subject, budget=NONE)
        asked = questions_of(json_text(found))
        again = judged(over_lines(fault.subject), name="again", replay=asked)
        assert [f.signature for f in again.faults] == [f.signature for f in found.faults]
        mended = judged(over_lines(correct), name="mended", replay=asked)
        assert mended.conforms
        assert mended.asked == len(asked)

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"faults": []}', '{"faults": [{"scenario": 1}]}', "\0", '{"faults": 5}']
    )
    def test_what_is_no_report_is_refused(self, text: str) -> None:
        """With a `ValueError`, whatever it is."""
        with pytest.raises(ValueError):  # noqa: PT011  # each kind of text has its own words
            questions_of(text)


def test_every_case_asks_what_it_says() -> None:
    """A case is asked as the question that it is."""
    question = of_case(cases()[0])
    assert question.origin == cases()[0].id
    assert set(RULES) == set(EVERY[: len(RULES)])
