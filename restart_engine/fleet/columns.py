"""What nested columns hold, whatever the width of their integers and the layout of their texts and lists."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
from pyarrow import types

from restart_engine.fleet.layouts import plain_column
from restart_engine.wire import WireError

_TEXT: Final = (types.is_string, types.is_large_string, types.is_string_view)
_BYTES: Final = (types.is_binary, types.is_large_binary, types.is_binary_view)
_VIEWS: Final = (types.is_list_view, types.is_large_list_view, types.is_fixed_size_list)
_LISTS: Final = (types.is_list, types.is_large_list, *_VIEWS)
_PAIR: Final = {"key", "value"}


def is_text(kind: Any) -> bool:
    """Whether a column of this type holds text, be it in a dictionary, or marked as JSON."""
    return _is(_TEXT, kind)


def is_bytes(kind: Any) -> bool:
    """Whether it holds bytes."""
    return _is(_BYTES, kind)


def bytes_of(column: Any) -> list[bytes | None]:
    """The texts of a column, or its bytes, as bytes: Arrow does not make sure that texts are UTF-8."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    found: list[bytes | None] = column.cast(pa.large_binary()).to_pylist()
    return found


def texts_of(column: Any) -> list[Any]:
    """The texts of a column; a byte that is not UTF-8 becomes a lone surrogate, which no name may have."""
    try:
        found: list[Any] = column.to_pylist()
    except UnicodeDecodeError:
        return [text and text.decode(errors="surrogateescape") for text in bytes_of(column)]
    return found


def check_kind(kind: Any, meant: Any, path: str, optional: frozenset[str]) -> None:
    """The type can hold what the other, plain one does; raises `WireError` at the first place that cannot.

    A type that is null throughout can. `optional` are the paths of members that may be missing.
    """
    if types.is_null(kind):
        return
    if types.is_struct(meant):
        _check_members(kind, meant, path, optional)
        return
    is_one, accepted = next(row[1:] for row in _KINDS if row[0](meant))
    if not is_one(kind):
        raise _unlike(path, kind, accepted)
    if types.is_map(meant):
        for part in _types_of_pair(kind):
            check_kind(part, pa.string(), f"{path}[]", optional)
    elif types.is_list(meant):
        check_kind(kind.value_type, meant.value_type, f"{path}[]", optional)


def _check_members(kind: Any, meant: Any, path: str, optional: frozenset[str]) -> None:
    if not types.is_struct(kind):
        raise _unlike(path, kind, f"structs of {', '.join(field.name for field in meant)}")
    names = [field.name for field in kind]
    for name in names:
        if names.count(name) > 1:
            raise WireError(f"{path}.{name}", "there more than once", "each member once")
        if meant.get_field_index(name) < 0:
            accepted = ", ".join(field.name for field in meant)
            raise WireError(f"{path}.{name}", "an unknown member", accepted)
    for field in meant:
        inside = f"{path}.{field.name}"
        if field.name in names:
            check_kind(kind.field(field.name).type, field.type, inside, optional)
        elif inside not in optional:
            raise WireError(inside, "missing", "a member of this name")


def _is_map(kind: Any) -> bool:
    if types.is_map(kind):
        return True
    if not _is_list(kind):
        return False
    pair = kind.value_type
    return types.is_null(pair) or (types.is_struct(pair) and {field.name for field in pair} == _PAIR)


def _types_of_pair(kind: Any) -> list[Any]:
    if types.is_map(kind):
        return [kind.key_type, kind.item_type]
    return [] if types.is_null(kind.value_type) else [field.type for field in kind.value_type]


def _unlike(path: str, kind: Any, accepted: str) -> WireError:
    return WireError(path, f"a column of {kind}".replace("\n", " "), f"one of {accepted}")


def _is(tests: Any, kind: Any) -> bool:
    if types.is_dictionary(kind):
        kind = kind.value_type
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return any(test(kind) for test in tests)


def _is_list(kind: Any) -> bool:
    return _is(_LISTS, kind)


_KINDS: Final = (
    (types.is_map, _is_map, "maps, or of lists of `key` and `value`"),
    (types.is_list, _is_list, "lists"),
    (types.is_string, is_text, "text"),
    (types.is_integer, types.is_integer, "integers"),
)
"""For each type that is meant: what is taken for it, and its name."""


def member(column: Any, name: str) -> Any:
    """A member of each struct: null where the struct is, or where it has no such member."""
    place = column.type.get_field_index(name) if types.is_struct(column.type) else -1
    return pa.nulls(len(column)) if place < 0 else column.flatten()[place]


class Lists:
    """Lists, one after the other: list `i` has the items from `starts[i]` up to `starts[i + 1]`."""

    def __init__(self, column: Any) -> None:
        kind = column.type
        if types.is_null(kind):
            column = column.cast(pa.list_(pa.null()))
        elif types.is_fixed_size_list(kind):
            column = column.cast(pa.list_(kind.value_field))
        else:
            column = plain_column(column)
        offsets = column.offsets.to_pylist() or [0]
        self.starts: Final = [offset - offsets[0] for offset in offsets]
        self.missing: Final[list[bool]] = column.is_null().to_pylist()
        """Which lists are null."""
        self._column = column
        self._first = offsets[0]

    @property
    def values(self) -> Any:
        """The items."""
        return self._of_these(self._column.values)

    def pairs(self) -> tuple[Any, Any]:
        """The keys and the values of maps, or of lists of both."""
        if types.is_map(self._column.type):
            return self._of_these(self._column.keys), self._of_these(self._column.items)
        return member(self.values, "key"), member(self.values, "value")

    def _of_these(self, items: Any) -> Any:
        return items.slice(self._first, self.starts[-1])
