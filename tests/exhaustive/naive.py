"""A second definition of the decision: the rules read one after another, over plain JSON values.

Nothing here is shared with the engine, neither code nor structure, and nothing is clever: it is slow,
repeats itself, and can be held against docs/rules.md line by line.
"""

from __future__ import annotations

from typing import Any

Plain = dict[str, Any]


def r1_already_running(latest: Plain | None) -> bool:
    """R1: the latest execution is In Progress or In Queue."""
    if latest is None:
        return False
    return latest["status"] in ("In Progress", "In Queue")


def r2_not_most_recent(latest: Plain | None, given: int | None) -> bool:
    """R2: an id is given, and it is not the latest execution's."""
    if given is None:
        return False
    if latest is None:
        return True
    return bool(given != latest["id"])


def failed_groups(latest: Plain) -> list[int]:
    """Failed, Finished With Errors or Interrupted; In Progress where the execution is over."""
    failed = []
    for outcome in latest["groups"]:
        if outcome["status"] in ("Failed", "Finished With Errors", "Interrupted"):
            failed.append(outcome["sequence"])
        over = latest["status"] != "In Progress" and latest["status"] != "In Queue"
        if outcome["status"] == "In Progress" and over:
            failed.append(outcome["sequence"])
    return sorted(failed)


def r3_no_failed_group(latest: Plain | None, given: int | None) -> bool:
    """R3: the id given is the latest execution's, and that has no failed group."""
    if latest is None or given is None or given != latest["id"]:
        return False
    return failed_groups(latest) == []


def r4_group_not_found(plan: Plain, latest: Plain | None, asked: int, given: int | None) -> bool:
    """R4: the group asked for, or else the first failed one, is not in the plan; or none is."""
    sequences = [group["sequence"] for group in plan["groups"]]
    if sequences == []:
        return True
    if asked > 0:
        return asked not in sequences
    if latest is not None and given == latest["id"]:
        failed = failed_groups(latest)
        if failed != [] and failed[0] not in sequences:
            return True
    return False


def r5_history_unavailable(plan: Plain, latest: Plain | None, asked: int, given: int | None) -> bool:
    """R5: the group to start at is in the plan, failed in the latest execution, and kept no history."""
    if latest is None or given is None or given != latest["id"]:
        return False
    failed = failed_groups(latest)
    if asked > 0:
        start = asked
    elif failed == []:
        return False
    else:
        start = failed[0]
    if start not in [group["sequence"] for group in plan["groups"]]:
        return False
    if start not in failed:
        return False
    for outcome in latest["groups"]:
        if outcome["sequence"] == start:
            return outcome["steps"] is None
    return False


def never_reached(plan: Plain, latest: Plain) -> list[int]:
    """The plan's groups above every group begun; where none was, from the lowest one recorded on, or all."""
    begun = []
    recorded = []
    for outcome in latest["groups"]:
        recorded.append(outcome["sequence"])
        if outcome["status"] != "In Queue":
            begun.append(outcome["sequence"])
    rest = []
    for group in plan["groups"]:
        if begun != []:
            if group["sequence"] > max(begun):
                rest.append(group["sequence"])
        elif recorded != []:
            if group["sequence"] >= min(recorded):
                rest.append(group["sequence"])
        else:
            rest.append(group["sequence"])
    return sorted(rest)


def missed(latest: Plain | None, asked: int, given: int | None) -> int:
    """The sequence that R4 names: the one asked for, else the first failed one, else 0."""
    if asked > 0:
        return asked
    if latest is not None and given == latest["id"] and failed_groups(latest) != []:
        return failed_groups(latest)[0]
    return 0


def skipped(latest: Plain, start: Plain) -> list[str]:
    """S3 and S4: the start group's completed steps, Succeeded or Skipped, in the plan's order."""
    for outcome in latest["groups"]:
        if outcome["sequence"] == start["sequence"]:
            if outcome["steps"] is None:
                return list(start["steps"]) if outcome["status"] == "Succeeded" else []
            known = outcome["steps"]
            return [s for s in start["steps"] if s in known and known[s] in ("Succeeded", "Skipped")]
    return []


def decide(plan: Plain, latest: Plain | None, asked: int, given: int | None) -> Plain:
    """The decision, without its texts, notes and precondition."""
    rejecting: Plain = {}
    if r1_already_running(latest):
        assert latest is not None
        rejecting["R1"] = {"execution": latest["id"], "status": latest["status"]}
    if r2_not_most_recent(latest, given):
        rejecting["R2"] = {"given": given, "latest": None if latest is None else latest["id"]}
    if r3_no_failed_group(latest, given):
        assert latest is not None
        rejecting["R3"] = {"latest": latest["id"], "neverReached": never_reached(plan, latest)}
    if r4_group_not_found(plan, latest, asked, given):
        existing = sorted(group["sequence"] for group in plan["groups"])
        rejecting["R4"] = {"sequence": missed(latest, asked, given), "existing": existing}
    if r5_history_unavailable(plan, latest, asked, given):
        assert latest is not None
        rejecting["R5"] = {"execution": latest["id"], "group": missed(latest, asked, given)}
    if rejecting:
        return {"decision": "rejected", "rules": list(rejecting), "evidence": rejecting}
    skip: list[str] = []
    groups = sorted(plan["groups"], key=lambda group: int(group["sequence"]))
    if given is None and asked <= 0:
        rule, start = "S1", groups[0]
    elif given is None:
        rule = "S2"
        start = next(group for group in groups if group["sequence"] == asked)
    elif asked <= 0:
        assert latest is not None
        rule = "S3"
        start = next(group for group in groups if group["sequence"] == failed_groups(latest)[0])
        skip = skipped(latest, start)
    else:
        assert latest is not None
        rule = "S4"
        start = next(group for group in groups if group["sequence"] == asked)
        skip = skipped(latest, start)
    return {
        "decision": "planned",
        "rule": rule,
        "basedOn": given,
        "before": [g["sequence"] for g in groups if g["sequence"] < start["sequence"]],
        "start": {
            "sequence": start["sequence"],
            "run": [step for step in start["steps"] if step not in skip],
            "skip": skip,
        },
        "after": [g["sequence"] for g in groups if g["sequence"] > start["sequence"]],
    }
