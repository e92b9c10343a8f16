"""What is loaded: steps, load groups and load plans (rules.md, Terms)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from operator import attrgetter
from typing import Final, Self, cast, final

from attrs import Factory, field, frozen

from restart_engine.core.checks import (
    Sealed,
    check_integer,
    check_kind,
    check_text,
    check_tuple,
    check_unique,
    is_unicode,
)
from restart_engine.core.errors import InvalidValue


@final
@frozen
class Step(Sealed):
    """One loaded object. Its text is `Schema.Object`; names are compared code point by code point.

    :param schema: The schema's name: not blank, no dot.
    :param name: The object's name: not blank, dots allowed.
    """

    schema: str
    name: str

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
        check_kind("text", text, str, accepted=STEP_NAME)
        if "." not in text:
            raise InvalidValue("text", text, STEP_NAME)
        schema, _, name = text.partition(".")
        return cls(schema, name)


STEP_NAME: Final = "a step as `Schema.Object`, neither part blank"


def step_names(field: str, steps: Iterable[Step | str], *, indexed: bool = True) -> tuple[str, ...]:
    """The steps as `Schema.Object`, each checked and there once; `indexed` errors name `field[3]`."""
    names = tuple(steps)
    for name in names:
        if type(name) is not str or not (name.isascii() or is_unicode(name)):
            break
        schema, _, rest = name.partition(".")
        if not schema.strip() or not rest.strip():
            break
    else:
        check_unique(field, names)
        return cast("tuple[str, ...]", names)
    if Step in map(type, names):
        return step_names(field, [str(s) if type(s) is Step else s for s in names], indexed=indexed)
    index = next(index for index, each in enumerate(names) if each is name)
    place = f"{field}[{index}]" if indexed else field
    check_kind(place, name, str, accepted=STEP_NAME)
    raise InvalidValue(place, name, STEP_NAME if is_unicode(str(name)) else "text without lone surrogates")


def _names(steps: Iterable[Step | str]) -> tuple[str, ...]:
    kind = type(steps)
    if kind is not tuple and kind is not list:
        check_kind("steps", steps, tuple, list, accepted="a tuple or a list of steps")
    return step_names("steps", steps)


@final
@frozen
class LoadGroup(Sealed):
    """Steps that run side by side, at a place in the plan's order.

    :param sequence: 1 or more, unique in its plan; only the order of the numbers means anything.
    :param steps: Each step once, in the plan's own order, as a `Step` or as its text; may be empty.
    """

    sequence: int
    names: tuple[str, ...] = field(alias="steps", converter=_names)
    """The steps as `Schema.Object`."""

    def __attrs_post_init__(self) -> None:
        check_integer("sequence", self.sequence, minimum=1)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, made from their names when somebody reads them."""
        return tuple(map(Step.parse, self.names))


_FE, _FF = "\udcfe", "\udcff"
"""What `surrogateescape` writes as the bytes FE and FF; no name holds a surrogate."""


def _ascending(groups: tuple[LoadGroup, ...]) -> tuple[LoadGroup, ...]:
    check_tuple("groups", groups, LoadGroup)
    check_unique("groups", [group.sequence for group in groups], ".sequence")
    return tuple(sorted(groups, key=attrgetter("sequence")))


def _sequences(plan: LoadPlan) -> tuple[int, ...]:
    return tuple([group.sequence for group in plan.groups])


def _sequence_set(plan: LoadPlan) -> frozenset[int]:
    return frozenset(plan.sequences)


@final
@frozen
class LoadPlan(Sealed):
    """Load groups under a name. They run in ascending sequence, in whatever order they are given.

    :param name: Not blank, case-sensitive.
    :param groups: Each sequence once; held ascending; may be empty.
    """

    name: str
    groups: tuple[LoadGroup, ...] = field(converter=_ascending)
    sequences: tuple[int, ...] = field(
        init=False, eq=False, repr=False, default=Factory(_sequences, takes_self=True)
    )
    """The groups' sequences, ascending."""
    sequence_set: frozenset[int] = field(
        init=False, eq=False, repr=False, default=Factory(_sequence_set, takes_self=True)
    )
    """The same sequences, to ask whether one exists."""

    def __attrs_post_init__(self) -> None:
        check_text("name", self.name)

    def index_from(self, sequence: int) -> int:
        """The index in `groups` of the first with this sequence or a higher one."""
        return bisect_left(self.sequences, sequence)

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over the plan's whole content: equal plans have equal digests.

        Hashed are the name and then each group, ascending, set apart by the byte FE; a group is its
        sequence in lower-case hexadecimal and then each step's `Schema.Object` in the plan's order, set
        apart by the byte FF. Texts are UTF-8, in which neither byte occurs.
        """
        groups = [_FF.join([f"{group.sequence:x}", *group.names]) for group in self.groups]
        content = _FE.join([self.name, *groups])
        return sha256(content.encode(errors="surrogateescape")).hexdigest()
