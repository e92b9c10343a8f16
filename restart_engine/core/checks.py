"""What a field may hold: each check returns nothing or raises `InvalidValue`.

Types are compared exactly. A `bool` is no integer, a named tuple no tuple and a subclass of `str` no
text, because a subclass can change how it compares, and a value here is what it shows.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import ge
from types import NoneType
from typing import cast

from restart_engine.core.errors import InvalidValue


class Sealed:
    """A base that lets nobody derive from the classes that derive from it."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        if any(base is not Sealed and issubclass(base, Sealed) for base in cls.__bases__):
            raise TypeError(f"`{cls.__name__}` derives from a closed class, whose values are its own")


def check_integer(field: str, value: object, *, minimum: int | None = None) -> None:
    """An integer of any size, at least `minimum` where one is given."""
    if type(value) is not int or (minimum is not None and value < minimum):
        least = "" if minimum is None else f" of {minimum} or more"
        raise InvalidValue(field, value, _exactly((int,), value, f"an integer{least}"))


def is_unicode(text: str) -> bool:
    """Whether the text can be written as UTF-8, which a lone surrogate cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_text(field: str, value: object) -> None:
    """A text that is not blank and holds no lone surrogate."""
    if type(value) is not str or not value or value.isspace() or not is_unicode(value):
        accepted = "a text that is not blank and has no lone surrogate"
        raise InvalidValue(field, value, _exactly((str,), value, accepted))


def check_kind(field: str, value: object, *kinds: type, accepted: str = "") -> None:
    """A value of exactly one of these classes; `NoneType` stands for none."""
    if type(value) not in kinds:
        raise InvalidValue(field, value, _exactly(kinds, value, accepted or " or ".join(map(_one, kinds))))


def check_tuple(field: str, value: object, kind: type) -> None:
    """A tuple whose items are all of exactly this class."""
    check_kind(field, value, tuple, accepted=f"a tuple of {'integers' if kind is int else kind.__name__}")
    items = cast("tuple[object, ...]", value)
    if not {kind}.issuperset(map(type, items)):
        index = next(index for index, item in enumerate(items) if type(item) is not kind)
        check_kind(f"{field}[{index}]", items[index], kind)


def _exactly(kinds: tuple[type, ...], value: object, accepted: str) -> str:
    """What is accepted; where the value's class only derives from an accepted one, that says so."""
    for kind in kinds:
        if isinstance(value, kind) and type(value) is not kind:
            return f"{_article(kind.__name__)}, not its subclass {type(value).__name__}"
    return accepted


def _one(kind: type) -> str:
    return {int: "an integer", NoneType: "none"}.get(kind) or _article(kind.__name__)


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIaei' else 'a'} {name}"


def check_sequences(field: str, values: tuple[int, ...], member: str = "", *, least: int = 0) -> None:
    """Sequences of groups, ascending, at least `least` of them; the error names the first out of place."""
    check_tuple(field, values, int)
    if len(values) < least:
        raise InvalidValue(field, values, f"at least {least}")
    before = (0, *values)
    if any(map(ge, before, values)):
        index = next(index for index, value in enumerate(values) if before[index] >= value)
        raise InvalidValue(f"{field}[{index}]{member}", values[index], "1 or more, above the one before it")


def check_change(added: tuple[object, ...], removed: tuple[object, ...]) -> None:
    """At least one was added or removed, and each once."""
    if not added and not removed:
        raise InvalidValue("added", added, "at least one, where none is removed")
    check_unique("added and removed", added + removed)


def check_unique(field: str, values: Collection[object], member: str = "") -> None:
    """No value stands twice; the error names where one does again (its `member`, if that is meant)."""
    if len(set(values)) != len(values):
        last = {value: index for index, value in enumerate(values)}
        value, index = next((v, last[v]) for place, v in enumerate(values) if last[v] != place)
        raise InvalidValue(f"{field}[{index}]{member}", value, "one that stands there only once")
