"""The command line. Needs the extra `cli`, and says so in one line where it is missing."""

from __future__ import annotations

import sys
from typing import NoReturn

from restart_engine.cli.ending import complain, end_on_signals


def main() -> NoReturn:
    """Run the command that `sys.argv` names, and exit with its status."""
    end_on_signals()
    try:
        from restart_engine.cli import run  # noqa: PLC0415  # what it imports is what may be missing
    except ImportError as error:
        package = str(error.name).partition(".")[0]
        if package == "restart_engine":
            raise
        complain(f"`{package}` is missing or too old, install it with `pip install 'restart-engine[cli]'`")
        sys.exit(2)
    sys.exit(run.status_of(sys.argv[1:]))
