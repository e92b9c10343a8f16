"""Decisions a second on a local Apache Spark, with one core and with two.

`python -m benchmarks.spark FILE FOLDER CORES` is one run in a session of its own, which says in JSON what it
took: the session, the first job of a few rows with the processes that it starts, and the job itself.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Final

from benchmarks.fleet import SHARING, check_decisions
from benchmarks.fleets import TEXT, write_parquet
from benchmarks.measuring import Measurer, Times
from benchmarks.tables import Table, number, ratio
from pyarrow import parquet

from restart_engine.fleet import decide_batches, decided_schema

_CORES: Final = (1, 2)
_PATIENCE: Final = 300
"""Seconds after which a run hangs."""
_TASKS: Final = 8
"""Into so many the job is cut, at least."""
Taken = dict[str, float]


def run(source: Path, target: Path, cores: int) -> Taken:
    """Decide a file's scenarios on a local Spark; the seconds that it took."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  # it takes as long as all other parts together

    begun = perf_counter()
    spark = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("restart-engine")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.files.maxPartitionBytes", max(source.stat().st_size // _TASKS, 1))
        .config("spark.sql.files.openCostInBytes", 0)
        .getOrCreate()
    )
    started = perf_counter()
    schema = spark.createDataFrame(decided_schema(TEXT).empty_table()).schema
    scenarios = spark.read.parquet(str(source))
    scenarios.limit(10).mapInArrow(decide_batches, schema).collect()
    first = perf_counter()
    scenarios.mapInArrow(decide_batches, schema).write.parquet(str(target))
    over = perf_counter()
    spark.stop()
    return {"session": started - begun, "first": first - started, "job": over - first}


def _run_apart(source: Path, target: Path, cores: int) -> Taken:
    command = [sys.executable, "-m", "benchmarks.spark", str(source), str(target), str(cores)]
    paths = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(  # noqa: S603  # our own
        command,
        env=os.environ | {"PYTHONPATH": paths, "SPARK_LOCAL_IP": "127.0.0.1"},
        check=False,
        capture_output=True,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stderr.decode()
    taken: Taken = json.loads(done.stdout.splitlines()[-1])
    return taken


def spark_tables(measurer: Measurer) -> Iterator[Table]:
    """Spark, on this machine."""
    rows = 2_000 if measurer.effort.quick else 200_000
    rounds = 1 if measurer.effort.quick else 3
    found: dict[int, list[Taken]] = {cores: [] for cores in _CORES}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "fleet.parquet")
        write_parquet(SHARING, rows, source)
        for number_of_it in range(rounds):
            for cores in _CORES:
                measurer.time_fixed_work()
                target = Path(folder, f"decisions-{cores}-{number_of_it}")
                found[cores].append(_run_apart(source, target, cores))
                decided = parquet.read_table(target)
                assert decided.num_rows == rows
                check_decisions(decided)
    one, two = (Times(tuple(taken["job"] / rows for taken in found[cores])) for cores in _CORES)
    for cores, times in zip(_CORES, (one, two), strict=True):
        measurer.keep(f"Spark, {cores}", times)
    yield Table(
        name="spark",
        head=("", "session, s", "first job, s", "decisions a second", "all included, a second"),
        rows=tuple(_row(f"local[{cores}]", rows, found[cores]) for cores in _CORES),
        below=f"{rows:,} scenarios. The second core makes the job {ratio(one.to(two))} times as fast.",
    )


def _row(name: str, rows: int, taken: list[Taken]) -> tuple[str, ...]:
    session, first, job, whole = (
        Times(tuple(sum(each[part] for part in parts) for each in taken)).middle
        for parts in (("session",), ("first",), ("job",), ("session", "first", "job"))
    )
    return f"`{name}`", f"{session:.1f}", f"{first:.1f}", number(rows / job), number(rows / whole)


def main() -> None:
    """One run."""
    source, target, cores = sys.argv[1:]
    logging.getLogger("py4j").setLevel(logging.ERROR)
    print(json.dumps(run(Path(source), Path(target), int(cores))))


if __name__ == "__main__":
    main()
