"""dbt: what `dbt retry` runs again, by the last run's results; with its manifest, or with the project."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from dbt.adapters.duckdb import DuckDBConnectionManager  # noqa: F401  # dbt loads it by name: not to be timed as its work
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.cli.main import dbtRunner
from dbt.compilation import Linker
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.state import load_result_state
from dbt.graph import Graph, GraphQueue
from dbt.task.retry import RETRYABLE_STATUSES

PROJECT = """
name: nightly
version: "1.0"
profile: nightly
flags: {send_anonymous_usage_stats: false}
"""
PROFILES = """
nightly:
  target: dev
  outputs: {dev: {type: duckdb, path: nightly.duckdb}}
"""
QUIET = ["--quiet", "--log-level-file", "none", "--profiles-dir", ".", "--no-write-json"]


def model(after: list[str], *, fails: bool = False) -> str:
    """The SQL of a model that waits for these."""
    waits = "".join(f"-- depends_on: {{{{ ref('{name}') }}}}\n" for name in after)
    return f"{waits}select {'no_such_column' if fails else 1} as one\n"


def prepare(folder: Path, steps: int) -> None:
    """Writes the project and has dbt parse it; the results are written as its last run would have.

    To run ten thousand models takes dbt many minutes; that a real run of a hundred writes the same results
    was seen once.
    """
    models = folder / "models"
    models.mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    (folder / "profiles.yml").write_text(PROFILES, encoding="utf-8")
    for group in shape.SEQUENCES:
        names = shape.names_in(group, steps)
        before = [shape.gate_after(group - 1)] if group > 1 else []
        for name in names:
            sql = model(before, fails=name == shape.failed_step(steps))
            (models / f"{name}.sql").write_text(sql, encoding="utf-8")
        if group < shape.GROUPS:
            (models / f"{shape.gate_after(group)}.sql").write_text(model(names), encoding="utf-8")
    parsed = dbtRunner().invoke(["parse", *QUIET[:-1]])
    if not parsed.success:
        sys.exit(f"dbt could not parse the project: {parsed.exception}")
    ends = dict.fromkeys(shape.succeeded(steps), "success") | {shape.failed_step(steps): "error"}
    results = [result(node, ends.get(node.name, "skipped")) for node in parsed.result.nodes.values()]
    schema = "https://schemas.getdbt.com/dbt/run-results/v6.json"
    metadata = {"dbt_schema_version": schema, "dbt_version": "1.11.16", "env": {}}
    text = json.dumps(
        {"metadata": metadata, "results": results, "elapsed_time": 1.0, "args": {"which": "run"}}
    )
    (folder / "target" / "run_results.json").write_text(text, encoding="utf-8")


def result(node: Any, status: str) -> dict[str, object]:
    """A model's entry in the results."""
    ended = {"success": "OK", "error": "Runtime Error", "skipped": None}[status]
    now = "2026-01-31T02:00:00.000000Z"
    phases = [] if status == "skipped" else ["compile", "execute"]
    return {
        "status": status,
        "timing": [{"name": name, "started_at": now, "completed_at": now} for name in phases],
        "thread_id": "Thread-1",
        "execution_time": 0.01,
        "adapter_response": {"_message": ended} if status == "success" else {},
        "message": ended,
        "failures": None,
        "unique_id": node.unique_id,
        "compiled": status != "skipped",
        "compiled_code": node.raw_code if status != "skipped" else None,
        "relation_name": node.relation_name,
        "batch_results": None,
    }


def to_retry(results: Any) -> set[str]:
    """The ids that `dbt retry` takes from the results."""
    return {each.unique_id for each in results.results if each.status in RETRYABLE_STATUSES}


def by_manifest(folder: Path, _: int, clock: Clock) -> list[str]:
    """Reads the manifest and the results that the last run left, then picks the models."""
    with clock.phase("load"):
        manifest = WritableManifest.read_and_check_versions(str(folder / "target" / "manifest.json"))
        results = load_result_state(folder / "target" / "run_results.json")
    with clock.phase("select"):
        return [manifest.nodes[unique_id].name for unique_id in to_retry(results)]


def by_project(folder: Path, _: int, clock: Clock) -> list[str]:
    """Parses the project, of which nothing changed, picks the models and queues them, as the command does."""
    with clock.phase("load"):
        manifest = dbtRunner().invoke(["parse", *QUIET]).result
        assert isinstance(manifest, Manifest)
        results = load_result_state(folder / "target" / "run_results.json")
        linker = Linker()
        linker.link_graph(manifest)
    with clock.phase("select"):
        unique_ids = to_retry(results)
        graph = Graph(linker.graph).get_subset_graph(unique_ids)
        queue = GraphQueue(graph.graph, manifest, unique_ids)
        return [manifest.nodes[unique_id].name for unique_id in queue.get_selected_nodes()]


if __name__ == "__main__":
    run(prepare, {"retry, its choice": by_manifest, "retry, as the command": by_project})
