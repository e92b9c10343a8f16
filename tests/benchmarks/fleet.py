"""Decisions a second over a fleet: in one process, by the command on one core and on two, and its memory.

The unit is a loop over the same texts with the standard library's JSON that decides nothing: it reads each
scenario and writes an answer of the length that a decision has.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import pyarrow as pa
from attrs import frozen
from benchmarks.fleets import ERROR, Fleet, batches, nested_batches, write_lines, write_parquet
from benchmarks.machine import PeakMemory
from benchmarks.measuring import Action, Measurer, Times
from benchmarks.tables import Table, number, ratio
from pyarrow import parquet

from restart_engine.fleet import answer_batches, decide_batches
from restart_engine.wire import WireError, answer, error_line

COMMAND: Final = (sys.executable, "-m", "restart_engine", "fleet")
AIM_A_CORE: Final = 50_000
AIM_OF_TWO: Final = 1.8
AIM_MIB: Final = 2_048
_CORES: Final = (1, 2)
_WELL: Final = (0, 2)
"""How the command ends: with 2 where some rows are no scenarios."""
_LEAST: Final = 0.001
"""Seconds: what the command does in less on few rows is lost in what starting it takes."""
_PATIENCE: Final = 900
"""Seconds after which a command hangs."""
_MIB: Final = 2**20
SHARING: Final = Fleet()
APART: Final = Fleet(of_a_plan=1)


def check_decisions(decided: pa.Table) -> None:
    """Each row was decided by the rule that it was made for, and runs as many steps as it has to."""
    assert decided.num_rows
    assert decided["stepsToRun"].equals(decided["expectedSteps"])
    assert decided["rule"].fill_null(pa.scalar(ERROR)).equals(decided["expected"])


def decided(made: list[pa.RecordBatch]) -> pa.Table:
    """The decisions on these batches."""
    return pa.Table.from_batches(decide_batches(made))


def answered(made: list[pa.RecordBatch]) -> pa.Table:
    """The same as text."""
    return pa.Table.from_batches(answer_batches(made))


def loop(texts: list[str], said: Any) -> list[str]:
    """Read each text and write an answer, whatever it says."""
    found = []
    for text in texts:
        json.loads(text)
        found.append(json.dumps(said))
    return found


def function_table(measurer: Measurer) -> Table:
    """The function, on batches that stand in memory."""
    rows = 1_000 if measurer.effort.quick else 20_000
    sharing, apart = (list(batches(fleet, rows)) for fleet in (SHARING, APART))
    nested = list(nested_batches(SHARING, rows))
    readable = [row.scenario for row in SHARING.rows(0, rows) if row.expected != ERROR]
    for made in (sharing, apart, nested):
        check_decisions(decided(made))
    said = json.loads(answer(next(iter(SHARING.rows(0, 1))).scenario))
    unit = "reading and writing JSON alone"
    works: dict[str, tuple[Action, int]] = {
        unit: (partial(loop, readable, said), len(readable)),
        "text, 25 scenarios of a plan in a row": (partial(decided, sharing), rows),
        "text, each of another plan than the one before": (partial(decided, apart), rows),
        "nested columns, 25 of a plan in a row": (partial(decided, nested), sum(b.num_rows for b in nested)),
        "text to text, 25 of a plan in a row": (partial(answered, sharing), rows),
    }
    took = measurer.take_turns("fleet, in one process", {name: action for name, (action, _) in works.items()})
    times = {name: Times(tuple(s / works[name][1] for s in took[name].seconds)) for name in works}
    return Table(
        name="fleet-function",
        head=("scenarios", "a second", "times the first row's time"),
        rows=tuple(
            (name, number(1 / of_one.middle), ratio(of_one.to(times[unit]))) for name, of_one in times.items()
        ),
        below=f"Scenarios have {sum(map(len, readable)) / len(readable):,.0f} characters on average.",
    )


@frozen(kw_only=True)
class Ran:
    """One run of the command."""

    seconds: float
    peak: int
    """Bytes of memory that it and its processes took, at most."""


def run_command(source: Path, target: Path, jobs: int) -> Ran:
    """The command, from a file to a file."""
    target.unlink(missing_ok=True)
    command = [*COMMAND, str(source), str(target), "--jobs", str(jobs)]
    begun = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:  # noqa: S603  # ours
        memory = PeakMemory(process)
        try:
            _, said = process.communicate(timeout=_PATIENCE)
        finally:
            process.kill()
            memory.stop()
    seconds = perf_counter() - begun
    assert process.returncode in _WELL, said.decode()
    return Ran(seconds=seconds, peak=memory.bytes)


def check_file(source: Path, target: Path, rows: int) -> None:
    """The decisions in a file are those on the scenarios in the other."""
    if target.suffix == ".parquet":
        found = parquet.read_table(target, columns=["rule", "expected", "stepsToRun", "expectedSteps"])
        assert found.num_rows == rows
        check_decisions(found)
        return
    with source.open("rb") as asked, target.open("rb") as said:
        count = 0
        for line, its_answer in zip(asked, said, strict=True):
            if count % 100 == 0:
                assert its_answer.rstrip(b"\n") == oracle_answer(line)
            count += 1
    assert count == rows


def oracle_answer(line: bytes) -> bytes:
    """What `oracle` answers to a line."""
    try:
        return answer(line.removesuffix(b"\n"))
    except WireError as error:
        return error_line(error)


def command_table(measurer: Measurer, folder: Path) -> Table:
    """The command on one core and on two; what starting takes is measured on ten rows and taken off."""
    rows = 2_000 if measurer.effort.quick else 200_000
    writes: dict[str, Callable[[Fleet, int, Path], None]] = {"parquet": write_parquet, "jsonl": write_lines}
    found = []
    reached = True
    for ending, write in writes.items():
        few, many, target = (folder / f"{name}.{ending}" for name in ("few", "many", "decisions"))
        write(SHARING, 10, few)
        write(SHARING, rows, many)
        starts: dict[int, list[float]] = {jobs: [] for jobs in _CORES}
        each: dict[int, list[float]] = {jobs: [] for jobs in _CORES}
        for _ in range(1 if measurer.effort.quick else 3):
            measurer.time_fixed_work()
            for jobs in _CORES:
                starts[jobs].append(run_command(few, target, jobs).seconds)
                seconds = run_command(many, target, jobs).seconds - starts[jobs][-1]
                each[jobs].append(max(seconds, _LEAST) / rows)
                check_file(many, target, rows)
        one, two = (Times(tuple(each[jobs])) for jobs in _CORES)
        for jobs, times in zip(_CORES, (one, two), strict=True):
            measurer.keep(f"fleet command, {ending}, {jobs}", times)
        gain = one.to(two)
        reached = reached and 1 / one.middle >= AIM_A_CORE and gain.middle >= AIM_OF_TWO
        start = Times(tuple(starts[1] + starts[2])).middle
        found.append(
            (
                f"`.{ending}`",
                *(number(1 / times.middle) for times in (one, two)),
                ratio(gain),
                f"{start:.2f} s",
            )
        )
    return Table(
        name="fleet-command",
        head=("files", "one core, a second", "two cores, a second", "gain", "start"),
        rows=tuple(found),
        below=f"{rows:,} scenarios, 25 of a plan in a row. The aim is {AIM_A_CORE:,} a second on one core and"
        f" {AIM_OF_TWO} times that on two: {'met' if reached else 'not met'}.",
    )


def memory_table(measurer: Measurer, folder: Path) -> Table:
    """The memory of the command on two cores, from few rows to many."""
    sizes = (1_000, 4_000) if measurer.effort.quick else (10_000, 100_000, 1_000_000, 10_000_000)
    source, target = folder / "fleet.parquet", folder / "decisions.parquet"
    rows, peaks = [], []
    for size in sizes:
        write_parquet(SHARING, size, source)
        ran = run_command(source, target, 2)
        check_file(source, target, size)
        peaks.append(ran.peak / _MIB)
        rows.append((f"{size:,}", f"{ran.seconds:,.1f}", number(size / ran.seconds), f"{peaks[-1]:,.0f}"))
        source.unlink()
        target.unlink()
    return Table(
        name="fleet-memory",
        head=("rows", "seconds, start included", "a second", "memory at most, MiB"),
        rows=tuple(rows),
        below=f"The most is {number(max(peaks) / peaks[0])} times what the fewest rows take."
        f" The aim is under {AIM_MIB:,} MiB: {'met' if max(peaks) < AIM_MIB else 'not met'}.",
    )


def fleet_tables(measurer: Measurer) -> Iterator[Table]:
    """Fleets, without Spark."""
    yield function_table(measurer)
    with tempfile.TemporaryDirectory() as folder:
        yield command_table(measurer, Path(folder))
        yield memory_table(measurer, Path(folder))
