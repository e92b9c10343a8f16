"""A run: what it asks, what it finds, when it is no verdict, and how it is replayed."""

from __future__ import annotations

import itertools
import json
import re
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from conformance.faults import FAULTS, PAIRS, Fault, correct
from conformance.kill_table import shows
from conformance.subjects import Answer, of_profile
from hypothesis import settings

from restart_engine.conformance import Profile, assert_conforms, check, report_text, run, scope
from restart_engine.conformance.documents import json_text, questions_of
from restart_engine.conformance.html import html_text
from restart_engine.conformance.judge import Judge
from restart_engine.conformance.questions import enumerated, of_case
from restart_engine.conformance.report import Report
from restart_engine.conformance.run import check_command, judged
from restart_engine.conformance.situations import EVERY
from restart_engine.conformance.subject import over_lines, reference
from restart_engine.conformance.vectors import cases
from restart_engine.core.errors import InvalidValue
from restart_engine.core.rule_table import RULES

QUICK = settings().max_examples
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
        assert check(correct, examples=QUICK).conforms

    def test_the_same_seed_is_the_same_run(self) -> None:
        """And another seed is another one."""
        runs = [check(reference, seed=seed, examples=QUICK).coverage for seed in (1, 1, 2)]
        assert runs[0] == runs[1] != runs[2]

    def test_the_one_line_for_a_test_passes_in_silence(self) -> None:
        """And raises the report where something is wrong."""
        assert_conforms(correct, examples=0)
        with pytest.raises(AssertionError, match="does not conform") as raised:
            assert_conforms(FAULTS[0].subject, examples=0)
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
        report = check(fault.subject, seed=4, examples=600)
        for found in report.faults:
            # where drawing has met none, the smallest is one of the cases
            assert len(found.shown.question.facts.plan.groups) <= 4
        assert sum(count for _, count in report.seen) >= len(report.faults)

    @pytest.mark.slow
    @pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
    def test_two_faults_at_once_are_both_reported(self, pair: Any) -> None:
        """What each breaks alone is broken in the report of both, or they are told apart by kind."""
        both = {found.signature for found in check(pair.subject, examples=0).faults}
        alone = {fault.name: fault for fault in FAULTS}
        for name in pair.faults:
            single = {found.signature for found in check(alone[name].subject, examples=0).faults}
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

        assert check(rare, examples=QUICK).conforms
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
        report = check(reference, examples=0, exhaustive=True)
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

        report = check(raising, examples=0)
        assert kinds(report) == {"raises"}
        assert "KeyError: 'groups[0]'" in report.faults[0].shown.answer
        assert report.asked == len(cases())

    @pytest.mark.parametrize("nonsense", [None, 5, [], {"decision": {1, 2}}, {1: object()}])
    def test_one_that_returns_nonsense_has_no_decision(self, nonsense: object) -> None:
        """Also what cannot be written as JSON."""
        report = check(lambda _: nonsense, examples=0)  # type: ignore[arg-type]  # nonsense
        assert kinds(report) == {"no decision"}
        assert not report.conforms

    def test_one_that_wavers_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The same scenario gets two plans, each of which would do."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.cycle([False, True])

        def wavering(scenario: Answer) -> Answer:
            return of_profile(Profile(), literal=next(turns))(scenario)

        report = check(wavering, examples=0)
        assert kinds(report) == {"wavers"}
        ask = over_lines(wavering)
        alone = judged(ask, name="wavering", examples=0, fresh=lambda: nullcontext(ask))
        assert [fault.signature for fault in alone.faults] == [fault.signature for fault in report.faults]
        asked = questions_of(json_text(report))
        again = judged(over_lines(wavering), name="again", replay=asked)
        assert kinds(again) == {"wavers"}

    def test_one_that_names_any_rule_that_holds_does_not_waver(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which it names is free, answer by answer."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.count()
        assert check(
            of_profile(Profile(), lambda rules: rules[next(turns) % len(rules)]), examples=0
        ).conforms

    def test_one_that_is_wrong_only_the_second_time_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its second answer is judged like any other."""
        monkeypatch.setattr(run, "_ASKED_AGAIN", 1)
        turns = itertools.cycle([False, True])

        def tired(scenario: Answer) -> Answer:
            return {"decision": "rejected", "rule": "R5"} if next(turns) else dict(reference(scenario))

        assert {"rejects", "names"} <= kinds(check(tired, examples=0))

    def test_one_that_ends_the_program_has_raised(self) -> None:
        """`sys.exit` is no way to conform."""

        def leaving(scenario: Answer) -> Answer:
            raise SystemExit(len(scenario) * 0)

        report = check(leaving, examples=0)
        assert kinds(report) == {"raises"}

    def test_any_mapping_is_an_object(self) -> None:
        """As the Protocol says."""
        assert check(lambda scenario: MappingProxyType(dict(reference(scenario))), examples=0).conforms

    def test_one_that_fails_the_second_time_is_judged_by_the_first(self) -> None:
        """The error shows as soon as it is asked something else."""
        asked: set[str] = set()

        def forgetful(scenario: Answer) -> Answer:
            text = json.dumps(scenario)
            if text in asked:
                raise LookupError
            asked.add(text)
            return dict(reference(scenario))

        assert check(forgetful, examples=0).conforms

    def test_one_that_changes_what_it_is_given_harms_nobody(self) -> None:
        """Each scenario is its own."""

        def greedy(scenario: Answer) -> Answer:
            answer = dict(reference(scenario))
            scenario.clear()
            return answer

        assert check(greedy, examples=0).conforms

    def test_one_that_differs_from_itself_is_shown_with_what_it_said_before(self) -> None:
        """Id 0 means none, but not with a group above 0."""

        def two_minds(scenario: Answer) -> Answer:
            zero = scenario["request"]["groupSequence"] <= 0
            return of_profile(Profile(zero_is_no_id=zero))(scenario)

        report = check(two_minds, examples=0)
        assert kinds(report) == {"differs"}
        assert all(fault.against for fault in report.faults)


class TestVerdicts:
    """Conforms is said only of a whole run."""

    def test_a_run_that_exercised_too_little_is_no_verdict(self) -> None:
        """Here it had no time at all."""
        report = check(reference, seconds=1e-9)
        assert report.verdict == "could not be judged"
        assert report.asked == 0
        assert report.not_exercised == EVERY

    def test_a_run_that_has_not_asked_all_cases_is_no_verdict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Though it has exercised everything: what is wrong may show in those that were left out."""
        seconds = itertools.count()
        monkeypatch.setattr(time, "monotonic", lambda: float(next(seconds)))
        report = check(reference, examples=0, seconds=len(cases()) - 2.5)
        assert report.asked == len(cases()) - 3
        assert report.not_exercised == ()
        assert report.verdict == "could not be judged"
        assert report.failure is not None
        assert "before all cases were asked" in report.failure

    def test_a_run_ends_when_its_seconds_are_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also while it draws; what it has by then counts, and is no failure."""
        seconds = itertools.count()
        monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: float(next(seconds))))
        asked: list[str] = []
        report = judged(
            over_lines(reference),
            name="reference",
            examples=10**9,
            seconds=len(cases()) + 20.5,
            on_progress=lambda stage, _number, _total: asked.append(stage),
        )
        assert report.asked == len(cases()) + 20
        assert set(asked) == {"cases", "drawn"}
        assert report.failure is None

    def test_a_program_that_stops_is_named_with_the_scenario(self) -> None:
        """And what was not answered is not counted."""
        report = check_command("sh -c 'read line; echo {}; exit 3'", examples=0)
        assert report.asked == 1
        assert report.failure is not None
        assert "status 3" in report.failure
        assert "at scenario 2: {" in report.failure
        assert report.verdict == "does not conform"  # `{}` is no decision

    def test_a_program_that_is_not_there_could_not_be_judged(self) -> None:
        """Nothing was asked, and the report says no more than that."""
        report = check_command("no-such-program-of-anybody")
        assert (report.verdict, report.asked) == ("could not be judged", 0)
        assert len(report_text(report).splitlines()) == 2

    def test_what_is_no_function_is_refused(self) -> None:
        """Before anything is asked."""
        with pytest.raises(InvalidValue, match="`subject` is `42`, accepted is a function"):
            check(42)  # type: ignore[arg-type]  # the very fault

    def test_a_program_may_fail_at_its_end(self) -> None:
        """It answers all that is asked, and then says more."""
        script = Path(__file__).with_name("talkative.py")
        report = check_command(f"{sys.executable} {script}", examples=0)
        assert report.asked == len(cases())
        assert report.failure is not None
        assert report.verdict == "could not be judged"


ENGINE = """
import json, sys
from restart_engine.conformance import reference
for line in sys.stdin:
    scenario = json.loads(line)
    print(json.dumps(decide(scenario)), flush=True)
"""
REMEMBERING = """
kept = {}
def decide(scenario):
    latest = scenario.get("latest")
    return kept.setdefault((scenario["plan"]["name"], latest and latest["id"]), reference(scenario))
"""
FAULTY = """
def decide(scenario):
    answer = dict(reference(scenario))
    if answer["decision"] == "planned":
        return answer | {"start": {**answer["start"], "skip": None}}
    return answer | {"rule": "R2"} if answer["rule"] == "R5" else answer
"""
CHANGING = """
with open(__file__ + ".starts", "a+") as starts:
    starts.write(".")
    number = starts.tell()
def decide(scenario):
    answer = dict(reference(scenario))
    return answer | {"rule": f"R{number}0"} if answer.get("rule") == "R3" else answer
"""


def of_program(folder: Path, decide: str) -> Report:
    """The verdict on a program that decides like this."""
    script = folder / "engine.py"
    loop = ENGINE.index("for line")
    script.write_text(ENGINE[:loop] + decide + ENGINE[loop:])
    return check_command(f"{sys.executable} {script}", examples=0)


class TestAskedAlone:
    """What shows a fault is asked once more of the program started anew."""

    @pytest.mark.slow
    def test_a_program_that_remembers_gets_one_fault_that_says_so(self, tmp_path: Path) -> None:
        """Its answers are cached by plan and execution: each is right where it is asked alone."""
        report = of_program(tmp_path, REMEMBERING)
        (fault,) = report.faults
        assert fault.kind == "remembers"
        (alone,) = fault.against
        assert alone.question is fault.shown.question
        assert json.loads(alone.answer) == reference(json.loads(alone.question.line))
        text = report_text(report)
        assert "it remembers earlier scenarios" in text
        assert re.search(r"^ {3}alone     \{", text, re.MULTILINE)
        assert "Asked alone" in html_text(report)

    def test_a_fault_that_shows_there_too_says_so(self, tmp_path: Path) -> None:
        """With what it would be by itself, and why an answer is no decision."""
        report = of_program(tmp_path, FAULTY)
        assert all(fault.alone for fault in report.faults)
        assert kinds(report) == {"names", "no decision"}
        text = report_text(report, 200)
        assert text.count("also when asked alone, of a fresh subject") == len(report.faults)
        assert "because   `start.skip` is `null`, accepted is an array" in text
        assert html_text(report).count("asked alone, of a fresh subject") == len(report.faults)
        assert {fault["detail"] for fault in json.loads(json_text(report))["faults"]} >= {
            "`start.skip` is `null`, accepted is an array"
        }

    @pytest.mark.slow
    def test_one_that_answers_otherwise_each_time_wavers(self, tmp_path: Path) -> None:
        """Here with every start of the program, which no answer of one process shows."""
        report = of_program(tmp_path, CHANGING)
        assert kinds(report) == {"wavers"}
        assert len(report.faults) == 1

    @pytest.mark.slow
    def test_a_program_that_cannot_be_started_again_keeps_its_faults(self, tmp_path: Path) -> None:
        """As they were found; nothing is said of them alone."""
        once = f"from pathlib import Path\nPath({str(tmp_path / 'begun')!r}).touch(exist_ok=False)\n"
        report = of_program(tmp_path, once + FAULTY)
        assert kinds(report) == {"names", "no decision"}
        assert not any(fault.alone for fault in report.faults)


class TestReplay:
    """A report's faults can be shown again, and be seen to be gone."""

    def test_what_was_found_is_found_again_and_gone_when_it_is_mended(self) -> None:
        """By the questions of the report alone."""
        fault = FAULTS[0]
        found = check(fault.subject, examples=0)
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
