"""Scenarios from a file or standard input: no more is read than may be accepted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BufferedReader, FileIO
from typing import BinaryIO

import click

from restart_engine.cli.ending import cause
from restart_engine.cli.page import Page
from restart_engine.core.rules import Facts
from restart_engine.wire import MAX_BYTES, WireError, decode_scenario
from restart_engine.wire.lines import lines_from


def read_scenario(file: str) -> Facts:
    """The scenario that a file holds, or standard input where it is named `-`."""
    place = "standard input" if file == "-" else f"`{Page().plain(file)}`"
    try:
        if file == "-":
            text = _standard_input().read(MAX_BYTES + 1)
        else:
            with BufferedReader(FileIO(file)) as stream:
                text = stream.read(MAX_BYTES + 1)
        return decode_scenario(text)
    except OSError as error:
        raise click.ClickException(f"cannot read {place}: {cause(error)}") from error
    except WireError as error:
        raise click.ClickException(f"{place}: {error}") from error


def scenario_lines() -> Iterator[bytes]:
    """The lines of standard input; of one that is too long only as much as shows it."""
    try:
        yield from lines_from(_standard_input().readline)
    except OSError as error:
        raise click.ClickException(f"cannot read standard input: {cause(error)}") from error


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise click.ClickException("standard input is closed")
    return sys.stdin.buffer
