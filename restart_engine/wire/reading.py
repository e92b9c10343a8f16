"""The careful reader: a value of the shape asked for, or one `WireError` at the first place that is off.

It is the definition of what is read. It compares types and members with the shape, and has each value checked
as the shape says (`shapes.held_to`): by `core`, where `core` has such a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import msgspec
from msgspec import inspect

from restart_engine.core.checks import is_unicode
from restart_engine.core.errors import InvalidValue
from restart_engine.strict_json import WireError, member, quote, read_json


def read_carefully(
    text: str | bytes, shape: Any, *, levels: int = 6, integer: Callable[[str], int] = int
) -> Any:
    """The value of this shape that the text holds; `levels` and `integer` are those of `read_json`."""
    return read_value(read_json(text, levels=levels, integer=integer), shape)


def read_value(value: object, shape: Any) -> Any:
    """The value of this shape, of what was read from a text before."""
    _compare(value, inspect.type_info(shape), "")
    return msgspec.convert(value, shape)


def _compare(value: object, shape: inspect.Type, path: str) -> None:
    """Raises at the first place where the value is not of the shape."""
    match shape:
        case inspect.Metadata():
            _compare_held(value, shape, path)
        case inspect.UnionType(types=types):
            meant = _meant(value, types, path)
            if meant is not None:
                _compare(value, meant, path)
        case inspect.StructType():
            _compare_object(value, shape, path)
        case inspect.DictType(key_type=key, value_type=item_type):
            for name, item in _object(value, path).items():
                _compare(name, key, path)
                _compare(item, item_type, f"{path}[{quote(name)}]")
        case inspect.ListType(item_type=item_type, min_length=least):
            for index, item in enumerate(_array(value, path, least or 0)):
                _compare(item, item_type, f"{path}[{index}]")
        case _:
            _compare_scalar(value, shape, path)


def _compare_held(value: object, shape: inspect.Metadata, path: str) -> None:
    """The same where the shape may name a check."""
    extra = cast("dict[str, Any]", shape.extra or {})  # pyright: ignore[reportUnknownMemberType]  # msgspec leaves it untyped
    check = extra.get("check")
    if check is None or not isinstance(shape.type, inspect.EnumType):  # whose check knows which labels
        _compare(value, shape.type, path)
    if check is not None:
        try:
            check(path, value)
        except InvalidValue as error:
            raise unlike(error.field, error.value, error.accepted) from None


def _compare_scalar(value: Any, shape: inspect.Type, path: str) -> None:
    match shape:
        case inspect.IntType(ge=minimum, le=maximum):
            if (
                type(value) is not int
                or (minimum is not None and value < minimum)
                or (maximum is not None and value > maximum)
            ):
                at_least = "" if minimum is None else f" of {minimum} or more"
                within = at_least if maximum is None else f" from {minimum} to {maximum}"
                raise unlike(path, value, f"an integer{within}")
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
        return _untagged(value, others, path)
    field = str(next(iter(tagged.values())).tag_field)
    tag = _object(value, path).get(field)
    _one_of(tag, tagged, member(path, field))
    return tagged[cast("str", tag)]


def _untagged(value: object, kinds: list[inspect.Type], path: str) -> inspect.Type:
    """The one kind that there is; of an array and the words that may stand for it, the one that is meant."""
    first, *words = kinds
    if not words or isinstance(value, list):
        return first
    (word,) = words
    assert isinstance(word, inspect.LiteralType)
    if value not in word.values:
        raise unlike(path, value, f"an array, or {_listed(word.values)}")
    return word


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


def _listed(labels: Iterable[object]) -> str:
    return ", ".join(map(str, labels))


def invalid(error: InvalidValue, inside: str = "") -> WireError:
    """What `core` refuses, as the error of this room; `inside` leads to what it was asked to make."""
    return WireError(f"{inside}{error.field}", f"`{quote(error.value)}`", error.accepted)


def unlike(path: str, value: object, accepted: str) -> WireError:
    """The error that quotes what stands there."""
    if isinstance(value, dict):
        return WireError(path, "an object", accepted)
    if isinstance(value, list):
        return WireError(path, "an array", accepted)
    return WireError(path, f"`{quote(value)}`", accepted)
