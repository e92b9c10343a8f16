"""Columns in plain layouts hold what they held before, whatever their layouts were."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import types

from restart_engine.fleet.layouts import dictionaries_bytes, plain_batch, plain_schema

arrow: Final[Any] = pa
"""The same, for columns whose types are drawn."""
TEXTS: Final = ["", "a", "bc", "a text that is too long for a view to hold it", None]
LEAVES: Final = (
    pa.string(),
    pa.string_view(),
    pa.binary_view(),
    pa.dictionary(pa.int8(), pa.string()),
    pa.dictionary(pa.uint16(), pa.string_view()),
)


def inside(kinds: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Types that have these in them."""
    return st.one_of(
        *(
            kinds.map(made)
            for made in (
                pa.list_,
                pa.large_list,
                pa.list_view,
                pa.large_list_view,
                lambda one: pa.list_(one, 2),
            )
        ),
        kinds.map(lambda kind: pa.struct([pa.field("x", kind), pa.field("y", pa.int8())])),
        kinds.map(lambda kind: pa.map_(pa.string(), kind)),
    )


KINDS: Final = st.recursive(st.sampled_from(LEAVES), inside, max_leaves=3)


def values(kind: Any) -> st.SearchStrategy[Any]:
    """What a column of this type may hold."""
    if types.is_struct(kind):
        return st.none() | st.fixed_dictionaries({"x": values(kind.field("x").type), "y": st.integers(0, 9)})
    if types.is_map(kind):
        return st.none() | st.lists(
            st.tuples(st.sampled_from(["k", "l"]), values(kind.item_type)), max_size=3
        )
    if types.is_fixed_size_list(kind):
        return st.none() | st.lists(values(kind.value_type), min_size=2, max_size=2)
    if types.is_binary_view(kind):
        return st.sampled_from([text and text.encode() for text in TEXTS])
    if kind in LEAVES:
        return st.sampled_from(TEXTS)
    return st.none() | st.lists(values(kind.value_type), max_size=3)


def column_of(held: list[Any], kind: Any) -> Any:
    """These as a column: Arrow makes none of a dictionary of views by itself."""
    if types.is_dictionary(kind) and types.is_string_view(kind.value_type):
        plain = pa.array(held, pa.string()).dictionary_encode()
        dictionary = plain.dictionary.cast(pa.string_view())
        return pa.DictionaryArray.from_arrays(plain.indices.cast(kind.index_type), dictionary)
    if not types.is_nested(kind) or "uint16" not in str(kind):
        return pa.array(held, kind)
    return pa.nulls(len(held), kind) if all(one is None for one in held) else _around(held, kind)


def _around(held: list[Any], kind: Any) -> Any:
    """The same, of a column around such dictionaries."""
    mask = pa.array([one is None for one in held])
    if types.is_struct(kind):
        there = [one or {"x": None, "y": None} for one in held]
        columns = [column_of([one[field.name] for one in there], field.type) for field in kind]
        return arrow.StructArray.from_arrays(columns, fields=list(kind), mask=mask)
    if types.is_fixed_size_list(kind):
        items = [item for one in held for item in (one or [None, None])]
        return arrow.FixedSizeListArray.from_arrays(column_of(items, kind.value_type), type=kind, mask=mask)
    starts = [0]
    for one in held:
        starts.append(starts[-1] + len(one or ()))
    items = [item for one in held for item in (one or ())]
    if types.is_map(kind):
        keys = pa.array([key for key, _ in items], pa.string())
        found = column_of([item for _, item in items], kind.item_type)
        return arrow.MapArray.from_arrays(pa.array(starts, pa.int32()), keys, found, kind, mask=mask)
    found = column_of(items, kind.value_type)
    if types.is_list(kind):
        return arrow.ListArray.from_arrays(pa.array(starts, pa.int32()), found, kind, mask=mask)
    if types.is_large_list(kind):
        return arrow.LargeListArray.from_arrays(pa.array(starts, pa.int64()), found, kind, mask=mask)
    made, width = (
        (arrow.ListViewArray, pa.int32())
        if types.is_list_view(kind)
        else (arrow.LargeListViewArray, pa.int64())
    )
    sizes = [len(one or ()) for one in held]
    return made.from_arrays(pa.array(starts[:-1], width), pa.array(sizes, width), found, kind, mask=mask)


