"""Types of columns without the layouts that files of parts do not keep well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
from pyarrow import types

_Change = Callable[[Any], Any]


def without_views(schema: pa.Schema) -> pa.Schema:
    """The schema with plain texts and lists: a part of a view is written with all that it is a view of."""
    return _changed(schema, _without_view)


def without_dictionaries(schema: pa.Schema) -> pa.Schema:
    """The schema without dictionaries: a file holds one for each column, and batches have different ones."""
    return _changed(schema, lambda kind: kind.value_type if types.is_dictionary(kind) else kind)


def _changed(schema: pa.Schema, change: _Change) -> pa.Schema:
    metadata: Any = schema.metadata
    fields: Any = schema
    return pa.schema([_field(field, change) for field in fields], metadata=metadata)


def _field(field: Any, change: _Change) -> Any:
    return field.with_type(_type(field.type, change))


def _type(kind: Any, change: _Change) -> Any:
    """The type with each of its parts changed, from the outside in."""
    kind = change(kind)
    if types.is_struct(kind):
        return pa.struct([_field(field, change) for field in kind])
    if types.is_map(kind):
        return pa.map_(_field(kind.key_field, change), _field(kind.item_field, change))
    if types.is_fixed_size_list(kind):
        return pa.list_(_field(kind.value_field, change), kind.list_size)
    for is_one, made in _LISTS:
        if is_one(kind):
            return made(_field(kind.value_field, change))
    return kind


def _without_view(kind: Any) -> Any:
    for is_one, made in _VIEWS:
        if is_one(kind):
            return made(kind)
    return kind


_LISTS: Final = ((types.is_list, pa.list_), (types.is_large_list, pa.large_list))
_VIEWS: Final[tuple[tuple[Any, _Change], ...]] = (
    (types.is_string_view, lambda _: pa.large_string()),
    (types.is_binary_view, lambda _: pa.large_binary()),
    (types.is_list_view, lambda kind: pa.list_(kind.value_field)),
    (types.is_large_list_view, lambda kind: pa.large_list(kind.value_field)),
)
