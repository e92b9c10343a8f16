"""Strict reading of JSON: every text gives a value of the shape asked for, or one `WireError`.

`read_carefully` is the definition, and accepts what the published schema does, but for what a schema does
not see: it reads with the standard library, which alone shows a member that stands twice, and looks for
the first place that differs from the shape.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, NoReturn, cast

import msgspec
from msgspec import inspect

from restart_engine.core.checks import check_unique, is_unicode
from restart_engine.core.errors import InvalidValue
from restart_engine.wire.errors import WireError

MAX_BYTES: Final = 32 * 1024 * 1024
"""A longer text is refused before it is read: several hundred thousand steps fit."""
_SHOWN: Final = 120
"""Characters of a found value that an error quotes."""


class _Twice(dict[str, object]):
    """An object in which a member stands twice."""

    member = ""


def encoded(text: str | bytes) -> bytes:
    """The text as UTF-8 of an acceptable size."""
    if isinstance(text, str):
        try:
            text = text.encode()
        except UnicodeEncodeError as error:
            where = f"a lone surrogate at character {error.start}"
            raise WireError("", where, "text without lone surrogates") from None
    if len(text) > MAX_BYTES:
        raise WireError("", f"longer than {MAX_BYTES} bytes", "a shorter one")
    return text


def read_carefully(text: bytes, shape: Any) -> Any:
    """The value of this shape that the text holds; raises `WireError` at the first place that is off."""
    return read_value(parsed(text), shape)


def read_value(value: object, shape: Any) -> Any:
    """The same of what was parsed before, its objects made by `members`."""
    _compare(value, inspect.type_info(shape), "")
    return msgspec.convert(value, shape)


def parsed(text: bytes, *, levels: int = 6) -> object:
    """The value that the text holds, whatever its shape; `levels` are those that the shape has."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        found = f"not UTF-8: byte {text[error.start]:#04x} at offset {error.start}"
        raise WireError("", found, "JSON in UTF-8") from None
    if decoded.startswith("\ufeff"):
        raise WireError("", "beginning with a byte order mark", "JSON in UTF-8 without one")
    try:
        value: object = _DECODER.decode(decoded)
    except json.JSONDecodeError as error:
        found = f"no JSON: {error.msg} at line {error.lineno} column {error.colno}"
        raise WireError("", found, "one JSON object") from None
    except WireError:
        raise
    except RecursionError:
        raise WireError("", "nested too deeply", f"at most {levels} levels of nesting") from None
    except ValueError:  # what Python says of an integer with more digits than it reads
        raise WireError("", "holding an integer of too many digits", "a shorter integer") from None
    return value


def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of these members; one that stands twice is refused once the object's place is known."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    times = Counter(name for name, _ in pairs)
    twice = _Twice(made)
    twice.member = next(name for name in times if times[name] > 1)
    return twice


def _refuse_constant(constant: str) -> NoReturn:
    raise WireError("", f"holding {constant}, which is no JSON", "numbers of JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=members, parse_constant=_refuse_constant)


def _compare(value: object, shape: inspect.Type, path: str) -> None:
    """Raises at the first place where the value is not of the shape."""
    match shape:
        case inspect.Metadata():
            _compare_stated(value, shape, path)
        case inspect.UnionType(types=types):
            meant = _meant(value, types, path)
            if meant is not None:
                _compare(value, meant, path)
        case inspect.StructType():
            _compare_object(value, shape, path)
        case inspect.DictType(key_type=key, value_type=kept):
            for name, item in _object(value, path).items():
                _compare(name, key, path)
                _compare(item, kept, f"{path}[{quoted(name)}]")
        case inspect.ListType(item_type=item_type, min_length=least):
            for index, item in enumerate(_array(value, path, least or 0)):
                _compare(item, item_type, f"{path}[{index}]")
        case _:
            _compare_scalar(value, shape, path)


def _compare_stated(value: Any, shape: inspect.Metadata, path: str) -> None:
    """The same for a type of which the schema states more; an enum there is a part of the type's own."""
    stated = cast("dict[str, Any]", shape.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]  # msgspec leaves it untyped
    if "enum" in stated:
        _one_of(value, stated["enum"], path)
        return
    _compare(value, shape.type, path)
    if "pattern" in stated:
        _compare_pattern(value, stated, path)
    if "propertyNames" in stated:
        for name in value:
            _compare_pattern(name, stated["propertyNames"], path)
    if "uniqueItems" in stated:
        try:
            check_unique(path, value)
        except InvalidValue as error:
            raise invalid(error) from None


def _compare_pattern(text: str, stated: dict[str, Any], path: str) -> None:
    longest = stated.get("maxLength", MAX_BYTES)
    if len(text) > longest or re.search(stated["pattern"], text) is None:
        raise unlike(path, text, stated["description"])


def _compare_scalar(value: Any, shape: inspect.Type, path: str) -> None:
    match shape:
        case inspect.IntType(ge=minimum):
            if type(value) is not int or (minimum is not None and value < minimum):
                at_least = "" if minimum is None else f" of {minimum} or more"
                raise unlike(path, value, f"an integer{at_least}")
        case inspect.FloatType(ge=minimum, le=maximum):
            if type(value) not in (int, float) or not minimum <= value <= maximum:
                raise unlike(path, value, f"a number from {minimum:g} to {maximum:g}")
        case inspect.BoolType():
            if type(value) is not bool:
                raise unlike(path, value, "true or false")
        case inspect.EnumType(cls=kind):
            _one_of(value, [member.value for member in kind], path)
        case inspect.LiteralType(values=values):
            _one_of(value, values, path)
        case _:
            if not isinstance(value, str) or not is_unicode(value):
                raise unlike(path, value, "text without lone surrogates")


def _meant(value: object, types: tuple[inspect.Type, ...], path: str) -> inspect.Type | None:
    """Which of a union's shapes the value is to be read as; none where it is null and may be."""
    others = [kind for kind in types if not isinstance(kind, inspect.NoneType)]
    if value is None and len(others) < len(types):
        return None
    tagged = {kind.tag: kind for kind in others if isinstance(kind, inspect.StructType)}
    if len(tagged) < len(others) or len(others) == 1:
        return others[0]
    field = str(next(iter(tagged.values())).tag_field)
    tag = _object(value, path).get(field)
    _one_of(tag, tagged, member(path, field))
    return tagged[cast("str", tag)]


def _compare_object(value: object, shape: inspect.StructType, path: str) -> None:
    given = _object(value, path)
    fields = {field.encode_name: field for field in shape.fields}
    for name in given:
        if shape.forbid_unknown_fields and name not in fields and name != shape.tag_field:
            raise WireError(member(path, name), "an unknown member", _listed(fields))
    for name, field in fields.items():
        if name in given:
            _compare(given[name], field.type, member(path, name))
        elif field.required:
            raise WireError(member(path, name), "missing", "a member of this name")


def _object(value: object, path: str) -> dict[str, object]:
    if isinstance(value, _Twice):
        raise WireError(member(path, value.member), "there more than once", "each member once")
    if not isinstance(value, dict):
        raise unlike(path, value, "an object")
    return cast("dict[str, object]", value)


def _array(value: object, path: str, least: int) -> list[object]:
    items = cast("list[object]", value)
    if type(value) is not list or len(items) < least:
        raise unlike(path, items, f"an array of {least} or more" if least else "an array")
    return items


def _one_of(value: object, accepted: Iterable[object], path: str) -> None:
    labels = list(accepted)
    if value not in labels:
        raise unlike(path, value, f"one of {_listed(labels)}")


def member(path: str, name: str) -> str:
    """The path to a member of the object at this path."""
    if not name.isidentifier() or not name.isascii():
        return f"{path}[{quoted(name)}]"
    return f"{path}.{name}" if path else name


def invalid(error: InvalidValue, inside: str = "") -> WireError:
    """What `core` refuses, as the error of this room; `inside` leads to what it was asked to make."""
    return WireError(f"{inside}{error.field}", f"`{quoted(error.value)}`", error.accepted)


def unlike(path: str, value: object, accepted: str) -> WireError:
    """The error that quotes what stands there."""
    if isinstance(value, dict):
        return WireError(path, "an object", accepted)
    if isinstance(value, list):
        return WireError(path, "an array", accepted)
    return WireError(path, f"`{quoted(value)}`", accepted)


def quoted(value: object) -> str:
    """The JSON of a value that holds no other: one line of ASCII, cut short where it is long."""
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def _listed(labels: Iterable[object]) -> str:
    return ", ".join(map(str, labels))
