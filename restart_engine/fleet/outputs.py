"""What a fleet is written to: parts, and the output that they are joined into."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from restart_engine.fleet.failures import FleetFailure

_COPIED: Final = 1024 * 1024
_GROUP_BYTES: Final = 64 * 1024 * 1024
_GROUP_ROWS: Final = 131_072
_PACKED: Final = pa.ipc.IpcWriteOptions(compression="lz4")

OnJoined = Callable[[int], object]
"""Is told how many parts have been joined."""


def led_to(target: Path) -> Path:
    """What an output that is a link leads to, and every other one itself."""
    if not target.is_symlink():
        return target
    end = Path(os.path.realpath(target))
    if end.is_symlink():
        raise FleetFailure(f"`{target}` is a link that leads back to itself")
    return end


@contextmanager
def complete(path: Path) -> Generator[BufferedWriter]:
    """A file to write, which stays when the power fails if it gets to its end."""
    with path.open("wb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def write_columns(stream: BufferedWriter, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a part that holds columns: a stream of Arrow IPC."""
    with pa.ipc.new_stream(stream, schema, options=_PACKED) as writer:
        for batch in batches:
            writer.write_batch(batch)


def join_parts(
    parts: Iterable[Path], ending: str, schema: pa.Schema, stream: BufferedWriter, told: OnJoined
) -> None:
    """Write an output of this ending from its parts, in their order; its columns have no dictionaries."""
    match ending:
        case ".jsonl":
            _join_lines(parts, stream, told)
        case ".parquet":
            _join_parquet(parts, schema, stream, told)
        case _:
            _join_arrow(parts, schema, stream, told)


def _join_lines(parts: Iterable[Path], stream: BufferedWriter, told: OnJoined) -> None:
    for number, path in enumerate(parts, 1):
        with path.open("rb") as part:
            shutil.copyfileobj(part, stream, _COPIED)
        told(number)


def _join_parquet(parts: Iterable[Path], schema: pa.Schema, stream: BufferedWriter, told: OnJoined) -> None:
    with pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        held: list[pa.RecordBatch] = []
        rows = size = 0
        for number, path in enumerate(parts, 1):
            for batch in _batches(path):
                held.append(batch)
                rows += batch.num_rows
                size += batch.nbytes
                if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
                    writer.write_table(pa.Table.from_batches(held, schema), row_group_size=rows)
                    held, rows, size = [], 0, 0
            told(number)
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))


def _join_arrow(parts: Iterable[Path], schema: pa.Schema, stream: BufferedWriter, told: OnJoined) -> None:
    with pa.ipc.new_file(stream, schema) as writer:
        for number, path in enumerate(parts, 1):
            for batch in _batches(path):
                writer.write_batch(batch)
            told(number)


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    with path.open("rb") as part, pa.ipc.open_stream(part) as reader:
        yield from reader
