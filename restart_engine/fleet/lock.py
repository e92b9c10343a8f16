"""One run at a time: a lock on a folder that ends with the process that holds it, however that ends."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from restart_engine.fleet.failures import FleetFailure, cause
from restart_engine.fleet.parts import LOCK, RUN


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Make the folder and hold its lock; raises `FleetFailure` where it cannot be made or another run has it.

    A folder that is left without a run in it is removed, if nothing else is there either.
    """
    descriptor = _lock(folder)
    try:
        yield
    finally:
        if not (folder / RUN).exists():
            (folder / LOCK).unlink(missing_ok=True)
            with suppress(OSError):
                folder.rmdir()
        os.close(descriptor)


def _lock(folder: Path) -> int:
    try:
        import fcntl  # noqa: PLC0415  # not every system has it
    except ImportError:
        raise FleetFailure("a run needs a lock that this system has not; Linux and macOS have it") from None
    path = folder / LOCK
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is(path, descriptor):  # not one that whoever held it has removed in the meantime
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            raise FleetFailure(f"another run has `{folder}`; wait until it is over") from None
        except OSError as error:
            os.close(descriptor)
            raise FleetFailure(f"cannot lock `{path}`: {cause(error)}") from error
        os.close(descriptor)


def _opened(path: Path) -> int:
    while True:
        try:
            path.parent.mkdir(exist_ok=True)
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError as error:
            if not path.parent.parent.exists():  # else a run has removed the folder right now
                raise FleetFailure(f"cannot write `{path.parent}`: {cause(error)}") from error
        except OSError as error:
            raise FleetFailure(f"cannot write `{path.parent}`: {cause(error)}") from error


def _is(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False
