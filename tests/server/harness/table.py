"""What a harness says on standard output: where it is, and a small table at its end."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def say(line: str) -> None:
    """One line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """A line that the next one writes over, at a terminal; nothing elsewhere."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r{line}\x1b[K")
        sys.stdout.flush()


def table(title: str, figures: Mapping[str, object]) -> None:
    """Two columns."""
    width = max(map(len, figures), default=0)
    progress("")
    say(f"\n{title}")
    for name, value in figures.items():
        say(f"  {name:<{width}}  {value}")
