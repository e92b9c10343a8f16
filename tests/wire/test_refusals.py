"""Texts that are no scenario: each is refused at its place, saying what was found and what is accepted."""

from __future__ import annotations

import json
import pickle
import sys
from typing import Any

import pytest

from restart_engine.wire import MAX_BYTES, WireError, decode_scenario

VALID: dict[str, Any] = {
    "plan": {"name": "N", "groups": [{"sequence": 1, "steps": ["A.b", "A.c"]}, {"sequence": 3, "steps": []}]},
    "latest": {
        "id": 12,
        "status": "Failed",
        "groups": [
            {"sequence": 1, "status": "Failed", "steps": {"A.b": "Failed", "A.c": "Succeeded"}},
            {"sequence": 3, "status": "In Queue", "steps": None},
        ],
    },
    "request": {"loadPlanName": "N", "groupSequence": 0, "recentLoadPlanExecution": 12},
}
TEXT = json.dumps(VALID)

INTEGER = "an integer"
POSITIVE = "an integer of 1 or more"
STEP = "a step as `Schema.Object`, neither part blank"
STEPS_TEXT = "text without lone surrogates"
ONCE = "one that stands there only once"
RUN = "one of Succeeded, Finished With Errors, Failed, Interrupted, In Progress, In Queue"
ANY = "one of Succeeded, Finished With Errors, Failed, Interrupted, In Progress, In Queue, Skipped"
MEMBER = "a member of this name"
UNKNOWN = "an unknown member"


def changed(before: str, after: str) -> str:
    """The valid text with the first place that reads `before` changed."""
    assert before in TEXT
    return TEXT.replace(before, after, 1)


