"""Reports as people and programs read them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from conformance.faults import FAULTS
from conformance.subjects import Answer

from restart_engine.conformance import Report, check, reference
from restart_engine.conformance.documents import json_text, junit_text, questions_of
from restart_engine.conformance.html import html_text
from restart_engine.conformance.plain import report_lines, report_text
from restart_engine.conformance.run import judged
from restart_engine.conformance.situations import EVERY
from restart_engine.conformance.subject import over_lines
from restart_engine.core.rule_table import RULES


def named(name: str) -> Report:
    """The report on a planted fault."""
    return check(next(fault for fault in FAULTS if fault.name == name).subject, examples=0)


def strange(scenario: Answer) -> Answer:
    """Answers with what neither XML nor a terminal can hold."""
    if scenario["request"]["groupSequence"] < 0:
        raise ValueError("\x1b[31m\x00\ufffe<b>&amp;\u202e\nlines")
    return dict(reference(scenario))


@pytest.fixture(scope="module", params=["good", "bad", "strange", "stopped"])
def report(request: pytest.FixtureRequest) -> Report:
    """One of each kind."""
    match request.param:
        case "good":
            return check(reference, examples=0)
        case "bad":
            return named("skips-without-an-id")
        case "strange":
            return check(strange, examples=0)
        case _:
            whole = check(reference, examples=0)
            nothing = tuple((what, 0) for what, _ in whole.coverage)
            return evolve(whole, asked=1, coverage=nothing, failure="no answer: `\x00<x>`")


class _Checked(HTMLParser):
    """Opens and closes what it should, and loads nothing."""

    void = ("meta",)

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {name for name, _ in attrs} & {"src", "href"}
        assert tag not in ("script", "link", "img", "b")
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestEveryFormat:
    """Each says the same of the same run."""

    def test_plain_text_has_the_verdict_first(self, report: Report) -> None:
        """Then a line for each rule, and no line wider than asked but those of JSON and pictures."""
        lines = report_text(report, 80).split("\n")
        assert report.verdict in lines[0]
        for rule in RULES:
            assert any(line.startswith(f"{rule}  {report.state(rule)}") for line in lines)
        prose = [line for line in lines if "{" not in line and not line.startswith(("   ", ">>>"))]
        assert max(map(len, prose)) <= 80
        assert all(line.isprintable() for line in lines)

    def test_json_has_everything(self, report: Report) -> None:
        """Verdict, rules, coverage, freedoms, profiles and faults."""
        value = json.loads(json_text(report))
        assert value["verdict"] == report.verdict
        assert [rule["id"] for rule in value["rules"]] == list(RULES)
        assert set(value["coverage"]) == set(EVERY)
        assert len(value["profiles"]) == len(report.profiles)
        assert [fault["rule"] for fault in value["faults"]] == [fault.rule for fault in report.faults]
        assert value["failure"] == report.failure

    def test_junit_counts_its_cases(self, report: Report) -> None:
        """A failure for each rule broken, an error for no verdict, and XML that is read back."""
        suite = ET.fromstring(junit_text(report))  # noqa: S314  # our own text
        states = [report.state(rule) for rule in RULES]
        assert suite.get("tests") == str(len(RULES) + 1)
        assert suite.get("failures") == str(states.count("broken"))
        assert suite.get("skipped") == str(states.count("not exercised"))
        assert suite.get("errors") == str(int(report.verdict == "could not be judged"))

    def test_html_stands_alone(self, report: Report) -> None:
        """Well formed, all of it escaped, with nothing to load."""
        text = html_text(report)
        parser = _Checked()
        parser.feed(text)
        assert parser.open == []
        assert report.verdict in text
        for fault in report.faults:
            assert f"{fault.rule}: " in text


class TestWhatIsShown:
    """A fault is told so that its reader need not look elsewhere."""

    def test_the_picture_marks_where_the_answer_differs(self) -> None:
        """Beside what happened and what is allowed."""
        text = report_text(named("skips-without-an-id"))
        rows = re.findall(r"^ {3}>>>\s+(\S+) +Succeeded +run +skip$", text, re.MULTILINE)
        assert rows
        assert re.search(r"^\d+\. S1 \[documented\]: without an id and a group", text, re.MULTILINE)

    def test_freedoms_and_what_could_not_be_seen_are_named(self) -> None:
        """Each with its use in words."""
        text = report_text(check(reference, examples=0), 200)
        assert "an Interrupted group counts as failed" in text
        assert re.search(r"recordsSkipped +not seen: only the check of a host", text)
        assert "1 of 16 profiles" in text

    def test_a_subject_that_differs_from_itself_is_shown_with_both_answers(self) -> None:
        """The answer, and the one that it excludes."""
        report = named("interrupted-failed-only-at-the-beginning")
        text = report_text(report)
        assert "uses a freedom in two ways" in text
        assert text.count("   beside    {") == sum(len(fault.against) for fault in report.faults)
        assert html_text(report).count("Beside the answer") == text.count("   beside    {")

    def test_answers_that_depend_on_a_freedom_say_on_which(self) -> None:
        """Every allowed answer, with its condition."""
        text = report_text(named("zero-ignored-only-for-a-group"), 300)
        assert "where the execution id 0 is an id like others" in text
        assert "where the execution id 0 means that none is given" in text

    def test_a_replay_says_what_it_is(self) -> None:
        """Nothing is said of rules that were not asked for."""
        asked = questions_of(json_text(named("skips-without-an-id")))
        report = judged(over_lines(reference), name="mended", replay=asked)
        assert "no longer shows what is replayed" in report_text(report)
        assert "none shows its fault any more" in html_text(report)
        assert json.loads(json_text(report))["replayed"]
        assert report.state("R5") == "not exercised"

    def test_styles_follow_the_verdict(self) -> None:
        """Good is good and bad is bad."""
        assert next(report_lines(check(reference, examples=0))).style == "good"
        assert next(report_lines(named("skips-without-an-id"))).style == "bad"
