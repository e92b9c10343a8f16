"""Every rule and consequence that a verdict may cite: its id, whose it is, and its sentence."""

from __future__ import annotations

from typing import Final, Literal, final

from attrs import frozen

from restart_engine.core.checks import Sealed


@final
@frozen
class RuleText(Sealed):
    """One row; docs/rules.md has the same ids with all that belongs to them."""

    id: str
    source: Literal["documented", "ours"]
    """Whether the endpoint's documentation says so, or only these rules do."""
    sentence: str


_TEXTS: Final = (
    RuleText("R1", "documented", "a restart is rejected while the latest execution is active"),
    RuleText("R2", "documented", "a restart is rejected when the id given is not the latest execution's"),
    RuleText("R3", "documented", "resuming is rejected when the latest execution has no failed group"),
    RuleText("R4", "documented", "a restart is rejected when the group to start at is not in the plan"),
    RuleText(
        "R5",
        "documented",
        "resuming is rejected when the group to start at failed and its step history is unavailable",
    ),
    RuleText("S1", "documented", "without an id and a group the restart begins at the first group, whole"),
    RuleText("S2", "documented", "without an id the restart begins at the group asked for, whole"),
    RuleText(
        "S3",
        "documented",
        "with the latest id and no group the restart begins at the failed group of the lowest sequence,"
        " without its completed steps",
    ),
    RuleText(
        "S4",
        "documented",
        "with the latest id the restart begins at the group asked for, without its completed steps",
    ),
    RuleText("C1", "documented", "only the start group skips anything, every later group runs whole"),
    RuleText("C2", "documented", "every sequence of 0 or less is the same request"),
    RuleText(
        "C3",
        "ours",
        "without an id only R1 looks at the latest execution, and an id of 0 or less is not the latest's",
    ),
    RuleText(
        "C4",
        "ours",
        "a start group that did not fail needs no history: one that Succeeded skips its completed steps, one"
        " never reached skips none",
    ),
    RuleText("C5", "documented", "a start after the first failed group is allowed"),
    RuleText(
        "C6",
        "ours",
        "the plan as it stands now runs: a step without an outcome runs, an outcome without its step is"
        " ignored",
    ),
    RuleText("C7", "ours", "a start group with nothing left to run is still where the restart begins"),
    RuleText("C8", "documented", "a step that is neither Succeeded nor Skipped runs again"),
)
TEXTS: Final = {text.id: text for text in _TEXTS}
"""By id, in the order in which reports list them."""
