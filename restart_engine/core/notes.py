"""What a restart plan points out: true of it, easily missed, and no reason to reject it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, TypeAlias, final, get_args

from attrs import frozen

from restart_engine.core.checks import (
    Sealed,
    check_change,
    check_integer,
    check_sequences,
    check_tuple,
    check_unique,
)
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.rule_table import complete_table


@final
@frozen
class EarlierGroupsStayFailed(Sealed):
    """These groups failed in the execution resumed and come before the start: they are not run [C5].

    :param sequences: The groups, ascending.
    """

    note: ClassVar = "earlierGroupsStayFailed"
    sequences: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_sequences("sequences", self.sequences, least=1)


@final
@frozen
class NothingToRun(Sealed):
    """Every step of the start group is skipped, or it has none: the restart passes on from it [C7].

    :param sequence: The start group.
    """

    note: ClassVar = "nothingToRun"
    sequence: int

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)


@final
@frozen(kw_only=True)
class StepsChanged(Sealed):
    """The steps of a group in the plan differ from those that the execution recorded [C6].

    :param sequence: The start group, or one before it: a step added there is run by nobody.
    :param added: Steps that the plan has and the execution did not record, in the plan's order.
    :param removed: Steps that the execution recorded and the plan no longer has, ascending by their text.
    """

    note: ClassVar = "stepsChanged"
    sequence: int
    added: tuple[Step, ...]
    removed: tuple[Step, ...]

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_tuple("added", self.added, Step)
        check_tuple("removed", self.removed, Step)
        check_change(self.added, self.removed)


@final
@frozen(kw_only=True)
class GroupsChanged(Sealed):
    """The plan's groups differ from those that the execution recorded [C6].

    :param added: Sequences that only the plan has, ascending.
    :param removed: Sequences that only the execution has, ascending.
    """

    note: ClassVar = "groupsChanged"
    added: tuple[int, ...]
    removed: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_sequences("added", self.added)
        check_sequences("removed", self.removed)
        check_change(self.added, self.removed)


@final
@frozen
class SkippedElsewhere(Sealed):
    """Steps skipped as `SKIPPED` in a group where no restart by these rules skips any [C9].

    Only the lowest group that an execution recorded can hold them. In other systems' records the word
    often means that the step did not run.

    :param sequence: The start group.
    :param steps: The steps that are skipped for it, in the plan's order.
    """

    note: ClassVar = "skippedElsewhere"
    sequence: int
    steps: tuple[Step, ...]

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_tuple("steps", self.steps, Step)
        check_unique("steps", self.steps)
        if not self.steps:
            raise InvalidValue("steps", self.steps, "at least one")


Note: TypeAlias = EarlierGroupsStayFailed | GroupsChanged | StepsChanged | SkippedElsewhere | NothingToRun
"""In the order in which a decision lists them."""
NOTE_LABELS: Final[Mapping[str, str]] = complete_table(
    [kind.note for kind in get_args(Note)],
    {
        "earlierGroupsStayFailed": "failed groups before the start stay failed",
        "groupsChanged": "the plan's groups have changed since",
        "stepsChanged": "the steps of a group have changed since",
        "skippedElsewhere": "steps are Skipped where no restart began",
        "nothingToRun": "the start group has nothing left to run",
    },
)
"""A few words for each kind of note, for tables and pictures."""
