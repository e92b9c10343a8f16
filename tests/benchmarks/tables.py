"""Tables of figures: as text, and into the page that shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from attrs import frozen
from benchmarks.measuring import Spread

PAGE: Final = Path(__file__).parents[2] / "docs" / "performance.md"
_SMALL, _MIDDLE, _LARGE = 2, 20, 200


@frozen(kw_only=True)
class Table:
    """Rows under a head; `name` is its place in the page."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    below: str = ""
    """A sentence that depends on the figures."""

    def text(self) -> str:
        """Markdown, which reads well as it is."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]

        def line(cells: tuple[str, ...]) -> str:
            first, *others = zip(cells, widths, strict=True)
            padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
            return f"| {' | '.join(padded)} |"

        rule = tuple(
            "-" * width if not column else "-" * (width - 1) + ":" for column, width in enumerate(widths)
        )
        table = "\n".join(map(line, [self.head, rule, *self.rows]))
        return f"{table}\n\n{self.below}" if self.below else table


def number(value: float) -> str:
    """A figure with as many digits as it deserves."""
    if value < _SMALL:
        return f"{value:.2f}"
    if value < _MIDDLE:
        return f"{value:.1f}"
    if value < _LARGE:
        return f"{value:.0f}"
    digits = 10 ** (len(str(int(value))) - 3)
    return f"{round(value / digits) * digits:,}"


def ratio(spread: Spread) -> str:
    """The middle of some ratios, with their middle half where that is more than one figure."""
    low, middle, high = map(number, (spread.low, spread.middle, spread.high))
    return middle if low == high else f"{middle} ({low} to {high})"


def percent(share: float) -> str:
    """A share, in hundredths."""
    return f"{share * 100:.1f} %"


def _place(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {re.escape(name)} -->\n)(.*?)<!-- end -->", re.DOTALL)


def places_in(page: str) -> list[str]:
    """The names of the places that a page has for figures."""
    return [name for name in re.findall(r"<!-- (.*) -->", page) if name != "end"]


def shown_in(page: str, name: str) -> str | None:
    """What the page shows at a place; none where it has no such place."""
    found = _place(name).search(page)
    return None if found is None else found[2].strip()


def with_texts(page: str, texts: Mapping[str, str]) -> str:
    """The page with each of these texts at the place of its name; raises `KeyError` where there is none."""
    for name, text in texts.items():
        found = _place(name).search(page)
        if found is None:
            raise KeyError(name)
        page = f"{page[: found.start(2)]}\n{text}\n\n{page[found.end(2) :]}"
    return page
