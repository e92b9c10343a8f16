"""From a stream of scenarios as text to a stream of decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire.documents import changed_documents, scenario_documents

from restart_engine.fleet import (
    ANSWERS,
    DECISIONS,
    SCENARIO_COLUMNS,
    SCENARIO_TEXT,
    answer_batches,
    answering,
    decide_batches,
    decided_schema,
    deciding,
)
from restart_engine.wire import Oracle, WireError, error_line

EXAMPLE = {
    "plan": {
        "name": "Nightly",
        "groups": [
            {"sequence": 1, "steps": ["Sales.Orders", "Sales.Lines"]},
            {"sequence": 2, "steps": ["Finance.Ledger", "Finance.Rates"]},
            {"sequence": 4, "steps": ["Marts.Revenue"]},
        ],
    },
    "latest": {
        "id": 12,
        "status": "Failed",
        "groups": [
            {"sequence": 1, "status": "Succeeded", "steps": None},
            {
                "sequence": 2,
                "status": "Failed",
                "steps": {"Finance.Ledger": "Failed", "Finance.Rates": "Succeeded"},
            },
        ],
    },
    "request": {"loadPlanName": "Nightly", "groupSequence": 0, "recentLoadPlanExecution": 12},
}


def asked(**request: Any) -> dict[str, Any]:
    """The example with another request."""
    return EXAMPLE | {"request": {"loadPlanName": "Nightly"} | request}


def batch_of(scenarios: Iterable[Any], **carried: list[Any]) -> pa.RecordBatch:
    """A batch of scenarios as text, each given as a text or as a document, and other columns."""
    texts = [each if isinstance(each, str | None) else json.dumps(each) for each in scenarios]
    return pa.record_batch({"scenario": pa.array(texts, pa.string()), **carried})


def rows_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    """The rows of the decisions on these batches, without the members that are null."""
    rows = [row for batch in decide_batches(batches) for row in batch.to_pylist()]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def answer_line(text: str) -> str:
    """What the oracle answers to a text."""
    try:
        return Oracle().answer(text).decode()
    except WireError as error:
        return error_line(error).decode()


def answered(text: str) -> dict[str, Any]:
    """The same, parsed."""
    answer: dict[str, Any] = json.loads(answer_line(text))
    return answer


def said_by_columns(row: dict[str, Any]) -> dict[str, Any]:
    """What a row says, put as the oracle puts it, as far as columns say it."""
    if row["decision"] == "error":
        return {"error": {"path": row["path"], "message": row["message"]}}
    if row["decision"] == "rejected":
        return {name: row[name] for name in ("decision", "rule", "rules", "message", "remedy")}
    latest = row["latestId"] and {"id": row["latestId"], "status": row["latestStatus"]}
    return {
        **{name: row[name] for name in ("decision", "rule", "basedOn", "before", "after")},
        "start": {"sequence": row["start"], "run": row["run"], "skip": row["skip"]},
        "notes": row["notes"],
        "precondition": {"latest": latest, "planDigest": row["planDigest"]},
    }


def told_by_oracle(answer: dict[str, Any]) -> dict[str, Any]:
    """The same of an answer."""
    answer.pop("evidence", None)
    if "notes" in answer:
        answer["notes"] = [note["note"] for note in answer["notes"]]
    return answer


class TestColumns:
    """A row says of its scenario what the oracle answers to it."""

    def test_an_accepted_restart(self) -> None:
        """Its columns are flat; what does not apply is null."""
        (row,) = rows_of([batch_of([EXAMPLE])])
        digest = row.pop("planDigest")
        assert row == {
            "decision": "planned",
            "rule": "S3",
            "basedOn": 12,
            "start": 2,
            "run": ["Finance.Ledger"],
            "skip": ["Finance.Rates"],
            "before": [1],
            "after": [4],
            "stepsInPlan": 5,
            "stepsToRun": 2,
            "notes": [],
            "latestId": 12,
            "latestStatus": "Failed",
        }
        assert digest == answered(json.dumps(EXAMPLE))["precondition"]["planDigest"]

    def test_a_rejection(self) -> None:
        """It names every rule, says what helps, and gives the request to send as numbers."""
        (row,) = rows_of([batch_of([asked(groupSequence=3, recentLoadPlanExecution=11)])])
        assert row == {
            "decision": "rejected",
            "rule": "R2",
            "rules": ["R2", "R4"],
            "stepsInPlan": 5,
            "latestId": 12,
            "latestStatus": "Failed",
            "message": "execution 11 is not the latest, which is 12",
            "remedy": "send groupSequence 0, recentLoadPlanExecution 12,"
            " which resumes at group 2, the first that failed",
            "remedyKind": "sendResume",
            "sendGroupSequence": 0,
            "sendExecution": 12,
        }

    def test_a_remedy_that_sends_nothing(self) -> None:
        """Has no request in its columns."""
        running = EXAMPLE | {"latest": {"id": 12, "status": "In Progress", "groups": []}}
        (row,) = rows_of([batch_of([running])])
        assert row["rules"] == ["R1", "R3"]
        assert row["remedyKind"] == "waitUntilOver"
        assert not {"sendGroupSequence", "sendExecution"} & row.keys()

    @given(st.lists(scenario_documents() | changed_documents(), max_size=5))
    def test_it_is_what_the_oracle_answers(self, documents: list[dict[str, Any]]) -> None:
        """Whatever the scenario, as long as its numbers fit into columns."""
        texts = [json.dumps(document) for document in documents]
        rows = [row for batch in decide_batches([batch_of(texts)]) for row in batch.to_pylist()]
        for text, row in zip(texts, rows, strict=True):
            if row["message"] is None or "64 bits" not in row["message"]:
                assert said_by_columns(row) == told_by_oracle(answered(text))

    @given(st.lists(scenario_documents() | changed_documents(), max_size=5))
    def test_an_answer_is_what_the_oracle_answers(self, documents: list[dict[str, Any]]) -> None:
        """Byte for byte, whatever its numbers."""
        texts = [json.dumps(document) for document in documents]
        found = [line for batch in answer_batches([batch_of(texts)]) for line in batch["answer"].to_pylist()]
        assert found == list(map(answer_line, texts))

    def test_a_number_of_thousands_of_digits_is_shown_in_part(self) -> None:
        """In the error of its row; the answer as text has all of it."""
        digits = "9" * 5_000
        text = json.dumps(EXAMPLE).replace('"id": 12', f'"id": {digits}').replace('on": 12', f'on": {digits}')
        (row,) = rows_of([batch_of([text])])
        assert row["message"].startswith(f"`basedOn` is `{digits[:120]}... (5000 characters)`")
        (answers,) = answer_batches([batch_of([text])])
        assert f'"basedOn":{digits},' in answers["answer"][0].as_py()

    @pytest.mark.parametrize(
        ("number", "decision"), [(2**63 - 1, "planned"), (2**63, "error"), (10**30, "error")]
    )
    @pytest.mark.parametrize("place", ["start", "after", "basedOn"])
    def test_a_number_that_no_column_holds(self, number: int, decision: str, place: str) -> None:
        """Is an error of its row, and of no other; the answer as text has it."""
        document = json.loads(json.dumps(EXAMPLE))
        if place == "basedOn":
            document["latest"]["id"] = document["request"]["recentLoadPlanExecution"] = number
        else:
            sequence = document["plan"]["groups"][-1]["sequence"] = number
            document["request"] = {
                "loadPlanName": "Nightly",
                "groupSequence": sequence if place == "start" else 0,
            }
        rows = rows_of([batch_of([EXAMPLE, document, EXAMPLE])])
        assert [row["decision"] for row in rows] == ["planned", decision, "planned"]
        if decision == "error":
            assert rows[1]["path"] == place
            assert (
                rows[1]["message"]
                == f"`{place}` is `{number}`, accepted is an integer of 64 bits in a column"
            )
        (answers,) = answer_batches([batch_of([document])])
        assert str(number) in answers["answer"][0].as_py()


class TestBadRows:
    """A row that is no scenario is an error in its own row."""

    @pytest.mark.parametrize("text", [None, "", "{", "null", "[]", '"', "{}", "\ud7ff"])
    def test_the_others_are_decided(self, text: str | None) -> None:
        """In the places where they stand."""
        rows = rows_of([batch_of([EXAMPLE, text, EXAMPLE])])
        assert [row["decision"] for row in rows] == ["planned", "error", "planned"]
        assert rows[0] == rows[2]
        if text is not None:
            assert said_by_columns(rows[1]) == answered(text)
        else:
            assert rows[1]["message"] == "the text is `null`, accepted is the text of a scenario"

    @pytest.mark.parametrize("kind", [pa.binary(), pa.string(), pa.dictionary(pa.int32(), pa.string())])
    def test_bytes_that_are_no_text(self, kind: Any) -> None:
        """They are refused as the oracle refuses them, also where a column says that it holds text."""
        texts: Any = pa.array([b"\xff", json.dumps(EXAMPLE).encode()], pa.binary())
        if kind != pa.binary():
            texts = pa.Array.from_buffers(pa.string(), 2, texts.buffers())
        if pa.types.is_dictionary(kind):
            texts = texts.dictionary_encode()
        first, second = rows_of([pa.record_batch({"scenario": texts})])
        assert first["message"] == "the text is not UTF-8: byte 0xff at offset 0, accepted is JSON in UTF-8"
        assert second["decision"] == "planned"


class TestStream:
    """A stream in, a stream out."""

    def test_order_and_other_columns_are_kept(self) -> None:
        """They stand before the decision's, batch by batch."""
        batches = [
            batch_of([asked(groupSequence=at) for at in (1, 3, 4)], key=[at, at + 1, at + 2]) for at in (0, 9)
        ]
        table = pa.Table.from_batches(decide_batches(batches))
        assert table.schema == decided_schema(batches[0].schema)
        assert table.column_names == ["key", *DECISIONS.names]
        assert table["key"].to_pylist() == [0, 1, 2, 9, 10, 11]
        assert table["start"].to_pylist() == [1, None, 4] * 2

    def test_a_batch_that_comes_out_is_bounded_in_rows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However long the one that came in."""
        monkeypatch.setattr(deciding, "ROWS", 10)
        out = list(decide_batches([batch_of([EXAMPLE] * 25, key=list(range(25))), batch_of([], key=[])]))
        assert [batch.num_rows for batch in out] == [10, 10, 5]
        assert pa.Table.from_batches(out)["key"].to_pylist() == list(range(25))

    def test_a_batch_that_comes_out_is_bounded_in_names(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """However large the plans; answers are bounded in bytes."""
        monkeypatch.setattr(deciding, "ITEMS", 12)
        monkeypatch.setattr(answering, "BYTES", 600)
        batch = batch_of([EXAMPLE] * 7, key=list(range(7)))
        out = list(decide_batches([batch]))
        assert [each.num_rows for each in out] == [3, 3, 1]
        assert pa.Table.from_batches(out)["key"].to_pylist() == list(range(7))
        assert [each.num_rows for each in answer_batches([batch])] == [3, 3, 1]

    def test_nothing_is_read_before_it_is_asked_for(self) -> None:
        """One batch in for the first that comes out."""
        read = 0

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal read
            while True:
                read += 1
                yield batch_of([EXAMPLE])

        stream = decide_batches(batches())
        next(stream)
        next(stream)
        assert read == 2

    def test_no_batch_gives_none(self) -> None:
        """Neither columns nor answers."""
        assert not list(decide_batches([]))
        assert not list(answer_batches([]))

    def test_the_schemas_are_kept(self) -> None:
        """What comes out has the published columns; no column of answers is carried over."""
        (decided,) = decide_batches([batch_of([EXAMPLE])])
        (answers,) = answer_batches([batch_of([EXAMPLE], key=[1])])
        assert decided.schema == DECISIONS
        assert answers.schema == ANSWERS
        assert decided_schema(SCENARIO_TEXT) == decided_schema(SCENARIO_COLUMNS) == DECISIONS


class TestSchema:
    """Columns that are not those of scenarios are refused before a row is read."""

    @pytest.mark.parametrize(
        ("columns", "found", "accepted"),
        [
            (
                {"text": ["{}"]},
                "the text is columns text",
                "a column `scenario`, or columns `plan`, `latest` and `request`",
            ),
            ({"scenario": [1]}, "`scenario` is a column of int64", "a column of text or bytes"),
            (
                {"scenario": ["{}"], "rule": [1]},
                "`rule` is a column that a decision has too",
                "a column of another name",
            ),
        ],
    )
    def test_it_names_the_column(self, columns: dict[str, Any], found: str, accepted: str) -> None:
        """What is there, and what would be accepted."""
        with pytest.raises(WireError) as error:
            list(decide_batches([pa.record_batch(columns)]))
        assert str(error.value) == f"{found}, accepted is {accepted}"

    def test_both_forms_at_once(self) -> None:
        """Nobody could tell which is meant."""
        schema = pa.schema([*SCENARIO_TEXT, *SCENARIO_COLUMNS])
        with pytest.raises(WireError, match="of both forms"):
            decided_schema(schema)

    def test_a_column_twice(self) -> None:
        """Arrow allows it."""
        column = pa.array(["{}"])
        with pytest.raises(WireError, match="`scenario` is a column that is there more than once"):
            list(decide_batches([pa.RecordBatch.from_arrays([column, column], ["scenario", "scenario"])]))
