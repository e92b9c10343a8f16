"""One plan and one execution, which a host keeps in a column: read and written as inside a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.documents import Document, changed, execution_documents, scenario_documents

from restart_engine.wire import (
    WireError,
    decode_execution,
    decode_plan,
    decode_scenario,
    encode_execution,
    encode_plan,
    encode_scenario,
)

REQUEST = {"loadPlanName": "N", "groupSequence": 0}
plan_documents = scenario_documents().map(lambda document: document["plan"] | {"name": "N"})


def plan_in(text: str) -> Any:
    """The plan that a scenario has where this text stands for it."""
    return decode_scenario(f'{{"plan": {text}, "request": {json.dumps(REQUEST)}}}').plan


def latest_in(text: str) -> Any:
    """The latest execution that a scenario has where this text stands for it."""
    plan = '{"name": "N", "groups": []}'
    return decode_scenario(f'{{"latest": {text}, "plan": {plan}, "request": {json.dumps(REQUEST)}}}').latest


def found(read: Callable[[str], Any], text: str, inside: str = "") -> Any:
    """The value, or the error with its path as it is from the outside."""
    try:
        return read(text)
    except WireError as error:
        joint = "." if inside and error.path and not error.path.startswith("[") else ""
        return f"{inside}{joint}{error.path}", error.found, error.accepted


@st.composite
def texts(draw: st.DrawFn, documents: st.SearchStrategy[Document]) -> str:
    """The text of a document, of one with a place changed, or of one in which a member stands twice."""
    document = draw(documents | changed(documents))
    text, twice = json.dumps(document), draw(st.booleans())
    if document and twice:
        name = draw(st.sampled_from(sorted(document)))
        text = f"{text[:-1]}, {json.dumps(name)}: {json.dumps(document[name])}}}"
    return text


@given(scenario_documents())
def test_a_part_is_written_as_inside_a_scenario(document: Document) -> None:
    """The same members in the same order; reading it again gives the same value."""
    facts = decode_scenario(json.dumps(document))
    line = encode_scenario(facts)
    assert line.startswith(b'{"plan":' + encode_plan(facts.plan) + b',"latest":')
    assert decode_plan(encode_plan(facts.plan)) == facts.plan
    if facts.latest is not None:
        assert b',"latest":' + encode_execution(facts.latest) + b',"request":' in line
        assert decode_execution(encode_execution(facts.latest)) == facts.latest


@given(texts(plan_documents))
def test_a_plan_is_read_as_inside_a_scenario(text: str) -> None:
    """The same value, or the same error with its path from there."""
    inside = found(plan_in, text)
    if not isinstance(inside, tuple) or inside[0] != "request.loadPlanName":
        assert found(decode_plan, text, "plan") == inside


@given(texts(execution_documents()))
def test_an_execution_is_read_as_inside_a_scenario(text: str) -> None:
    """Likewise."""
    assert found(decode_execution, text, "latest") == found(latest_in, text)


@pytest.mark.parametrize("decode", [decode_plan, decode_execution])
@pytest.mark.parametrize("text", ["", "null", "[]", "{}", b"\xff", "\ud800", "[" * 100_000, "{" * 9, "NaN"])
def test_what_is_no_such_object_is_refused(decode: Callable[[Any], object], text: str | bytes) -> None:
    """With the one error; null is no execution."""
    with pytest.raises(WireError):
        decode(text)


def test_the_path_begins_at_the_object() -> None:
    """It does not know what the object stood in."""
    for decode, text, path in (
        (decode_plan, '{"name": "N", "groups": [{"sequence": 0, "steps": []}]}', "groups[0].sequence"),
        (decode_plan, '{"name": "N", "name": "N", "groups": []}', "name"),
        (decode_execution, '{"id": 1, "status": "Skipped", "groups": []}', "status"),
    ):
        with pytest.raises(WireError) as refused:
            decode(text)
        assert refused.value.path == path
