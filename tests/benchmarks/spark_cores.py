"""What Spark costs to start, and what each core adds: `PYTHONPATH=tests python -m benchmarks.spark_cores`.

Each run is a process of its own, from a file of Parquet to another: without Spark on one core, then Spark
held to one core, Spark with one task at a time and both cores, and Spark with two. A job that hands the
scenarios over to Python and back, and decides nothing, tells what Spark itself takes. `--write` puts the
table into docs/fleet_engines.md; `--quick` only shows that all of it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeAlias

import pyarrow as pa
from benchmarks.fleets import ERROR, Fleet, write_parquet
from benchmarks.machine import description, load
from benchmarks.measuring import Times
from benchmarks.tables import Table, number, ratio, with_texts
from pyarrow import parquet

from restart_engine.fleet import decide_batches, decided_schema

PAGE: Final = Path(__file__).parents[2] / "docs" / "fleet_engines.md"
_TASKS: Final = 8
Seconds: TypeAlias = dict[str, float]
"""Of the parts of a run."""
ALONE, ONE, SHARED, TWO = (
    "no Spark, one core",
    "`local[1]`, one core",
    "`local[1]`, two cores",
    "`local[2]`, two cores",
)
RUNS: Final = {ALONE: 1, ONE: 1, SHARED: 2, TWO: 2}
"""How many cores each run is held to."""


def without_spark(source: Path, target: Path) -> Seconds:
    """One stream, in this process."""
    begun = perf_counter()
    batches = parquet.ParquetFile(source).iter_batches()
    schema = decided_schema(parquet.read_schema(source))
    with parquet.ParquetWriter(target, schema) as writer:
        for batch in decide_batches(batches):
            writer.write_batch(batch)
    return {"decide": perf_counter() - begun}


def on_spark(source: Path, target: Path, tasks: int) -> Seconds:
    """So many tasks at a time, in a session of its own."""
    begun = perf_counter()
    from pyspark.sql import SparkSession  # noqa: PLC0415  # importing it is part of the start

    os.environ["PYSPARK_PYTHON"] = sys.executable
    spark = (
        SparkSession.builder.master(f"local[{tasks}]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.files.maxPartitionBytes", max(source.stat().st_size // _TASKS, 1))
        .config("spark.sql.files.openCostInBytes", 0)
        .getOrCreate()
    )
    took = {"session": perf_counter() - begun}

    def timed(part: str, job: Callable[[], object]) -> None:
        started = perf_counter()
        job()
        took[part] = perf_counter() - started

    scenarios = spark.read.parquet(str(source))
    schema = spark.createDataFrame(decided_schema(parquet.read_schema(source)).empty_table()).schema
    timed("first", lambda: scenarios.limit(10).mapInArrow(decide_batches, schema).collect())
    as_they_are = scenarios.mapInArrow(passed_through, scenarios.schema)
    timed("pass", lambda: as_they_are.write.parquet(f"{target}.passed"))
    timed("decide", lambda: scenarios.mapInArrow(decide_batches, schema).write.parquet(str(target)))
    spark.stop()
    return took


def passed_through(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The scenarios, as they are."""
    return batches


def run_apart(name: str, source: Path, target: Path) -> Seconds:
    """A run in a process that has as many cores as it is to have."""
    arguments = [str(source), "--run", name, "--target", str(target)]
    paths = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-m", "benchmarks.spark_cores", *arguments],
        env=os.environ | {"PYTHONPATH": paths},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    took: Seconds = json.loads(done.stdout.splitlines()[-1])
    return took


def check(target: Path, rows: int) -> None:
    """Each row was decided by the rule that it was made for."""
    found = parquet.read_table(target, columns=["rule", "expected"])
    assert found.num_rows == rows
    assert [rule or ERROR for rule in found["rule"].to_pylist()] == found["expected"].to_pylist()


def measured(rows: int, rounds: int) -> dict[str, list[Seconds]]:
    """All runs, taking turns."""
    found: dict[str, list[Seconds]] = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "fleet.parquet")
        write_parquet(Fleet(), rows, source)
        for turn in range(rounds):
            for place, name in enumerate(RUNS):
                target = Path(folder, f"decisions {turn} {place}")
                found[name].append(run_apart(name, source, target))
                check(target, rows)
    return found


def tables(found: dict[str, list[Seconds]], rows: int) -> Iterator[Table]:
    """What was measured, and what it says."""

    def times(name: str, *parts: str) -> Times:
        return Times(tuple(sum(took[part] for part in parts) for took in found[name]))

    cells: list[tuple[str, ...]] = []
    for name in RUNS:
        decide = times(name, "decide")
        if name == ALONE:
            cells.append((name, "", "", "", number(rows / decide.middle), number(rows / decide.middle), ""))
            continue
        first, passed = times(name, "first"), times(name, "pass")
        whole = times(name, "session", "first", "decide")
        cells.append(
            (
                name,
                f"{times(name, 'session').middle:.1f} s",
                f"{first.middle:.1f} s",
                *(number(rows / each.middle) for each in (passed, decide, whole)),
                ratio(times(ONE, "decide").to(decide)) if name != ONE else "",
            )
        )
    head = (
        "",
        "session",
        "first job",
        "handed over, a second",
        "decided, a second",
        "start included",
        "gain",
    )
    yield Table(
        name="spark-cores",
        head=head,
        rows=tuple(cells),
        below=f"{rows:,} scenarios, the middle of {len(found[TWO])} rounds. Spark on one core takes"
        f" {ratio(times(ONE, 'decide').to(times(ALONE, 'decide')))} times as long as a process without it.",
    )


def main() -> None:
    """Print the table, and put it where the options say."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.spark_cores", description="What each core adds to Spark."
    )
    parser.add_argument("source", nargs="?", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--target", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small: only whether it runs")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fleet_engines.md")
    options: Any = parser.parse_args()
    if options.run is not None:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: RUNS[options.run]])
        source, target, tasks = options.source, options.target, RUNS[options.run]
        if options.run == ALONE:
            took = without_spark(source, target)
        else:
            took = on_spark(source, target, tasks if options.run != SHARED else 1)
        print(json.dumps(took))
        return
    if options.quick and options.write:
        parser.error("what --quick measures is not to be written")
    rows, rounds = (2_000, 1) if options.quick else (options.rows, options.rounds)
    before = load()
    found = measured(rows, rounds)
    noise = f"{description()}; load {before:.1f} before and {load():.1f} after."
    texts = {table.name: table.text() for table in tables(found, rows)} | {"spark-cores: machine": noise}
    print(*texts.values(), sep="\n\n")
    if options.write:
        PAGE.write_text(with_texts(PAGE.read_text("utf-8"), texts), "utf-8")


if __name__ == "__main__":
    main()
