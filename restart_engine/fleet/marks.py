"""What is known of a part that is done: written beside it, so that a run can go on from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_text
from restart_engine.core.errors import InvalidValue
from restart_engine.fleet.documents import document_of, summary_of
from restart_engine.fleet.summary import Summary

SHOWN: Final = 5
"""Errors that are shown of a run, the first ones."""


@final
@frozen
class Mistake(Sealed):
    """A row that is no scenario."""

    row: int
    """The first is 1; of a part, its own first."""
    message: str

    def __attrs_post_init__(self) -> None:
        check_integer("row", self.row, minimum=1)
        check_text("message", self.message)


@final
@frozen(kw_only=True)
class Mark(Sealed):
    """A part that is done: its size, its rows in a few numbers, and its first mistakes."""

    size: int
    """Bytes of its file."""
    summary: Summary
    mistakes: tuple[Mistake, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_integer("size", self.size, minimum=0)
        check_kind("summary", self.summary, Summary)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.summary.scenarios

    @classmethod
    def read(cls, path: Path) -> Mark | None:
        """The mark in this file; none where it holds no mark."""
        try:
            document = json.loads(path.read_bytes())
            return cls(
                size=document["size"],
                summary=summary_of(document["summary"]),
                mistakes=tuple(Mistake(row, message) for row, message in document["mistakes"]),
            )
        except (OSError, ValueError, LookupError, TypeError, AttributeError, InvalidValue):
            return None

    def text(self) -> bytes:
        """The mark as JSON."""
        return as_json(
            {
                "size": self.size,
                "summary": document_of(self.summary),
                "mistakes": [[mistake.row, mistake.message] for mistake in self.mistakes],
            }
        )


def as_json(document: dict[str, Any]) -> bytes:
    """The document on one line: the same document, the same bytes."""
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def temporary(path: Path) -> Path:
    """The name that a file has until it is complete; each process has its own."""
    return path.with_name(f"{path.name}.{os.getpid()}.tmp")


def write_whole(path: Path, text: bytes) -> None:
    """Write a file that appears under its name only when it is complete.

    When the power fails it may be lost or empty, which is as if it had not been written.
    """
    beside = temporary(path)
    beside.write_bytes(text)
    beside.replace(path)
