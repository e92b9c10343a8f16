"""The folder beside an output, `OUT.parts`, in which a run keeps what is done until all of it is."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, final

from attrs import frozen

from restart_engine.core.checks import Sealed
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.marks import Mark, as_json, write_whole

LOCK: Final = "lock"
RUN: Final = "run.json"
_FINISHED: Final = "finished.json"
_OURS: Final = re.compile(
    rf"{LOCK}|({RUN}|{_FINISHED}|joined|\d{{7}}\.[0-9a-f]{{16}}\.(part|json))(\.\d+\.tmp)?"
)
_ENDS: Final = 1024 * 1024
_ANEW: Final = "begin anew with --restart"
_CHANGED: Final = {
    "version": "`{folder}` was begun by another version of restart-engine, {before}, this is {now}",
    "input": "`{source}` has changed since `{folder}` was begun",
    "output": "`{folder}` was begun for another kind of output, {before}",
    "cut": "`{folder}` was cut into other parts, of {before}",
}


def input_identity(source: Path) -> dict[str, Any]:
    """What tells an input from another one, or from itself after a change, without reading all of it."""
    with source.open("rb") as stream:
        status = os.fstat(stream.fileno())
        digest = sha256(stream.read(_ENDS))
        stream.seek(max(status.st_size - _ENDS, 0))
        digest.update(stream.read(_ENDS))
    return {"size": status.st_size, "modified": status.st_mtime_ns, "ends": digest.hexdigest()}


@final
@frozen
class Parts(Sealed):
    """The parts of one run. Their names hold its identity, so that none is taken for one of another run's."""

    folder: Path
    identity: str

    def file(self, piece: int) -> Path:
        """Where the decisions on a piece are."""
        return self.folder / f"{piece:07}.{self.identity}.part"

    def mark_file(self, piece: int) -> Path:
        """Where its mark is: a part without one is not done."""
        return self.folder / f"{piece:07}.{self.identity}.json"

    def mark(self, piece: int) -> Mark | None:
        """The mark of a piece that is done."""
        mark = Mark.read(self.mark_file(piece))
        if mark is not None:
            with suppress(OSError):
                if self.file(piece).stat().st_size == mark.size:
                    return mark
        return None

    @property
    def joined(self) -> Path:
        """Where the output grows until it is complete."""
        return self.folder / "joined"

    def finish(self, target: Path) -> None:
        """Put the joined output in its place, in a way that a run can tell later."""
        write_whole(self.folder / _FINISHED, as_json(_place(self.joined)))
        self.joined.replace(target)
        sync_folder(target.parent)

    def is_finished(self, target: Path) -> bool:
        """Whether the output that is there is the one that these parts were joined into."""
        try:
            return bool(json.loads((self.folder / _FINISHED).read_bytes()) == _place(target))
        except (OSError, ValueError):
            return False


def parts_of_run(folder: Path, source: Path, run: dict[str, Any]) -> Parts:
    """The parts of this run in its folder; raises `FleetFailure` where those there are of another run.

    `run` says what the parts depend on: all of `_CHANGED`.
    """
    text = as_json(run)
    before = _read(folder / RUN)
    if before is None:
        strange = next(strangers(folder), None)
        if strange is not None:
            raise FleetFailure(f"`{folder}` is in the way: it holds `{strange.name}`, which is of no run")
        clear(folder)
        write_whole(folder / RUN, text)
    elif before != run:
        for member, message in _CHANGED.items():
            if before.get(member) != run[member]:
                said = message.format(
                    folder=folder, source=source, before=before.get(member), now=run[member]
                )
                raise FleetFailure(f"{said}; {_ANEW}")
    for left in folder.glob("*.tmp"):
        if _OURS.fullmatch(left.name):
            left.unlink(missing_ok=True)
    return Parts(folder, sha256(text).hexdigest()[:16])


def clear(folder: Path) -> None:
    """Delete what runs have left in the folder, but for the lock; what they are known by goes last."""
    last = (_FINISHED, RUN)
    ours = [file for file in folder.iterdir() if _OURS.fullmatch(file.name) and file.name != LOCK]
    for file in sorted(ours, key=lambda file: last.index(file.name) if file.name in last else -1):
        file.unlink(missing_ok=True)


def strangers(folder: Path) -> Iterator[Path]:
    """What is in the folder that no run has put there."""
    return (file for file in folder.iterdir() if not _OURS.fullmatch(file.name))


def sync_folder(folder: Path) -> None:
    """What was renamed in the folder stays so when the power fails, where the system can say so."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _place(path: Path) -> dict[str, int]:
    status = path.stat()
    return {"file": status.st_ino, "size": status.st_size, "modified": status.st_mtime_ns}


def _read(path: Path) -> dict[str, Any] | None:
    """What a run has written; none where there is nothing of that kind."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None
