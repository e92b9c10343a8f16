"""The two errors of the core: a value that cannot be, and a move that cannot be made."""

from __future__ import annotations

from typing import Final

_SHOWN: Final = 200
"""Characters of a found value that an error shows."""


def shown(value: object) -> str:
    """The value as an error message quotes it: one line, short, never failing."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a stranger's repr may raise anything
        text = f"<{type(value).__name__} that cannot be shown>"
    text = text.replace("\n", "\\n")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} characters)"


def visible(name: str) -> str:
    """The name on one line: a character that nobody can see is escaped."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


class InvalidValue(ValueError):
    """A value that the rules do not allow, refused where it would have been made.

    `field` is the name of the field (`steps[3]` for an item), `value` is what was found and
    `accepted` says in words what would have been taken.
    """

    def __init__(self, field: str, value: object, accepted: str) -> None:
        super().__init__(field, value, accepted)
        self.field = field
        self.value = value
        self.accepted = accepted

    def __str__(self) -> str:
        return f"`{self.field}` is `{shown(self.value)}`, accepted is {self.accepted}"


class ImpossibleMove(ValueError):
    """A move of an execution that its present state does not allow.

    `move` is the move's name (`begin step`), `where` what it was tried on (`` `A.a` of group 5 ``), `why`
    what prevents it.
    """

    def __init__(self, move: str, where: str, why: str) -> None:
        super().__init__(move, where, why)
        self.move = move
        self.where = where
        self.why = why

    def __str__(self) -> str:
        return f"cannot {self.move} {self.where}: {self.why}"
