"""A host with its own tables: it runs a load plan, fails, restarts, is killed, cuts off and resumes.

Copy what you need. The engine decides and moves; the tables, the lock and the loader are the host's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, assert_never

from restart_engine import (
    Execution,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    Status,
    Step,
    execution_from_rows,
    execution_rows,
    explain,
    plan_from_rows,
    plan_restart,
    progress,
    recommended,
    restart_options,
    status_of_word,
)

TABLES: Final = """
CREATE TABLE plan_steps (sequence INTEGER, schema TEXT, object TEXT);
CREATE TABLE runs (id INTEGER PRIMARY KEY, status TEXT);
CREATE TABLE run_groups (run INTEGER, sequence INTEGER, status TEXT);
CREATE TABLE run_steps (run INTEGER, sequence INTEGER, schema TEXT, object TEXT, status TEXT);
"""
PLAN_STEPS: Final = [
    (1, "Sales", "Orders"),
    (1, "Sales", "Lines"),
    (2, "Finance", "Ledger"),
    (2, "Finance", "Rates"),
    (4, "Marts", "Revenue"),
]
WORDS: Final = {"ok": Status.SUCCEEDED, "error": Status.FAILED}
"""What this host's loader answers. A word that is not here is refused, never guessed."""

Loader = Callable[[Step], str]


@contextmanager
def locked(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction in which nobody else writes."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def read_plan(db: sqlite3.Connection) -> LoadPlan:
    """The load plan as it stands now."""
    return plan_from_rows(
        "Nightly", db.execute("SELECT sequence, schema, object FROM plan_steps ORDER BY rowid")
    )


def read_latest(db: sqlite3.Connection) -> Execution | None:
    """The most recently started run, none before the first."""
    found = db.execute("SELECT id, status FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    if found is None:
        return None
    run, status = found
    groups = db.execute("SELECT sequence, status FROM run_groups WHERE run = ?", (run,))
    steps = db.execute("SELECT sequence, schema, object, status FROM run_steps WHERE run = ?", (run,))
    return execution_from_rows(
        run,
        Status(status),
        ((sequence, schema, name, Status(of_step)) for sequence, schema, name, of_step in steps),
        {sequence: Status(of_group) for sequence, of_group in groups},
    )


def write(db: sqlite3.Connection, run: Execution) -> None:
    """The run as it stands now, in a transaction; somebody else who ended it meanwhile is not overruled."""
    (stored,) = db.execute("SELECT status FROM runs WHERE id = ?", (run.id,)).fetchone() or (run.status,)
    if Status(stored) not in (Status.IN_QUEUE, Status.IN_PROGRESS):
        raise RuntimeError(f"run {run.id} is {stored} already")
    db.execute("INSERT OR REPLACE INTO runs VALUES (?, ?)", (run.id, run.status))
    db.execute("DELETE FROM run_groups WHERE run = ?", (run.id,))
    db.execute("DELETE FROM run_steps WHERE run = ?", (run.id,))
    groups = [(run.id, group.sequence, group.status) for group in run.groups]
    db.executemany("INSERT INTO run_groups VALUES (?, ?, ?)", groups)
    db.executemany(
        "INSERT INTO run_steps VALUES (?, ?, ?, ?, ?)", [(run.id, *row) for row in execution_rows(run)]
    )


def start(db: sqlite3.Connection, request: RestartRequest) -> Execution | Rejection:
    """Decide, then start under the lock; where the facts have changed meanwhile, decide again.

    A first, ordinary run is the restart of a plan that never ran, from the beginning.
    """
    while True:
        with locked(db):
            plan, latest = read_plan(db), read_latest(db)
        decision = plan_restart(plan, request, latest)
        match decision:
            case Rejection():
                return decision
            case RestartPlan():
                with locked(db):
                    latest = read_latest(db)
                    if decision.precondition.holds(read_plan(db), latest):
                        new_id = 1 if latest is None else latest.id + 1
                        run = progress.advance(progress.opening_record(decision, new_id))
                        write(db, run)
                        return run
            case other:
                assert_never(other)


def drive(db: sqlite3.Connection, run: Execution, load: Loader) -> Execution:
    """Load every step in its turn, and write down each move; a failing step ends its group and the run.

    Whatever ends this in another way leaves the run as it was written last: `recover` then ends it.
    """
    while (turn := progress.ready(run)) is not None:
        for step in turn.steps:  # a real loader begins them all and waits; here they load one by one
            run = progress.begin_step(run, turn.sequence, step)
            with locked(db):
                write(db, run)
            run = progress.end_step(run, turn.sequence, step, status_of_word(load(step), WORDS))
            with locked(db):
                write(db, run)
        run = progress.advance(run)
        with locked(db):
            write(db, run)
    return run


def recover(db: sqlite3.Connection) -> None:
    """When the host starts again: a run that was active is over, because nobody drives it any more."""
    with locked(db):
        latest = read_latest(db)
        if latest is not None and latest.active:
            write(db, progress.cut_off(latest))


def failing(*names: str) -> Loader:
    """A loader that fails at these steps."""
    return lambda step: "error" if str(step) in names else "ok"


def killed_at(name: str) -> Loader:
    """A loader during which the host dies."""

    def load(step: Step) -> str:
        if str(step) == name:
            raise SystemExit
        return "ok"

    return load


def main() -> None:
    """One night, until everything is loaded."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(TABLES)
    db.executemany("INSERT INTO plan_steps VALUES (?, ?, ?)", PLAN_STEPS)

    run = start(db, RestartRequest(0))
    assert isinstance(run, Execution)
    run = drive(db, run, failing("Finance.Ledger"))
    print(f"run {run.id}: {run.status}")

    options = restart_options(read_plan(db), read_latest(db))
    assert not isinstance(options, Rejection)
    best = recommended(options)
    for option in options:
        mark = "->" if option is best else "  "
        print(f"{mark} {option.rule} at group {option.start.sequence}, skips {len(option.names_to_skip)}")

    run = start(db, options[0].request)
    assert isinstance(run, Execution)
    try:
        drive(db, run, killed_at("Marts.Revenue"))
    except SystemExit:
        print(f"run {run.id}: the host was killed")
    recover(db)

    latest = read_latest(db)
    assert latest is not None
    print(f"run {latest.id}: {latest.status}, failed groups {latest.failed}")
    options = restart_options(read_plan(db), latest)
    assert not isinstance(options, Rejection)
    run = start(db, options[0].request)  # also right where it died between two groups, and none had failed
    assert isinstance(run, Execution)
    run = drive(db, run, failing())
    print(f"run {run.id}: {run.status}")

    refused = start(db, RestartRequest(0, execution_id=run.id))
    assert isinstance(refused, Rejection)
    print(explain(refused))


if __name__ == "__main__":
    main()
