"""Writing JSON: a shape gives its line of text, or one `WireError` at a place that no text can hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from restart_engine.core.checks import is_unicode
from restart_engine.strict_json import WireError, member, write_integer


def write_json(shape: object) -> bytes:
    """The shape as one line of JSON, without a newline; raises `WireError` for a lone surrogate."""
    try:
        return msgspec.json.encode(shape)
    except ValueError:  # also of an integer with more digits than Python writes at once
        return msgspec.json.encode(_writable(msgspec.to_builtins(shape), ""))


def _writable(value: object, path: str) -> object:
    """The value with each integer as its digits."""
    match value:
        case dict():
            members = cast("dict[str, object]", value).items()
            return {name: _writable(item, member(path, name)) for name, item in members}
        case list() | tuple():
            items = enumerate(cast("Sequence[object]", value))
            return [_writable(item, f"{path}[{index}]") for index, item in items]
        case int() if type(value) is int:
            return msgspec.Raw(write_integer(value).encode())
        case str() if not is_unicode(value):
            raise WireError(path, "text with a lone surrogate", "text without lone surrogates")
        case _:
            return value
