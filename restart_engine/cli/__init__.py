"""The command line. Needs the extra `cli`, and says so in one line where it is missing."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command that `sys.argv` names, and exit with its status."""
    try:
        from restart_engine.cli import run  # noqa: PLC0415  # what it imports is what may be missing
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        remedy = "install it with `pip install 'restart-engine[cli]'`"
        sys.stderr.write(f"restart-engine: `{package}` is missing, {remedy}\n")
        sys.exit(2)
    run.main()
