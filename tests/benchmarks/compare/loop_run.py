"""The loop that teams write by hand: statuses in dicts, the first failed group, the steps not done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run

DONE = {"Succeeded"}
BROKEN = {"Failed", "Finished With Errors", "Interrupted"}


def prepare(folder: Path, steps: int) -> None:
    """Writes the plan and the last run's statuses, as a control table would export them."""
    plan = [{"sequence": group, "steps": shape.names_in(group, steps)} for group in shape.SEQUENCES]
    status = {
        group: dict.fromkeys(shape.names_in(group, steps), "Succeeded")
        for group in range(1, shape.FAILED + 1)
    }
    status[shape.FAILED][shape.failed_step(steps)] = "Failed"
    run_ = [
        {"sequence": group, "status": "Failed" if group == shape.FAILED else "Succeeded", "steps": each}
        for group, each in status.items()
    ]
    (folder / "run.json").write_text(json.dumps({"plan": plan, "run": run_}), encoding="utf-8")


def steps_to_run(plan: list[dict[str, Any]], last_run: list[dict[str, Any]]) -> list[str]:
    """What to run again: the rest of the first failed group, and every group after it."""
    happened = {group["sequence"]: group for group in last_run}
    groups = sorted(plan, key=lambda group: group["sequence"])
    first_failed = None
    for group in groups:
        outcome = happened.get(group["sequence"])
        if outcome is not None and outcome["status"] in BROKEN:
            first_failed = group["sequence"]
            break
    if first_failed is None:
        raise ValueError("nothing failed")
    again: list[str] = []
    for group in groups:
        if group["sequence"] < first_failed:
            continue
        if group["sequence"] > first_failed:
            again.extend(group["steps"])
            continue
        statuses = happened[first_failed]["steps"]
        for step in group["steps"]:
            if statuses.get(step) not in DONE:
                again.append(step)  # noqa: PERF401  # as it is written by hand
    return again


def loop(folder: Path, _: int, clock: Clock) -> list[str]:
    """Reads the statuses with the standard library, and loops."""
    with clock.phase("load"):
        read = json.loads((folder / "run.json").read_bytes())
    with clock.phase("select"):
        return steps_to_run(read["plan"], read["run"])


if __name__ == "__main__":
    run(prepare, {"loop": loop})
