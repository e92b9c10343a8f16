"""JSON from strangers, read strictly: a text gives one value, or one `WireError`.

Refused are what is not UTF-8 or begins with a byte order mark, what is not JSON (NaN and Infinity neither),
a member that stands twice in its object, and what is too long or nested too deeply to read. A lone surrogate
that is escaped is left to whoever takes a text from the value.
"""

from __future__ import annotations

import decimal
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Final, NoReturn, cast

MAX_BYTES: Final = 32 * 1024 * 1024
"""A longer text is refused before it is read: several hundred thousand steps fit."""
MAX_DIGITS: Final = 1_000_000
"""A longer integer is refused: this one takes half a second to read or to write, and time grows faster."""
_DIGITS_AT_ONCE: Final = 600
"""Python reads and writes so many whatever limit the host has set: none can be under 640."""
_SHOWN: Final = 120
"""Characters of a found value that an error quotes."""


class WireError(ValueError):
    """A text or a value refused, with the place, what stands there and what would be taken.

    `path` is the way to the place from the text's outermost object (`latest.groups[1].status`), empty
    where the text as a whole is meant; `found` and `accepted` are one line each.
    """

    line: int | None = None
    """Where it stands in the text, counted from 1, if whoever read that knows."""

    def __init__(self, path: str, found: str, accepted: str) -> None:
        super().__init__(path, found, accepted)
        self.path = path
        self.found = found
        self.accepted = accepted

    def __str__(self) -> str:
        place = f"`{self.path}`" if self.path else "the text"
        if self.path and self.line is not None:
            place += f" (line {self.line})"
        return f"{place} is {self.found}, accepted is {self.accepted}"


def read_integer(digits: str) -> int:
    """The integer of up to `MAX_DIGITS` digits, whatever limit Python has; raises `ValueError` beyond.

    Halves are read and put together, because the time of one reading grows with the square of the digits.
    """
    if len(digits) <= _DIGITS_AT_ONCE:
        return int(digits)
    if len(digits) > MAX_DIGITS + digits.startswith("-"):
        raise ValueError(f"an integer of more than {MAX_DIGITS} digits")
    if digits.startswith("-"):
        return -read_integer(digits[1:])
    half = len(digits) // 2
    scale: int = 10**half
    return read_integer(digits[:-half]) * scale + read_integer(digits[-half:])


def write_integer(value: int) -> str:
    """The digits of an integer of any size, by halves as well."""
    return format(_decimal(value, value.bit_length()), "f")


_EXACT: Final = decimal.Context(
    prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[decimal.Inexact]
)


def _decimal(value: int, bits: int) -> Decimal:
    if bits <= _DIGITS_AT_ONCE:
        return Decimal(value)
    half = bits // 2
    high = value >> half
    low = value - (high << half)
    return _EXACT.add(
        _EXACT.multiply(_decimal(high, bits - half), _EXACT.power(2, half)), _decimal(low, half)
    )


def to_utf8(text: str | bytes) -> bytes:
    """The text as bytes of an acceptable size."""
    if isinstance(text, str):
        try:
            text = text.encode()
        except UnicodeEncodeError as error:
            where = f"a lone surrogate at character {error.start}"
            raise WireError("", where, "text without lone surrogates") from None
    if len(text) > MAX_BYTES:
        raise WireError("", f"longer than {MAX_BYTES} bytes", "a shorter one")
    return text


def read_json(text: str | bytes, *, levels: int, integer: Callable[[str], int] = int) -> object:
    """The value that the text holds; `levels` of nesting are what an error says is accepted.

    `integer` reads an integer's digits, and raises `ValueError` where they are too many: `read_integer` for
    any size, `int` for what Python can write again.
    """
    text = to_utf8(text)
    objects = Objects()
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        found = f"not UTF-8: byte {text[error.start]:#04x} at offset {error.start}"
        raise WireError("", found, "JSON in UTF-8") from None
    if decoded.startswith("\ufeff"):
        raise WireError("", "not JSON: it begins with a byte order mark", "JSON in UTF-8 without one")
    try:
        value: object = json.loads(
            decoded, object_pairs_hook=objects.make, parse_int=integer, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        what = error.msg.lower().removesuffix(" at")
        found = f"not JSON: {what} at line {error.lineno} column {error.colno}"
        raise WireError("", found, "one JSON object") from None
    except WireError:
        raise
    except RecursionError:
        raise WireError("", "nested too deeply", f"at most {levels} levels of nesting") from None
    except ValueError:
        raise WireError("", "holding an integer of too many digits", "a shorter integer") from None
    objects.check(value)
    return value


def _refuse_constant(constant: str) -> NoReturn:
    raise WireError("", f"not JSON: it holds {constant}", "numbers of JSON")


class Objects:
    """Makes the objects of one text from their members, and knows those in which a member stands twice."""

    def __init__(self) -> None:
        self._twice: dict[int, tuple[object, str]] = {}

    def make(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        """The object of these members."""
        made = dict(pairs)
        if len(made) < len(pairs):
            times = Counter(name for name, _ in pairs)
            twice = next(name for name in times if times[name] > 1)
            self._twice[id(made)] = made, twice  # kept with it, so that no other object has its id
        return made

    def check(self, value: object) -> None:
        """Raises where a member stands twice in the value that the text holds: the first by the text."""
        waiting = [("", value)] if self._twice else []
        while waiting:
            path, held = waiting.pop()
            if id(held) in self._twice:
                twice = member(path, self._twice[id(held)][1])
                raise WireError(twice, "there more than once", "each member once")
            if isinstance(held, dict):
                members = cast("dict[str, object]", held).items()
                waiting += reversed([(member(path, name), item) for name, item in members])
            elif isinstance(held, list):
                items = enumerate(cast("list[object]", held))
                waiting += reversed([(f"{path}[{index}]", item) for index, item in items])


def member(path: str, name: str) -> str:
    """The path to a member of the object at this path."""
    if not name.isidentifier() or not name.isascii():
        return f"{path}[{quote(name)}]"
    return f"{path}.{name}" if path else name


def quote(value: object) -> str:
    """The JSON of a value that holds no other: one line of ASCII, cut short where it is long."""
    text = write_integer(value) if type(value) is int else json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"
