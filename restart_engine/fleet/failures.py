"""What ends a run over a fleet early."""

from __future__ import annotations


class FleetFailure(Exception):
    """A run that cannot begin or go on; its text is one line that says why, and what helps."""


def cause(error: Exception) -> str:
    """What the system or Arrow says of an error, on one line."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = " ".join(text.split()).rstrip(".")
    return line[:1].lower() + line[1:]
