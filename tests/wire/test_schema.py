"""The published schema files say what the decoder does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import given
from wire.documents import Document, changed_documents, scenario_documents

from restart_engine.wire import WireError, decode_scenario, schema_text
from restart_engine.wire.schema import SchemaName, made_schema, write_schemas

SCENARIOS = jsonschema.Draft202012Validator(json.loads(schema_text("scenario")))


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


def beyond_a_schema(document: Document) -> bool:
    """What docs/wire.md lists as refused although no schema can say so: equal keys, a float, a name."""
    try:
        plan = [group["sequence"] for group in document["plan"]["groups"]]
        recorded = [group["sequence"] for group in (document.get("latest") or {"groups": []})["groups"]]
        return (
            len(set(plan)) < len(plan)
            or len(set(recorded)) < len(recorded)
            or document["request"]["loadPlanName"] != document["plan"]["name"]
            or has_float(document)
        )
    except (KeyError, TypeError):
        return False


def has_float(value: Any) -> bool:
    """Whether a number of the document is written with a fraction."""
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    if isinstance(value, list):
        return any(map(has_float, value))
    return isinstance(value, float)


@given(scenario_documents() | changed_documents())
def test_schema_and_decoder_accept_the_same(document: Document) -> None:
    """The decoder accepts what the schema does, but for what no schema can say; and nothing more."""
    valid = SCENARIOS.is_valid(document)
    try:
        decode_scenario(json.dumps(document))
    except WireError:
        assert not valid or beyond_a_schema(document)
    else:
        assert valid
