"""Writing decisions, and reading them back."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from wire.documents import Document, changed_documents, scenario_documents

from restart_engine import Rejection, plan_restart, restart_options
from restart_engine.wire import (
    WireError,
    answer,
    decode_decision,
    decode_scenario,
    encode_decision,
    encode_options,
    error_line,
    schema_text,
)

PLAN = {
    "name": "Nightly",
    "groups": [
        {"sequence": 1, "steps": ["Sales.Orders", "Sales.Lines"]},
        {"sequence": 2, "steps": ["Finance.Ledger", "Finance.Rates"]},
        {"sequence": 4, "steps": ["Marts.Revenue"]},
    ],
}
DIGEST = "654a719b70fdce03e6eb294ac6e46230b4ce875740ff8b8a610b213aae1ccf35"


def latest(first: Any, second: Any, status: str = "Failed") -> dict[str, Any]:
    """An execution 12 whose groups 1 and 2 came out like this."""
    return {
        "id": 12,
        "status": status,
        "groups": [
            {"sequence": 1, "status": first[0], "steps": first[1]},
            {"sequence": 2, "status": second[0], "steps": second[1]},
        ],
    }


DONE = ("Succeeded", {"Sales.Orders": "Succeeded", "Sales.Lines": "Succeeded"})
HALF = ("Failed", {"Finance.Ledger": "Failed", "Finance.Rates": "Succeeded"})


def planned(rule: str, **changes: Any) -> dict[str, Any]:
    """The decision of the example, with these members changed."""
    return {
        "decision": "planned",
        "rule": rule,
        "basedOn": 12,
        "before": [1],
        "start": {"sequence": 2, "run": ["Finance.Ledger"], "skip": ["Finance.Rates"]},
        "after": [4],
        "notes": [],
        "precondition": {"latest": {"id": 12, "status": "Failed"}, "planDigest": DIGEST},
    } | changes


def rejected(message: str, remedy: str, evidence: dict[str, Any]) -> dict[str, Any]:
    """A rejection by these rules."""
    return {
        "decision": "rejected",
        "rule": next(iter(evidence)),
        "rules": list(evidence),
        "message": message,
        "remedy": remedy,
        "evidence": evidence,
    }


WHOLE = {"sequence": 1, "run": ["Sales.Orders", "Sales.Lines"], "skip": []}
CASES: dict[str, tuple[Any, int, int | None, dict[str, Any]]] = {
    "S1": (
        None,
        0,
        None,
        planned(
            "S1",
            basedOn=None,
            before=[],
            start=WHOLE,
            after=[2, 4],
            precondition={"latest": None, "planDigest": DIGEST},
        ),
    ),
    "S2": (
        latest(DONE, HALF),
        2,
        None,
        planned(
            "S2",
            basedOn=None,
            start={"sequence": 2, "run": ["Finance.Ledger", "Finance.Rates"], "skip": []},
        ),
    ),
    "S3": (latest(DONE, HALF), 0, 12, planned("S3")),
    "S4, with the notes of an edited plan": (
        latest(
            ("Failed", {"Sales.Orders": "Succeeded", "Old.Step": "Succeeded"}),
            ("Failed", {"Finance.Ledger": "Succeeded", "Finance.Rates": "Skipped", "Old.Step": "Failed"}),
        ),
        2,
        12,
        planned(
            "S4",
            start={"sequence": 2, "run": [], "skip": ["Finance.Ledger", "Finance.Rates"]},
            notes=[
                {"note": "earlierGroupsStayFailed", "sequences": [1]},
                {"note": "stepsChanged", "sequence": 2, "added": [], "removed": ["Old.Step"]},
                {"note": "nothingToRun", "sequence": 2},
            ],
        ),
    ),
    "R1": (
        latest(DONE, ("In Progress", {}), "In Progress"),
        0,
        None,
        rejected(
            "execution 12 of the load plan is In Progress",
            "wait until execution 12 is over, then ask again",
            {"R1": {"execution": 12, "status": "In Progress"}},
        ),
    ),
    "R2 and R4": (
        latest(DONE, HALF),
        7,
        11,
        rejected(
            "execution 11 is not the latest, which is 12",
            "send groupSequence 0, recentLoadPlanExecution 12",
            {"R2": {"given": 11, "latest": 12}, "R4": {"sequence": 7, "existing": [1, 2, 4]}},
        ),
    ),
    "R2 before any run": (
        None,
        0,
        0,
        rejected(
            "execution 0 is not the latest: the load plan has never run",
            "send groupSequence 0, recentLoadPlanExecution none",
            {"R2": {"given": 0, "latest": None}},
        ),
    ),
    "R3": (
        latest(DONE, ("Succeeded", None), "Interrupted"),
        0,
        12,
        rejected(
            "execution 12 has no failed group; never reached: 4",
            "send groupSequence 4, recentLoadPlanExecution none",
            {"R3": {"latest": 12, "neverReached": [4]}},
        ),
    ),
    "R5": (
        latest(DONE, ("Failed", None)),
        0,
        12,
        rejected(
            "the step history of group 2 in execution 12 is unavailable;"
            " detailed load jobs tracking has to be on while a plan runs",
            "send groupSequence 2, recentLoadPlanExecution none",
            {"R5": {"execution": 12, "group": 2, "requires": "Enable detailed load jobs tracking"}},
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_decision_is_written_so(name: str) -> None:
    """Every member has its name, its value and its place in the order."""
    facts, sequence, execution, expected = CASES[name]
    request = {"loadPlanName": "Nightly", "groupSequence": sequence, "recentLoadPlanExecution": execution}
    line = answer(json.dumps({"plan": PLAN, "latest": facts, "request": request}))
    assert json.loads(line) == expected
    assert line == json.dumps(expected, separators=(",", ":")).encode()


def test_a_plan_that_lost_and_gained_groups_says_so() -> None:
    """A group recorded and gone is removed, one between two recorded ones is added."""
    facts = latest(DONE, HALF)
    facts["groups"][0]["sequence"], facts["groups"][1]["sequence"] = 3, 4
    request = {"loadPlanName": "Nightly", "groupSequence": 4, "recentLoadPlanExecution": 12}
    plan = PLAN | {"groups": [*PLAN["groups"], {"sequence": 5, "steps": []}]}
    facts["groups"].append({"sequence": 6, "status": "In Queue", "steps": {}})
    notes = json.loads(answer(json.dumps({"plan": plan, "latest": facts, "request": request})))["notes"]
    assert {"note": "groupsChanged", "added": [5], "removed": [3, 6]} in notes


@given(scenario_documents())
def test_every_decision_is_read_back_to_the_byte(document: Document) -> None:
    """Reading a decision and writing it again gives the same line, and the schema accepts it."""
    facts = decode_scenario(json.dumps(document))
    line = encode_decision(plan_restart(facts.plan, facts.request, facts.latest))
    assert msgspec.json.encode(decode_decision(line)) == line
    assert answer(json.dumps(document)) == line
    DECISIONS.validate(json.loads(line))


@given(scenario_documents())
def test_options_are_written_with_their_requests(document: Document) -> None:
    """Sending a request that stands there gives the decision beside it."""
    facts = decode_scenario(json.dumps(document))
    options = restart_options(facts.plan, facts.latest)
    written = json.loads(encode_options(options))
    if isinstance(options, Rejection):
        assert encode_options(options) == encode_decision(options)
        return
    assert len(written) == len(options)
    for each in written:
        line = answer(json.dumps(document | {"request": each["request"]}))
        assert json.loads(line) == each["decision"]


DECISIONS = jsonschema.Draft202012Validator(json.loads(schema_text("decision")))


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('"planned"', '"maybe"', "decision"),
        ('"decision":"planned",', "", "decision"),
        ('"S3"', '"R3"', "rule"),
        ('"basedOn":12', '"basedOn":0', "basedOn"),
        ('"notes":[]', '"notes":[{"note":"other"}]', "notes[0].note"),
        ('"notes":[]', '"notes":[1]', "notes[0]"),
        ('"notes":[]', '"notes":[null]', "notes[0]"),
        ('"notes":[]', '"notes":[{"note":"nothingToRun"}]', "notes[0].sequence"),
        ('"after":[4]', '"after":[4],"after":[4]', "after"),
    ],
)
def test_a_text_that_is_no_decision_is_refused_at_its_place(before: str, after: str, path: str) -> None:
    """A decision is read as strictly as a scenario."""
    line = json.dumps(planned("S3"), separators=(",", ":"))
    assert before in line
    with pytest.raises(WireError) as refused:
        decode_decision(line.replace(before, after))
    assert refused.value.path == path


def test_a_rejection_without_a_rule_is_refused() -> None:
    """`rules` names at least one."""
    line = json.dumps(rejected("m", "r", {"R1": {"execution": 1, "status": "Failed"}}) | {"rules": []})
    with pytest.raises(WireError, match="`rules` is an array, accepted is an array of 1 or more"):
        decode_decision(line)


@given(changed_documents())
def test_what_is_no_scenario_gets_an_error_line(document: Document) -> None:
    """The error has the path and a message of one line."""
    text = json.dumps(document)
    try:
        answer(text)
    except WireError as refused:
        error = refused
    else:
        return
    line = json.loads(error_line(error))
    assert line == {"error": {"path": error.path, "message": str(error)}}
    assert "\n" not in line["error"]["message"]
