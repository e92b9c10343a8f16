"""A fleet decided inside DuckDB: from SQL, through the engine, into SQL again.

`python in_duckdb.py [FLEET]`: a fleet is a file of Parquet or, ending in `.jsonl`, of a scenario a line;
without one, it is a small one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from restart_engine.fleet import DECISIONS, SCENARIO_TEXT, decide_batches, decided_schema

LINES = """
    FROM read_csv($file, columns = {'scenario': 'VARCHAR'}, auto_detect = false, header = false,
        delim = chr(1), quote = '', escape = '', max_line_size = 1 << 25)
"""
BY_RULE = """
    SELECT decision, rule, count(*) AS plans, sum(stepsInPlan - stepsToRun)::BIGINT AS steps_saved
    FROM {} GROUP BY ALL ORDER BY ALL
"""


def decisions(scenarios: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The decisions on a stream of scenarios, as a stream in the same order."""
    schema = decided_schema(scenarios.schema)
    return pa.RecordBatchReader.from_batches(schema, decide_batches(scenarios))


def teach(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the function `decide`: from a scenario's text to a struct of `DECISIONS`."""

    def decide(scenario: Any) -> Any:
        batches = pa.Table.from_arrays([scenario], schema=SCENARIO_TEXT).to_batches()
        return pa.Table.from_batches(decide_batches(batches), schema=DECISIONS).to_struct_array()

    struct = connection.from_arrow(DECISIONS.empty_table()).select("struct_pack(*COLUMNS(*))").types[0]
    connection.create_function("decide", decide, ["VARCHAR"], struct, type=ARROW, null_handling=SPECIAL)


def small_fleet() -> list[str]:
    """A failed night of 1,000 tenants, each as it was or with an old id, still running, or cut off."""
    night = json.dumps(json.loads((Path(__file__).parents[1] / "nightly.json").read_text("utf-8")))
    old_id = night.replace('recentLoadPlanExecution": 4711', 'recentLoadPlanExecution": 4710')
    running = night.replace('4711, "status": "Failed"', '4711, "status": "In Progress"')
    return [night, old_id, running, night[:100]] * 250


def main(files: list[str]) -> None:
    """Print how many plans each rule decided, by either way."""
    with duckdb.connect() as connection, connection.cursor() as reading:  # each has one open result at a time
        if not files:
            small = pa.table({"tenant": range(1000), "scenario": small_fleet()})
            connection.from_arrow(small).to_table("fleet")
        elif files[0].endswith(".jsonl"):
            connection.sql(LINES, params={"file": files[0]}).to_table("fleet")
        else:
            connection.read_parquet(files[0]).create_view("fleet")
        decided = decisions(reading.sql("FROM fleet").to_arrow_reader(10_000))
        print(connection.from_arrow(decided).query("decided", BY_RULE.format("decided")))
        if "scenario" in connection.table("fleet").columns:
            teach(connection)
            print(connection.sql(BY_RULE.format("(SELECT unnest(decide(scenario)) FROM fleet)")))


if __name__ == "__main__":
    main(sys.argv[1:])
