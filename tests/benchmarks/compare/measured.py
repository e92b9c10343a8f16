"""What a tool's script is asked for, and what it answers: each phase once, in a process of its own.

A phase is measured in processor time: who else uses the machine lengthens a phase of seconds several times,
and one of milliseconds hardly, so elapsed time would favour the quick. It is given beside it.

Nothing here needs more than the standard library: it runs in the environment of each tool.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Prepare = Callable[[Path, int], None]
"""Writes the failed run of this many steps into a folder, as the tool keeps it."""


class Clock:
    """Seconds that each phase took, by its name: of the processor, and elapsed."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.elapsed: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Times what stands inside."""
        began, of_processor = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = time.process_time() - of_processor
        self.elapsed[name] = time.perf_counter() - began


Way = Callable[[Path, int, Clock], Iterable[str]]
"""Loads and selects under a clock; what it answers are the names of the steps and gates that it selected."""


def run(prepare: Prepare, ways: Mapping[str, Way]) -> None:
    """Does as the command line says: `prepare FOLDER STEPS`, or `measure FOLDER STEPS WAY`.

    The phase that ends here is the start: of the interpreter, and all imports.
    """
    started = time.process_time()
    action, folder, steps, *rest = sys.argv[1:]
    if action == "prepare":
        prepare(Path(folder), int(steps))
        return
    (way,) = rest
    clock = Clock()
    clock.seconds["start"] = started
    selected = list(ways[way](Path(folder), int(steps), clock))
    answer = {
        "seconds": clock.seconds,
        "elapsed": clock.elapsed,
        "peak_bytes": peak_bytes(),
        "selected": sorted(selected),
    }
    print(json.dumps(answer))


def peak_bytes() -> int:
    """The most memory that the process has had resident."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says would include the process that started this one
        lines = status.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
