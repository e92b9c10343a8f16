"""Rows of a table that is stored in sections, read from any row on and mostly forward."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final

import pyarrow as pa

from restart_engine.fleet.failures import FleetFailure


class Forward:
    """Reads on where it ended before, if the next rows are in the same section; else opens their section.

    A section is what can be opened without reading what is before it: a row group, a batch of a file. Within
    one all has to be decoded that is before the rows that are wanted.
    """

    def __init__(self, sections: Sequence[int], opened: Callable[[int], Iterator[pa.RecordBatch]]) -> None:
        """`sections` are the rows of each; `opened` gives the batches of one from its first row on."""
        self._starts: Final = [0, *accumulate(sections)]
        self._opened: Final = opened
        self._section = -1
        self._at = 0
        self._stream: Iterator[pa.RecordBatch] = iter(())
        self._held: pa.RecordBatch | None = None

    @property
    def rows(self) -> int:
        """The rows of all sections."""
        return self._starts[-1]

    def read(self, start: int, end: int, most: int) -> Iterator[pa.RecordBatch]:
        """The rows from `start` up to `end`, in batches of `most` rows or fewer."""
        while start < end:
            held = self._holding(start)
            batch = held.slice(start - self._at, min(most, end - start))
            yield batch
            start += batch.num_rows

    def _holding(self, row: int) -> pa.RecordBatch:
        """The batch that holds this row; `_at` is its first."""
        section = bisect_right(self._starts, row) - 1
        if section != self._section or row < self._at or self._held is None:
            self._section, self._at = section, self._starts[section]
            self._held, self._stream = None, self._opened(section)
            self._held = self._following()
        while row >= self._at + self._held.num_rows:
            self._at += self._held.num_rows
            self._held = self._following()
        return self._held

    def _following(self) -> pa.RecordBatch:
        batch = next(self._stream, None)
        if batch is None:
            raise FleetFailure("the input has fewer rows than it says; it may have changed while it was read")
        return batch
