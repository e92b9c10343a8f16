"""The engine against the naive definition, over every scenario of the small scope."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from exhaustive import naive

from restart_engine import (
    AlreadyRunning,
    Decision,
    Execution,
    GroupNotFound,
    GroupOutcome,
    HistoryUnavailable,
    LoadGroup,
    LoadPlan,
    NoFailedGroup,
    NotMostRecent,
    Reason,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    Step,
    StepOutcome,
    plan_restart,
)
from restart_engine.conformance import scope
from restart_engine.conformance.situations import PAIRS
from restart_engine.core.rule_table import RULE_IDS, START_RULE_IDS

SHARES = 64
QUICK = {0}
"""The shares that are compared at the quick depth."""
LEAST_SCENARIOS = 400_000


def load_plan(plain: scope.Plain) -> LoadPlan:
    """The plan as the engine's value."""
    groups = [LoadGroup(g["sequence"], tuple(map(Step.parse, g["steps"]))) for g in plain["groups"]]
    return LoadPlan(plain["name"], tuple(groups))


def execution(plain: scope.Plain | None) -> Execution | None:
    """The execution as the engine's value."""
    if plain is None:
        return None
    groups = tuple(outcome(group["sequence"], group["status"], group["steps"]) for group in plain["groups"])
    return Execution(plain["id"], Status(plain["status"]), groups)


def outcome(sequence: int, status: str, steps: dict[str, str] | None) -> GroupOutcome:
    """The outcome as the engine's value."""
    if steps is None:
        return GroupOutcome(sequence, Status(status), None)
    known = tuple(StepOutcome(Step.parse(name), Status(of_step)) for name, of_step in steps.items())
    return GroupOutcome(sequence, Status(status), known)


def evidence(reason: Reason) -> dict[str, Any]:
    """A reason's fields under the names that the naive definition uses."""
    match reason:
        case AlreadyRunning():
            return {"execution": reason.execution_id, "status": str(reason.status)}
        case NotMostRecent():
            return {"given": reason.given, "latest": reason.latest}
        case NoFailedGroup():
            return {"latest": reason.latest, "neverReached": list(reason.never_reached)}
        case GroupNotFound():
            return {"sequence": reason.sequence, "existing": list(reason.existing)}
        case HistoryUnavailable():
            return {"execution": reason.execution_id, "group": reason.sequence}


def plain(decision: Decision) -> dict[str, Any]:
    """The engine's decision in the naive definition's words."""
    match decision:
        case Rejection():
            reasons = {reason.rule: evidence(reason) for reason in decision.reasons}
            return {"decision": "rejected", "rules": list(decision.rules), "evidence": reasons}
        case RestartPlan():
            return {
                "decision": "planned",
                "rule": decision.rule,
                "basedOn": decision.based_on,
                "before": [group.sequence for group in decision.groups_before],
                "start": {
                    "sequence": decision.start.sequence,
                    "run": list(map(str, decision.steps_to_run)),
                    "skip": list(map(str, decision.steps_to_skip)),
                },
                "after": [group.sequence for group in decision.groups_after],
            }


@pytest.mark.parametrize(
    "share",
    [share if share in QUICK else pytest.param(share, marks=pytest.mark.slow) for share in range(SHARES)],
)
def test_engine_and_naive_definition_agree(share: int) -> None:
    """Rule by rule, evidence, start, skipped steps and the groups around it are the same."""
    for name, plan in scope.PLANS.items():
        value, requests = load_plan(plan), scope.requests(name)
        asked = [RestartRequest(sequence, execution_id=given) for sequence, given in requests]
        for number, latest in enumerate(scope.executions(name)):
            if number % SHARES != share:
                continue
            known = execution(latest)
            for (sequence, given), request in zip(requests, asked, strict=True):
                expected = naive.decide(plan, latest, sequence, given)
                answer = plain(plan_restart(value, request, known))
                assert answer == expected, json.dumps([plan, latest, sequence, given])


def test_the_scope_is_large_and_reaches_everything() -> None:
    """At least 400,000 scenarios; every rule, and every pair of rules that can reject together."""
    scenarios = 0
    reached: Counter[str] = Counter()
    for name, plan in scope.PLANS.items():
        requests = scope.requests(name)
        for number, latest in enumerate(scope.executions(name)):
            scenarios += len(requests)
            if number % 97 == 0:
                for sequence, given in requests:
                    decision = naive.decide(plan, latest, sequence, given)
                    reached["+".join(decision.get("rules", [decision.get("rule")]))] += 1
    assert scenarios >= LEAST_SCENARIOS
    assert {rule for rules in reached for rule in rules.split("+")} == {*RULE_IDS, *START_RULE_IDS}
    assert {"+".join(pair) for rules in reached for pair in combinations(rules.split("+"), 2)} == {*PAIRS}
