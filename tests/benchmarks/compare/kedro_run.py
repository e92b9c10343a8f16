"""Kedro: the nodes to resume from after a failed run, and the run of only the missing outputs."""

from __future__ import annotations

import logging
from pathlib import Path

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner
from kedro.runner.runner import _find_nodes_to_resume_from
from kedro_datasets.json import JSONDataset  # noqa: F401  # the catalog loads it by name: not to be timed as its work


def step(*_: object) -> int:
    """What a step does."""
    return 1


def nightly(steps: int) -> Pipeline:
    """The steps and gates as nodes; each has the dataset of its name for output."""
    nodes = []
    for group in shape.SEQUENCES:
        names = shape.names_in(group, steps)
        before = f"{shape.gate_after(group - 1)}_data" if group > 1 else None
        nodes += [node(step, before, f"{name}_data", name=name) for name in names]
        if group < shape.GROUPS:
            gate = shape.gate_after(group)
            nodes.append(node(step, [f"{name}_data" for name in names], f"{gate}_data", name=gate))
    return Pipeline(nodes)


def prepare(folder: Path, steps: int) -> None:
    """Writes the datasets of what succeeded: Kedro keeps nothing else of a run."""
    for name in shape.succeeded(steps):
        (folder / f"{name}.json").write_text("1", encoding="utf-8")


def loaded(steps: int) -> tuple[Pipeline, DataCatalog]:
    """The pipeline and its catalog, every dataset made, as a run does first."""
    logging.disable(logging.WARNING)
    pipeline = nightly(steps)
    catalog = DataCatalog.from_config(
        {"{name}_data": {"type": "json.JSONDataset", "filepath": "{name}.json"}}
    )
    for name in pipeline.datasets():
        catalog.get(name)
    return pipeline, catalog


def resume(_: Path, steps: int, clock: Clock) -> list[str]:
    """What a failed run suggests for `--from-nodes`, and the pipeline that this then runs."""
    with clock.phase("load"):
        pipeline, catalog = loaded(steps)
    done = set(shape.succeeded(steps))
    with clock.phase("select"):
        remaining = [each for each in pipeline.nodes if each.name not in done]
        nearest = _find_nodes_to_resume_from(pipeline=pipeline, unfinished_nodes=remaining, catalog=catalog)
        resumed = pipeline.from_nodes(*nearest)
    return [each.name for each in resumed.nodes]


def missing(_: Path, steps: int, clock: Clock) -> list[str]:
    """What `--only-missing-outputs` runs."""
    with clock.phase("load"):
        pipeline, catalog = loaded(steps)
    with clock.phase("select"):
        resumed = SequentialRunner()._filter_pipeline_for_missing_outputs(pipeline, catalog)  # noqa: SLF001  # it has no public name without running
    return [each.name for each in resumed.nodes]


if __name__ == "__main__":
    run(prepare, {"suggested resume": resume, "only missing outputs": missing})
