"""Writing decisions, and reading them back."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from wire.documents import DIGEST, Document, changed_documents, planned, rejected, scenario_documents

from restart_engine import (
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    RestartRequest,
    Status,
    plan_restart,
)
from restart_engine.wire import (
    Oracle,
    WireError,
    answer,
    decode_decision,
    decode_execution,
    decode_plan,
    decode_scenario,
    encode_decision,
    encode_execution,
    encode_plan,
    encode_scenario,
    error_line,
    schema_text,
)
from restart_engine.wire.shapes import RejectedShape

PLAN = {
    "name": "Nightly",
    "groups": [
        {"sequence": 1, "steps": ["Sales.Orders", "Sales.Lines"]},
        {"sequence": 2, "steps": ["Finance.Ledger", "Finance.Rates"]},
        {"sequence": 4, "steps": ["Marts.Revenue"]},
    ],
}


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
                {"note": "stepsChanged", "sequence": 1, "added": ["Sales.Lines"], "removed": ["Old.Step"]},
                {"note": "stepsChanged", "sequence": 2, "added": [], "removed": ["Old.Step"]},
                {"note": "skippedElsewhere", "sequence": 2, "steps": ["Finance.Rates"]},
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
            "send groupSequence 0, recentLoadPlanExecution 12,"
            " which resumes at group 2, the first that failed",
            {"R2": {"given": 11, "latest": 12}, "R4": {"sequence": 7, "existing": [1, 2, 4]}},
        ),
    ),
    "R2 before any run": (
        None,
        0,
        0,
        rejected(
            "execution 0 is not the latest: the load plan has never run",
            "send groupSequence 0, recentLoadPlanExecution none, which loads everything from the beginning",
            {"R2": {"given": 0, "latest": None}},
        ),
    ),
    "R3": (
        latest(DONE, ("Succeeded", None), "Interrupted"),
        0,
        12,
        rejected(
            "execution 12 has no failed group; never reached: 4",
            "send groupSequence 4, recentLoadPlanExecution none,"
            " which runs group 4 whole and goes on after it",
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
            "send groupSequence 2, recentLoadPlanExecution none,"
            " which runs group 2 whole and goes on after it",
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
    """Writing what was read of a decision gives the same line, and the schema accepts it."""
    facts = decode_scenario(json.dumps(document))
    line = encode_decision(plan_restart(facts.plan, facts.request, facts.latest))
    assert encode_decision(decode_decision(line)) == line
    assert answer(json.dumps(document)) == Oracle().answer(json.dumps(document)) == line
    DECISIONS.validate(json.loads(line))


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
        ('"Finance.Ledger"', '""', "start.run[0]"),
        ('"Finance.Ledger"', '"x"', "start.run[0]"),
        ('["Finance.Ledger"]', '["A.b","A.c","A.b"]', "start.run[2]"),
        (DIGEST, "x", "precondition.planDigest"),
        (DIGEST, DIGEST.upper(), "precondition.planDigest"),
        (DIGEST, rf"{DIGEST}\n", "precondition.planDigest"),
        ('"Failed"', '"Skipped"', "precondition.latest.status"),
        ('"Failed"', '"In Progress"', "precondition.latest.status"),
    ],
)
def test_a_text_that_is_no_decision_is_refused_at_its_place(before: str, after: str, path: str) -> None:
    """A decision is read as strictly as a scenario."""
    line = json.dumps(planned("S3"), separators=(",", ":"))
    assert before in line
    with pytest.raises(WireError) as refused:
        decode_decision(line.replace(before, after))
    assert refused.value.path == path


REJECTED = rejected(
    "m",
    "r",
    {
        "R2": {"given": 1, "latest": 2},
        "R3": {"latest": 2, "neverReached": [3, 4]},
        "R4": {"sequence": 7, "existing": [1, 2]},
    },
)


def test_a_rejection_is_as_strict() -> None:
    """`rules` names at least one, each once, and what is active is In Progress or In Queue."""
    none = REJECTED | {"rules": []}
    over = rejected("m", "r", {"R1": {"execution": 1, "status": "Failed"}})
    for document, message in (
        (none, "`rules` is an array, accepted is an array of 1 or more"),
        (
            REJECTED | {"rules": ["R2", "R2"]},
            '`rules[1]` is `"R2"`, accepted is one that stands there only once',
        ),
        (over, '`evidence.R1.status` is `"Failed"`, accepted is one of In Progress, In Queue'),
    ):
        with pytest.raises(WireError) as refused:
            decode_decision(json.dumps(document))
        assert str(refused.value) == message


NOTES: list[Document] = [
    {"note": "earlierGroupsStayFailed", "sequences": [1]},
    {"note": "groupsChanged", "added": [5], "removed": [3, 6]},
    {"note": "stepsChanged", "sequence": 2, "added": ["Z.b", "A.b"], "removed": []},
    {"note": "nothingToRun", "sequence": 2},
    {"note": "skippedElsewhere", "sequence": 2, "steps": ["A.b"]},
]
LONE = {"latest": None, "planDigest": DIGEST}
NULL = "null for S1 and S2, else the id of the precondition's latest execution"
ASCENDING = "1 or more, above the one before it"


@pytest.mark.parametrize(
    ("document", "path", "found", "accepted"),
    [
        (planned("S2"), "basedOn", "`12`", NULL),
        (planned("S3", basedOn=None), "basedOn", "`null`", NULL),
        (planned("S4", basedOn=13), "basedOn", "`13`", NULL),
        (planned("S3", precondition=LONE), "basedOn", "`12`", NULL),
        (planned("S4", basedOn=None, precondition=LONE), "basedOn", "`null`", NULL),
        (planned("S3", before=[1, 1]), "before[1]", "`1`", ASCENDING),
        (planned("S3", before=[1, 2]), "before[1]", "`2`", "a group before the start"),
        (planned("S3", after=[2, 4]), "after[0]", "`2`", "a group after the start"),
        (planned("S3", after=[4, 3]), "after[1]", "`3`", ASCENDING),
        (
            planned("S3", start={"sequence": 2, "run": ["A.b"], "skip": ["A.c", "A.b"]}),
            "start.skip[1]",
            '`"A.b"`',
            "a step that is not run as well",
        ),
        (
            planned("S3", notes=[NOTES[3], NOTES[0] | {"sequences": [2, 1]}]),
            "notes[1].sequences[1]",
            "`1`",
            ASCENDING,
        ),
        (planned("S3", notes=[NOTES[1] | {"added": [5, 5]}]), "notes[0].added[1]", "`5`", ASCENDING),
        (planned("S3", notes=[NOTES[1] | {"removed": [6, 3]}]), "notes[0].removed[1]", "`3`", ASCENDING),
        (
            REJECTED | {"rules": ["R2", "R4", "R3"]},
            "rules[2]",
            '`"R3"`',
            "rules in order of precedence",
        ),
        (REJECTED | {"rule": "R3"}, "rule", '`"R3"`', "the first of `rules`"),
        (
            REJECTED | {"rules": ["R2", "R3", "R4", "R5"]},
            "evidence.R5",
            "missing",
            "a member for each of `rules`",
        ),
        (
            REJECTED | {"rules": ["R2", "R4"]},
            "evidence.R3",
            "evidence of no rule that rejects",
            "a member for each of `rules`",
        ),
        (
            REJECTED | {"evidence": REJECTED["evidence"] | {"R3": {"latest": 2, "neverReached": [4, 3]}}},
            "evidence.R3.neverReached[1]",
            "`3`",
            ASCENDING,
        ),
        (
            REJECTED | {"evidence": REJECTED["evidence"] | {"R4": {"sequence": 7, "existing": [1, 1]}}},
            "evidence.R4.existing[1]",
            "`1`",
            ASCENDING,
        ),
    ],
)
def test_a_decision_that_contradicts_itself_is_refused(
    document: Document, path: str, found: str, accepted: str
) -> None:
    """At the place that does not fit the others, which themselves are in order."""
    with pytest.raises(WireError) as refused:
        decode_decision(json.dumps(document))
    assert (refused.value.path, refused.value.found, refused.value.accepted) == (path, found, accepted)


@pytest.mark.parametrize(
    "document",
    [
        planned("S3", notes=NOTES),
        planned("S2", basedOn=None),
        planned("S1", basedOn=None, precondition=LONE),
        REJECTED,
    ],
)
def test_what_the_refused_decisions_were_made_from_is_read(document: Document) -> None:
    """It is read, and written as it was."""
    line = json.dumps(document, separators=(",", ":")).encode()
    assert encode_decision(decode_decision(line)) == line


HUGE = 10**5_000


def test_an_integer_of_any_size_is_read_and_written() -> None:
    """Also of more digits than Python reads and writes by itself, in each member that may have them."""
    plan = LoadPlan("N", (LoadGroup(1, ["A.b"]), LoadGroup(HUGE, [])))
    latest = Execution(HUGE, Status.FAILED, (GroupOutcome(1, Status.FAILED, {"A.b": Status.FAILED}),))
    resumed = plan_restart(plan, RestartRequest(0, execution_id=HUGE), latest)
    rejected = plan_restart(plan, RestartRequest(0, execution_id=-HUGE), None)
    digits = b"1" + b"0" * 5_000
    assert decode_plan(encode_plan(plan)) == plan
    assert decode_execution(encode_execution(latest)) == latest
    for decision, written in ((resumed, b'"basedOn":' + digits), (rejected, b'{"given":-' + digits)):
        assert decode_scenario(encode_scenario(decision.facts)) == decision.facts
        line = encode_decision(decision)
        assert written in line
        assert encode_decision(decode_decision(line)) == line


def test_a_shape_that_cannot_be_written_is_refused() -> None:
    """Whoever puts a lone surrogate into a decision that was read learns where."""
    shape = decode_decision(json.dumps(REJECTED))
    assert isinstance(shape, RejectedShape)
    shape.remedy = "\ud800"
    with pytest.raises(WireError) as refused:
        encode_decision(shape)
    message = "`remedy` is text with a lone surrogate, accepted is text without lone surrogates"
    assert str(refused.value) == message


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
