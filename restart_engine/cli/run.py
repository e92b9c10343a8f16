"""From a command to its exit status: whatever goes wrong is one line on stderr, never a traceback."""

from __future__ import annotations

import os
import signal
import sys
from typing import Final, NoReturn

import click

from restart_engine.cli.commands import commands
from restart_engine.cli.texts import plain
from restart_engine.wire import WireError

BAD_INPUT: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
BROKEN_PIPE: Final = 128 + signal.SIGPIPE
"""What a shell reports of a program ended by these signals."""


def main() -> NoReturn:
    """Run the command line and exit."""
    sys.exit(status_of(sys.argv[1:]))


def status_of(arguments: list[str]) -> int:
    """Run one command and give its exit status."""
    try:
        status = commands.main(arguments, prog_name="restart-engine", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more at its end: let that go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except (KeyboardInterrupt, click.Abort):
        return _refused("interrupted", INTERRUPTED)
    except click.ClickException as error:
        return _refused(error.format_message(), BAD_INPUT)
    except WireError as error:
        return _refused(str(error), BAD_INPUT)
    except OSError as error:
        return _refused(f"{error.strerror or error}", BAD_INPUT)
    return int(status or 0)


def _refused(message: str, status: int) -> int:
    line = plain(" ".join(message.split())).rstrip(".")
    sys.stderr.write(f"restart-engine: {line[:1].lower()}{line[1:]}\n")
    return status
