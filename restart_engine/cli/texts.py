"""Texts as a terminal may show them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, set_cell_size


def plain(text: str) -> str:
    """The text with every control, format or line-breaking character escaped.

    A name can then neither move the cursor nor turn the direction of what stands beside it.
    """
    return "".join(map(_plain, text))


def _plain(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return character.encode("unicode_escape").decode()
    return character


def cut(text: str, width: int) -> str:
    """The text, its end replaced by an ellipsis where it is wider than this many cells."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "\u2026"


def flowed(names: Iterable[str], width: int) -> Iterator[list[str]]:
    """Lines of names, each line no wider than this with two cells between its names."""
    line: list[str] = []
    used = 0
    for name in (cut(plain(name), width) for name in names):
        if line and used + 2 + cell_len(name) > width:
            yield line
            line, used = [], 0
        used += cell_len(name) + (2 if line else 0)
        line.append(name)
    if line:
        yield line