@settings(max_examples=3 * settings().max_examples)
@given(st.data())
def test_a_plain_batch_holds_the_same(data: st.DataObject) -> None:
    """Nested in whatever way, and of a slice what is in it."""
    kind = data.draw(KINDS)
    held = data.draw(st.lists(values(kind), max_size=6))
    batch = pa.record_batch({"column": column_of(held, kind), "row": pa.array(range(len(held)))})
    start = data.draw(st.integers(0, len(held)))
    for one in (batch, batch.slice(start), batch.slice(start, 1)):
        plain = plain_batch(one)
        plain.validate(full=True)
        assert plain.schema == plain_schema(batch.schema)
        assert plain.to_pylist() == one.to_pylist()
        assert "view" not in str(plain.schema)
        assert "dictionary" not in str(plain.schema)
        assert dictionaries_bytes(plain) == 0


def test_list_views_may_stand_in_any_order() -> None:
    """Lists that overlap, or that stand before earlier ones."""
    views = arrow.ListViewArray.from_arrays([3, 0, 1], [2, 2, 3], pa.array([1, 2, 3, 4, 5]))
    plain = plain_batch(pa.record_batch({"column": views}))
    assert plain.schema.field("column").type == pa.list_(pa.int64())
    assert plain.column("column").to_pylist() == [[4, 5], [1, 2], [2, 3, 4]]


def test_a_struct_that_is_null_may_name_a_value_that_is_not_there() -> None:
    """As where a dictionary is empty since all structs are null."""
    kind = pa.struct([pa.field("x", pa.dictionary(pa.int8(), pa.string()))])
    nulls: Any = pa.array([None], kind)
    assert nulls.field(0).indices.to_pylist() == [0]
    assert not nulls.field(0).dictionary
    assert plain_batch(pa.record_batch({"column": nulls})).column("column").to_pylist() == [None]


def test_dictionaries_that_are_much_alike_are_not_mixed_up() -> None:
    """Each column has its own, however many there are, and each slice has its column's."""
    columns = {}
    for number in range(12):
        values = pa.array(
            [f"{number}", f"{number} with a text that is too long for a view"], pa.string_view()
        )
        columns[f"{number}"] = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), values)
    batch = pa.record_batch(columns)
    for one in (batch, batch.slice(1), batch):
        assert plain_batch(one).to_pylist() == one.to_pylist()


def test_a_schema_keeps_what_else_it_says() -> None:
    """Metadata, and what may not be null; plain columns stay themselves."""
    field = pa.field("column", pa.string_view(), nullable=False, metadata={"of": "field"})
    schema = arrow.schema([field, arrow.field("row", pa.int8())], metadata={"of": "schema"})
    plain = plain_schema(schema)
    assert plain.equals(
        arrow.schema([field.with_type(pa.large_string()), schema.field("row")]), check_metadata=False
    )
    assert plain.metadata == {b"of": b"schema"}
    assert plain.field("column").metadata == {b"of": b"field"}
    assert plain_batch(pa.record_batch([["a"], [1]], schema=plain)).schema == plain


@pytest.mark.parametrize("kind", [pa.string_view(), pa.list_view(pa.string_view())], ids=str)
def test_a_slice_is_no_larger_than_its_rows(kind: Any) -> None:
    """Of a view all would be written."""
    texts = ["a text that is too long for a view to hold it"] * 10_000
    held: Any = texts if kind == pa.string_view() else [[text] for text in texts]
    batch = pa.record_batch({"column": pa.array(held, kind)}).slice(5_000, 2)
    assert batch.get_total_buffer_size() > 100_000
    assert plain_batch(batch).get_total_buffer_size() < 1_000
