"""Scenarios as nested columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from fleet.test_deciding import EXAMPLE, batch_of, rows_of
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect
from wire.documents import scenario_documents

from restart_engine.fleet import SCENARIO_COLUMNS, decided_schema
from restart_engine.fleet.nested import NestedScenarios
from restart_engine.wire import WireError
from restart_engine.wire.shapes import ScenarioShape

Document = dict[str, Any]
HIGHEST = 2**63 - 1
SPOILT = "spoilt.text"


def pairs(document: Document) -> Document:
    """The document with the steps of outcomes as pairs, as Arrow takes a map."""
    latest = document.get("latest")
    if latest is None or latest["groups"] is None:
        return document | {"latest": latest}
    groups = [
        group and group | {"steps": None if group["steps"] is None else list(group["steps"].items())}
        for group in latest["groups"]
    ]
    return document | {"latest": latest | {"groups": groups}}


def nested(documents: list[Document], schema: pa.Schema = SCENARIO_COLUMNS) -> pa.RecordBatch:
    """A batch of these documents as columns."""
    rows = list(map(pairs, documents))
    columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def numbers(value: Any) -> list[int]:
    """Every number in a document."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, int) else []


small_documents = scenario_documents().filter(lambda document: max(numbers(document)) <= HIGHEST)


def changed(**members: Any) -> Document:
    """The example with these members changed, each named by its way: `latest__groups__1__status`."""
    document: Document = json.loads(json.dumps(EXAMPLE))
    for way, value in members.items():
        *before, last = way.split("__")
        holder: Any = document
        for name in before:
            holder = holder[int(name) if name.isdigit() else name]
        holder[int(last) if last.isdigit() else last] = value
    return document


def not_utf_8(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with bytes that are no UTF-8 where it says that it is spoilt, as a file may hold them."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    spoilt = sink.getvalue().to_pybytes().replace(SPOILT.encode(), b"\xff" * len(SPOILT))
    return pa.ipc.open_stream(spoilt).read_next_batch()


def masked(batch: pa.RecordBatch, way: str) -> pa.RecordBatch:
    """The batch of one row with the struct there null, and all values below it kept."""
    name, *place = way.split("__")
    columns: dict[str, Any] = dict(zip(batch.schema.names, batch.columns, strict=True))
    column = columns[name]
    if place:
        groups = column.field("groups")
        hidden = null_at(groups.values, int(place[-1]))
        lists = pa.ListArray.from_arrays(groups.offsets, hidden)
        parts = [lists if field.name == "groups" else column.field(field.name) for field in column.type]
        columns[name] = pa.StructArray.from_arrays(parts, fields=list(column.type))
    else:
        columns[name] = null_at(column, 0)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)


def null_at(structs: Any, place: int) -> Any:
    """The structs with one of them null, its values kept below."""
    mask = pa.array([index == place for index in range(len(structs))])
    return pa.StructArray.from_arrays(structs.flatten(), fields=list(structs.type), mask=mask)


