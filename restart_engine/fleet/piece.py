"""One piece of a run: read, decided, written and marked as done, in whatever process."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.fleet.answering import answered_lines
from restart_engine.fleet.deciding import decide_batches, decided_schema
from restart_engine.fleet.failures import FleetFailure, cause
from restart_engine.fleet.inputs import opened
from restart_engine.fleet.marks import SHOWN, Mark, Mistake, temporary, write_whole
from restart_engine.fleet.outputs import complete, write_columns
from restart_engine.fleet.parts import Parts
from restart_engine.fleet.summary import Summary
from restart_engine.fleet.tally import Tally

_Counted: TypeAlias = tuple[Summary, tuple[Mistake, ...]]


@final
@frozen(kw_only=True)
class Job(Sealed):
    """What all pieces of a run have in common."""

    source: Path
    ending: str
    """The output's."""
    step: int
    """Bytes or rows of a piece."""
    total: int
    parts: Parts

    @property
    def pieces(self) -> range:
        """The numbers of the pieces, in their order."""
        return range(-(-self.total // self.step))

    def span(self, piece: int) -> tuple[int, int]:
        """Where a piece begins and ends."""
        return piece * self.step, min((piece + 1) * self.step, self.total)


class Hand:
    """Does one piece after the other; quickest in their order, since it keeps its input open."""

    def __init__(self, job: Job) -> None:
        self._job: Final = job
        with told(f"cannot read `{job.source}`"):
            self._input: Final = opened(job.source)

    def do(self, piece: int) -> Mark:
        """Decide a piece, write its part, and mark it as done; raises `FleetFailure`."""
        parts = self._job.parts
        path = parts.file(piece)
        beside = temporary(path)
        with told(f"cannot write `{parts.folder}`"):
            with complete(beside) as stream:
                decided = self._lines if self._job.ending == ".jsonl" else self._columns
                summary, mistakes = decided(stream, self._batches(piece))
            beside.replace(path)
            mark = Mark(size=path.stat().st_size, summary=summary, mistakes=mistakes)
            write_whole(parts.mark_file(piece), mark.text())
        return mark

    def _lines(self, stream: BufferedWriter, batches: Iterator[pa.RecordBatch]) -> _Counted:
        tally = Tally()
        stream.writelines(answered_lines(batches, tally))
        return tally.summary, tuple(tally.mistakes)

    def _columns(self, stream: BufferedWriter, batches: Iterator[pa.RecordBatch]) -> _Counted:
        summary, mistakes = Summary(), list[Mistake]()

        def decided() -> Iterator[pa.RecordBatch]:
            nonlocal summary
            for batch in decide_batches(batches):
                if len(mistakes) < SHOWN:
                    mistakes.extend(_mistakes(batch, summary.scenarios))
                summary += Summary.of(batch)
                yield batch

        write_columns(stream, decided_schema(self._input.schema), decided())
        return summary, tuple(mistakes[:SHOWN])

    def _batches(self, piece: int) -> Iterator[pa.RecordBatch]:
        with told(f"cannot read `{self._job.source}`"):
            yield from self._input.batches(*self._job.span(piece))


def _mistakes(decided: pa.RecordBatch, before: int) -> Iterator[Mistake]:
    """The first errors of a batch that has so many rows before it."""
    is_error: Any = pc.equal(decided.column("decision"), pa.scalar("error"))
    rows: list[int] = pc.indices_nonzero(is_error)[:SHOWN].to_pylist()
    messages: Any = decided.column("message")
    return (Mistake(before + row + 1, messages[row].as_py()) for row in rows)


@contextmanager
def told(saying: str) -> Generator[None]:
    """Errors of the system and of Arrow in here become a `FleetFailure` that begins like this."""
    try:
        yield
    except (OSError, pa.ArrowException, UnicodeEncodeError) as error:  # the last of a path that is no text
        raise FleetFailure(f"{saying}: {cause(error)}") from error
