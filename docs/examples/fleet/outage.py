"""A made-up fleet: the storage was away from 02:10 to 02:25, and 360 load plans of 12 tenants ran meanwhile.

    python docs/examples/fleet/outage.py > outage.jsonl
    restart-engine fleet outage.jsonl decisions.parquet --picture outage.svg

Prints a scenario a line, the same on every machine: each tenant's restarts as its operators have sent them
in the morning, most of them right, some from an old list of ids, and two lines cut off by an export.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

TENANTS = (
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "inlet",
    "juniper",
    "karst",
    "lagoon",
)
PLANS = ("Finance", "Sales", "Supply", "People", "Web", "Support")
LAYERS = (("Staging", 8), ("Core", 6), ("Marts", 4), ("KPI", 3))
OF_A_SUBJECT = 5
KINDS = (
    ["as it has to be"] * 42
    + ["old id"] * 6
    + ["somebody was quicker", "one layer earlier", "start over", "stopped between two layers"] * 3
    + ["steps not tracked", "a step more"]
)
DELETED, CUT_OFF = 201, (150, 290)


def plan(tenant: str, subject: str, number: int) -> dict[str, Any]:
    """A load plan in layers: what is loaded first has the most steps."""
    groups = [
        {
            "sequence": 10 * place,
            "steps": [f"{layer}.{subject}_{n}" for n in range(1, size + 1 + number % 3)],
        }
        for place, (layer, size) in enumerate(LAYERS, 1)
    ]
    return {"name": f"{tenant} {subject} {number}", "groups": groups}


def execution(load_plan: dict[str, Any], number: int) -> dict[str, Any]:
    """Its run of that night: one layer had begun when the storage went, with some of its steps through."""
    groups: list[dict[str, Any]] = []
    reached = (0, 1, 1, 2, 2, 2, 3)[number % 7]
    for group in load_plan["groups"][: reached + 1]:
        steps = dict.fromkeys(group["steps"], "Succeeded")
        groups.append({"sequence": group["sequence"], "status": "Succeeded", "steps": steps})
    last = groups[-1]
    last["status"] = "Failed"
    for place, name in enumerate(last["steps"]):
        if (place * 5 + number) % 4 == 0:
            last["steps"][name] = "Failed"
    last["steps"][name] = "Interrupted"
    return {"id": 70_000 + number, "status": "Failed", "groups": groups}


def scenario(number: int) -> dict[str, Any]:
    """One plan's facts in the morning, and the restart that was asked for."""
    tenant, subject = TENANTS[number % len(TENANTS)], PLANS[number // len(TENANTS) % len(PLANS)]
    load_plan = plan(tenant, subject, number // len(TENANTS) // len(PLANS) + 1)
    latest = execution(load_plan, number)
    request = {"loadPlanName": load_plan["name"], "groupSequence": 0, "recentLoadPlanExecution": latest["id"]}
    last = latest["groups"][-1]
    match "groups deleted" if number == DELETED else KINDS[7 * number % len(KINDS)]:
        case "old id":
            request["recentLoadPlanExecution"] -= 1
        case "somebody was quicker":
            latest["status"] = "In Progress"
        case "one layer earlier":
            request["groupSequence"] = max(last["sequence"] - 10, 10)
        case "start over":
            request["recentLoadPlanExecution"] = None
        case "stopped between two layers":
            latest["status"] = "Interrupted"
            last |= {"status": "Succeeded", "steps": dict.fromkeys(last["steps"], "Succeeded")}
        case "steps not tracked":
            last["steps"] = None
        case "a step more":
            load_plan["groups"][last["sequence"] // 10 - 1]["steps"].append("Hotfix.Rates")
        case "groups deleted":
            load_plan["groups"] = []
        case _:
            pass  # the latest execution's id, and where that failed first
    return {"plan": load_plan, "latest": latest, "request": request}


def lines() -> Iterator[str]:
    """The fleet, a line each."""
    for number in range(len(TENANTS) * len(PLANS) * OF_A_SUBJECT):
        line = json.dumps(scenario(number))
        yield line[:400] if number in CUT_OFF else line


if __name__ == "__main__":
    for line in lines():
        print(line)
