"""Columns in plain layouts: what is a view or a dictionary is not kept well by the files of parts.

A part of a view is written with all that it is a view of, and a file holds one dictionary for each column,
while batches have different ones. Lists are made from their items, not by a cast: Arrow's cast of list views
takes wrong ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

_ARROW: Final[Any] = pa
"""The same, for types and columns that are known only when it runs."""


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with plain texts and lists, also inside other columns."""
    metadata: Any = schema.metadata
    fields: Any = schema
    return pa.schema(list(map(_field, fields)), metadata=metadata)


def plain_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows, as columns of the plain schema."""
    schema = plain_schema(batch.schema)
    columns = [
        column if column.type == field.type else plain_column(column)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def dictionaries_bytes(batch: pa.RecordBatch) -> int:
    """The size of the columns that have a dictionary in them, of which a slice still has all."""
    return sum(column.nbytes for column in batch.columns if _has_dictionary(column.type))


def _field(field: Any) -> Any:
    return field.with_type(_type(field.type))


def _type(kind: Any) -> Any:
    if types.is_dictionary(kind):
        return _type(kind.value_type)
    if types.is_struct(kind):
        return _ARROW.struct(list(map(_field, kind)))
    if types.is_map(kind):
        return _ARROW.map_(_field(kind.key_field), _field(kind.item_field), keys_sorted=kind.keys_sorted)
    if types.is_fixed_size_list(kind):
        return _ARROW.list_(_field(kind.value_field), kind.list_size)
    if _is_list(kind):
        return _list_of(kind)(_field(kind.value_field))
    return next((plain for is_one, plain in _VIEWS if is_one(kind)), kind)


def plain_column(column: Any) -> Any:
    """The column in the layout of its plain type; of a slice, no more than is in it."""
    kind = _type(column.type)
    if column.type == kind:
        return column
    if types.is_dictionary(column.type):
        if not len(column.dictionary):  # what is in a struct that is null may still name a value
            return pa.nulls(len(column), kind)
        return _values(column.dictionary).take(column.indices)
    if types.is_struct(kind):
        members = [plain_column(column.field(place)) for place in range(kind.num_fields)]
        return _ARROW.StructArray.from_arrays(members, fields=list(kind), mask=column.is_null())
    if types.is_fixed_size_list(kind):
        size = kind.list_size
        items = plain_column(column.values.slice(column.offset * size, len(column) * size))
        return _ARROW.FixedSizeListArray.from_arrays(items, type=kind, mask=column.is_null())
    if types.is_map(kind):
        return _map(column, kind)
    if _is_list(kind):
        made, width = _MADE[types.is_large_list(kind)]
        items = plain_column(column.flatten())
        return made.from_arrays(_offsets(column, width), items, kind, mask=column.is_null())
    return column.cast(kind)


def _map(column: Any, kind: Any) -> Any:
    starts = column.offsets.to_pylist() or [0]
    keys, items = (part.slice(starts[0], starts[-1] - starts[0]) for part in (column.keys, column.items))
    offsets = pa.array([start - starts[0] for start in starts], pa.int32())
    keys, items = plain_column(keys), plain_column(items)
    return _ARROW.MapArray.from_arrays(offsets, keys, items, kind, mask=column.is_null())


def _values(dictionary: Any) -> Any:
    """The plain column of a dictionary's values, which many slices share: made once for those of late."""
    if dictionary.type == _type(dictionary.type):
        return dictionary
    buffers = [0 if buffer is None else buffer.address for buffer in dictionary.buffers()]
    place = (dictionary.offset, len(dictionary), *buffers)
    if place not in _of_late:
        if len(_of_late) >= _OF_LATE:
            _of_late.clear()
        _of_late[place] = dictionary, plain_column(dictionary)
    return _of_late[place][1]


def _offsets(column: Any, width: Any) -> Any:
    """Where the list of each row begins, if they are one after the other."""
    compute: Any = pc
    lengths = compute.fill_null(compute.list_value_length(column).cast(pa.int64()), 0)
    return pa.concat_arrays([pa.array([0], pa.int64()), compute.cumulative_sum(lengths)]).cast(width)


def _has_dictionary(kind: Any) -> bool:
    if types.is_dictionary(kind):
        return True
    return any(_has_dictionary(kind.field(place).type) for place in range(kind.num_fields))


def _is_list(kind: Any) -> bool:
    return any(is_one(kind) for is_one in _LISTS)


def _list_of(kind: Any) -> Callable[[Any], Any]:
    return pa.large_list if types.is_large_list(kind) or types.is_large_list_view(kind) else pa.list_


_OF_LATE: Final = 8
_of_late: Final[dict[tuple[Any, ...], tuple[Any, Any]]] = {}
"""By where they are in memory; each is held, so that nothing else comes to be there."""
_LISTS: Final = (types.is_list, types.is_large_list, types.is_list_view, types.is_large_list_view)
_VIEWS: Final[tuple[tuple[Any, Any], ...]] = (
    (types.is_string_view, pa.large_string()),
    (types.is_binary_view, pa.large_binary()),
)
_MADE: Final[tuple[tuple[Any, Any], ...]] = (
    (pa.ListArray, pa.int32()),
    (pa.LargeListArray, pa.int64()),
)
"""What makes lists of 32 bits, and of 64."""
