"""The published schema files say what the decoder does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import example, given
from msgspec import Meta
from wire.documents import (
    DIGEST,
    Document,
    changed,
    changed_documents,
    decision_documents,
    nested,
    planned,
    rejected,
    scenario_documents,
)

from restart_engine import InvalidValue, Status
from restart_engine.strict_json import MAX_DIGITS
from restart_engine.wire import (
    MAX_BYTES,
    WireError,
    decode_decision,
    decode_execution,
    decode_plan,
    decode_scenario,
    schema_text,
)
from restart_engine.wire.schema import SchemaName, made_schema, write_schemas
from restart_engine.wire.shapes import keyed_by, matching, one_of

SCENARIOS, DECISIONS, PLANS, EXECUTIONS = (
    jsonschema.Draft202012Validator(json.loads(schema_text(name))) for name in get_args(SchemaName)
)


def test_writing_the_files_anew_gives_the_shipped_ones(tmp_path: Path) -> None:
    """`write_schemas` is the tool to run after a change of the shapes."""
    write_schemas(tmp_path)
    for name in get_args(SchemaName):
        assert (tmp_path / f"{name}.schema.json").read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("name", get_args(SchemaName))
def test_the_shipped_file_is_the_one_made_from_the_shapes(name: SchemaName) -> None:
    """A change of the shapes shows in the file, which is a JSON Schema of 2020-12."""
    assert schema_text(name) == made_schema(name)
    schema = json.loads(schema_text(name))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


class TestChecks:
    """What a shape says of a value beside its type: to the schema, and to the careful reader."""

    def test_a_text_that_matches_a_pattern(self) -> None:
        """To its end; the schema says the same, and what else it is told."""
        digits = matching("three digits", "[0-9]{3}", maxLength=3)
        assert digits.extra_json_schema == {
            "description": "three digits",
            "pattern": "^[0-9]{3}$",
            "maxLength": 3,
        }
        assert check_of(digits)("a.b", "123") is None
        for text in ("12", "1234", "x123", "123\n"):
            with pytest.raises(InvalidValue) as refused:
                check_of(digits)("a.b", text)
            assert refused.value.args == ("a.b", text, "three digits")

    def test_a_status_of_some(self) -> None:
        """Their labels, in the order of all."""
        over = one_of({Status.FAILED, Status.SUCCEEDED})
        assert over.extra_json_schema == {"enum": ["Succeeded", "Failed"]}
        assert check_of(over)("status", "Failed") is None
        with pytest.raises(InvalidValue) as refused:
            check_of(over)("status", "Skipped")
        assert refused.value.args == ("status", "Skipped", "one of Succeeded, Failed")

    def test_an_object_whose_names_are_held_to_a_check(self) -> None:
        """The error has the name; the schema says it of names alone."""
        named = keyed_by(matching("three digits", "[0-9]{3}"))
        assert named.extra_json_schema == {
            "propertyNames": {"type": "string", "description": "three digits", "pattern": "^[0-9]{3}$"}
        }
        assert check_of(named)("steps", {"123": "x", "456": None}) is None
        with pytest.raises(InvalidValue) as refused:
            check_of(named)("steps", {"123": 1, "4": 1})
        assert refused.value.args == ("steps", "4", "three digits")


def check_of(meta: Meta) -> Callable[[str, object], object]:
    """The check that a shape names."""
    assert meta.extra is not None
    check: Callable[[str, object], object] = meta.extra["check"]
    return check


SURROGATE = re.compile("[\ud800-\udfff]")


def beyond_every_schema(document: Document) -> bool:
    """What docs/wire.md lists as refused in either document: a float, a lone surrogate."""
    values = list(nested(document))
    texts = [value for value in values if isinstance(value, str)]
    return any(isinstance(value, float) for value in values) or any(map(SURROGATE.search, texts))


def scenario_beyond_its_schema(document: Document) -> bool:
    """The same for a valid scenario: a sequence that stands twice, another plan's name."""
    plan = [group["sequence"] for group in document["plan"]["groups"]]
    recorded = [group["sequence"] for group in (document.get("latest") or {"groups": []})["groups"]]
    return (
        len(set(plan)) < len(plan)
        or len(set(recorded)) < len(recorded)
        or document["request"]["loadPlanName"] != document["plan"]["name"]
    )