REFUSED: dict[str, tuple[str | bytes, str, str | None, str | None]] = {
    "empty": ("", "", "not JSON: expecting value at line 1 column 1", "one JSON object"),
    "blank": (" \n", "", "not JSON: expecting value at line 2 column 1", "one JSON object"),
    "null": ("null", "", "`null`", "an object"),
    "array": ("[]", "", "an array", "an object"),
    "string": ('"a"', "", '`"a"`', "an object"),
    "number": ("12", "", "`12`", "an object"),
    "cut off": (TEXT[:-1], "", "not JSON: expecting ',' delimiter at line 1 column 385", "one JSON object"),
    "two values": (TEXT + TEXT, "", "not JSON: extra data at line 1 column 386", "one JSON object"),
    "trailing comma": (changed('"A.c"]', '"A.c",]'), "", None, "one JSON object"),
    "single quotes": (TEXT.replace('"', "'"), "", None, "one JSON object"),
    "comment": (TEXT + "// no", "", None, "one JSON object"),
    "control character": (changed("A.b", "A.\n"), "", None, "one JSON object"),
    "bad escape": (changed("A.b", "A.\\x"), "", None, "one JSON object"),
    "not UTF-8": (b'{"\xff"}', "", "not UTF-8: byte 0xff at offset 2", "JSON in UTF-8"),
    "byte order mark": (
        TEXT.encode("utf-8-sig"),
        "",
        "not JSON: it begins with a byte order mark",
        "JSON in UTF-8 without one",
    ),
    "UTF-16": (TEXT.encode("utf-16"), "", "not UTF-8: byte 0xff at offset 0", "JSON in UTF-8"),
    "surrogate bytes": (
        TEXT.encode().replace(b"A.b", b"A.\xed\xa0\x80"),
        "",
        "not UTF-8: byte 0xed at offset 63",
        "JSON in UTF-8",
    ),
    "surrogate in str": ("\ud800", "", "a lone surrogate at character 0", "text without lone surrogates"),
    "surrogate escape in a step": (changed("A.b", "A.\\ud800"), "plan.groups[0].steps[0]", None, STEPS_TEXT),
    "surrogate escape in a name": (changed('"N"', '"\\udfff"'), "plan.name", '`"\\udfff"`', STEPS_TEXT),
    "surrogate escape in a key": (
        changed('"A.b":', '"\\udc00":'),
        "latest.groups[0].steps",
        None,
        STEPS_TEXT,
    ),
    "NaN": (changed("12", "NaN"), "", "not JSON: it holds NaN", "numbers of JSON"),
    "Infinity": (changed("12", "-Infinity"), "", "not JSON: it holds -Infinity", "numbers of JSON"),
    "a number of a million digits and one": (
        changed("12", "9" * 1_000_001),
        "",
        "holding an integer of too many digits",
        "a shorter integer",
    ),
    "deep arrays": ("[" * 200_000, "", "nested too deeply", "at most 6 levels of nesting"),
    "deep objects": ('{"plan":' * 200_000, "", "nested too deeply", "at most 6 levels of nesting"),
    "deep but closed": (
        "[" * 100_000 + "]" * 100_000,
        "",
        "nested too deeply",
        "at most 6 levels of nesting",
    ),
    "seven levels": (changed('"A.b"', "[[]]"), "plan.groups[0].steps[0]", "an array", STEPS_TEXT),
    "no plan": ('{"request": {}}', "plan", "missing", MEMBER),
    "no request": ('{"plan": {"name": "N", "groups": []}}', "request", "missing", MEMBER),
    "no name": (changed('"name": "N", ', ""), "plan.name", "missing", MEMBER),
    "no groups": ('{"plan": {"name": "N"}, "request": 1}', "plan.groups", "missing", MEMBER),
    "no sequence": (changed('"sequence": 1, ', ""), "plan.groups[0].sequence", "missing", MEMBER),
    "no steps": (changed(', "steps": []', ""), "plan.groups[1].steps", "missing", MEMBER),
    "no outcome's steps": (changed(', "steps": null', ""), "latest.groups[1].steps", "missing", MEMBER),
    "no group's status": (
        changed('"status": "In Queue", ', ""),
        "latest.groups[1].status",
        "missing",
        MEMBER,
    ),
    "no id": (changed('"id": 12, ', ""), "latest.id", "missing", MEMBER),
    "no groupSequence": (changed('"groupSequence": 0, ', ""), "request.groupSequence", "missing", MEMBER),
    "no loadPlanName": (changed('"loadPlanName": "N", ', ""), "request.loadPlanName", "missing", MEMBER),
    "unknown at the top": (changed("{", '{"a": 1, '), "a", UNKNOWN, "plan, latest, request"),
    "unknown in a plan": (changed('"name"', '"id": 1, "name"'), "plan.id", UNKNOWN, "name, groups"),
    "unknown in a group": (
        changed(', "steps"', ', "x y": 0, "steps"'),
        'plan.groups[0]["x y"]',
        UNKNOWN,
        None,
    ),
    "unknown in a request": (
        changed("recentLoad", "recentload"),
        "request.recentloadPlanExecution",
        UNKNOWN,
        None,
    ),
    "Python's name of a member": (
        changed("groupSequence", "group_sequence"),
        "request.group_sequence",
        UNKNOWN,
        None,
    ),
    "plan null": ('{"plan": null, "request": {}}', "plan", "`null`", "an object"),
    "groups an object": (
        '{"plan": {"name": "N", "groups": {}}, "request": 1}',
        "plan.groups",
        "an object",
        "an array",
    ),
    "group a number": (
        changed('{"sequence": 1, "steps": ["A.b", "A.c"]}', "1"),
        "plan.groups[0]",
        "`1`",
        "an object",
    ),
    "steps null in a plan": (changed("[]", "null"), "plan.groups[1].steps", "`null`", "an array"),
    "steps a string": (changed("[]", '"A.b"'), "plan.groups[1].steps", '`"A.b"`', "an array"),
    "steps an object in a plan": (changed("[]", "{}"), "plan.groups[1].steps", "an object", "an array"),
    "steps an array in an outcome": (
        changed("null", "[]"),
        "latest.groups[1].steps",
        "an array",
        "an object",
    ),
    "step a number": (changed('"A.b"', "1"), "plan.groups[0].steps[0]", "`1`", STEPS_TEXT),
    "step null": (changed('"A.b"', "null"), "plan.groups[0].steps[0]", "`null`", STEPS_TEXT),
    "step without a dot": (changed("A.b", "Ab"), "plan.groups[0].steps[0]", '`"Ab"`', STEP),
    "step without a schema": (changed("A.c", ".c"), "plan.groups[0].steps[1]", '`".c"`', STEP),
    "step without an object": (changed("A.c", "A."), "plan.groups[0].steps[1]", '`"A."`', STEP),
    "step with a blank schema": (changed("A.c", " .c"), "plan.groups[0].steps[1]", '`" .c"`', STEP),
    "step with a blank object": (
        changed("A.c", "A.\\u2003"),
        "plan.groups[0].steps[1]",
        '`"A.\\u2003"`',
        STEP,
    ),
    "step twice": (changed("A.c", "A.b"), "plan.groups[0].steps[1]", '`"A.b"`', ONCE),
    "outcome's step without a dot": (changed('"A.b": ', '"Ab": '), "latest.groups[0].steps", '`"Ab"`', STEP),
    "outcome's step twice": (
        changed('"A.c": "S', '"A.b": "S'),
        'latest.groups[0].steps["A.b"]',
        "there more than once",
        "each member once",
    ),
    "member twice": (changed('"id": 12', '"id": 12, "id": 12'), "latest.id", "there more than once", None),
    "member twice, once escaped": (
        changed('"id": 12', '"id": 12, "\\u0069d": 12'),
        "latest.id",
        "there more than once",
        None,
    ),
    "plan twice": (changed('{"plan"', '{"plan": {}, "plan"'), "plan", "there more than once", None),
    "latest twice": (changed('"latest"', '"latest": null, "latest"'), "latest", "there more than once", None),
    "sequence twice": (changed('"sequence": 3', '"sequence": 1'), "plan.groups[1].sequence", "`1`", ONCE),
    "outcome's sequence twice": (
        TEXT.replace('"sequence": 3, "status"', '"sequence": 1, "status"'),
        "latest.groups[1].sequence",
        "`1`",
        ONCE,
    ),
    "sequence 0": (changed('"sequence": 1', '"sequence": 0'), "plan.groups[0].sequence", "`0`", POSITIVE),
    "sequence -1": (changed('"sequence": 1', '"sequence": -1'), "plan.groups[0].sequence", "`-1`", POSITIVE),
    "sequence true": (
        changed('"sequence": 1', '"sequence": true'),
        "plan.groups[0].sequence",
        "`true`",
        POSITIVE,
    ),
    "sequence 1.0": (
        changed('"sequence": 1', '"sequence": 1.0'),
        "plan.groups[0].sequence",
        "`1.0`",
        POSITIVE,
    ),
    "sequence 1e0": (
        changed('"sequence": 1', '"sequence": 1e0'),
        "plan.groups[0].sequence",
        "`1.0`",
        POSITIVE,
    ),
    "sequence a string": (
        changed('"sequence": 1', '"sequence": "1"'),
        "plan.groups[0].sequence",
        '`"1"`',
        POSITIVE,
    ),
    "sequence null": (
        changed('"sequence": 1', '"sequence": null'),
        "plan.groups[0].sequence",
        "`null`",
        POSITIVE,
    ),
    "id 0": (changed("12", "0"), "latest.id", "`0`", POSITIVE),
    "groupSequence false": (changed('nce": 0', 'nce": false'), "request.groupSequence", "`false`", INTEGER),
    "groupSequence -0.5": (changed('nce": 0', 'nce": -0.5'), "request.groupSequence", "`-0.5`", INTEGER),
    "groupSequence null": (changed('nce": 0', 'nce": null'), "request.groupSequence", "`null`", INTEGER),
    "execution id a string": (
        TEXT.replace('ion": 12', 'ion": "12"'),
        "request.recentLoadPlanExecution",
        '`"12"`',
        INTEGER,
    ),
    "blank plan name": (TEXT.replace('"N"', '" "'), "plan.name", '`" "`', None),
    "another plan's name": (
        changed('"loadPlanName": "N"', '"loadPlanName": "n"'),
        "request.loadPlanName",
        '`"n"`',
        'the plan\'s name, `"N"`',
    ),
    "status unknown": (changed('"Failed"', '"failed"'), "latest.status", '`"failed"`', RUN),
    "status null": (changed('"Failed"', "null"), "latest.status", "`null`", RUN),
    "status of a step unknown": (
        changed('"Succeeded"', '"Done"'),
        'latest.groups[0].steps["A.c"]',
        '`"Done"`',
        ANY,
    ),
    "execution Skipped": (changed('"Failed"', '"Skipped"'), "latest.status", None, RUN),
    "group Skipped": (changed('"In Queue"', '"Skipped"'), "latest.groups[1].status", None, RUN),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_its_place(name: str) -> None:
    """The error names the path, what stands there and what would be taken; its text is one line."""
    text, path, found, accepted = REFUSED[name]
    with pytest.raises(WireError) as refused:
        decode_scenario(text)
    error = refused.value
    assert error.path == path
    assert found is None or error.found == found
    assert accepted is None or error.accepted == accepted
    assert str(error).splitlines() == [str(error)]
    assert error.args == (error.path, error.found, error.accepted)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301  # our own


def test_the_valid_text_is_read() -> None:
    """What the refused texts were made from is itself accepted."""
    assert len(REFUSED) >= 60
    assert decode_scenario(TEXT).plan.name == "N"


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_text_beyond_the_limit_is_refused_unread(kind: type[str | bytes]) -> None:
    """50 MB are refused by their size; a text at the limit is read."""
    padding = " " * (MAX_BYTES - len(TEXT))
    longest, longer = TEXT + padding, TEXT + padding + " "
    huge = TEXT + " " * 50_000_000
    accepted = longest if kind is str else longest.encode()
    assert decode_scenario(accepted).plan.name == "N"
    for text in (longer, huge):
        with pytest.raises(WireError) as refused:
            decode_scenario(text if kind is str else text.encode())
        assert str(refused.value) == f"the text is longer than {MAX_BYTES} bytes, accepted is a shorter one"
        assert refused.value.path == ""


def test_a_member_twice_is_found_among_very_many() -> None:
    """In one pass: the first that stands twice is named, however many members stand once."""
    steps = [f'"A.{number}": "Failed"' for number in range(300_000)]
    text = changed('"A.b": "Failed"', ", ".join([*steps, *steps[-2:]]))
    with pytest.raises(WireError) as refused:
        decode_scenario(text)
    assert refused.value.path == 'latest.groups[0].steps["A.299998"]'
    assert refused.value.found == "there more than once"


def test_the_first_place_that_is_off_is_named() -> None:
    """What the schema does not say is looked at after all that it does."""
    twice = changed('"sequence": 3', '"sequence": 1')
    for text, path in (
        (twice, "plan.groups[1].sequence"),
        (twice.replace('"A.c"]', '"A"]'), "plan.groups[0].steps[1]"),
        (twice.replace('"In Queue"', '"Skipped"'), "latest.groups[1].status"),
    ):
        with pytest.raises(WireError) as refused:
            decode_scenario(text)
        assert refused.value.path == path


def test_a_long_value_is_quoted_in_part() -> None:
    """An error about a text of a million characters stays short."""
    with pytest.raises(WireError) as refused:
        decode_scenario(changed('"Failed"', json.dumps("x" * 1_000_000)))
    assert len(str(refused.value)) < 400
    for length, found in ((118, f'`"{"x" * 118}"`'), (119, f'`"{"x" * 119}... (121 characters)`')):
        with pytest.raises(WireError) as refused:
            decode_scenario(changed('"Failed"', json.dumps("x" * length)))
        assert refused.value.found == found


def test_a_scenario_is_read_near_the_recursion_limit() -> None:
    """Reading deep inside somebody's program gives the scenario or the one error."""

    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
            return
        decode_scenario(TEXT)

    room = sys.getrecursionlimit() - 200
    deep(room)
