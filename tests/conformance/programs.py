"""Programs to be asked: small ones, started for a test and gone after it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from restart_engine.conformance.command import CommandSubject, SubjectFailure

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
AMPLE = 60.0
"""Seconds for what is expected to come."""
SHORT = 0.4
"""Seconds for what never comes."""
LONG_LINE = b'{"padding": "' + b"x" * 8_000_000 + b'"}'
"""Much more than a pipe holds."""
PRELUDE = """\
import os, signal, subprocess, sys, time
folder = os.path.dirname(__file__)
def note(name, text=""):
    with open(os.path.join(folder, name + ".new"), "w") as stream:
        stream.write(str(text))
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
read = sys.stdin.readline
note("pid-%d" % os.getpid(), os.getpid())
"""

Program = Callable[[str], list[str]]


def gone(pid: int) -> bool:
    """Whether no such process is left; a dead one that has a parent other than this is not ours to bury."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    state, parent = stat.read_text().rpartition(")")[2].split()[:2] if stat.exists() else ("", "")
    return state == "Z" and int(parent) != os.getpid()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what is about to be."""
    end = time.monotonic() + AMPLE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def cause_of(step: Callable[[], object]) -> str:
    """The cause that a step fails with."""
    with pytest.raises(SubjectFailure) as caught:
        step()
    assert str(caught.value) == caught.value.cause
    assert "\n" not in caught.value.cause
    return caught.value.cause


def failure(command: str | list[str], line: bytes = b"{}", timeout: float = AMPLE) -> str:
    """The cause that the first question fails with."""
    with CommandSubject(command, timeout=timeout) as subject:
        return cause_of(lambda: subject.ask(line))


def failure_at_end(command: str | list[str], timeout: float = AMPLE) -> str:
    """The cause that the end fails with, the first question being answered."""
    with CommandSubject(command, timeout=timeout) as subject:
        assert subject.ask(b"{}") == b"{}"
        return cause_of(subject.finish)
