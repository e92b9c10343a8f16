"""The machine: what it is, and how much memory processes take on it. Reads `/proc`, so Linux alone."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import threading
from pathlib import Path
from typing import Final

_CPUS: Final = Path("/proc/cpuinfo")
_MEMORY: Final = Path("/proc/meminfo")
_PAUSE: Final = 0.05


def description() -> str:
    """Cores, memory, system and Python, in a sentence."""
    model = re.search(r"^model name\s*: (.*)$", _CPUS.read_text("utf-8"), re.MULTILINE)
    kib = re.search(r"^MemTotal:\s*(\d+) kB$", _MEMORY.read_text("ascii"), re.MULTILINE)
    assert kib is not None
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    return (
        f"{os.cpu_count()} cores ({'of an unknown kind' if model is None else model[1]}),"
        f" {int(kib[1]) / 2**20:.0f} GiB of memory, {system}, Linux {platform.release().partition('-')[0]},"
        f" {platform.python_implementation()} {platform.python_version()}"
    )


def load() -> float:
    """How many processes wanted to run, over the last minute."""
    return os.getloadavg()[0]


class PeakMemory:
    """How much memory a process and those that it started take, at most: a look every twentieth of a second.

    What several of them share counts once (proportional set size).
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.bytes = 0
        self.processes = 0
        """How many there were, at most."""
        self._process = process
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(_PAUSE):
            family = _family(self._process.pid)
            self.bytes = max(self.bytes, sum(map(_memory_of, family)))
            self.processes = max(self.processes, len(family))


def _family(process: int) -> list[int]:
    """The process and all that descend from it."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        fields = _text(status).rpartition(")")[2].split()
        if fields:
            parents[int(status.parent.name)] = int(fields[1])
    found = [process]
    for parent in found:
        found += [child for child, its in parents.items() if its == parent]
    return found


def _memory_of(process: int) -> int:
    found = re.search(r"^Pss:\s*(\d+) kB$", _text(Path(f"/proc/{process}/smaps_rollup")), re.MULTILINE)
    return 0 if found is None else int(found[1]) * 1024


def _text(file: Path) -> str:
    """What stands there, or nothing once the process is gone."""
    try:
        return file.read_text("ascii")
    except OSError:
        return ""