class TestRows:
    """A row says what the row of its text says."""

    @given(st.lists(small_documents, max_size=5), st.integers(0, 3), st.integers(0, 5))
    def test_it_is_the_same_as_of_the_text(self, documents: list[Document], start: int, length: int) -> None:
        """Also in a batch that is a part of another."""
        of_text = rows_of([batch_of(documents)])
        batch = nested(documents)
        assert rows_of([batch]) == of_text
        assert rows_of([batch.slice(start, length)]) == of_text[start:][:length]

    @pytest.mark.parametrize(
        "document",
        [
            changed(plan=None),
            changed(latest=None),
            changed(request=None),
            changed(plan__name=None),
            changed(plan__name=" "),
            changed(plan__groups=None),
            changed(plan__groups__1=None),
            changed(plan__groups__0__sequence=0),
            changed(plan__groups__0__sequence=None),
            changed(plan__groups__0__sequence=4),
            changed(plan__groups__0__steps=None),
            changed(plan__groups__0__steps=["Sales.Orders", None]),
            changed(plan__groups__0__steps=["Sales.Orders", "Sales"]),
            changed(plan__groups__0__steps=["Sales.Orders", "Sales.Orders"]),
            changed(latest__id=None),
            changed(latest__id=0),
            changed(latest__status=None),
            changed(latest__status="failed"),
            changed(latest__status="Skipped"),
            changed(latest__groups=None),
            changed(latest__groups__0=None),
            changed(latest__groups__1__sequence=1),
            changed(latest__groups__1__status=None),
            changed(latest__groups__1__status="Skipped"),
            changed(latest__groups__1__steps=None),
            changed(latest__groups__1__steps={"Finance.Ledger": None}),
            changed(latest__groups__1__steps={"Finance.Ledger": "Fine"}),
            changed(latest__groups__1__steps={"Finance": "Failed"}),
            changed(latest__groups__1__steps={}),
            changed(request__loadPlanName=None),
            changed(request__loadPlanName="nightly"),
            changed(request__groupSequence=None),
            changed(request__recentLoadPlanExecution=None),
        ],
    )
    def test_a_bad_row_says_what_its_text_would(self, document: Document) -> None:
        """In the same words, with the same path; the rows beside it are decided."""
        rows = rows_of([nested([EXAMPLE, document, EXAMPLE])])
        assert rows == rows_of([batch_of([EXAMPLE, document, EXAMPLE])])

    def test_a_step_that_stands_twice_in_a_map(self) -> None:
        """Is refused like a member that stands twice."""
        twice = pairs(EXAMPLE)
        twice["latest"]["groups"][1]["steps"] *= 2
        columns = [pa.array([twice[field.name]], field.type) for field in SCENARIO_COLUMNS]
        (row,) = rows_of([pa.RecordBatch.from_arrays(columns, schema=SCENARIO_COLUMNS)])
        assert row["path"] == 'latest.groups[0].steps["Finance.Ledger"]'.replace("[0]", "[1]")
        assert row["message"].endswith("is there more than once, accepted is each member once")

    @pytest.mark.parametrize("spoilt", ["Nightly", "Finance.Rates", "Failed", "Marts.Revenue"])
    def test_text_that_is_not_utf_8_is_an_error_of_its_row(self, spoilt: str) -> None:
        """Arrow lets it stand in a column of text, and whoever reads a file does not look."""
        document = json.loads(json.dumps(EXAMPLE).replace(spoilt, SPOILT))
        good, bad, again = rows_of([not_utf_8(nested([EXAMPLE, document, EXAMPLE]))])
        assert good == again == rows_of([nested([EXAMPLE])])[0]
        assert (
            bad["message"]
            == "the text is holding text that is not UTF-8: byte 0xff, accepted is texts in UTF-8"
        )

    @pytest.mark.parametrize("way", ["plan", "latest", "request", "plan__groups__1", "latest__groups__0"])
    def test_what_is_under_a_null_is_not_read(self, way: str) -> None:
        """Arrow may keep values below a struct that is null."""
        row = rows_of([masked(nested([EXAMPLE]), way)])
        assert row == rows_of([batch_of([changed(**{way: None})])])

    def test_plans_and_outcomes_that_repeat_are_made_once(self) -> None:
        """From one batch to the next."""
        scenarios = NestedScenarios(SCENARIO_COLUMNS)
        other = changed(plan__groups__0__steps=["Sales.Orders"], latest__groups__1__status="Interrupted")
        facts = [
            each
            for batch in (nested([EXAMPLE, other]), nested([EXAMPLE]))
            for each in scenarios.readings(batch)
        ]
        first, changed_facts, again = facts
        assert not isinstance(first, WireError)
        assert not isinstance(changed_facts, WireError)
        assert not isinstance(again, WireError)
        assert again.plan is first.plan
        assert changed_facts.plan != first.plan
        assert first.latest is not None
        assert again.latest is not None
        assert changed_facts.latest is not None
        assert again.latest.groups[1] is first.latest.groups[1]
        assert changed_facts.latest.groups[0] is first.latest.groups[0]
        assert changed_facts.latest.groups[1] != first.latest.groups[1]


