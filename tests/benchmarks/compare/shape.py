"""The failed run that every tool is given: ten groups in sequence, the middle one failed by one of its steps.

Groups 1 to 5 succeeded; in group 6 every step succeeded but the last, which failed; 7 to 10 were never
reached. A tool that knows of no groups gets a gate after each group but the last: it waits for the group's
steps, and the next group's steps wait for it. A wire from each step to each of the next group would be a
thousand times as many.
"""

from __future__ import annotations

from typing import Final

GROUPS: Final = 10
FAILED: Final = GROUPS // 2 + 1
"""The group that failed."""
SEQUENCES: Final = range(1, GROUPS + 1)


def names_in(group: int, steps: int) -> list[str]:
    """The names of a group's steps, `g6_s0` and on, in a plan of this many steps."""
    return [f"g{group}_s{number}" for number in range(steps // GROUPS)]


def gate_after(group: int) -> str:
    """The name of the gate after a group."""
    return f"gate{group}"


def gates() -> list[str]:
    """The names of all gates."""
    return [gate_after(group) for group in SEQUENCES[:-1]]


def failed_step(steps: int) -> str:
    """The name of the step that failed."""
    return f"g{FAILED}_s{steps // GROUPS - 1}"


def succeeded(steps: int) -> list[str]:
    """The names of the steps and gates that succeeded."""
    whole = [name for group in range(1, FAILED) for name in [*names_in(group, steps), gate_after(group)]]
    return whole + names_in(FAILED, steps)[:-1]


def to_run_again(steps: int) -> list[str]:
    """What every tool is expected to choose: the step that failed, and all steps of the groups after it."""
    after = [name for group in range(FAILED + 1, GROUPS + 1) for name in names_in(group, steps)]
    return [failed_step(steps), *after]


def waiting_gates() -> list[str]:
    """The gates that wait for what is run again; a tool that has gates chooses these too."""
    return [gate_after(group) for group in range(FAILED, GROUPS)]
