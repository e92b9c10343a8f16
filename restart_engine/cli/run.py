"""From a command to its exit status: whatever goes wrong is one line on stderr, never a traceback."""

from __future__ import annotations

import io
import signal
import sys
from typing import Final, NoReturn, cast

import click

from restart_engine.cli.commands import commands
from restart_engine.cli.texts import plain

BAD_INPUT: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
"""What a shell reports of a program that Ctrl-C has ended."""


def main() -> NoReturn:
    """Run the command that `sys.argv` names, and exit with its status.

    Who stops reading ends this program by the signal for it, quietly, as with any other tool.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(status_of(sys.argv[1:]))


def status_of(arguments: list[str]) -> int:
    """Run one command and give its exit status."""
    if sys.stdin is None or sys.stdout is None:
        return _refused("standard input or output is closed", BAD_INPUT)
    # a name that standard output cannot write is escaped rather than refused
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="backslashreplace")
    try:
        status: int = commands.main(arguments, prog_name="restart-engine", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        return _refused("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return _refused(error.format_message(), BAD_INPUT)
    except OSError as error:
        return _refused(f"cannot write: {error.strerror or error}", BAD_INPUT)
    return status


def _refused(message: str, status: int) -> int:
    line = plain(" ".join(message.split())).rstrip(".")
    sys.stderr.write(f"restart-engine: {line[:1].lower()}{line[1:]}\n")
    return status
