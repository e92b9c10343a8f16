"""Every rule in one table: its id, whose it is, a short label and its sentence.

R1 to R5 reject a restart, S1 to S4 choose where it starts, C1 to C9 are consequences that implementations
get wrong. What each rule does is code in `rules`; docs/rules.md has the same ids. Whoever keeps a table of
their own over rule ids makes it with `complete_table`, which refuses one that leaves a rule out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, TypeVar, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed

RuleId: TypeAlias = Literal["R1", "R2", "R3", "R4", "R5"]
StartRuleId: TypeAlias = Literal["S1", "S2", "S3", "S4"]
ConsequenceId: TypeAlias = Literal["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9"]
AnyRuleId: TypeAlias = RuleId | StartRuleId | ConsequenceId
RULE_IDS: Final[tuple[RuleId, ...]] = get_args(RuleId)
"""The rules that reject, in order of precedence."""
START_RULE_IDS: Final[tuple[StartRuleId, ...]] = get_args(StartRuleId)
CONSEQUENCE_IDS: Final[tuple[ConsequenceId, ...]] = get_args(ConsequenceId)

_Key = TypeVar("_Key", bound=str)
_Row = TypeVar("_Row")


def complete_table(keys: Iterable[_Key], table: Mapping[_Key, _Row]) -> Mapping[_Key, _Row]:
    """The table in the order of these keys; a `TypeError` names a key that it lacks or has too much."""
    wanted = list(keys)
    for key in wanted:
        if key not in table:
            raise TypeError(f"the table has no row for {key}")
    for key in table:
        if key not in wanted:
            raise TypeError(f"the table has a row for {key}, which is none of {', '.join(wanted)}")
    return MappingProxyType({key: table[key] for key in wanted})


@final
@frozen
class RuleText(Sealed):
    """One row of a table of rules.

    :param id: The rule's stable id.
    :param source: Whether the endpoint's documentation says so, or only these rules do.
    :param label: A few words for tables and pictures.
    :param sentence: What the rule says, without a full stop.
    """

    id: str
    source: Literal["documented", "ours"]
    label: str
    sentence: str


# fmt: off
_ROWS: Final = (
    RuleText("R1", "documented", "the load plan is running already",
             "a restart is rejected while the latest execution is active"),
    RuleText("R2", "documented", "the id is not the latest execution's",
             "a restart is rejected when the id given is not the latest execution's"),
    RuleText("R3", "documented", "no group failed in the latest execution",
             "resuming is rejected when the latest execution has no failed group"),
    RuleText("R4", "documented", "the load plan has no such group",
             "a restart is rejected when the group to start at is not in the plan"),
    RuleText("R5", "documented", "the group's step history is unavailable",
             "resuming is rejected when the group to start at failed and its step history is unavailable"),
    RuleText("S1", "documented", "start over",
             "without an id and a group the restart begins at the first group, whole"),
    RuleText("S2", "documented", "start at the group asked for",
             "without an id the restart begins at the group asked for, whole"),
    RuleText("S3", "documented", "resume at the first failed group",
             "with the latest id and no group the restart begins at the failed group of the lowest"
             " sequence, without its completed steps"),
    RuleText("S4", "documented", "resume at the group asked for",
             "with the latest id the restart begins at the group asked for, without its completed steps"),
    RuleText("C1", "documented", "later groups run whole",
             "only the start group skips anything, every later group runs whole"),
    RuleText("C2", "documented", "0 and below are one request",
             "every sequence of 0 or less is the same request"),
    RuleText("C3", "ours", "without an id only R1 counts",
             "without an id only R1 looks at the latest execution, and an id of 0 or less is not the"
             " latest's"),
    RuleText("C4", "ours", "a start that did not fail needs no history",
             "a start group that did not fail needs no history: one that Succeeded skips its completed"
             " steps, one never reached skips none"),
    RuleText("C5", "documented", "a start after the first failed group",
             "a start after the first failed group is allowed"),
    RuleText("C6", "ours", "the plan as it stands now runs",
             "the plan as it stands now runs: a step without an outcome runs, an outcome without its step"
             " is ignored"),
    RuleText("C7", "ours", "nothing left to run at the start",
             "a start group with nothing left to run is still where the restart begins"),
    RuleText("C8", "documented", "what is not completed runs again",
             "a step that is neither Succeeded nor Skipped runs again"),
    RuleText("C9", "ours", "Skipped where no restart began",
             "a step recorded as Skipped counts as completed, also in a group where no restart began"),
)
# fmt: on
RULES: Final[Mapping[str, RuleText]] = complete_table(
    (*RULE_IDS, *START_RULE_IDS, *CONSEQUENCE_IDS), {row.id: row for row in _ROWS}
)
"""By id, in the order in which reports list them."""