def decision_beyond_its_schema(document: Document) -> bool:
    """The same for a valid decision: it contradicts itself, or a list of it is out of order."""
    if document["decision"] == "rejected":
        rules, evidence = document["rules"], document["evidence"]
        return (
            rules != sorted(rules)
            or rules[0] != document["rule"]
            or set(rules) != set(evidence)
            or not ascending(evidence.get("R3", {}).get("neverReached", []))
            or not ascending(evidence.get("R4", {}).get("existing", []))
        )
    start, latest = document["start"], document["precondition"]["latest"]
    based_on = None if document["rule"] in {"S1", "S2"} else latest["id"] if latest else "missing"
    noted = [
        note.get(name, [])
        for note in document["notes"]
        for name in ("sequences", "added", "removed")
        if note["note"] != "stepsChanged"
    ]
    return (
        document["basedOn"] != based_on
        or bool(set(start["run"]) & set(start["skip"]))
        or not all(map(ascending, [[*document["before"], start["sequence"], *document["after"]], *noted]))
    )


def ascending(sequences: list[int]) -> bool:
    """Whether each is higher than the one before."""
    return sequences == sorted(set(sequences))


@given(scenario_documents() | changed_documents())
def test_schema_and_decoder_accept_the_same(document: Document) -> None:
    """The decoder accepts what the schema does, but for what that does not say; and nothing more."""
    valid = SCENARIOS.is_valid(document)
    refused = beyond_every_schema(document) or (valid and scenario_beyond_its_schema(document))
    assert accepted(decode_scenario, json.dumps(document)) == (valid and not refused)


@given(scenario_documents() | changed_documents())
def test_parts_are_accepted_as_their_schemas_say(document: Document) -> None:
    """The same for a plan and an execution, each in a text of its own."""
    decoders: list[tuple[str, jsonschema.Draft202012Validator, Callable[[str], object]]] = [
        ("plan", PLANS, decode_plan),
        ("latest", EXECUTIONS, decode_execution),
    ]
    for name, schema, decode in decoders:
        part = document.get(name)
        valid = schema.is_valid(part)
        sequences = [group["sequence"] for group in part["groups"]] if part and valid else []
        refused = beyond_every_schema({"part": part}) or len(set(sequences)) < len(sequences)
        assert accepted(decode, json.dumps(part)) == (valid and not refused)


@given(decision_documents() | changed(decision_documents()) | changed(changed(decision_documents())))
@example(planned("S3", start={"sequence": 2, "run": [""], "skip": []}))
@example(planned("S3", start={"sequence": 2, "run": ["A.b", "A.b"], "skip": []}))
@example(planned("S3", precondition={"latest": {"id": 12, "status": "Skipped"}, "planDigest": DIGEST}))
@example(planned("S3", precondition={"latest": {"id": 12, "status": "Failed"}, "planDigest": f"{DIGEST}\n"}))
@example(rejected("m", "r", {"R1": {"execution": 1, "status": "Failed"}}))
@example(rejected("m", "r", {}) | {"rule": "R1"})
def test_decisions_are_accepted_as_their_schema_says(document: Document) -> None:
    """The same for decisions."""
    valid = DECISIONS.is_valid(document)
    refused = beyond_every_schema(document) or (valid and decision_beyond_its_schema(document))
    assert accepted(decode_decision, json.dumps(document)) == (valid and not refused)


def accepted(decode: Callable[[str], object], text: str) -> bool:
    """Whether the decoder reads the text."""
    try:
        decode(text)
    except WireError:
        return False
    return True


VALID: Document = {
    "plan": {"name": "N", "groups": [{"sequence": 1, "steps": ["A.b"]}, {"sequence": 2, "steps": []}]},
    "request": {"loadPlanName": "N", "groupSequence": 1},
}
TEXT = json.dumps(VALID)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace('Sequence": 1', 'Sequence": 1.0'),
        TEXT.replace('Sequence": 1', 'Sequence": 1, "groupSequence": 1'),
        TEXT.replace('"sequence": 2', '"sequence": 1'),
        TEXT.replace('Name": "N"', 'Name": "M"'),
        TEXT.replace("A.b", "A.\\ud800"),
        TEXT.replace('Sequence": 1', f'Sequence": 1{"0" * MAX_DIGITS}'),
        TEXT + " " * MAX_BYTES,
    ],
    ids=["float", "member twice", "sequence twice", "name", "surrogate", "digits", "size"],
)
def test_what_a_schema_does_not_say_is_refused(text: str) -> None:
    """Each item of the list in docs/wire.md is valid by the schema, and refused."""
    value = json.loads(text, parse_int=lambda digits: int(digits[:100]))
    assert SCENARIOS.is_valid(value)
    assert accepted(decode_scenario, TEXT)
    assert not accepted(decode_scenario, text)
