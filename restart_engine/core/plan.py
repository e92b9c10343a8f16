"""What is loaded: steps, load groups and load plans (rules.md, Terms)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Self, final

from attrs import field, frozen

from restart_engine.core.checks import (
    Sealed,
    check_integer,
    check_text,
    check_tuple,
    check_unique,
    is_unicode,
)
from restart_engine.core.errors import InvalidValue


@final
@frozen
class Step(Sealed):
    """One loaded object. Its text is `Schema.Object`; names are compared code point by code point."""

    schema: str
    """The schema's name: not blank, no dot."""
    name: str
    """The object's name: not blank, dots allowed."""

    def __attrs_post_init__(self) -> None:
        check_text("schema", self.schema)
        check_text("name", self.name)
        if "." in self.schema:
            raise InvalidValue("schema", self.schema, "a schema's name, which has no dot")

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The step that `Schema.Object` names: the text is split at its first dot."""
        if type(text) is not str or "." not in text:
            raise InvalidValue("text", text, STEP_NAME)
        schema, _, name = text.partition(".")
        return cls(schema, name)


_FE, _FF = "\udcfe", "\udcff"
"""What `surrogateescape` writes as the bytes FE and FF; no name holds a surrogate."""
STEP_NAME: Final = "a step as `Schema.Object`, neither part blank"


def check_step_names(field: str, names: Iterable[str], *, indexed: bool) -> None:
    """Each name reads as a step; no step is made for it. The error names its index where that tells."""
    for index, name in enumerate(names):
        if type(name) is str and (name.isascii() or is_unicode(name)):
            schema, _, rest = name.partition(".")
            if schema.strip() and rest.strip():
                continue
        raise InvalidValue(f"{field}[{index}]" if indexed else field, name, STEP_NAME)


@final
@frozen
class LoadGroup(Sealed):
    """Steps that run side by side, at a place in the plan's order.

    The group keeps its steps by name; `steps` is made from the names when it is first read, so that a
    plan of 30,000 steps is read and decided on without making one of them.
    """

    sequence: int
    """1 or more, unique in its plan; only the order of the numbers means anything."""
    steps: tuple[Step, ...] = field(eq=False)
    """Each step once, in the plan's own order; may be empty."""
    step_names: tuple[str, ...] = field(init=False, repr=False)
    """The same steps as `Schema.Object`."""

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)
        check_tuple("steps", self.steps, Step)
        check_unique("steps", self.steps)
        object.__setattr__(self, "step_names", tuple(map(str, self.steps)))

    @classmethod
    def parse(cls, sequence: int, names: list[str] | tuple[str, ...]) -> Self:
        """The group whose steps have these names, each `Schema.Object`."""
        check_integer("sequence", sequence, minimum=1)
        if type(names) is not list and type(names) is not tuple:
            raise InvalidValue("steps", names, "a list or a tuple of names")
        names = tuple(names)
        check_step_names("steps", names, indexed=True)
        check_unique("steps", names)
        group = cls.__new__(cls)
        object.__setattr__(group, "sequence", sequence)
        object.__setattr__(group, "step_names", names)
        return group

    if not TYPE_CHECKING:  # pragma: no branch  # to a checker every name would be there

        def __getattr__(self, name: str) -> object:
            """Python asks here only for what is not set: the steps of a group made from names."""
            if name != "steps":
                raise AttributeError(f"a load group has no `{name}`")
            steps = tuple(map(Step.parse, self.step_names))
            object.__setattr__(self, "steps", steps)
            return steps


@final
@frozen
class LoadPlan(Sealed):
    """Load groups under a name. They run in ascending sequence, in whatever order they are given."""

    name: str
    """Not blank, case-sensitive."""
    groups: tuple[LoadGroup, ...]
    """Held ascending by sequence; may be empty."""
    sequences: tuple[int, ...] = field(init=False, eq=False, repr=False)
    """The groups' sequences, ascending."""
    existing: frozenset[int] = field(init=False, eq=False, repr=False)
    """The same sequences, to ask whether one exists."""

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name)
        check_tuple("groups", self.groups, LoadGroup)
        sequences = [group.sequence for group in self.groups]
        check_unique("groups", sequences, ".sequence")
        ascending = sorted(sequences)
        if sequences != ascending:
            object.__setattr__(self, "groups", tuple(sorted(self.groups, key=attrgetter("sequence"))))
        object.__setattr__(self, "sequences", tuple(ascending))
        object.__setattr__(self, "existing", frozenset(ascending))

    def at(self, sequence: int) -> int:
        """The index in `groups` of the first with this sequence or a higher one."""
        return bisect_left(self.sequences, sequence)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over the plan's whole content: equal plans have equal digests.

        Hashed are the name and then each group, ascending, set apart by the byte FE; a group is its
        sequence in lower-case hexadecimal and then each step's `Schema.Object` in the plan's order, set
        apart by the byte FF. Texts are UTF-8, in which neither byte occurs.
        """
        groups = [_FF.join([f"{group.sequence:x}", *group.step_names]) for group in self.groups]
        content = _FE.join([self.name, *groups])
        return sha256(content.encode(errors="surrogateescape")).hexdigest()
