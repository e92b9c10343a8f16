"""A whole run: from an input's file to an output's, on every core, in bounded memory, and resumable."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, final

import pyarrow as pa
from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.fleet.crew import Done, cores, done_here, done_side_by_side
from restart_engine.fleet.deciding import decided_schema, kind
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.inputs import ENDINGS, Input, opened
from restart_engine.fleet.lock import locked
from restart_engine.fleet.marks import SHOWN, Mark, Mistake
from restart_engine.fleet.outputs import complete, join_parts, led_to
from restart_engine.fleet.parts import Parts, clear, input_identity, parts_of_run
from restart_engine.fleet.piece import Job, told
from restart_engine.fleet.schemas import ANSWERS
from restart_engine.fleet.summary import Summary
from restart_engine.wire import WireError


class Progress(NamedTuple):
    """How far a run is."""

    stage: Literal["deciding", "joining"]
    done: int
    total: int
    """In `unit`, as `done`."""
    unit: Literal["bytes", "rows", "parts"]
    rows: int
    """Rows decided by this run, without those that it found done."""


OnProgress = Callable[[Progress], object]


@final
@frozen(kw_only=True)
class Outcome(Sealed):
    """What a run came to."""

    summary: Summary
    mistakes: tuple[Mistake, ...]
    """The first errors, with the rows of the whole input."""
    found: int
    """Rows that an earlier run had decided."""


def run_fleet(  # noqa: PLR0913  # all but the first two are choices that one may leave
    source: Path,
    target: Path,
    *,
    jobs: int | None = None,
    overwrite: bool = False,
    restart: bool = False,
    on_progress: OnProgress = lambda _: None,
) -> Outcome:
    """Decide all scenarios of a file into another one; both are what their endings say, one of `ENDINGS`.

    `jobs` are processes, 1 this one, by default as many as there are cores. What is done is kept in the
    folder `target`.parts until all of it is; an earlier run's parts are taken up, or with `restart` thrown
    away. The target appears when it is complete, and is replaced only with `overwrite`. Raises
    `FleetFailure` for whatever keeps it from that.
    """
    for path in (source, target):
        if path.suffix.lower() not in ENDINGS:
            raise FleetFailure(f"`{path}` ends in none of {', '.join(ENDINGS)}")
    with told(f"cannot read `{source}`"):
        if not source.is_file():
            source.stat()
            raise FleetFailure(f"`{source}` is no file that can be read from any place")
        identity = input_identity(source)
        read = opened(source)
    schema = _schema_of(source, read, target)
    with told(f"cannot write `{target}`"):
        written = led_to(target)
        if written.exists() and written.samefile(source):
            raise FleetFailure(f"`{target}` is the input")
        if written.is_dir():
            raise FleetFailure(f"`{target}` is a folder")
    return _Run(source, written, read, schema, identity, on_progress).outcome(
        jobs or cores(), overwrite=overwrite, restart=restart
    )


def _schema_of(source: Path, read: Input, target: Path) -> pa.Schema:
    """The schema of the output; lines carry nothing over, so that no name is in their way."""
    try:
        if target.suffix.lower() == ".jsonl":
            kind(read.schema)(read.schema)
            return ANSWERS
        return decided_schema(read.schema)
    except WireError as error:
        raise FleetFailure(f"`{source}`: {error}") from error


class _Run:
    def __init__(  # noqa: PLR0913, PLR0917  # what a run is made of, handed over once
        self,
        source: Path,
        target: Path,
        read: Input,
        schema: pa.Schema,
        identity: dict[str, Any],
        on_progress: OnProgress,
    ) -> None:
        self._identity: Final = identity
        """Of the input, taken before it was read."""
        self._source: Final = source
        self._target: Final = target
        self._ending: Final = target.suffix.lower()
        self._folder: Final = target.with_name(f"{target.name}.parts")
        self._read: Final = read
        self._schema: Final = schema
        self._told: Final = on_progress

    def outcome(self, jobs: int, *, overwrite: bool, restart: bool) -> Outcome:
        """Do what is left, and put the output in its place."""
        with locked(self._folder), told(f"cannot write `{self._folder}`"):
            if restart:
                clear(self._folder)
            known = Parts(self._folder, "")
            if not overwrite and self._target.exists() and not known.is_finished(self._target):
                raise FleetFailure(f"`{self._target}` is there already; replace it with --overwrite")
            if self._folder.stat().st_dev != self._target.parent.stat().st_dev:
                raise FleetFailure(f"`{self._folder}` is on another disk than `{self._target}`")
            run = {
                "version": version("restart-engine"),
                "input": self._identity,
                "output": self._ending,
                "cut": f"{self._read.step} {self._read.unit}",
            }
            parts = parts_of_run(self._folder, self._source, run)
            job = Job(
                source=self._source,
                ending=self._ending,
                step=self._read.step,
                total=self._read.total,
                parts=parts,
            )
            marks, found = self._decide(job, jobs)
            if not parts.is_finished(self._target):
                with told(f"cannot read `{self._source}`"):
                    now = input_identity(self._source)
                if now != self._identity:
                    raise FleetFailure(f"`{self._source}` has changed meanwhile; begin anew with --restart")
                self._join(job)
            clear(self._folder)
            return _outcome(marks, found)

    def _decide(self, job: Job, jobs: int) -> tuple[list[Mark], int]:
        marks = {piece: mark for piece in job.pieces if (mark := job.parts.mark(piece)) is not None}
        found = sum(mark.rows for mark in marks.values())
        left = [piece for piece in job.pieces if piece not in marks]
        self._tell(job, marks, found)
        with closing(self._done(job, left, jobs)) as done:
            for piece, mark in done:
                marks[piece] = mark
                self._tell(job, marks, found)
        return [marks[piece] for piece in job.pieces], found

    def _done(self, job: Job, left: list[int], jobs: int) -> Generator[Done]:
        processes = min(jobs, len(left))
        return done_side_by_side(job, left, processes) if processes > 1 else done_here(job, left)

    def _tell(self, job: Job, marks: dict[int, Mark], found: int) -> None:
        done = sum(end - start for start, end in map(job.span, marks))
        rows = sum(mark.rows for mark in marks.values()) - found
        self._told(Progress("deciding", done, job.total, self._read.unit, rows))

    def _join(self, job: Job) -> None:
        files = [job.parts.file(piece) for piece in job.pieces]

        def told_of(joined: int) -> None:
            self._told(Progress("joining", joined, len(files), "parts", 0))

        with complete(job.parts.joined) as stream:
            join_parts(files, self._ending, self._schema, stream, told_of)
        with told(f"cannot write `{self._target}`"):
            job.parts.finish(self._target)


def _outcome(marks: list[Mark], found: int) -> Outcome:
    mistakes: list[Mistake] = []
    rows = 0
    for mark in marks:
        mistakes += [Mistake(rows + mistake.row, mistake.message) for mistake in mark.mistakes]
        rows += mark.rows
    summary = Summary.total(mark.summary for mark in marks)
    return Outcome(summary=summary, mistakes=tuple(mistakes[:SHOWN]), found=found)