def as_lists(document: Document) -> Document:
    """The document with the steps of outcomes as lists of values and keys."""
    paired = pairs(document)
    for group in paired["latest"]["groups"]:
        group["steps"] = group["steps"] and [
            {"value": status, "key": name} for name, status in group["steps"]
        ]
    return paired


def layout(kind: Any, change: Callable[[Any], Any]) -> Any:
    """A type with every part of it changed, from the inside out."""
    if pa.types.is_struct(kind):
        return change(pa.struct([field.with_type(layout(field.type, change)) for field in kind]))
    if pa.types.is_map(kind):
        return change(pa.map_(layout(kind.key_type, change), layout(kind.item_type, change)))
    if pa.types.is_list(kind):
        return change(pa.list_(layout(kind.value_type, change)))
    return change(kind)


def large(kind: Any) -> Any:
    """Texts and lists with long offsets, as Polars writes them."""
    if pa.types.is_string(kind):
        return pa.large_string()
    return pa.large_list(kind.value_type) if pa.types.is_list(kind) else kind


def views(kind: Any) -> Any:
    """Views, as DuckDB and Polars may write them."""
    if pa.types.is_string(kind):
        return pa.string_view()
    return pa.list_view(kind.value_type) if pa.types.is_list(kind) else kind


def narrow(kind: Any) -> Any:
    """Small integers."""
    return pa.int16() if pa.types.is_integer(kind) else kind


def unsigned(kind: Any) -> Any:
    """Integers without a sign."""
    return pa.uint64() if pa.types.is_integer(kind) else kind


class TestLayouts:
    """Any width of integer, and any layout of text or list, holds the same scenarios."""

    @pytest.mark.parametrize("change", [large, views, narrow, unsigned])
    def test_it_is_read_like_the_plain_one(self, change: Callable[[Any], Any]) -> None:
        """Also in a part of a batch."""
        schema = pa.schema([field.with_type(layout(field.type, change)) for field in SCENARIO_COLUMNS])
        documents = [EXAMPLE, changed(plan=None), changed(latest__groups__1__steps=None), EXAMPLE]
        assert rows_of([nested(documents, schema)]) == rows_of([batch_of(documents)])
        assert rows_of([nested(documents, schema).slice(2, 1)]) == rows_of([batch_of(documents[2:3])])

    @given(st.lists(small_documents, max_size=5), st.integers(0, 2))
    def test_lists_that_are_views_have_any_lengths(self, documents: list[Document], start: int) -> None:
        """Arrow's own cast of them takes other items."""
        schema = pa.schema([field.with_type(layout(field.type, views)) for field in SCENARIO_COLUMNS])
        batch = nested(documents, schema)
        assert rows_of([batch]) == rows_of([batch_of(documents)])
        assert rows_of([batch.slice(start)]) == rows_of([batch_of(documents[start:])])

    @pytest.mark.slow
    def test_a_list_of_keys_and_values_is_a_map(self) -> None:
        """Polars has no maps; in this order or the other."""
        import polars as pl  # noqa: PLC0415  # only the full depth has it

        documents = [EXAMPLE, changed(latest__groups__1__steps={"Finance.Ledger": "Fine"})]
        frame = pl.DataFrame(list(map(as_lists, documents)), strict=False)
        batch: Any = frame.to_arrow().to_batches()[0]
        assert pa.types.is_large_list(batch.schema.field("plan").type.field("groups").type)
        assert rows_of([batch]) == rows_of([batch_of(documents)])

    def test_texts_from_a_dictionary(self) -> None:
        """Where names repeat, Arrow may keep each once."""
        texts = batch_of([EXAMPLE] * 3)["scenario"]
        assert rows_of([pa.record_batch({"scenario": texts.dictionary_encode()})]) == rows_of(
            [batch_of([EXAMPLE] * 3)]
        )

    def test_columns_that_are_null_throughout(self) -> None:
        """A plan that never ran, asked for without an id: no type tells what the column would hold."""
        request = pa.struct([("loadPlanName", pa.string()), ("groupSequence", pa.int64())])
        document = EXAMPLE | {"latest": None, "request": {"loadPlanName": "Nightly", "groupSequence": 0}}
        batch = pa.RecordBatch.from_arrays(
            [
                pa.array([EXAMPLE["plan"]], SCENARIO_COLUMNS.field("plan").type),
                pa.nulls(1),
                pa.array([document["request"]], request),
            ],
            ["plan", "latest", "request"],
        )
        assert rows_of([batch]) == rows_of([batch_of([document])])


