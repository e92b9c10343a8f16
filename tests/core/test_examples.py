"""Every consequence of the rules as a small case: a plan, its latest execution, a request, the answer.

Statuses are S(ucceeded), F(ailed), W (Finished With Errors), I(nterrupted), P (In Progress), Q (In Queue)
and K (Skipped). A planned answer is the rule, the start, what runs there, what is skipped, what follows.
"""

from __future__ import annotations

from typing import Any

import pytest
from core.builders import F, I, K, P, Q, S, W, execution, plan

from restart_engine import Rejection, RestartRequest, plan_restart

PLAN = plan({1: "ab", 2: "cd", 4: "e"})
DONE = (S, {"a": S, "b": S})
HALF = (F, {"c": F, "d": S})
FAILED = execution(F, {1: DONE, 2: HALF})

CASES: dict[str, tuple[Any, Any, RestartRequest, Any]] = {
    "S1 without an id and a group, everything runs": (
        PLAN,
        FAILED,
        RestartRequest(0),
        ("S1", 1, "ab", "", (2, 4)),
    ),
    "S2 without an id, the group runs whole": (PLAN, FAILED, RestartRequest(2), ("S2", 2, "cd", "", (4,))),
    "S3 the first failed group goes on": (
        PLAN,
        FAILED,
        RestartRequest(0, execution_id=12),
        ("S3", 2, "c", "d", (4,)),
    ),
    "S4 the group asked for goes on": (
        PLAN,
        FAILED,
        RestartRequest(2, execution_id=12),
        ("S4", 2, "c", "d", (4,)),
    ),
    "S1 a plan that never ran": (PLAN, None, RestartRequest(0), ("S1", 1, "ab", "", (2, 4))),
    "C1 a later group runs whole, also steps that had succeeded": (
        PLAN,
        execution(F, {1: (F, {"a": S, "b": F}), 2: (S, {"c": S, "d": S}), 4: (S, {"e": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "b", "a", (2, 4)),
    ),
    "C2 -1 is as 0": (PLAN, FAILED, RestartRequest(-1, execution_id=12), ("S3", 2, "c", "d", (4,))),
    "C2 -2**63 is as 0": (PLAN, FAILED, RestartRequest(-(2**63)), ("S1", 1, "ab", "", (2, 4))),
    "C3 an id of 0 is provided": (PLAN, FAILED, RestartRequest(0, execution_id=0), ["R2"]),
    "C3 a negative id is provided": (PLAN, FAILED, RestartRequest(2, execution_id=-12), ["R2"]),
    "C3 without an id lost history does not matter": (
        PLAN,
        execution(F, {1: (F, None)}),
        RestartRequest(1),
        ("S2", 1, "ab", "", (2, 4)),
    ),
    "C4 a start group that succeeded skips all": (
        PLAN,
        FAILED,
        RestartRequest(1, execution_id=12),
        ("S4", 1, "", "ab", (2, 4)),
    ),
    "C4 a start group never reached skips none": (
        PLAN,
        FAILED,
        RestartRequest(4, execution_id=12),
        ("S4", 4, "e", "", ()),
    ),
    "C4 a succeeded start group without history skips all": (
        PLAN,
        execution(F, {1: (S, None), 2: HALF}),
        RestartRequest(1, execution_id=12),
        ("S4", 1, "", "ab", (2, 4)),
    ),
    "C4 a queued start group without history skips none": (
        PLAN,
        execution(F, {1: (F, {}), 2: (Q, None)}),
        RestartRequest(2, execution_id=12),
        ("S4", 2, "cd", "", (4,)),
    ),
    "C5 a start after the first failed group is allowed": (
        PLAN,
        execution(F, {1: (F, {"a": F}), 2: HALF}),
        RestartRequest(2, execution_id=12),
        ("S4", 2, "c", "d", (4,)),
    ),
    "C6 a step added since runs, one that is gone is ignored": (
        plan({1: "ab", 2: "cn", 4: "e"}),
        execution(F, {1: DONE, 2: (F, {"c": S, "d": F})}),
        RestartRequest(0, execution_id=12),
        ("S3", 2, "n", "c", (4,)),
    ),
    "C7 a start group with nothing left still starts": (
        PLAN,
        execution(F, {1: DONE, 2: (F, {"c": S, "d": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 2, "", "cd", (4,)),
    ),
    "C7 a start group without a step": (
        plan({1: "", 2: "a"}),
        None,
        RestartRequest(1),
        ("S2", 1, "", "", (2,)),
    ),
    "C8 what is neither Succeeded nor Skipped runs again": (
        plan({1: "abcdefgh"}),
        execution(F, {1: (F, {"a": S, "b": K, "c": F, "d": W, "e": I, "f": P, "g": Q})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "cdefgh", "ab", ()),
    ),
    "failed: Finished With Errors": (
        PLAN,
        execution(W, {1: (W, {"a": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "b", "a", (2, 4)),
    ),
    "failed: Interrupted": (
        PLAN,
        execution(I, {1: (I, {"a": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "b", "a", (2, 4)),
    ),
    "failed: cut off, still In Progress in an execution that is over": (
        PLAN,
        execution(I, {1: (P, {"a": S, "b": P})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "b", "a", (2, 4)),
    ),
    "failed without a failed step: its post-load failed": (
        PLAN,
        execution(F, {1: (F, {"a": S, "b": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "", "ab", (2, 4)),
    ),
    "failed, in an execution that says it succeeded": (
        PLAN,
        execution(S, {1: DONE, 2: HALF}),
        RestartRequest(0, execution_id=12),
        ("S3", 2, "c", "d", (4,)),
    ),
    "first is the lowest sequence, not the first recorded": (
        plan({30: "a", 20: "b", 10: "c"}),
        execution(F, {30: (F, {}), 20: (F, {"b": S}), 10: (S, {})}),
        RestartRequest(0, execution_id=12),
        ("S3", 20, "", "b", (30,)),
    ),
    "the same object in two groups is tracked per group": (
        plan({1: "a", 2: "a"}),
        execution(F, {1: (S, {"a": S}), 2: (F, {"a": F})}),
        RestartRequest(0, execution_id=12),
        ("S3", 2, "a", "", ()),
    ),
    "steps keep the plan's order": (
        plan({1: "dbca"}),
        execution(F, {1: (F, {"a": S, "b": F, "c": F, "d": S})}),
        RestartRequest(0, execution_id=12),
        ("S3", 1, "bc", "da", ()),
    ),
    "an execution may have groups that the plan no longer has": (
        PLAN,
        execution(F, {1: DONE, 2: HALF, 3: (F, None)}),
        RestartRequest(0, execution_id=12),
        ("S3", 2, "c", "d", (4,)),
    ),
    "sequences of 10**30 and ids of 2**64": (
        plan({1: "a", 10**30: "b"}),
        execution(F, {10**30: (F, {"b": F})}, id_=2**64),
        RestartRequest(10**30, execution_id=2**64),
        ("S4", 10**30, "b", "", ()),
    ),
    "R1 an active execution, whatever its groups say": (
        PLAN,
        execution(P, {1: DONE, 2: (S, {}), 4: (S, {})}),
        RestartRequest(0),
        ["R1"],
    ),
    "R1 an execution in the queue": (PLAN, execution(Q, {}), RestartRequest(2), ["R1"]),
    "R1 a group In Progress has not failed there": (
        PLAN,
        execution(P, {1: (P, None)}),
        RestartRequest(0, execution_id=12),
        ["R1", "R3"],
    ),
    "R1 and R5 a failed group of an active execution": (
        PLAN,
        execution(P, {1: (F, None)}),
        RestartRequest(0, execution_id=12),
        ["R1", "R5"],
    ),
    "R2 an older id": (PLAN, FAILED, RestartRequest(0, execution_id=11), ["R2"]),
    "R2 a higher id: the latest is the host's fact": (
        PLAN,
        FAILED,
        RestartRequest(0, execution_id=13),
        ["R2"],
    ),
    "R2 a plan that never ran": (PLAN, None, RestartRequest(0, execution_id=12), ["R2"]),
    "R2 and R4 are independent": (PLAN, FAILED, RestartRequest(3, execution_id=11), ["R2", "R4"]),
    "R1, R2 and R4 together": (
        PLAN,
        execution(P, {}),
        RestartRequest(3, execution_id=11),
        ["R1", "R2", "R4"],
    ),
    "R2 says nothing of the groups of an execution not the latest": (
        PLAN,
        execution(S, {1: (F, None)}),
        RestartRequest(1, execution_id=11),
        ["R2"],
    ),
    "R3 nothing failed": (PLAN, execution(S, {1: DONE}), RestartRequest(0, execution_id=12), ["R3"]),
    "R3 nothing failed, for a group too": (
        PLAN,
        execution(S, {1: DONE}),
        RestartRequest(2, execution_id=12),
        ["R3"],
    ),
    "R3 and R4": (PLAN, execution(S, {1: DONE}), RestartRequest(3, execution_id=12), ["R3", "R4"]),
    "R4 a gap in the sequences": (PLAN, None, RestartRequest(3), ["R4"]),
    "R4 the first sequence there can be": (plan({2: "a"}), None, RestartRequest(1), ["R4"]),
    "R4 past the end": (PLAN, None, RestartRequest(10**30), ["R4"]),
    "R4 the first failed group is no longer in the plan": (
        PLAN,
        execution(F, {1: DONE, 3: (F, None), 4: (F, {})}),
        RestartRequest(0, execution_id=12),
        ["R4"],
    ),
    "R4 a plan without a group": (plan({}), None, RestartRequest(0), ["R4"]),
    "R5 the failed group's history is gone": (
        PLAN,
        execution(F, {1: (F, None)}),
        RestartRequest(0, execution_id=12),
        ["R5"],
    ),
    "R5 for a group asked for": (
        PLAN,
        execution(F, {1: HALF, 2: (F, None)}),
        RestartRequest(2, execution_id=12),
        ["R5"],
    ),
    "R5 for a group cut off": (
        PLAN,
        execution(I, {1: (P, None)}),
        RestartRequest(1, execution_id=12),
        ["R5"],
    ),
}


def letters(steps: Any) -> str:
    """The steps by their letters."""
    return "".join(step.name for step in steps)


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    """The decision is the one in the table."""
    facts, latest, request, expected = CASES[name]
    decision = plan_restart(facts, request, latest)
    if isinstance(decision, Rejection):
        assert list(decision.rules) == expected
    else:
        after = tuple(group.sequence for group in decision.groups_after)
        run, skip = letters(decision.steps_to_run), letters(decision.steps_to_skip)
        assert (decision.rule, decision.start.sequence, run, skip, after) == expected
