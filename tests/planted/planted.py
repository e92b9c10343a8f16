"""Faults planted in each room, one at a time: do the quick tests of that room find them?

`python tests/planted/planted.py [ROOM ...]` tries each in a copy, with the first failing test ending the run.
Exit status 1 where one is missed; 2 where a text to replace is not there exactly once any more, or a room's
tests fail without a fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COPIED = ("restart_engine", "tests", "docs", "README.md", "CHANGELOG.md", "pyproject.toml")


class Planted(NamedTuple):
    """A fault: in this file, this text instead of that."""

    file: str
    old: str
    new: str
    why: str

    @property
    def room(self) -> str:
        """The room whose tests have to find it."""
        return self.file.partition("/")[0]


FAULTS = (
    Planted(
        "core/rules.py", "facts.latest.status in ACTIVE", "facts.latest.failed", "R1 asks another question"
    ),
    Planted(
        "core/rules.py", "latest.last_begun + 1", "latest.last_begun", "never reached has a group too many"
    ),
    Planted(
        "core/rules.py",
        "(start > 0 and start not in existing)",
        "(start not in existing)",
        "R4 without a start",
    ),
    Planted(
        "core/status.py",
        "COMPLETED: Final = frozenset({",
        "COMPLETED: Final = frozenset({Status.FAILED, ",
        "failed is done",
    ),
    Planted("wire/reading.py", "elif field.required:", "elif False:", "what is missing is not named"),
    Planted("wire/reading.py", "if value not in labels:", "if False:", "any word is a status"),
    Planted("wire/reading.py", "len(items) < least", "False", "an array may be empty"),
    Planted("endpoint/gates.py", "bearer.tenant != call.tenant", "False", "a token opens every tenant"),
    Planted(
        "endpoint/gates.py", "access < Access.EDIT", "access < Access.VIEW", "viewing is enough to start"
    ),
    Planted("endpoint/gates.py", "if not user.may_start:", "if False:", "no role is needed"),
    Planted("server/tokens.py", "not now < claims.expires", "False", "a token never expires"),
    Planted("server/tokens.py", "claims.use != use", "False", "a token of the API opens the controls"),
    Planted(
        "server/routing.py",
        '[unquote(segment) for segment in raw.decode("latin-1").split("/")]',
        'unquote(raw.decode("latin-1")).split("/")',
        "a slash in a name ends it",
    ),
    Planted("server/metrics.py", "if SHARED_BY in os.environ:", "if False:", "each process tells its own"),
    Planted(
        "server/serving.py", "self.failed = True", "self.failed = False", "a start that fails ends with 0"
    ),
    Planted(
        "server/starts.py",
        "keeps_history=tenant.detailed_tracking",
        "keeps_history=True",
        "history is always kept",
    ),
    Planted(
        "server/migration.py",
        "if database.embedded and _is_there(database):",
        "if False:",
        "a stranger's file is in WAL mode before it is refused",
    ),
    Planted(
        "server/database.py",
        'how = "immutable=1"',
        'how = "mode=ro"',
        "who reads leaves files beside the database",
    ),
    Planted(
        "server/database.py",
        '"prepare_threshold": None',
        '"prepare_threshold": 5',
        "a pool's next session lacks a prepared statement",
    ),
    Planted(
        "server/liveness.py", "if gone == 0:", "if False:", "one that beats at the last moment is closed"
    ),
    Planted(
        "conformance/judge.py",
        "kept = self.profiles & explained",
        "kept = explained",
        "wavering profiles pass",
    ),
    Planted(
        "conformance/judge.py",
        "if answer.start != reference.start:",
        "if False:",
        "a wrong start is called steps",
    ),
    Planted(
        "conformance/situations.py",
        "request.group_sequence < 0",
        "request.group_sequence <= 0",
        "C2 is met by 0",
    ),
    Planted("fleet/deciding.py", "start + len(piece)", "start", "carried columns slip"),
    Planted(
        "fleet/summary.py",
        "errors=self.errors + other.errors",
        "errors=self.errors",
        "errors of other parts go",
    ),
    Planted("fleet/parts.py", ".st_size == mark.size", ".st_size >= 0", "a cut part counts as done"),
    Planted("simulate/policies.py", "restarts < self.most", "restarts <= self.most", "one restart too many"),
    Planted(
        "simulate/policies.py", "latest.failed[0]", "latest.failed[-1]", "resumes at the last failed group"
    ),
    Planted(
        "simulate/night.py",
        "if self._simulation.detailed_tracking else",
        "if True else",
        "history is always kept",
    ),
    Planted("cli/commands.py", "exit_status = BAD_LINES", "exit_status = PLANNED", "bad lines exit with 0"),
    Planted(
        "cli/commands.py",
        "REJECTED if isinstance(decision",
        "PLANNED if isinstance(decision",
        "a rejection exits with 0",
    ),
    Planted("cli/reading.py", "stream.read(MAX_BYTES + 1)", "stream.read(99)", "a file is cut"),
)


def failing(room: str, fault: Planted | None = None) -> str:
    """What pytest says of the room's quick tests in a copy with this fault; empty if all pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            place = ROOT / name
            (shutil.copytree if place.is_dir() else shutil.copy)(place, copy / name)
        if fault is not None:
            source = copy / "restart_engine" / fault.file
            source.write_text(source.read_text("utf-8").replace(fault.old, fault.new), "utf-8")
        done = subprocess.run(  # noqa: S603  # the list is ours
            [sys.executable, "-m", "pytest", "-qx", "-n", "2", "-p", "no:cacheprovider", f"tests/{room}"],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr if done.returncode else ""


def main(rooms: list[str]) -> int:
    """Try those of these rooms, or all."""
    faults = [fault for fault in FAULTS if fault.room in rooms or not rooms]
    for fault in faults:
        count = (ROOT / "restart_engine" / fault.file).read_text("utf-8").count(fault.old)
        if count != 1:
            print(f"{fault.file} has `{fault.old}` {count} times: choose another text")
            return 2
    for room in dict.fromkeys(fault.room for fault in faults):
        if told := failing(room):
            print(told, f"{room}: a test fails without any fault")
            return 2
    missed = 0
    for fault in faults:
        began = time.monotonic()
        found = bool(failing(fault.room, fault))
        missed += not found
        print(
            f"{'found' if found else 'MISSED':6} {time.monotonic() - began:4.0f}s {fault.file}: {fault.why}",
            flush=True,
        )
    print(f"{len(faults) - missed} of {len(faults)} found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
