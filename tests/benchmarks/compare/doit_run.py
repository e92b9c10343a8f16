"""doit: which tasks are up to date by its database, as `doit list --all --status` asks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run
from doit.cmd_base import ModuleTaskLoader
from doit.dependency import DbmDB, Dependency, JSONCodec
from doit.doit_cmd import DoitMain
from doit.loader import load_tasks
from doit.tools import run_once

DATABASE = "doit.db"


def tasks(steps: int) -> Iterator[dict[str, Any]]:
    """The steps and gates as doit's tasks; each writes a file, and runs once."""
    for group in shape.SEQUENCES:
        before = [shape.gate_after(group - 1)] if group > 1 else []
        names = shape.names_in(group, steps)
        for name in names:
            yield task(name, before, fails=name == shape.failed_step(steps))
        if group < shape.GROUPS:
            yield task(shape.gate_after(group), names)


def task(name: str, after: list[str], *, fails: bool = False) -> dict[str, Any]:
    """A task that waits for these and writes its file."""

    def act() -> bool:
        if fails:
            return False
        Path(name).touch()
        return True

    return {"basename": name, "actions": [act], "task_dep": after, "targets": [name], "uptodate": [run_once]}


def dodo(steps: int) -> dict[str, Any]:
    """What a dodo file would hold."""
    config = {"backend": "dbm", "dep_file": DATABASE, "verbosity": 0, "reporter": "zero"}
    return {"DOIT_CONFIG": config, "task_nightly": lambda: tasks(steps)}


def prepare(_: Path, steps: int) -> None:
    """Runs the tasks with doit itself, up to the one that fails."""
    ended = DoitMain(ModuleTaskLoader(dodo(steps))).run(["run"])
    if ended != 1:
        sys.exit(f"the run ended with {ended}, and was meant to fail")


def statuses(_: Path, steps: int, clock: Clock) -> list[str]:
    """Makes the tasks and opens the database, then asks for the status of each."""
    with clock.phase("load"):
        made = {task.name: task for task in load_tasks(dodo(steps))}
        database = Dependency(DbmDB, DATABASE, codec_cls=JSONCodec)
    with clock.phase("select"):
        return [name for name, task in made.items() if database.get_status(task, made).status != "up-to-date"]


if __name__ == "__main__":
    run(prepare, {"list --status": statuses})
