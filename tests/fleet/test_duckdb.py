"""The fleet's function inside DuckDB: a stream between two queries, and a function of SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
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

in_duckdb = example("in_duckdb")
ROWS = 3_000
CHUNK = 2_048
"""Rows that DuckDB moves at once."""
NESTED_SQL = """
    SELECT 1 AS row,
        {'name': 'N', 'groups': [
            {'sequence': 1, 'steps': ['A.a', 'A.b']}, {'sequence': 2, 'steps': []}]} AS plan,
        {'id': 7, 'status': 'Failed', 'groups': [
            {'sequence': 1, 'status': 'Failed',
             'steps': MAP {'A.a': 'Succeeded', 'A.b': 'Failed'}}]} AS latest,
        {'loadPlanName': 'N', 'groupSequence': 0, 'recentLoadPlanExecution': 7} AS request
"""


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    with duckdb.connect() as opened:
        yield opened


def decided(connection: duckdb.DuckDBPyConnection, sql: str) -> pa.RecordBatchReader:
    """The decisions on what a query gives."""
    decisions: pa.RecordBatchReader = in_duckdb.decisions(connection.cursor().sql(sql).to_arrow_reader(CHUNK))
    return decisions


@pytest.mark.parametrize("form", FORMS)
def test_a_table_gives_the_same_rows_as_one_process(connection: duckdb.DuckDBPyConnection, form: str) -> None:
    """Key, order and bad rows included, from DuckDB's own storage into a table of its own."""
    fleet = FORMS[form](ROWS)
    connection.from_arrow(fleet).to_table("fleet")
    decisions = decided(connection, "FROM fleet")
    connection.from_arrow(decisions).to_table("decisions")
    found = connection.sql("FROM decisions ORDER BY rowid").to_arrow_table()
    assert found.to_pylist() == expected(fleet)


@pytest.mark.parametrize("form", FORMS)
def test_parquet_goes_in_and_comes_out(
    connection: duckdb.DuckDBPyConnection, form: str, tmp_path: Path
) -> None:
    """DuckDB writes the scenarios, reads them, and writes the decisions, in their order."""
    fleet = FORMS[form](ROWS)
    source, target = tmp_path / "fleet.parquet", tmp_path / "decisions.parquet"
    connection.from_arrow(fleet).write_parquet(str(source))
    decisions = decided(connection, f"FROM '{source}'")
    connection.from_arrow(decisions).write_parquet(str(target))
    assert connection.read_parquet(str(target)).to_arrow_table().to_pylist() == expected(fleet)


def test_values_of_sql_are_scenarios(connection: duckdb.DuckDBPyConnection) -> None:
    """`STRUCT`, `LIST` and `MAP` written in SQL, with integers of 32 bits."""
    [row] = rows_of(decided(connection, NESTED_SQL))
    assert (row["row"], row["rule"], row["run"], row["skip"]) == (1, "S3", ["A.b"], ["A.a"])


def test_a_column_of_null_is_no_latest_execution(connection: duckdb.DuckDBPyConnection) -> None:
    """`NULL` without a type will do for plans that never ran."""
    before, _, after = NESTED_SQL.partition("{'id': 7")
    sql = f"{before} NULL AS latest, {after.partition('AS latest,')[2]}"
    [row] = rows_of(decided(connection, sql))
    assert (row["decision"], row["rule"], row["latestId"]) == ("rejected", "R2", None)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "setting",
    ["arrow_large_buffer_size = true", "arrow_output_list_view = true", "arrow_output_version = '1.5'"],
)
def test_every_layout_of_arrow_is_read(
    connection: duckdb.DuckDBPyConnection, form: str, setting: str
) -> None:
    """Large texts and lists, views of lists, and what later versions of the format hold."""
    fleet = FORMS[form](1_000)
    connection.execute(f"SET {setting}")
    connection.from_arrow(fleet).to_table("fleet")
    assert rows_of(decided(connection, "FROM fleet")) == expected(fleet)


def test_a_status_may_be_an_enum(connection: duckdb.DuckDBPyConnection) -> None:
    """In Arrow, that is a dictionary."""
    connection.execute("CREATE TYPE status AS ENUM ('Failed', 'Succeeded')")
    sql = NESTED_SQL.replace("'Failed'", "'Failed'::status").replace("'Succeeded'", "'Succeeded'::status")
    [row] = rows_of(decided(connection, sql))
    assert (row["rule"], row["run"], row["skip"]) == ("S3", ["A.b"], ["A.a"])


def test_steps_with_a_member_each_are_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """As a type inferred from JSON has them: it would be another for each file."""
    sql = NESTED_SQL.replace("MAP {", "{")
    with pytest.raises(
        WireError, match=r"`latest\.groups\[\]\.steps` is a column of struct.* one of maps, or of"
    ):
        rows_of(decide_batches(connection.sql(sql).to_arrow_reader(CHUNK)))


