"""A fleet decided on Apache Spark, each partition by itself.

`python on_spark.py [FLEET [DECISIONS]]` runs it on all cores of this machine, `spark-submit on_spark.py …` on
a cluster. Both are Parquet; a fleet may be a scenario a line, too (`.jsonl`). Without one, it is a small one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession, functions

from restart_engine.fleet import decide_batches, decided_schema


def decided(scenarios: DataFrame) -> DataFrame:
    """The decisions on a frame of scenarios, in the order of each partition."""
    schema = decided_schema(scenarios.limit(0).toArrow().schema)
    in_spark = scenarios.sparkSession.createDataFrame(schema.empty_table()).schema
    return scenarios.mapInArrow(decide_batches, in_spark)


def small_fleet() -> list[str]:
    """A failed night of 1,000 tenants, each as it was or with an old id, still running, or cut off."""
    night = json.dumps(json.loads((Path(__file__).parents[1] / "nightly.json").read_text("utf-8")))
    old_id = night.replace('recentLoadPlanExecution": 4711', 'recentLoadPlanExecution": 4710')
    running = night.replace('4711, "status": "Failed"', '4711, "status": "In Progress"')
    return [night, old_id, running, night[:100]] * 250


def scenarios_in(spark: SparkSession, file: str) -> DataFrame:
    """The scenarios of a file or folder, of which a line may be none."""
    if file.endswith(".jsonl"):
        return spark.read.text(file).withColumnRenamed("value", "scenario")
    return spark.read.parquet(file)


def main(spark: SparkSession, files: list[str]) -> None:
    """Print how many plans each rule decided; with a second file, put the decisions there."""
    if files:
        fleet = scenarios_in(spark, files[0])
    else:
        rows = list(enumerate(small_fleet()))
        fleet = spark.createDataFrame(rows, "tenant BIGINT, scenario STRING")
    decisions = decided(fleet)
    for target in files[1:]:
        decisions.write.parquet(target)
        decisions = spark.read.parquet(target)
    by_rule = decisions.groupBy("decision", "rule").agg(
        functions.count("*").alias("plans"),
        functions.expr("sum(stepsInPlan - stepsToRun)").alias("steps_saved"),
    )
    by_rule.orderBy("decision", "rule").show()


if __name__ == "__main__":
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # for the workers, where nothing else is set
    session = SparkSession.builder.appName("restart-engine").getOrCreate()
    main(session, sys.argv[1:])
    session.stop()
