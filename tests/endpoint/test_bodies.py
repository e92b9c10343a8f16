"""How a body is read: JSON at all, and in it the documented members."""

from __future__ import annotations

import json

import pytest
from attrs import evolve
from endpoint.house import GRANTED, body, execute, refused, restart, text_of

from restart_engine import LoadGroup, LoadPlan, RestartRequest
from restart_engine.endpoint import RestartCall, Start, calls, plan_asked
from restart_engine.endpoint.calls import ExecuteCall, StatusCall, id_asked

DEEP = 100_000


def asked(text: bytes) -> RestartRequest:
    """What a body that passes asks for."""
    outcome = restart(text=text)
    assert isinstance(outcome, Start)
    return outcome.restart.request


@pytest.mark.parametrize("ask", [restart, execute])
class TestH4:
    """H4: a body that is not JSON, or no object, is refused; the text says what is wrong and where."""

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (b"", "the body is empty, and has to be a JSON object"),
            (b" \r\n\t", "the body is empty, and has to be a JSON object"),
            (b"\x0b\x0c", "the body is not JSON: expecting value at line 1 column 1"),
            (b"X", "the body is not JSON: expecting value at line 1 column 1"),
            (b"\xff{}", "the body is not UTF-8: byte 0xff at offset 0"),
            (b'{"loadPlanName": "\xe9"}', "the body is not UTF-8: byte 0xe9 at offset 18"),
            (b'{"loadPlanName": "\xed\xa0\x80"}', "the body is not UTF-8: byte 0xed at offset 18"),
            ('{"loadPlanName": "Nightly"}'.encode("utf-16"), "the body is not UTF-8: byte 0xff at offset 0"),
            (b"\xef\xbb\xbf{}", "the body is not JSON: it begins with a byte order mark"),
            (b"loadPlanName=Nightly", "the body is not JSON: expecting value at line 1 column 1"),
            (
                b'{\n "loadPlanName": Nightly}',
                "the body is not JSON: expecting value at line 2 column 18",
            ),
            (
                b"{'loadPlanName': 'Nightly'}",
                "the body is not JSON: expecting property name enclosed in double quotes at line 1 column 2",
            ),
            (b'{"a": "', "the body is not JSON: unterminated string starting at line 1 column 7"),
            (b'{"a": "\x01"}', "the body is not JSON: invalid control character at line 1 column 8"),
            (b'{"a": 01}', "the body is not JSON: expecting ',' delimiter at line 1 column 8"),
            (b"{} {}", "the body is not JSON: extra data at line 1 column 4"),
            (b'{"a": NaN}', "the body is not JSON: it holds NaN"),
            (b'{"a": [Infinity]}', "the body is not JSON: it holds Infinity"),
            (b'{"groupSequence": -Infinity}', "the body is not JSON: it holds -Infinity"),
            (b"NaN", "the body is not JSON: it holds NaN"),
            (b"[]", "the body is JSON, but not an object"),
            (b'[{"loadPlanName": "Nightly"}]', "the body is JSON, but not an object"),
            (b'"Nightly"', "the body is JSON, but not an object"),
            (b"12", "the body is JSON, but not an object"),
            (b"null", "the body is JSON, but not an object"),
            (b"true", "the body is JSON, but not an object"),
            (b"[" * DEEP, "the body is nested too deeply"),
            (b'{"a":' * DEEP, "the body is nested too deeply"),
            (
                b'{"loadPlanName": "Nightly", "groupSequence": 0, "a": '
                + b"[" * DEEP
                + b"]" * DEEP
                + b"}",
                "the body is nested too deeply",
            ),
        ],
        ids=lambda value: ascii(value[:40]),
    )  # fmt: skip
    def test_the_text_says_what_it_is_instead(self, ask: type, text: bytes, why: str) -> None:
        """It has no code."""
        reply = ask(text=text)
        assert refused(reply) == ("H4", 400, json.dumps({"message": why}))

    @pytest.mark.parametrize(
        ("text", "path"),
        [
            (b'{"loadPlanName": "Nightly", "groupSequence": 0, "groupSequence": 0}', "groupSequence"),
            (
                b'{"loadPlanName": "Nightly", "loadPlan\\u004eame": "Other", "groupSequence": 0}',
                "loadPlanName",
            ),
            (
                b'{"loadPlanName": "Nightly", "groupSequence": 0, "other": [{"a": 1, "a": 1}]}',
                "other[0].a",
            ),
        ],
    )
    def test_a_member_stands_once(self, ask: type, text: bytes, path: str) -> None:
        """Of two, one reader would take the first and another the last; so in an object within, too."""
        why = f"the body has `{path}` more than once"
        assert refused(ask(text=text)) == ("H4", 400, json.dumps({"message": why}))


