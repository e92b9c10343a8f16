"""Dagster: the steps of a re-execution from failure, by the failed run's events, and the plan of it."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from dagster import (
    DagsterInstance,
    DependencyDefinition,
    Failure,
    GraphDefinition,
    In,
    JobDefinition,
    MultiDependencyDefinition,
    NodeInvocation,
    Nothing,
    Out,
    op,
)
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.plan.state import KnownExecutionState


@op(ins={"after": In(Nothing)}, out=Out(Nothing))  # type: ignore[untyped-decorator]  # Dagster is not where this is checked
def step() -> None:
    """A step, or a gate."""


@op(ins={"after": In(Nothing)}, out=Out(Nothing))  # type: ignore[untyped-decorator]  # Dagster is not where this is checked
def broken() -> None:
    """The step that fails."""
    raise Failure


def nightly(steps: int) -> JobDefinition:
    """The job, one op many times."""
    needs: dict[NodeInvocation, dict[str, DependencyDefinition | MultiDependencyDefinition]] = {}
    for group in shape.SEQUENCES:
        before = {"after": DependencyDefinition(shape.gate_after(group - 1))} if group > 1 else {}
        names = shape.names_in(group, steps)
        for name in names:
            definition = "broken" if name == shape.failed_step(steps) else "step"
            needs[NodeInvocation(definition, name)] = before
        if group < shape.GROUPS:
            all_of_group = MultiDependencyDefinition([DependencyDefinition(name) for name in names])
            needs[NodeInvocation("step", shape.gate_after(group))] = {"after": all_of_group}
    return GraphDefinition("nightly", node_defs=[step, broken], dependencies=needs).to_job()


def prepare(folder: Path, steps: int) -> None:
    """Runs the job in this process, its events kept in the folder's SQLite."""
    with DagsterInstance.local_temp(str(folder)) as instance:
        result = nightly(steps).execute_in_process(instance=instance, raise_on_error=False)
        if result.success:
            sys.exit("the run succeeded, and was meant to fail")
        (folder / "run_id").write_text(result.run_id, encoding="utf-8")


def from_failure(folder: Path, steps: int, clock: Clock, *, with_plan: bool = False) -> list[str]:
    """Makes the job and opens the instance, then reads what to run again out of the run's events."""
    with clock.phase("load"):
        job = nightly(steps)
        instance = DagsterInstance.local_temp(str(folder))
        failed = instance.get_run_by_id((folder / "run_id").read_text(encoding="utf-8"))
    assert failed is not None
    with instance, clock.phase("select"):
        selected, known = KnownExecutionState.build_resume_retry_reexecution(instance, failed)
        if with_plan:
            plan = create_execution_plan(job, step_keys_to_execute=selected, known_state=known)
            selected = plan.step_keys_to_execute
    return list(selected)


def planned(folder: Path, steps: int, clock: Clock) -> list[str]:
    """The same, and the execution plan of the steps, as launching the re-execution makes it."""
    return from_failure(folder, steps, clock, with_plan=True)


if __name__ == "__main__":
    run(prepare, {"from failure": from_failure, "from failure, planned": planned})
