"""The rules' laws over the real code, with numbers that are symbols: solved for, not drawn.

Run with `python tests/symbolic/laws.py` (extra `symbolic`). Random search finds a fault behind an
arithmetic condition only by luck; CrossHair asks a solver for numbers that reach it. That it does is shown
on a planted fault, which random search has to miss for the comparison to mean anything.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from restart_engine import (
    Decision,
    Execution,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    plan_restart,
)

Decide = Callable[[LoadPlan, RestartRequest, Execution | None], Decision]
Law = Callable[[Decide], None]
SYMBOLIC, RANDOM = 150, 3_000
"""Tries for each law with numbers solved for, and with numbers drawn."""


def conditions(backend: str) -> settings:
    """How a law is tried."""
    return settings(
        backend=backend,
        max_examples=SYMBOLIC if backend == "crosshair" else RANDOM,
        database=None,
        derandomize=backend == "hypothesis",
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def scene(first: int, second: int, latest: int, of_first: Status) -> tuple[LoadPlan, Execution]:
    """Two groups of these sequences, and a run in which the second failed."""
    done = {"A.a": Status.SUCCEEDED, "A.b": of_first}
    failed = {"B.a": Status.SUCCEEDED, "B.b": Status.FAILED}
    plan = LoadPlan("P", (LoadGroup(first, list(done)), LoadGroup(second, list(failed))))
    groups = (
        GroupOutcome(first, of_first, done),
        GroupOutcome(second, Status.FAILED, failed),
    )
    return plan, Execution(latest, Status.FAILED, groups)


positive = st.integers(min_value=1)
ids = st.none() | st.integers()


def rejects_exactly(decide: Decide, backend: str) -> None:
    """R2 and R4: another id than the latest, or a group that is not there; nothing else rejects."""

    @conditions(backend)
    @given(positive, positive, positive, st.integers(), ids)
    def law(first: int, gap: int, latest: int, asked: int, given_id: int | None) -> None:
        plan, run = scene(first, first + gap, latest, Status.SUCCEEDED)
        decision = decide(plan, RestartRequest(asked, execution_id=given_id), run)
        expected = []
        if given_id is not None and given_id != latest:
            expected.append("R2")
        if asked > 0 and asked not in (first, first + gap):
            expected.append("R4")
        assert list(decision.rules if isinstance(decision, Rejection) else ()) == expected

    law()


def starts_where_the_rule_says(decide: Decide, backend: str) -> None:
    """S1 to S4: the first group, the group asked for, or the first failed one, and what that skips."""

    @conditions(backend)
    @given(
        positive,
        positive,
        positive,
        st.integers(),
        st.booleans(),
        st.sampled_from([Status.SUCCEEDED, Status.FAILED]),
    )
    def law(first: int, gap: int, latest: int, asked: int, resume: bool, of_first: Status) -> None:  # noqa: PLR0913, PLR0917  # one argument for each symbol
        plan, run = scene(first, first + gap, latest, of_first)
        decision = decide(plan, RestartRequest(asked, execution_id=latest if resume else None), run)
        if isinstance(decision, Rejection):
            return
        if asked > 0:
            start = asked
        elif resume and of_first is Status.SUCCEEDED:
            start = first + gap
        else:
            start = first
        assert decision.start.sequence == start
        completed = {"A.a", "A.b"} if of_first is Status.SUCCEEDED else {"A.a"}
        skipped = (completed if start == first else {"B.a"}) if resume else set()
        assert set(decision.names_to_skip) == skipped
        after = (first + gap,) if start == first else ()
        assert tuple(group.sequence for group in decision.groups_after) == after

    law()


def every_sequence_below_one_asks_the_same(decide: Decide, backend: str) -> None:
    """C2: 0 and any number below it are one request."""

    @conditions(backend)
    @given(st.integers(max_value=0), st.booleans())
    def law(asked: int, resume: bool) -> None:
        plan, run = scene(2, 5, 7, Status.SUCCEEDED)
        known = 7 if resume else None
        decision = decide(plan, RestartRequest(asked, execution_id=known), run)
        zero = decide(plan, RestartRequest(0, execution_id=known), run)
        assert isinstance(decision, RestartPlan)
        assert isinstance(zero, RestartPlan)
        assert decision.start.sequence == zero.start.sequence
        assert decision.names_to_skip == zero.names_to_skip

    law()


def faulty(plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
    """Resumes at the wrong place for one number in 10^12, which stands nowhere in the code."""
    number = -request.group_sequence
    if number % 998_651 == 4_321 and number // 998_651 == 1_002_773:
        return plan_restart(plan, RestartRequest(2), latest)
    return plan_restart(plan, request, latest)


LAWS = (rejects_exactly, starts_where_the_rule_says, every_sequence_below_one_asks_the_same)


def main() -> int:
    """Print a line for each law, and for the planted fault by either search."""
    for law in LAWS:
        begun = time.monotonic()
        law(plan_restart, "crosshair")
        print(f"{law.__name__}: no counterexample in {SYMBOLIC} tries, {time.monotonic() - begun:.1f} s")
    found = {}
    for backend in ("crosshair", "hypothesis"):
        begun = time.monotonic()
        try:
            every_sequence_below_one_asks_the_same(faulty, backend)
        except AssertionError:
            found[backend] = True
        else:
            found[backend] = False
        verdict = "found" if found[backend] else "not found"
        print(f"planted fault, {backend}: {verdict}, {time.monotonic() - begun:.1f} s")
    return 0 if found == {"crosshair": True, "hypothesis": False} else 1


if __name__ == "__main__":
    sys.exit(main())