class TestH5:
    """H5: each documented member is there, of its type and not blank; any other member is ignored."""

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (body(loadPlanName=...), "loadPlanName may not be null"),
            (body(loadPlanName=None), "loadPlanName may not be null"),
            (b"{}", "loadPlanName may not be null"),
            (body(loadPlanName=7), "loadPlanName must be a string"),
            (body(loadPlanName=["Nightly"]), "loadPlanName must be a string"),
            (body(loadPlanName=False), "loadPlanName must be a string"),
            (body(loadPlanName=""), "loadPlanName may not be blank"),
            (body(loadPlanName=" \t\N{IDEOGRAPHIC SPACE}"), "loadPlanName may not be blank"),
            (body(loadPlanName="Night\ud800ly"), "loadPlanName may not hold a lone surrogate"),
            (body(groupSequence=...), "groupSequence may not be null"),
            (body(groupSequence=None), "groupSequence may not be null"),
            (body(groupSequence="1"), "groupSequence must be an integer"),
            (body(groupSequence=True), "groupSequence must be an integer"),
            (body(groupSequence=False), "groupSequence must be an integer"),
            (body(groupSequence=1.0), "groupSequence must be an integer"),
            (body(groupSequence=[1]), "groupSequence must be an integer"),
            (b'{"loadPlanName": "Nightly", "groupSequence": 1e3}', "groupSequence must be an integer"),
            (b'{"loadPlanName": "Nightly", "groupSequence": 1e999}', "groupSequence must be an integer"),
            (b'{"loadPlanName": "Nightly", "groupSequence": -0.0}', "groupSequence must be an integer"),
            (body(recentLoadPlanExecution="12"), "recentLoadPlanExecution must be an integer"),
            (body(recentLoadPlanExecution=False), "recentLoadPlanExecution must be an integer"),
            (body(recentLoadPlanExecution=12.0), "recentLoadPlanExecution must be an integer"),
            (body(recentLoadPlanExecution=""), "recentLoadPlanExecution must be an integer"),
            (body(recentLoadPlanExecution={}), "recentLoadPlanExecution must be an integer"),
            (body(loadPlanName=None, groupSequence=None), "loadPlanName may not be null"),
            (body(groupSequence=None, recentLoadPlanExecution="x"), "groupSequence may not be null"),
            (b'{"loadplanname": "Nightly", "groupSequence": 0}', "loadPlanName may not be null"),
        ],
        ids=lambda value: ascii(value[:70]),
    )
    def test_the_first_unfit_member_is_named(self, text: bytes, why: str) -> None:
        """In the order in which they are documented."""
        assert refused(restart(text=text)) == ("H5", 422, f'{{"message": "INC_01210000: {why}"}}')

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (b"{}", "loadPlanName may not be null"),
            (b'{"loadPlanName": 7}', "loadPlanName must be a string"),
            (b'{"loadPlanName": " "}', "loadPlanName may not be blank"),
        ],
    )
    def test_an_execution_needs_the_name_alone(self, text: bytes, why: str) -> None:
        """The members of a restart are, to an execution, any others."""
        assert refused(execute(text=text)) == ("H5", 422, f'{{"message": "INC_01210000: {why}"}}')
        outcome = execute(text=body(groupSequence="x", recentLoadPlanExecution=False))
        assert isinstance(outcome, Start)
        assert outcome.restart.request == RestartRequest(0)

    @pytest.mark.parametrize("digits", [400, 640, 641, 5_000, 100_000])
    def test_any_size_of_integer_is_legal(self, digits: int) -> None:
        """Also of more digits than Python reads by itself."""
        start = 10**digits - 3
        # Python writes no such number either
        written = "9" * (digits - 1) + "7"
        known = evolve(GRANTED, plan=LoadPlan("Nightly", (LoadGroup(start, ()),)), latest=None)
        outcome = restart(known, f'{{"loadPlanName": "Nightly", "groupSequence": {written}}}'.encode())
        assert isinstance(outcome, Start)
        assert outcome.restart.start.sequence == start
        assert asked(
            f'{{"loadPlanName": "Nightly", "groupSequence": -{written}}}'.encode()
        ) == RestartRequest(0)
        unknown = f'{{"loadPlanName": "Nightly", "groupSequence": 0, "recentLoadPlanExecution": -{written}}}'
        assert refused(restart(text=unknown.encode()))[0] == "H10"

    def test_each_digit_of_a_long_one_counts(self) -> None:
        """Read in parts, it is the same number as read at once."""
        digits = "".join(str(place * place % 97) for place in range(1, 2_000))
        assert len(digits) < 4_300
        call = StatusCall(tenant="demo", authorization=None, execution_id=digits)
        assert id_asked(call) == int(digits)

    def test_one_of_as_many_digits_as_are_read_is_a_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With one more it is none."""
        monkeypatch.setattr(calls, "MAX_DIGITS", 3)
        asked = [StatusCall(tenant="demo", authorization=None, execution_id=each) for each in ("123", "1234")]
        assert list(map(id_asked, asked)) == [123, None]

    def test_one_that_takes_too_long_to_read_is_refused(self) -> None:
        """A million digits are read in half a second; no body that a server takes is as long."""
        digits = "9" * 1_000_001
        text = f'{{"loadPlanName": "Nightly", "groupSequence": {digits}}}'
        why = "the body is holding an integer of too many digits"
        assert refused(restart(text=text.encode())) == ("H4", 400, json.dumps({"message": why}))
        assert id_asked(StatusCall(tenant="demo", authorization=None, execution_id=digits)) is None

    @pytest.mark.parametrize("text", [body(recentLoadPlanExecution=None), body(recentLoadPlanExecution=...)])
    def test_an_id_that_is_absent_or_null_is_not_provided(self, text: bytes) -> None:
        """Both start over."""
        assert asked(text) == RestartRequest(0, execution_id=None)

    @pytest.mark.parametrize("given", [0, -0, -1, -(2**63)])
    def test_an_id_of_zero_or_less_is_provided(self, given: int) -> None:
        """No execution has it, so that nobody starts over by accident."""
        assert text_of(restart(text=body(recentLoadPlanExecution=given))).startswith("R2: ")

    @pytest.mark.parametrize("given", [0, -1, -(10**400)])
    def test_a_sequence_of_zero_or_less_asks_for_none(self, given: int) -> None:
        """All of them are the same request."""
        assert asked(body(groupSequence=given)) == RestartRequest(0, execution_id=12)

    def test_other_members_are_ignored(self) -> None:
        """Whatever they hold; documented names in another case are others."""
        members = {
            "LoadPlanName": 7,
            "groupsequence": None,
            "": [1.5e300],
            "a\ud800": "\ud800",
            "x": {"y": 10**400},
        }
        assert asked(body(**members)) == RestartRequest(0, execution_id=12)


class TestAskedBeforehand:
    """What a host that gathers a `Snapshot` reads of a call before the gates do."""

    @pytest.mark.parametrize(
        ("text", "name"),
        [(body(), "Nightly"), (b"{", None), (body(loadPlanName=None), None), (body(groupSequence="x"), None)],
    )
    def test_the_plan_of_a_restart(self, text: bytes, name: str | None) -> None:
        """None where the body is refused."""
        assert plan_asked(RestartCall(tenant="demo", authorization=None, body=text)) == name

    def test_the_plan_of_an_execution(self) -> None:
        """Its body has the name alone."""
        text = body(groupSequence=...)
        assert plan_asked(ExecuteCall(tenant="demo", authorization=None, body=text)) == "Nightly"
        assert plan_asked(RestartCall(tenant="demo", authorization=None, body=text)) is None
