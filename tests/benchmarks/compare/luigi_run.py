"""Luigi: the tree of tasks walked from the last, each asked whether it is complete, as a worker begins."""

from __future__ import annotations

import logging
from pathlib import Path

import luigi
from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from luigi.scheduler import Scheduler
from luigi.worker import Worker


class Step(luigi.Task):  # type: ignore[misc]  # Luigi is not where this is checked
    """A step, complete when its file is there; it waits for the gate before its group."""

    group = luigi.IntParameter()
    name = luigi.Parameter()
    steps = luigi.IntParameter(significant=False)

    def requires(self) -> list[luigi.Task]:
        """The gate before its group."""
        return [Gate(group=self.group - 1, steps=self.steps)] if self.group > 1 else []

    def output(self) -> luigi.LocalTarget:
        """The file that it would write."""
        return luigi.LocalTarget(self.name)


class Gate(luigi.Task):  # type: ignore[misc]  # Luigi is not where this is checked
    """The gate after a group: it waits for all of the group's steps."""

    group = luigi.IntParameter()
    steps = luigi.IntParameter(significant=False)

    def requires(self) -> list[luigi.Task]:
        """The group's steps."""
        names = shape.names_in(self.group, self.steps)
        return [Step(group=self.group, name=name, steps=self.steps) for name in names]

    def output(self) -> luigi.LocalTarget:
        """The file that it would write."""
        return luigi.LocalTarget(shape.gate_after(self.group))


def prepare(folder: Path, steps: int) -> None:
    """Writes the files of what succeeded: they are all the state that Luigi has."""
    for name in shape.succeeded(steps):
        (folder / name).touch()


def walk(_: Path, steps: int, clock: Clock) -> list[str]:
    """Makes the last task, then has a worker tell a scheduler of it and of all that it needs."""
    logging.disable(logging.WARNING)
    with clock.phase("load"):
        last = Gate(group=shape.GROUPS, steps=steps)
        scheduler = Scheduler()
        worker = Worker(scheduler=scheduler)
    with clock.phase("select"):
        worker.add(last)
        pending = scheduler.task_list("PENDING", "", limit=False)
    names = [
        each["params"].get("name") or shape.gate_after(int(each["params"]["group"]))
        for each in pending.values()
    ]
    return [name for name in names if name != shape.gate_after(shape.GROUPS)]


if __name__ == "__main__":
    run(prepare, {"worker's walk": walk})
