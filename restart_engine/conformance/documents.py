"""A report as JSON, to keep and to replay, and as JUnit XML, for whatever collects test results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from restart_engine.conformance.judge import KINDS, Answered, Fault, Question
from restart_engine.conformance.picture import picture_of
from restart_engine.conformance.plain import fault_lines, freedom_uses, headline
from restart_engine.conformance.profile import STATELESS, members
from restart_engine.conformance.questions import of_document
from restart_engine.conformance.report import Report
from restart_engine.core.rule_table import RULES


def json_text(report: Report) -> str:
    """The report as one JSON object, indented."""
    counts = dict(report.coverage)
    return json.dumps(
        {
            "subject": report.subject,
            "verdict": report.verdict,
            "version": report.version,
            "seed": report.seed,
            "replayed": report.replayed,
            "asked": report.asked,
            "failure": report.failure,
            "notExercised": report.not_exercised,
            "rules": [
                {
                    "id": text.id,
                    "state": report.state(text.id),
                    "scenarios": counts[text.id],
                    "source": text.source,
                    "sentence": text.sentence,
                }
                for text in RULES.values()
            ],
            "coverage": counts,
            "freedoms": {use.freedom.member: use.value for use in freedom_uses(report)},
            "profiles": [members(profile) for profile in STATELESS if profile in report.profiles],
            "faults": [_fault(fault, report) for fault in report.faults],
        },
        indent=2,
        ensure_ascii=False,
    )


def _fault(fault: Fault, report: Report) -> dict[str, Any]:
    return {
        "rule": fault.rule,
        "kind": fault.kind,
        "found": KINDS[fault.kind],
        "detail": fault.detail,
        "alone": fault.alone,
        "seen": dict(report.seen)[fault.signature],
        **_answered(fault.shown),
        "allowed": picture_of(fault, report.profiles).allowed,
        "against": [_answered(earlier) for earlier in fault.against],
    }


def _answered(answered: Answered) -> dict[str, Any]:
    question = answered.question
    return {
        "origin": question.origin,
        "scenario": json.loads(question.line),
        "answered": answered.answer,
    }


def questions_of(text: str | bytes) -> tuple[Question, ...]:
    """The questions that the faults of a JSON report were shown by, to be asked again.

    Raises `ValueError` for a text that is no report of this kit.
    """
    try:
        asked = tuple(_replayed(json.loads(text)))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("no JSON report of this kit") from error
    if not asked:
        raise ValueError("a report without faults")
    return asked


def _replayed(report: dict[str, Any]) -> Iterator[Question]:
    for fault in report["faults"]:
        for shown in (*fault["against"], fault):
            yield of_document(shown["scenario"], str(shown["origin"]))


def junit_text(report: Report) -> str:
    """The report as JUnit XML: a test case for each rule, and one for the run as a whole."""
    suite = ET.Element("testsuite", name=f"conformance of {_clean(report.subject)}")
    for rule, text in RULES.items():
        case = ET.SubElement(suite, "testcase", classname="restart_engine.conformance", name=rule)
        state = report.state(rule)
        if state == "broken":
            faults = [fault for fault in report.faults if fault.rule == rule]
            lines = [line.text for fault in faults for line in fault_lines(fault, report)]
            ET.SubElement(case, "failure", message=text.sentence).text = _clean("\n".join(lines))
        elif state == "not exercised":
            ET.SubElement(case, "skipped", message="the run did not exercise it")
    whole = ET.SubElement(suite, "testcase", classname="restart_engine.conformance", name="verdict")
    if report.verdict == "could not be judged":
        message = report.failure or f"not exercised: {', '.join(report.not_exercised)}"
        ET.SubElement(whole, "error", message=_clean(message)).text = _clean(headline(report))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("tests", str(len(suite)))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """The text with all escaped that XML cannot hold."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