def test_rules_are_counted_in_sql(connection: duckdb.DuckDBPyConnection) -> None:
    """The decisions are a table like any other: grouped, filtered, joined with the fleet."""
    fleet = texts(ROWS)
    connection.from_arrow(fleet).to_table("fleet")
    decisions = decided(connection, "FROM fleet")
    connection.from_arrow(decisions).to_table("decisions")
    rows = expected(fleet)
    counted = dict(connection.sql("SELECT rule, count(*) FROM decisions GROUP BY rule").fetchall())
    assert counted == {rule: [row["rule"] for row in rows].count(rule) for rule in {r["rule"] for r in rows}}
    joined = connection.sql("""
        SELECT row, unnest(run) AS step FROM fleet JOIN decisions USING (row)
        WHERE scenario IS NOT NULL AND rule = 'S3'
    """).fetchall()
    steps = [(row["row"], step) for row in rows if row["rule"] == "S3" for step in row["run"]]
    assert sorted(joined) == sorted(steps)


def test_the_stream_holds_little(connection: duckdb.DuckDBPyConnection) -> None:
    """What DuckDB has read and the engine not yet decided, DuckDB holds to 10 MiB of the 100."""
    batches, rows = 100, 1_000
    schema = texts(0).schema
    made, given, waiting = 0, 0, []

    def source() -> Iterator[pa.RecordBatch]:
        nonlocal made
        for number in range(batches):
            made += rows
            yield pa.record_batch([pa.array([number] * rows), pa.array(["x" * 1_000] * rows)], schema=schema)

    def watched(read: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal given
        for batch in read:
            given += batch.num_rows
            waiting.append(made - given)
            yield batch

    connection.execute("SET threads = 2")
    fleet = pa.RecordBatchReader.from_batches(schema, source())
    connection.register("fleet", fleet)
    with duckdb.connect() as other:
        read = watched(connection.sql("FROM fleet").to_arrow_reader(CHUNK))
        found = pa.RecordBatchReader.from_batches(in_duckdb.decided_schema(schema), decide_batches(read))
        assert other.from_arrow(found).aggregate("count(*), count(DISTINCT row)").fetchall() == [
            (batches * rows, batches)
        ]
    assert made == given == batches * rows
    assert max(waiting) < made / 3


def test_the_function_gives_the_same_structs(connection: duckdb.DuckDBPyConnection) -> None:
    """One for each row, whatever the row is; null is a row that is no scenario."""
    fleet = texts(ROWS)
    connection.from_arrow(fleet).to_table("fleet")
    in_duckdb.teach(connection)
    found = connection.sql("SELECT row, unnest(decide(scenario)) FROM fleet ORDER BY row").to_arrow_table()
    assert found.to_pylist() == expected(fleet)


def test_the_function_decides_a_row_once_for_a_query(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where several members of its struct are read."""
    seen: list[int] = []

    def counted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in decide_batches(batches):
            seen.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(in_duckdb, "decide_batches", counted)
    connection.from_arrow(texts(ROWS)).to_table("fleet")
    in_duckdb.teach(connection)
    connection.sql("""
        SELECT decided.rule, decided.decision, count(decided.start)
        FROM (SELECT decide(scenario) AS decided FROM fleet) GROUP BY ALL
    """).fetchall()
    assert sum(seen) == ROWS


def test_the_example_prints_its_rules() -> None:
    """By both ways, of a small fleet of its own."""
    printed, complaints = output_of("in_duckdb")
    assert [row[:3] for row in table_printed(printed)] == SMALL * 2
    assert complaints == ""


@pytest.mark.parametrize("form", [*FORMS, "lines"])
def test_the_example_decides_a_file(form: str, tmp_path: Path) -> None:
    """Text by both ways, nested columns by the first."""
    if form == "lines":
        file = tmp_path / "fleet.jsonl"
        fleet = write_lines(texts(ROWS), file)
    else:
        file = tmp_path / "fleet.parquet"
        fleet = FORMS[form](ROWS)
        parquet.write_table(fleet, file)
    printed, _ = output_of("in_duckdb", str(file))
    counts = counted_by_rule(expected(fleet))
    assert [row[:3] for row in table_printed(printed)] == (counts if form == "nested" else counts * 2)


def test_a_line_is_a_scenario(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Whatever stands in it: what ends a line elsewhere, quotes, tabs, or much of anything."""
    lines = ['{"a": "\\"\u2028"}', "{", "'q'\t\"", "x" * 3_000_000, "\\", "y,y|y;y"]
    file = tmp_path / "fleet.jsonl"
    file.write_text("\n".join(lines), "utf-8", newline="")
    found = connection.sql(in_duckdb.LINES, params={"file": str(file)}).fetchall()
    assert found == [(line,) for line in lines]
