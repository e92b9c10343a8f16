"""A restart starts only while the facts that it was decided on still hold."""

from __future__ import annotations

import hashlib

from core.builders import F, P, S, execution, plan
from hypothesis import given

from restart_engine import (
    Execution,
    Facts,
    LatestSeen,
    LoadPlan,
    Precondition,
    RestartPlan,
    RestartRequest,
    plan_restart,
)
from restart_engine.conformance.strategies import scenarios

PLAN = plan({1: "ab", 2: "c"})
LATEST = execution(F, {1: (F, {"a": S})})


def seen(load_plan: LoadPlan, latest: Execution | None) -> Precondition:
    """The precondition of starting over."""
    decision = plan_restart(load_plan, RestartRequest(0), latest)
    assert isinstance(decision, RestartPlan)
    return decision.precondition


class TestPrecondition:
    """It holds for the plan and the latest execution that were seen."""

    def test_it_names_what_was_seen(self) -> None:
        """The latest execution's id and status, and the plan's content."""
        assert seen(PLAN, LATEST) == Precondition(latest=LatestSeen(12, F), plan_digest=PLAN.digest)
        assert seen(PLAN, None) == Precondition(latest=None, plan_digest=PLAN.digest)

    def test_it_fails_when_either_changed(self) -> None:
        """Another execution, another status, an edited plan, another name, another order of steps."""
        precondition = seen(PLAN, LATEST)
        assert precondition.holds(PLAN, LATEST)
        assert precondition.holds(plan({2: "c", 1: "ab"}), execution(F, {}))
        assert not precondition.holds(PLAN, None)
        assert not precondition.holds(PLAN, execution(F, {}, id_=13))
        assert not precondition.holds(PLAN, execution(P, {}))
        assert not precondition.holds(plan({1: "ab", 3: "c"}), LATEST)
        assert not precondition.holds(plan({1: "ba", 2: "c"}), LATEST)
        assert not precondition.holds(plan({1: "abc", 2: ""}), LATEST)
        assert not precondition.holds(LoadPlan("Daily", PLAN.groups), LATEST)
        assert not seen(PLAN, None).holds(PLAN, LATEST)

    @given(scenarios(), scenarios())
    def test_the_digest_is_the_hash_that_the_docs_define(self, one: Facts, other: Facts) -> None:
        """Name, then FE and a group's sequence in hexadecimal, then FF and each of its steps."""
        content = one.plan.name.encode()
        for group in one.plan.groups:
            content += b"\xfe" + f"{group.sequence:x}".encode()
            for step in group.steps:
                content += b"\xff" + str(step).encode()
        assert one.plan.digest == hashlib.sha256(content).hexdigest()
        assert (one.plan.digest == other.plan.digest) == (one.plan == other.plan)
