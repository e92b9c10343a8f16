"""What the database can hold: each check returns nothing or raises `InvalidValue`, as those of `core` do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from restart_engine.core.errors import InvalidValue
from restart_engine.server.tables import MAX_STORED

MAX_ID: Final = MAX_STORED - 2**32
"""Higher ids are left to what a server adds: each has a higher one than all before."""
LISTED: Final = "a schema that the tenant's `schemas` list"


def check_number_kept(name: str, value: object, *, most: int = MAX_STORED, least: int = 1) -> None:
    """An integer that the database can hold."""
    if type(value) is not int or not least <= value <= most:
        raise InvalidValue(name, value, f"an integer from {least} to {most}")


def check_time(name: str, value: object) -> None:
    """None, or a time as the database writes it: UTC, with milliseconds."""
    if value is not None and (type(value) is not str or not _is_time(value)):
        raise InvalidValue(name, value, "a time in UTC with milliseconds, like 2026-11-24T21:05:00.250Z")


def _is_time(text: str) -> bool:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return False
    return time.utcoffset() == timedelta(0) and time_kept(text) == text


def time_kept(text: str) -> str:
    """A time in UTC as the database writes it; any other text as it is, for `check_time` to refuse."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return text
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_schemas_listed(
    inside: str, groups: Iterable[tuple[int, Iterable[str]]], listed: Collection[str]
) -> None:
    """Each step is of a schema that the tenant lists."""
    for index, (_, names) in enumerate(groups):
        for place, name in enumerate(names):
            if name.partition(".")[0] not in listed:
                raise InvalidValue(f"{inside}[{index}].steps[{place}]", name, f"a step of {LISTED}")
