"""The fleet's function on a real local Spark: two cores, several partitions, workers of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from fleet.engine_rows import (
    FORMS,
    SMALL,
    counted_by_rule,
    example,
    expected,
    nested,
    output_of,
    table_printed,
    texts,
    write_lines,
)
from fleet.spark_session import PARTITIONS, archive, environment, session, setting, skip_without_spark
from pyarrow import parquet

from restart_engine.wire import WireError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

skip_without_spark()
pytestmark = pytest.mark.slow
ROWS = 2_000


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """One session for all tests here: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("spark")
    with session(folder, archive(folder)) as opened:
        yield opened


@pytest.fixture
def on_spark(spark: SparkSession) -> ModuleType:
    """The example."""
    assert spark is not None
    return example("on_spark")


def rows_of(frame: DataFrame) -> list[dict[str, Any]]:
    """A frame's rows, as Arrow has them."""
    rows: list[dict[str, Any]] = frame.toArrow().to_pylist()
    return rows


def in_order(frame: DataFrame) -> list[dict[str, Any]]:
    """The same by their keys."""
    return sorted(rows_of(frame), key=lambda row: row["row"])


def frame_of(spark: SparkSession, fleet: pa.Table, folder: Path) -> DataFrame:
    """A fleet as Spark reads it: each file of Parquet is a partition at least."""
    size = -(-fleet.num_rows // PARTITIONS)
    for number in range(PARTITIONS):
        parquet.write_table(fleet.slice(number * size, size), folder / f"{number}.parquet")
    return spark.read.parquet(str(folder)).coalesce(PARTITIONS)


@pytest.mark.parametrize("form", FORMS)
def test_the_rows_are_those_of_one_process(
    spark: SparkSession, on_spark: ModuleType, form: str, tmp_path: Path
) -> None:
    """Key and bad rows included, from Parquet, in several partitions."""
    fleet = FORMS[form](ROWS)
    decided = on_spark.decided(frame_of(spark, fleet, tmp_path))
    assert decided.selectExpr("spark_partition_id()").distinct().count() > 1
    assert in_order(decided) == expected(fleet)


@pytest.mark.parametrize("form", FORMS)
def test_what_spark_writes_it_reads(
    spark: SparkSession, on_spark: ModuleType, form: str, tmp_path: Path
) -> None:
    """Scenarios that Spark itself wrote, decisions that others read."""
    fleet = FORMS[form](ROWS)
    source, target = str(tmp_path / "fleet"), str(tmp_path / "decisions")
    spark.createDataFrame(fleet).repartition(PARTITIONS).write.parquet(source)
    on_spark.decided(spark.read.parquet(source)).write.parquet(target)
    written = sorted(parquet.read_table(target).to_pylist(), key=lambda row: row["row"])
    assert written == expected(fleet)


def test_the_order_within_a_partition_stays(
    spark: SparkSession, on_spark: ModuleType, tmp_path: Path
) -> None:
    """Whatever it is; between partitions there is none."""
    fleet = frame_of(spark, texts(ROWS), tmp_path).repartition(PARTITIONS, "row")
    places = "struct(spark_partition_id() AS partition, monotonically_increasing_id() AS place, row) AS at"
    asked = rows_of(fleet.sortWithinPartitions("scenario", "row").selectExpr(places))
    decided = on_spark.decided(fleet.sortWithinPartitions("scenario", "row"))
    with setting(spark, "spark.sql.execution.arrow.maxRecordsPerBatch", 100):
        assert rows_of(decided.selectExpr(places)) == asked
    assert len({row["at"]["partition"] for row in asked}) == PARTITIONS
    assert [row["at"]["row"] for row in asked] != list(range(ROWS))


def test_values_of_sql_are_scenarios(spark: SparkSession, on_spark: ModuleType) -> None:
    """Structs, arrays and maps that cannot be null, with integers of 32 bits and statuses from a join."""
    frame = spark.sql("""
        SELECT 1 AS row,
            named_struct('name', 'N', 'groups', array(
                named_struct('sequence', 1, 'steps', array('A.a', 'A.b')),
                named_struct('sequence', 2, 'steps', CAST(array() AS ARRAY<STRING>)))) AS plan,
            named_struct('id', 7, 'status', 'Failed', 'groups', array(named_struct(
                'sequence', 1, 'status', 'Failed',
                'steps', map('A.a', 'Succeeded', 'A.b', 'Failed')))) AS latest,
            named_struct('loadPlanName', 'N', 'groupSequence', 0, 'recentLoadPlanExecution', 7) AS request
    """)
    [row] = rows_of(on_spark.decided(frame))
    assert (row["row"], row["rule"], row["run"], row["skip"]) == (1, "S3", ["A.b"], ["A.a"])
    [row] = rows_of(on_spark.decided(frame.selectExpr("row", "plan", "NULL AS latest", "request")))
    assert (row["decision"], row["rule"], row["latestId"]) == ("rejected", "R2", None)


def test_keys_of_any_type_are_carried_over(spark: SparkSession, on_spark: ModuleType) -> None:
    """As they are, and before the decision's columns."""
    keys = spark.sql("""
        SELECT CAST(1.50 AS DECIMAL(9, 2)) AS price, DATE'2026-01-02' AS day, INTERVAL '1' DAY AS wait,
            TIMESTAMP'2026-01-02 03:04:05Z' AS at, TIMESTAMP_NTZ'2026-01-02 03:04:05' AS local,
            X'00FF' AS bytes, true AS yes, CAST(NULL AS INT) AS none,
            map('a', array(1, 2)) AS tags, named_struct('x', 1.5D) AS place
    """)
    decided = on_spark.decided(keys.selectExpr("*", "'{' AS scenario"))
    assert decided.columns[: len(keys.columns)] == keys.columns
    assert decided.select(*keys.columns).collect() == keys.collect()
    assert decided.select("decision").collect()[0][0] == "error"


def test_bytes_are_scenarios(spark: SparkSession, on_spark: ModuleType) -> None:
    """Such as what a queue hands to Spark."""
    fleet = texts(ROWS)
    frame = spark.createDataFrame(fleet).selectExpr("row", "CAST(scenario AS BINARY) AS scenario")
    assert in_order(on_spark.decided(frame)) == expected(fleet)


def test_layouts_that_spark_may_use_are_read(spark: SparkSession, on_spark: ModuleType) -> None:
    """Large texts, for partitions of more than two gigabytes of them."""
    fleet = nested(ROWS)
    with setting(spark, "spark.sql.execution.arrow.useLargeVarTypes", value=True):
        assert in_order(on_spark.decided(spark.createDataFrame(fleet))) == expected(fleet)


def test_a_partition_of_nothing_has_no_decision(spark: SparkSession, on_spark: ModuleType) -> None:
    """Nor has a fleet of nothing."""
    frame = spark.createDataFrame(texts(ROWS)).where("row < 0").repartition(PARTITIONS)
    decided = on_spark.decided(frame)
    assert decided.count() == 0
    assert decided.columns[:3] == ["row", "decision", "rule"]


def test_columns_that_are_no_scenarios_are_refused_before_anything_runs(
    spark: SparkSession, on_spark: ModuleType
) -> None:
    """By the driver, when the query is written."""
    with pytest.raises(WireError, match="a column `scenario`, or columns `plan`, `latest` and `request`"):
        on_spark.decided(spark.range(3))


def test_rules_are_counted_in_spark(spark: SparkSession, on_spark: ModuleType) -> None:
    """The decisions are a frame like any other."""
    fleet = texts(ROWS)
    decided = on_spark.decided(spark.createDataFrame(fleet).repartition(PARTITIONS))
    counted = decided.groupBy("decision", "rule").count().orderBy("decision", "rule")
    found = [(row["decision"], row["rule"] or "", str(row["count"])) for row in rows_of(counted)]
    assert found == counted_by_rule(expected(fleet))


def test_the_workers_run_what_was_shipped(spark: SparkSession) -> None:
    """The package in the archive, not the one that this process has."""

    def where(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        from restart_engine import fleet  # noqa: PLC0415  # as a worker finds it

        for batch in batches:
            yield pa.record_batch({"file": [fleet.__file__] * batch.num_rows})

    files = {row["file"] for row in rows_of(spark.range(4).mapInArrow(where, "file STRING"))}
    assert len(files) == 1
    assert files.pop().endswith("restart_engine.zip/restart_engine/fleet/__init__.py")


def test_the_example_decides_a_file(
    spark: SparkSession, on_spark: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And writes the decisions to another."""
    source, target = tmp_path / "fleet.jsonl", tmp_path / "decisions"
    fleet = write_lines(texts(ROWS), source)
    on_spark.main(spark, [str(source), str(target)])
    assert [row[:3] for row in table_printed(capsys.readouterr().out)] == counted_by_rule(expected(fleet))
    rows = parquet.read_table(target).to_pylist()
    assert sorted(rows, key=repr) == sorted(expected(fleet), key=repr)


def test_the_example_prints_its_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a small fleet of its own, in a Spark of its own."""
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    printed, _ = output_of("on_spark")
    assert [row[:3] for row in table_printed(printed)] == SMALL
