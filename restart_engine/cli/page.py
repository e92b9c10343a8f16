"""What people read: lines as wide as fits, of characters that can be shown, in colour where it is wanted."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import Final, Literal, TypeAlias

from attrs import frozen
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

Color: TypeAlias = Literal["auto", "always", "never"]
WITHOUT_TERMINAL: Final = 80
_NARROWEST, _WIDEST = 40, 100
"""A narrower terminal breaks lines itself; of a wider one this much is filled."""
_SENTENCE_LINES: Final = 6
"""Lines that one sentence may fill beside a picture; `explain` does not cut it."""
_UNCLEAR_SPACES: Final = re.compile(r"^ +| +$| {2,}")


@frozen
class Page:
    """How wide a line is, and how its characters are written."""

    width: int = WITHOUT_TERMINAL
    encoding: str = "utf-8"

    @classmethod
    def of_standard_output(cls) -> Page:
        """The terminal's width within limits, or 80 where there is none."""
        width = WITHOUT_TERMINAL
        if sys.stdout.isatty():
            width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
        return cls(width, sys.stdout.encoding)

    @property
    def ellipsis(self) -> str:
        """What stands for something left out."""
        return "\u2026" if self._writes("\u2026") else "..."

    def plain(self, text: str) -> str:
        """The text with all escaped that is no visible character or cannot be written here.

        A name can then neither move the cursor nor turn the direction of what stands beside it.
        """
        if text.isprintable() and self._writes(text):
            return text
        return "".join(map(self._plain, text))

    def name(self, text: str) -> str:
        """A name the same way, its spaces escaped where they would look like the gap between two names."""
        return _UNCLEAR_SPACES.sub(lambda spaces: r"\x20" * len(spaces[0]), self.plain(text))

    def cut(self, text: str, width: int) -> str:
        """The text, its end left out where it is wider than this many cells or all combining marks."""
        if cell_len(text) <= width and len(text) < _most(width):
            return text
        return set_cell_size(text[: _most(width) - 1], width - len(self.ellipsis)).rstrip() + self.ellipsis

    def flowed(self, names: Iterable[str], width: int) -> Iterator[list[str]]:
        """Lines of names, each line no wider than this with two cells between its names."""
        line: list[str] = []
        used = 0
        for name in names:
            fitting = self.cut(self.name(name[: _most(width)]), width)
            if line and used + 2 + cell_len(fitting) > width:
                yield line
                line, used = [], 0
            used += cell_len(fitting) + (2 if line else 0)
            line.append(fitting)
        if line:
            yield line

    def sentence(self, text: str, style: str = "", lines: int = _SENTENCE_LINES) -> Iterator[Text]:
        """A sentence, wrapped between words and cut where it would fill the page."""
        most = (lines - 1) * self.width
        return self.whole(self.cut(self.plain(text[: _most(most)]), most), style)

    def whole(self, text: str, style: str = "", indent: int = 0) -> Iterator[Text]:
        """A text wrapped between words, or within one that is wider than a line: nothing is left out."""
        for line in Text(self.plain(text), style).wrap(Console(), self.width - indent):
            line.pad_left(indent)
            yield line

    def _plain(self, character: str) -> str:
        if character.isprintable() and self._writes(character):
            return character
        return character.encode("unicode_escape").decode()

    def _writes(self, text: str) -> bool:
        if text.isascii():
            return True
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


def _most(width: int) -> int:
    """Characters that so many cells never need: a text as long is cut, however little room it takes."""
    return 4 * width


def write(lines: Iterable[Text], color: Color) -> None:
    """Lines on standard output, none with a space at its end."""
    coloured = _coloured(color)
    console = Console(force_terminal=True, color_system="standard", no_color=False, highlight=False)
    for line in lines:
        line.rstrip()
        if coloured:
            console.print(line, soft_wrap=True)
        else:
            sys.stdout.write(f"{line.plain}\n")


def _coloured(color: Color) -> bool:
    """What is asked for on the command line counts for more than NO_COLOR."""
    if color != "auto":
        return color == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
