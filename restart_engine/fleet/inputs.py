"""What a fleet is read from: a file of one of three kinds, cut into pieces that any process can read."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from restart_engine.fleet.deciding import ROWS
from restart_engine.fleet.forward import Forward
from restart_engine.fleet.layouts import dictionaries_bytes, plain_batch, plain_schema
from restart_engine.wire.lines import lines_from

Unit: TypeAlias = Literal["bytes", "rows"]
ENDINGS: Final = (".jsonl", ".parquet", ".arrow")
_PIECES: Final = 64
"""A small input is cut into so many pieces, so that every core has some."""
_PIECE_BYTES: Final = 32 * 1024 * 1024
_LEAST_PIECE_BYTES: Final = 2 * 1024 * 1024
_PIECE_ROWS: Final = 65_536
_LEAST_PIECE_ROWS: Final = 2_048
_BATCH_BYTES: Final = 4 * 1024 * 1024
_DECODED_BYTES: Final = 64 * 1024 * 1024
_LEAST_DECODED: Final = 64
_MAPPED_BYTES: Final = 64 * 1024 * 1024
"""Batches of a file that are larger are not read but mapped into memory."""
_CHUNK: Final = 64 * 1024
_BUFFER_BYTES: Final = 1024 * 1024
_SAMPLE: Final = 16
_ARROW_FILE: Final = b"ARROW1"


class Input(Protocol):
    """An input as a run needs it. A piece is the lines or rows that begin from `start` up to `end`."""

    unit: Unit
    total: int
    """Its size, in this unit."""
    step: int
    """How much of it makes a piece; it depends on the input alone."""
    schema: pa.Schema

    def batches(self, start: int, end: int) -> Iterator[pa.RecordBatch]:
        """The scenarios of a piece."""
        ...


def opened(path: Path) -> Input:
    """The input at this path, by its ending. Raises `OSError`, or an Arrow error for what is no such file."""
    match path.suffix.lower():
        case ".jsonl":
            return JsonLines(path)
        case ".parquet":
            return _parquet(path)
        case _:
            return _arrow(path)


class JsonLines:
    """A scenario a line, as `restart-engine oracle` reads them."""

    unit: Unit = "bytes"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.total = path.stat().st_size
        self.step = min(max(self.total // _PIECES, _LEAST_PIECE_BYTES), _PIECE_BYTES)
        self.schema = pa.schema([pa.field("scenario", pa.binary())])

    def batches(self, start: int, end: int) -> Iterator[pa.RecordBatch]:
        """The lines that begin from `start` up to `end`."""
        with BufferedReader(FileIO(self._path), _CHUNK) as stream:
            begin = _line_start(stream, start, end)
            lines: list[bytes] = []
            held = 0
            for line in lines_from(stream.readline, end - begin):
                lines.append(line)
                held += len(line)
                if len(lines) == ROWS or held > _BATCH_BYTES:
                    yield self._batch(lines)
                    lines, held = [], 0
            if lines:
                yield self._batch(lines)

    def _batch(self, lines: list[bytes]) -> pa.RecordBatch:
        return pa.RecordBatch.from_arrays([pa.array(lines, pa.binary())], schema=self.schema)


def _line_start(stream: BufferedReader[FileIO], start: int, end: int) -> int:
    """The first place from `start` on where a line begins, sought no further than `end`."""
    if start == 0:
        return 0
    at = stream.seek(start - 1)
    while at < end:
        part = stream.readline(_CHUNK)
        at += len(part)
        if not part or part.endswith(b"\n"):
            return at
    return end


class Rows:
    """Rows of columns, in sections."""

    unit: Unit = "rows"

    def __init__(self, schema: pa.Schema, forward: Forward, stored_bytes: int) -> None:
        """`stored_bytes` are those of all rows."""
        self.schema = plain_schema(schema)
        self.total = forward.rows
        each = max(stored_bytes // max(self.total, 1), 1)
        fitting = max(_PIECE_BYTES // each, 1)
        least = min(_LEAST_PIECE_ROWS, fitting)
        self.step = max(min(self.total // _PIECES, fitting, _PIECE_ROWS), least)
        self._forward = forward

    def batches(self, start: int, end: int) -> Iterator[pa.RecordBatch]:
        """The rows from `start` up to `end`."""
        for batch in self._forward.read(start, end, ROWS):
            rows = _rows_at_once(dictionaries_bytes(batch))
            for first in range(0, batch.num_rows, rows):
                yield from bounded(plain_batch(batch.slice(first, rows)))


def _rows_at_once(dictionaries: int) -> int:
    """So many rows may each hold all of these dictionaries, but a few may in any case."""
    return min(max(_DECODED_BYTES // max(dictionaries, 1), _LEAST_DECODED), ROWS)


def bounded(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in halves of halves, until none is too large or of more than one row."""
    if batch.nbytes <= _BATCH_BYTES or batch.num_rows <= 1:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from bounded(batch.slice(0, middle))
    yield from bounded(batch.slice(middle))


def _parquet(path: Path) -> Rows:
    file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)
    groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
    first = next(file.iter_batches(_SAMPLE, use_threads=False), None)
    # what is stored says little where texts repeat, and the first rows little of the others
    sample = 0 if first is None else first.nbytes // max(first.num_rows, 1) // _SAMPLE

    def batches(group: int) -> Iterator[pa.RecordBatch]:
        stored = groups[group].total_byte_size // max(groups[group].num_rows, 1)
        most = min(max(_BATCH_BYTES // max(stored, sample, 1), 1), ROWS)
        return iter(file.iter_batches(most, row_groups=[group], use_threads=False))

    forward = Forward([group.num_rows for group in groups], batches)
    return Rows(file.schema_arrow, forward, sum(group.total_byte_size for group in groups))


def _arrow(path: Path) -> Rows:
    with path.open("rb") as stream:
        of_file = stream.read(len(_ARROW_FILE)) == _ARROW_FILE
    size = path.stat().st_size
    counting: Any = pa.ipc.IpcReadOptions(included_fields=[0])
    mapped = pa.memory_map(str(path))
    if not of_file:
        counts = [sum(batch.num_rows for batch in pa.ipc.open_stream(mapped, options=counting))]

        def streamed(_: int) -> Iterator[pa.RecordBatch]:
            return iter(pa.ipc.open_stream(pa.memory_map(str(path))))

        return Rows(pa.ipc.open_stream(pa.memory_map(str(path))).schema, Forward(counts, streamed), size)
    count = pa.ipc.open_file(mapped, options=counting)
    counts = [count.get_batch(place).num_rows for place in range(count.num_record_batches)]
    source = mapped if size > _MAPPED_BYTES * max(len(counts), 1) else pa.OSFile(str(path), "rb")
    file = pa.ipc.open_file(source)

    def batch(place: int) -> Iterator[pa.RecordBatch]:
        yield file.get_batch(place)

    return Rows(file.schema, Forward(counts, batch), size)
