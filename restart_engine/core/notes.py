"""What a restart plan points out: true of it, easily missed, and no reason to reject it."""

from __future__ import annotations

from typing import ClassVar, TypeAlias, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_change, check_integer, check_sequences, check_tuple
from restart_engine.core.plan import Step


@final
@frozen
class EarlierGroupsStayFailed(Sealed):
    """These groups failed in the execution resumed and come before the start: they are not run."""

    note: ClassVar = "earlierGroupsStayFailed"
    sequences: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_sequences("sequences", self.sequences, least=1)


@final
@frozen
class NothingToRun(Sealed):
    """Every step of the start group is skipped, or it has none: the restart passes on from it."""

    note: ClassVar = "nothingToRun"
    sequence: int

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)


@final
@frozen(kw_only=True)
class StepsChanged(Sealed):
    """The steps of this group in the plan differ from those that the execution recorded."""

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
    """The plan's groups differ from those that the execution recorded."""

    note: ClassVar = "groupsChanged"
    added: tuple[int, ...]
    removed: tuple[int, ...]

    def __attrs_post_init__(self) -> None:
        check_sequences("added", self.added)
        check_sequences("removed", self.removed)
        check_change(self.added, self.removed)


Note: TypeAlias = EarlierGroupsStayFailed | GroupsChanged | StepsChanged | NothingToRun
