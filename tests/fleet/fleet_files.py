"""Files of scenarios of every kind, what is expected of them, and runs of the command that can be ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from pyarrow import parquet

from restart_engine.conformance.vectors import cases
from restart_engine.fleet import DECISIONS, decide_batches, inputs
from restart_engine.wire import Oracle, WireError, error_line

ENDINGS: Final = (".jsonl", ".parquet", ".arrow")
BAD: Final = (b"", b"{", b"[1]", b'{"plan":null}', b"\xff\xfe", b" ", b"null\r")
GOOD: Final = tuple(case.scenario.encode() for case in cases())
_SMALL: Final = {"_LEAST_PIECE_BYTES": 20_000, "_LEAST_PIECE_ROWS": 32}
_COMMAND: Final = (
    f"import restart_engine.fleet.inputs as inputs\nfor name, size in {_SMALL!r}.items(): "
    "setattr(inputs, name, size)\nfrom restart_engine.cli import main\nmain()"
)
PATIENCE: Final = 60.0


def lines(count: int) -> list[bytes]:
    """So many lines: the scenarios of the vectors, over and over, and some that are none."""
    good, bad = cycle(GOOD), cycle(BAD)
    return [next(bad) if number % 41 == 40 else next(good) for number in range(count)]


def write_lines(path: Path, scenarios: Iterable[bytes]) -> Path:
    """The scenarios, one a line."""
    path.write_bytes(b"".join(line + b"\n" for line in scenarios))
    return path


def write(path: Path, scenarios: list[bytes], **options: Any) -> Path:
    """The scenarios as a file of the kind that its ending says; options are the Parquet writer's."""
    if path.suffix == ".jsonl":
        return write_lines(path, scenarios)
    table = pa.table({"scenario": pa.array(scenarios, pa.binary()), "row": range(len(scenarios))})
    if path.suffix == ".parquet":
        parquet.write_table(table, path, **options)
    else:
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
    return path


def read(path: Path) -> Any:
    """What the file of an output holds: its lines, or the columns of decisions."""
    if path.suffix == ".jsonl":
        return path.read_bytes()
    if path.suffix == ".parquet":
        table = parquet.read_table(path)
    else:
        with pa.OSFile(str(path), "rb") as source:
            table = pa.ipc.open_file(source).read_all()
    return table.select(DECISIONS.names).combine_chunks()


def expected(scenarios: list[bytes], ending: str) -> Any:
    """What `read` gives of the decisions on these."""
    if ending == ".jsonl":
        return b"".join(answer(line) + b"\n" for line in scenarios)
    batch = pa.RecordBatch.from_pydict({"scenario": pa.array(scenarios, pa.binary())})
    return pa.Table.from_batches(decide_batches([batch]), DECISIONS).combine_chunks()


def answer(line: bytes) -> bytes:
    """What `restart-engine oracle` answers to a line."""
    try:
        return Oracle().answer(line)
    except WireError as error:
        return error_line(error)


def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small input is cut into as many pieces as a large one."""
    for name, size in _SMALL.items():
        monkeypatch.setattr(inputs, name, size)


def begun(*arguments: Path | str, prepared: Callable[[], object] | None = None) -> subprocess.Popen[bytes]:
    """The command begun in small pieces, in a group of its own as a shell begins it."""
    return subprocess.Popen(  # noqa: S603  # the command is the project's own
        [sys.executable, "-c", _COMMAND, "fleet", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=prepared,  # noqa: PLW1509  # the tests have no threads
        # coverage would write into the room that a test takes away, and say so on standard error
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    """How the command ends: its status, and what it prints."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def until(happened: Callable[[], Any]) -> Any:
    """Wait until it has."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = happened()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it never happened")


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The worker processes of a run, those that are starting included."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process.pid and "spawn_main" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except (OSError, IndexError, ValueError):  # no process, or one that has just gone
            continue
    return found


def lives(process: int) -> bool:
    """Whether there is such a process, that has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def parts_done(target: Path) -> int:
    """How many parts of a run are done."""
    folder = target.with_name(f"{target.name}.parts")
    return len(list(folder.glob("*.part"))) if folder.exists() else 0


def some(scenarios: list[bytes], count: int) -> list[bytes]:
    """The first so many, over and over."""
    return list(islice(cycle(scenarios), count))


def kill_group(process: subprocess.Popen[bytes], number: int) -> None:
    """A signal to a run and all that it started, as a terminal sends it."""
    os.killpg(process.pid, number)
