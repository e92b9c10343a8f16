"""The one error of this room: a text that is not what it has to be, or a value that no text can hold."""

from __future__ import annotations


class WireError(ValueError):
    """A text or a value refused, with the place, what stands there and what would be taken.

    `path` is the way to the place from the text's outermost object (`latest.groups[1].status`), empty
    where the text as a whole is meant; `found` and `accepted` are one line each.
    """

    def __init__(self, path: str, found: str, accepted: str) -> None:
        super().__init__(path, found, accepted)
        self.path = path
        self.found = found
        self.accepted = accepted

    def __str__(self) -> str:
        place = f"`{self.path}`" if self.path else "the text"
        return f"{place} is {self.found}, accepted is {self.accepted}"