class TestSchema:
    """Columns that cannot hold a scenario are refused, with the place."""

    @pytest.mark.parametrize(
        ("column", "kind", "message"),
        [
            ("plan", pa.string(), "`plan` is a column of string, accepted is one of structs of name, groups"),
            ("request", pa.struct([("loadPlanName", pa.string())]), "`request.groupSequence` is missing"),
            (
                "request",
                pa.struct([*SCENARIO_COLUMNS.field("request").type, pa.field("who", pa.string())]),
                "`request.who` is an unknown member, accepted is loadPlanName, groupSequence, recent",
            ),
            (
                "plan",
                pa.struct([("name", pa.string()), ("groups", pa.list_(pa.string()))]),
                "`plan.groups[]` is a column of string, accepted is one of structs of sequence, steps",
            ),
            (
                "plan",
                pa.struct([("name", pa.binary()), ("groups", pa.null())]),
                "`plan.name` is a column of binary, accepted is one of text",
            ),
            (
                "latest",
                pa.struct([("id", pa.float64()), ("status", pa.string()), ("groups", pa.null())]),
                "`latest.id` is a column of double, accepted is one of integers",
            ),
            (
                "latest",
                layout(
                    SCENARIO_COLUMNS.field("latest").type,
                    lambda kind: pa.list_(pa.string()) if pa.types.is_map(kind) else kind,
                ),
                "`latest.groups[].steps` is a column of list<item: string>, accepted is one of maps",
            ),
            (
                "plan",
                pa.struct([("name", pa.string()), ("name", pa.string()), ("groups", pa.null())]),
                "`plan.name` is there more than once",
            ),
        ],
    )
    def test_it_names_the_place(self, column: str, kind: Any, message: str) -> None:
        """What is there, and what would be accepted."""
        place = SCENARIO_COLUMNS.get_field_index(column)
        with pytest.raises(WireError) as error:
            NestedScenarios(SCENARIO_COLUMNS.set(place, pa.field(column, kind)))
        assert str(error.value).startswith(message)

    def test_it_is_refused_before_anything_is_decided(self) -> None:
        """Whoever asks for the schema of the decisions learns it."""
        with pytest.raises(WireError, match="`latest` is a column of int64"):
            decided_schema(SCENARIO_COLUMNS.set(1, pa.field("latest", pa.int64())))

    def test_a_column_that_is_missing(self) -> None:
        """The columns that are there are named."""
        with pytest.raises(WireError, match="columns plan, latest"):
            decided_schema(SCENARIO_COLUMNS.remove(2))


def test_the_columns_are_the_members_of_the_json() -> None:
    """Whatever a scenario's JSON may say, its columns can hold."""

    def compare(kind: inspect.Type, column: Any) -> None:
        match kind:
            case inspect.Metadata(type=inner):
                compare(inner, column)
            case inspect.UnionType(types=kinds):
                compare(kinds[0], column)
            case inspect.ListType(item_type=item):
                compare(item, column.value_type)
            case inspect.StructType(fields=fields):
                columns = {field.name: field.type for field in column}
                assert list(columns) == [field.encode_name for field in fields]
                for field in fields:
                    compare(field.type, columns[field.encode_name])
            case _:
                return

    compare(inspect.type_info(ScenarioShape), SCENARIO_COLUMNS)
