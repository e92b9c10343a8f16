"""restart_engine, from the checkout: a scenario's text to facts, the decision, and the names out of it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.compare import shape
from benchmarks.compare.measured import Clock, run

from restart_engine import (
    Execution,
    Facts,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    RestartPlan,
    RestartRequest,
    Status,
    plan_restart,
)
from restart_engine.wire import decode_scenario, encode_scenario


def named(name: str) -> str:
    """The step of this name as `Schema.Object`."""
    return name.replace("_", ".")


def prepare(folder: Path, steps: int) -> None:
    """Writes the scenario as one line of JSON."""
    groups = {group: [named(name) for name in shape.names_in(group, steps)] for group in shape.SEQUENCES}
    plan = LoadPlan("Nightly", tuple(LoadGroup(group, names) for group, names in groups.items()))
    outcomes = []
    for group in range(1, shape.FAILED + 1):
        status = Status.FAILED if group == shape.FAILED else Status.SUCCEEDED
        recorded = dict.fromkeys(groups[group], Status.SUCCEEDED)
        if group == shape.FAILED:
            recorded[named(shape.failed_step(steps))] = Status.FAILED
        outcomes.append(GroupOutcome(group, status, recorded))
    latest = Execution(12, Status.FAILED, tuple(outcomes))
    scenario = encode_scenario(Facts(plan, RestartRequest(0, execution_id=12), latest))
    (folder / "scenario.json").write_bytes(scenario)


def to_run(decision: object) -> list[str]:
    """The names of the steps that a restart runs."""
    assert isinstance(decision, RestartPlan)
    return [
        *decision.names_to_run,
        *(name for group in decision.groups_after for name in group.names),
    ]


def line_to_decision(folder: Path, _: int, clock: Clock) -> list[str]:
    """Reads and checks the text, decides, and reads the names out."""
    with clock.phase("load"):
        facts = decode_scenario((folder / "scenario.json").read_bytes())
    with clock.phase("select"):
        selected = to_run(plan_restart(facts.plan, facts.request, facts.latest))
    return [name.replace(".", "_") for name in selected]


def decision_alone(folder: Path, _: int, clock: Clock) -> list[str]:
    """Decides on facts at hand; the names are read out afterwards."""
    facts = decode_scenario((folder / "scenario.json").read_bytes())
    with clock.phase("select"):
        decision = plan_restart(facts.plan, facts.request, facts.latest)
    return [name.replace(".", "_") for name in to_run(decision)]


if __name__ == "__main__":
    run(prepare, {"text to decision": line_to_decision, "decision alone": decision_alone})
