"""How a command ends early: with one line on standard error, or by a signal. The standard library alone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn

INTERRUPTED: Final = 128 + signal.SIGINT
"""What a shell reports of a program that Ctrl-C has ended."""


def complain(message: str) -> None:
    """One line on standard error; where there is none, or nobody takes it, the exit status has to do.

    Written past Python's buffer: what is left in that would change the exit status at the end.
    """
    if sys.stderr is None:
        return
    line = f"restart-engine: {message}\n".encode(sys.stderr.encoding, "backslashreplace")
    with suppress(OSError):
        os.write(2, line)


def cause(error: OSError) -> str:
    """What the system says of an error, as part of a line."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def end_on_signals() -> None:
    """Ctrl-C ends the program with one line and 130; who stops reading ends it by the signal for it.

    The latter is what any other tool does: quiet, and 141 in a shell. A caller who has Ctrl-C ignored
    (`nohup`, a job in the background) keeps it so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def outlive_readers() -> None:
    """Who stops reading no longer ends the program: a server is not its clients' to end."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)


@contextmanager
def interruptible() -> Generator[None]:
    """Ctrl-C leaves what runs in here before it ends the program, so that it takes along what it started."""
    before = signal.getsignal(signal.SIGINT)
    if before is _interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        _interrupted(signal.SIGINT, None)
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted(_number: int, _frame: object) -> NoReturn:
    """At once, so that nothing on the way out can turn it into something else."""
    with suppress(OSError):
        if os.isatty(2):
            os.write(2, b"\n")  # behind the ^C that the terminal shows
    complain("interrupted")
    os._exit(INTERRUPTED)
