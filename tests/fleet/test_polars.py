"""The fleet's function inside Polars: on frames in memory, and in queries that run in batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fleet.engine_rows import (
    FORMS,
    SMALL,
    counted_by_rule,
    example,
    expected,
    output_of,
    rows_of,
    table_printed,
    texts,
    write_lines,
)
from pyarrow import parquet

from restart_engine.fleet import decide_batches
from restart_engine.wire import WireError

in_polars = example("in_polars")
ROWS = 3_000
MADE_BY_HAND: dict[str, list[Any]] = {
    "row": [1],
    "plan": [
        {"name": "N", "groups": [{"sequence": 1, "steps": ["A.a", "A.b"]}, {"sequence": 2, "steps": []}]}
    ],
    "latest": [
        {
            "id": 7,
            "status": "Failed",
            "groups": [
                {
                    "sequence": 1,
                    "status": "Failed",
                    "steps": [{"key": "A.a", "value": "Succeeded"}, {"key": "A.b", "value": "Failed"}],
                }
            ],
        }
    ],
    "request": [{"loadPlanName": "N", "groupSequence": 0, "recentLoadPlanExecution": 7}],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_frame_gives_the_same_rows_as_one_process(form: str) -> None:
    """Key, order and bad rows included."""
    fleet = FORMS[form](ROWS)
    assert in_polars.decided(pl.DataFrame(fleet)).to_dicts() == expected(fleet)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("newest", [True, False])
def test_a_table_of_either_layout_is_read(form: str, *, newest: bool) -> None:
    """Views of texts, or large texts, and large lists: what `to_arrow` gives."""
    fleet = FORMS[form](ROWS)
    level = pl.CompatLevel.newest() if newest else pl.CompatLevel.oldest()
    table = pl.DataFrame(fleet).to_arrow(compat_level=level)
    kinds = {str(field.type) for field in table.schema}
    if form == "text":
        assert kinds == {"int64", "string_view" if newest else "large_string"}
    assert rows_of(decide_batches(table.to_batches())) == expected(fleet)


def test_steps_may_be_a_list_of_keys_and_values() -> None:
    """As Polars had them before it had maps, and as they are made from dicts."""
    [row] = in_polars.decided(pl.DataFrame(MADE_BY_HAND)).to_dicts()
    assert (row["row"], row["rule"], row["run"], row["skip"]) == (1, "S3", ["A.b"], ["A.a"])


def test_a_status_may_be_a_category() -> None:
    """In Arrow, a categorical column is a dictionary; integers may have 32 bits."""
    status = pl.Enum(["Failed", "Succeeded"])
    steps = pl.List(pl.Struct({"key": pl.String, "value": status}))
    group = pl.Struct({"sequence": pl.Int32, "status": status, "steps": steps})
    latest = pl.Struct({"id": pl.UInt32, "status": pl.Categorical, "groups": pl.List(group)})
    frame = pl.DataFrame(MADE_BY_HAND, schema_overrides={"latest": latest})
    [row] = in_polars.decided(frame).to_dicts()
    assert (row["rule"], row["run"], row["latestStatus"]) == ("S3", ["A.b"], "Failed")


def test_a_column_of_null_is_no_latest_execution() -> None:
    """Also where Polars knows no other type for it."""
    frame = pl.DataFrame(MADE_BY_HAND | {"latest": [None]})
    assert frame.schema["latest"] == pl.Null
    [row] = in_polars.decided(frame).to_dicts()
    assert (row["decision"], row["rule"], row["latestId"]) == ("rejected", "R2", None)


@pytest.mark.parametrize("form", FORMS)
def test_a_query_from_file_to_file_keeps_the_order(form: str, tmp_path: Path) -> None:
    """Scanned, decided in many batches and sunk, the rows are those of one process."""
    fleet = FORMS[form](ROWS)
    source, target = tmp_path / "fleet.parquet", tmp_path / "decisions.parquet"
    pl.DataFrame(fleet).write_parquet(source, row_group_size=300)
    in_polars.decided_lazily(pl.scan_parquet(source)).sink_parquet(target)
    assert parquet.read_table(target).to_pylist() == expected(fleet)


def test_a_query_decides_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never on the whole file, where the engine of Polars streams."""
    sizes: list[int] = []
    decided = in_polars.decided

    def seen(scenarios: pl.DataFrame) -> pl.DataFrame:
        sizes.append(scenarios.height)
        frame: pl.DataFrame = decided(scenarios)
        return frame

    monkeypatch.setattr(in_polars, "decided", seen)
    fleet = texts(ROWS)
    source = tmp_path / "fleet.parquet"
    pl.DataFrame(fleet).write_parquet(source, row_group_size=300)
    counted = in_polars.decided_lazily(pl.scan_parquet(source)).select(pl.len()).collect(engine="streaming")
    assert counted.item() == ROWS
    assert sum(sizes) == ROWS
    assert max(sizes) <= ROWS / 2


def test_the_schema_of_a_query_is_known_before_it_runs() -> None:
    """Columns that are no scenarios are refused when the query is written."""
    lazy = in_polars.decided_lazily(pl.LazyFrame({"row": [1], "scenario": ["x"]}))
    assert lazy.collect_schema() == lazy.collect().schema
    with pytest.raises(WireError, match="scenario"):
        in_polars.decided_lazily(pl.LazyFrame({"row": [1]}))


def test_rules_are_counted_in_polars() -> None:
    """The decisions are a frame like any other."""
    fleet = texts(ROWS)
    lazy = in_polars.decided_lazily(pl.LazyFrame(fleet))
    counted = lazy.group_by("decision", "rule").len().sort("decision", "rule").collect(engine="streaming")
    found = [(decision, rule or "", str(many)) for decision, rule, many in counted.rows()]
    assert found == counted_by_rule(expected(fleet))


def test_the_example_prints_its_rules() -> None:
    """Of a small fleet of its own."""
    printed, complaints = output_of("in_polars")
    assert [row[:3] for row in table_printed(printed)] == SMALL
    assert complaints == ""


@pytest.mark.parametrize("form", [*FORMS, "lines"])
def test_the_example_decides_a_file(form: str, tmp_path: Path) -> None:
    """And writes the decisions to another."""
    source, target = tmp_path / "fleet.parquet", tmp_path / "decisions.parquet"
    if form == "lines":
        source = tmp_path / "fleet.jsonl"
        fleet = write_lines(texts(ROWS), source)
    else:
        fleet = FORMS[form](ROWS)
        parquet.write_table(fleet, source)
    printed, _ = output_of("in_polars", str(source), str(target))
    assert [row[:3] for row in table_printed(printed)] == counted_by_rule(expected(fleet))
    assert pl.read_parquet(target).to_dicts() == expected(fleet)
