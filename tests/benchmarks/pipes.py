"""The command `oracle` over pipes, against a loop that only reads and writes JSON over pipes.

The loop reads each line with `json.loads` and writes an answer as long as the command's with `json.dumps`,
each at once as the command does; it decides nothing. The clock runs from the first answer to the last, so
that what starting costs is told apart.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import IO, Final

from attrs import frozen
from benchmarks.measuring import Measurer, Times
from benchmarks.tables import Table, number, ratio
from benchmarks.wire import nightly_line, scenario_line

from restart_engine.wire import answer

ORACLE: Final = (sys.executable, "-m", "restart_engine", "oracle")
_LOOP: Final = """
import json, sys
answer = json.loads(sys.argv[1])
for line in sys.stdin.buffer:
    json.loads(line)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\\n")
    sys.stdout.buffer.flush()
"""
_CHUNK: Final = 2**18


@frozen
class Piped:
    """One run of a command."""

    started: float
    """Seconds to its first answer."""
    each: float
    """Seconds for a line after that."""
    answers: bytes


def piped(command: Sequence[str], lines: Sequence[bytes]) -> Piped:
    """What the command answers to these lines, and what it takes."""
    begun = perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603  # our own
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines[0] + b"\n")
        process.stdin.flush()
        first = process.stdout.readline()
        answered = perf_counter()
        writer = threading.Thread(target=_write, args=(process.stdin, lines[1:]))
        writer.start()
        rest = []
        while chunk := process.stdout.read(_CHUNK):
            rest.append(chunk)
        over = perf_counter()
        writer.join()
    assert process.returncode == 0
    return Piped(answered - begun, (over - answered) / (len(lines) - 1), first + b"".join(rest))


def _write(stream: IO[bytes], lines: Sequence[bytes]) -> None:
    stream.write(b"\n".join(lines) + b"\n")
    stream.close()


def _line_sets(count: int) -> dict[str, list[bytes]]:
    """Lines that share their plan, and lines of which each has another."""
    nightly = nightly_line()
    small = scenario_line(10, 2)
    assert nightly.count(b'"Nightly"') == 2
    assert small.count(b'"P"') == 2
    other = [nightly.replace(b'"Nightly"', b'"Nightly %d"' % number_of_it) for number_of_it in range(count)]
    return {
        "10 steps, plan of the line before": [small] * count,
        "40 steps, plan of the line before": [nightly] * count,
        "40 steps, another plan each": other,
    }


def pipe_tables(measurer: Measurer) -> Iterator[Table]:
    """`oracle`, as the command that it is."""
    count = 1_000 if measurer.effort.quick else 20_000
    rows, starts = [], []
    for name, lines in _line_sets(count).items():
        expected = list(map(answer, lines))
        loop = (sys.executable, "-c", _LOOP, expected[0].decode())
        taken: dict[str, list[float]] = {"oracle": [], "loop": []}
        for _ in range(max(measurer.effort.rounds // 2, 1)):
            measurer.time_fixed_work()
            run = piped(ORACLE, lines)
            assert run.answers.splitlines() == expected
            starts.append(run.started)
            taken["oracle"].append(run.each)
            plain = piped(loop, lines)
            assert list(map(json.loads, plain.answers.splitlines())) == [json.loads(expected[0])] * count
            taken["loop"].append(plain.each)
        times = {what: Times(tuple(seconds)) for what, seconds in taken.items()}
        for what, of_what in times.items():
            measurer.keep(f"pipes, {name}: {what}", of_what)
        rates = (number(1 / times[what].middle) for what in ("oracle", "loop"))
        rows.append((name, *rates, ratio(times["oracle"].to(times["loop"]))))
    yield Table(
        name="pipes",
        head=(
            "lines",
            "`oracle`, lines a second",
            "the loop, lines a second",
            "time of `oracle` to the loop's",
        ),
        rows=tuple(rows),
        below=f"`oracle` gives its first answer {Times(tuple(starts)).middle:.2f} s after it was started.",
    )
