"""The one reader of JSON from strangers, below wire and endpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restart_engine.strict_json import (
    MAX_BYTES,
    MAX_DIGITS,
    WireError,
    quote,
    read_integer,
    read_json,
    write_integer,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def refusal(text: str | bytes) -> WireError:
    """What is said against a text."""
    with pytest.raises(WireError) as refused:
        read_json(text, levels=3)
    return refused.value


@given(values, st.booleans())
def test_what_json_writes_is_read(value: Any, ascii_only: bool) -> None:
    """As text or as UTF-8."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read_json(text, levels=3) == read_json(text.encode(), levels=3) == value


@given(st.text() | st.binary())
@example("\ufeff{}")
@example('{"a": 1e999}')
def test_every_text_gives_a_value_or_one_error(text: str | bytes) -> None:
    """Nothing but `WireError` is raised, of one line."""
    try:
        read_json(text, levels=3)
    except WireError as error:
        said = str(error)
    else:
        return
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"\xff"}', "not UTF-8: byte 0xff at offset 2"),
        ("\ud800", "a lone surrogate at character 0"),
        ("\ufeff{}", "not JSON: it begins with a byte order mark"),
        ("", "not JSON: expecting value at line 1 column 1"),
        ("{} {}", "not JSON: extra data at line 1 column 4"),
        ('{"a": "', "not JSON: unterminated string starting at line 1 column 7"),
        ("[NaN]", "not JSON: it holds NaN"),
        ("-Infinity", "not JSON: it holds -Infinity"),
        ("9" * 5_000, "holding an integer of too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "nested too deeply"),
        (" " * (MAX_BYTES + 1), f"longer than {MAX_BYTES} bytes"),
    ],
)
def test_what_is_refused_as_a_whole(text: str | bytes, found: str) -> None:
    """The path is empty."""
    error = refusal(text)
    assert (error.path, error.found) == ("", found)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "\\u0061": 2}', "a"),
        ('[0, {"b": {"c d": 1, "e": 0, "c d": null, "e": 0}}]', '[1].b["c d"]'),
        ('{"x": {"b": 1, "b": 2}, "a": [{"c": 1, "c": 2}]}', "x.b"),
        ('{"a": {"b": 1, "b": 2}, "a": 3}', "a"),
        ('{"a": {"b": 1, "b": 2, "c": {"d": 1, "d": 2}}}', "a.b"),
    ],
)
def test_a_member_that_stands_twice_is_named(text: str, path: str) -> None:
    """The first by the text, the outermost where one stands in another."""
    error = refusal(text)
    assert (error.path, error.found, error.accepted) == (path, "there more than once", "each member once")


class TestIntegers:
    """Integers of any size up to a limit, in time that does not grow with the square of their digits."""

    @given(st.integers() | st.integers(-(10**3_000), 10**3_000))
    def test_the_digits_are_those_that_python_writes(self, value: int) -> None:
        """And read again they give the same."""
        assert write_integer(value) == str(value)
        assert read_integer(str(value)) == value

    @pytest.mark.parametrize("digits", [599, 600, 601, 1_200, 1_201, 4_300, 4_301, 100_000])
    @pytest.mark.parametrize("sign", ["", "-"])
    def test_more_digits_than_python_takes_at_once(self, digits: int, sign: str) -> None:
        """The value is exact at every length."""
        text = sign + "9" * (digits - 1) + "8"
        value = read_integer(text)
        assert value == (-1 if sign else 1) * (10**digits - 2)
        assert write_integer(value) == text
        assert read_json(f"[{text}]", levels=1, integer=read_integer) == [value]

    def test_beyond_the_limit_it_is_refused(self) -> None:
        """A sign is no digit."""
        assert read_integer("-" + "1" * MAX_DIGITS) < 0
        with pytest.raises(ValueError, match="more than 1000000 digits"):
            read_integer("-" + "1" * (MAX_DIGITS + 1))

    def test_a_long_one_is_quoted_in_part(self) -> None:
        """Also one that Python would not write."""
        assert quote(10**5_000) == "1" + "0" * 119 + "... (5001 characters)"
