"""A fleet decided inside Polars: a frame that stands in memory, and one that streams from file to file.

`python in_polars.py [FLEET [DECISIONS.parquet]]`: a fleet is a file of Parquet or, ending in `.jsonl`, of a
scenario a line; without one, it is a small one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa

from restart_engine.fleet import decide_batches, decided_schema


def decided(scenarios: pl.DataFrame) -> pl.DataFrame:
    """The decisions on a frame of scenarios, row for row."""
    stream = pa.RecordBatchReader.from_stream(scenarios)
    schema = decided_schema(stream.schema)
    return pl.DataFrame(pa.RecordBatchReader.from_batches(schema, decide_batches(stream)))


def decided_lazily(scenarios: pl.LazyFrame) -> pl.LazyFrame:
    """The same in a query that Polars runs in batches."""
    nothing = scenarios.collect_schema().to_frame()
    return scenarios.map_batches(decided, schema=decided(nothing).schema, streamable=True)


def small_fleet() -> list[str]:
    """A failed night of 1,000 tenants, each as it was or with an old id, still running, or cut off."""
    night = json.dumps(json.loads((Path(__file__).parents[1] / "nightly.json").read_text("utf-8")))
    old_id = night.replace('recentLoadPlanExecution": 4711', 'recentLoadPlanExecution": 4710')
    running = night.replace('4711, "status": "Failed"', '4711, "status": "In Progress"')
    return [night, old_id, running, night[:100]] * 250


def scenarios_in(file: str) -> pl.LazyFrame:
    """The scenarios of a file, of which a line may be none."""
    return pl.scan_lines(file, name="scenario") if file.endswith(".jsonl") else pl.scan_parquet(file)


def main(files: list[str]) -> None:
    """Print how many plans each rule decided; with a second file, put the decisions there."""
    if files:
        fleet = scenarios_in(files[0])
    else:
        fleet = pl.LazyFrame({"tenant": range(1000), "scenario": small_fleet()})
    decisions = decided_lazily(fleet)
    for target in files[1:]:
        decisions.sink_parquet(target)
        decisions = pl.scan_parquet(target)
    by_rule = decisions.group_by("decision", "rule").agg(
        plans=pl.len(), steps_saved=(pl.col("stepsInPlan") - pl.col("stepsToRun")).sum()
    )
    print(by_rule.sort("decision", "rule").collect(engine="streaming"))


if __name__ == "__main__":
    main(sys.argv[1:])
