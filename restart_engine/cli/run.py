"""From a command to its exit status: whatever goes wrong is one line on stderr, never a traceback."""

from __future__ import annotations

import io
import os
import re
import sys
import traceback
from typing import Final, cast

import click

from restart_engine.cli.commands import commands
from restart_engine.cli.ending import cause, complain
from restart_engine.cli.page import Page

BAD_INPUT: Final = 2
DEFECT: Final = 70
"""This program's own fault: Python's 1 would mean that a restart is rejected."""


def status_of(arguments: list[str]) -> int:
    """Run one command and give its exit status."""
    if sys.stdout is None:
        return _refused("standard output is closed")
    # what standard output cannot write is escaped rather than refused, also where click writes it
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        status: int = commands.main(arguments, prog_name="restart-engine", standalone_mode=False)
        sys.stdout.flush()
    except click.UsageError as error:
        return _refused(_usage(error))
    except click.ClickException as error:
        return _refused(error.message)
    except OSError as error:
        # what is still buffered goes nowhere, or Python would try once more at the end and exit with 120
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _refused(f"cannot write: {cause(error)}")
    except MemoryError:
        return _refused("out of memory")
    except Exception:  # noqa: BLE001  # nothing may end with a status that means something else
        traceback.print_exc()
        return DEFECT
    return status


def _refused(message: str) -> int:
    complain(Page().plain(message))
    return BAD_INPUT


def _usage(error: click.UsageError) -> str:
    """What click says of wrong usage, in this program's style, and where to read more."""
    text = error.format_message().replace("\n\t", " ").rstrip(".")
    text = re.sub(r"'([^'`]*)'", r"`\1`", text)
    text = re.sub(r"(?<=[`)])\. ([A-Z])", lambda initial: f"; {initial[1].lower()}", text)
    command = "restart-engine" if error.ctx is None else error.ctx.command_path
    return f"{text[:1].lower()}{text[1:]}; see `{command} --help`"
