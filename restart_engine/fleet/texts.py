"""Scenarios as one column of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
from pyarrow import types

from restart_engine.core.rules import Facts
from restart_engine.fleet.columns import bytes_of, is_bytes, is_text
from restart_engine.wire import ScenarioReader, WireError
from restart_engine.wire.reading import unlike

COLUMN: Final = "scenario"


class TextScenarios:
    """Reads batches whose column `scenario` holds text or bytes; plans whose text repeats are read once."""

    columns: Final = (COLUMN,)

    def __init__(self, schema: pa.Schema) -> None:
        """Raises `WireError` where the column holds anything else."""
        kind = schema.field(COLUMN).type
        if not (is_text(kind) or is_bytes(kind) or types.is_null(kind)):
            raise WireError(COLUMN, f"a column of {kind}", "a column of text or bytes")
        self._reader = ScenarioReader()

    def readings(self, batch: pa.RecordBatch) -> Iterator[Facts | WireError]:
        """The facts of each row, or what is wrong with it."""
        read = self._reader.read
        for text in bytes_of(batch.column(COLUMN)):
            try:
                yield read(text) if text is not None else _refuse_null()
            except WireError as error:
                yield error


def _refuse_null() -> Facts:
    raise unlike("", None, "the text of a scenario")
