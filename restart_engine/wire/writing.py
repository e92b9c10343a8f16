"""Writing JSON: every shape gives its text, or one `WireError` that names the member."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from restart_engine.wire.errors import WireError
from restart_engine.wire.reading import member


def written(shape: msgspec.Struct) -> bytes:
    """The shape as one line of JSON; raises `WireError` at the first place that no JSON can hold."""
    try:
        return msgspec.json.encode(shape)
    except ValueError:
        raise next(_unwritable(msgspec.to_builtins(shape), "")) from None


def _unwritable(value: object, path: str) -> Iterator[WireError]:
    match value:
        case dict():
            for name, item in cast("dict[str, object]", value).items():
                yield from _unwritable(item, member(path, name))
        case list():
            for index, item in enumerate(cast("list[object]", value)):
                yield from _unwritable(item, f"{path}[{index}]")
        case _:
            try:
                msgspec.json.encode(value)
            except UnicodeEncodeError:
                yield WireError(path, "text with a lone surrogate", "text without lone surrogates")
            except ValueError:  # what Python says of an integer with more digits than it writes
                yield WireError(path, "an integer of too many digits", "a shorter integer")
