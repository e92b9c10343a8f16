"""A run ends in a complete output or in what the next one goes on from, however it ends."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fleet.fleet_files import (
    begun,
    ended,
    expected,
    in_small_pieces,
    kill_group,
    lines,
    lives,
    parts_done,
    read,
    until,
    workers_of,
    write_lines,
)

from restart_engine.fleet import running
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.running import Progress, run_fleet

SCENARIOS = lines(1_600)


class Fleet:
    """An input, the output that it is decided into, and what that has to be."""

    def __init__(self, folder: Path, ending: str, scenarios: list[bytes]) -> None:
        self.source = write_lines(folder / "in.jsonl", scenarios)
        self.target = folder / f"out{ending}"
        self.parts = folder / f"out{ending}.parts"
        self.expected = expected(scenarios, ending)

    def assert_complete(self) -> None:
        """The output is right, and nothing is left beside it."""
        assert read(self.target) == self.expected
        assert sorted(path.name for path in self.target.parent.iterdir()) == ["in.jsonl", self.target.name]


@pytest.fixture(params=[".jsonl", pytest.param(".parquet", marks=pytest.mark.slow)])
def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> Fleet:
    """A large fleet, in lines and in columns."""
    return Fleet(tmp_path, request.param, SCENARIOS)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A fleet of some pieces, for runs in this process."""
    in_small_pieces(monkeypatch)
    return Fleet(tmp_path, ".jsonl", lines(400))


def interrupt(fleet: Fleet, after: int, stage: str = "deciding") -> None:
    """A run that is interrupted when it has told of its progress so often."""
    told: list[Progress] = []

    def on_progress(reached: Progress) -> None:
        if reached.stage == stage:
            told.append(reached)
        if len(told) > after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_fleet(fleet.source, fleet.target, jobs=1, on_progress=on_progress)
    assert not fleet.target.exists()


def kill(fleet: Fleet, wait: float) -> None:
    """A run that is killed so long after it has done a part more; its processes end, too."""
    done = parts_done(fleet.target)
    run = begun(fleet.source, fleet.target, "--jobs", "2")
    until(lambda: parts_done(fleet.target) > done or run.poll() is not None)
    time.sleep(wait)
    workers = workers_of(run)
    run.kill()
    ended(run)
    until(lambda: not any(map(lives, workers)))


def test_a_killed_run_goes_on(fleet: Fleet) -> None:
    """Killed at whatever moment, the next run goes on from what is done."""
    drawn = random.Random(6)  # noqa: S311  # no secret
    for _ in range(3):
        kill(fleet, drawn.random() / 10)
        if fleet.target.exists():
            break
    status, _, errors = ended(begun(fleet.source, fleet.target, "--jobs", "2", "--overwrite"))
    assert (status, errors) == (2, b"")  # some of these rows are no scenarios
    fleet.assert_complete()


@pytest.mark.slow
def test_a_dead_worker_is_one_line(fleet: Fleet) -> None:
    """It is noticed at once, the others end, and the next run goes on."""
    run = begun(fleet.source, fleet.target, "--jobs", "2")
    workers = until(lambda: len(found := workers_of(run)) > 1 and found)
    os.kill(workers[0], signal.SIGKILL)
    status, output, errors = ended(run)
    assert (status, output) == (2, b"")
    assert errors.startswith(b"restart-engine: a worker process was killed by SIGKILL while it did part ")
    assert errors.endswith(b"; the same command goes on from what is done\n")
    assert errors.count(b"\n") == 1
    assert not any(map(lives, workers))
    assert ended(begun(fleet.source, fleet.target, "--jobs", "2"))[0] == 2
    fleet.assert_complete()


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_one_line_that_says_how_to_go_on(jobs: str, fleet: Fleet) -> None:
    """Sent to all of its processes, as a terminal does: status 130, and no worker is left."""
    run = begun(fleet.source, fleet.target, "--jobs", jobs)
    until(lambda: parts_done(fleet.target))
    workers = workers_of(run)
    kill_group(run, signal.SIGINT)
    assert ended(run) == (
        130,
        b"",
        b"restart-engine: interrupted; the same command goes on from what is done\n",
    )
    assert not any(map(lives, workers))
    assert parts_done(fleet.target)
    assert ended(begun(fleet.source, fleet.target, "--jobs", "2"))[0] == 2
    fleet.assert_complete()


@pytest.mark.slow
def test_an_interrupt_does_not_reach_the_workers(fleet: Fleet) -> None:
    """Not while they start either, so that none of them has something to say: their run ends them."""
    run = begun(fleet.source, fleet.target, "--jobs", "2")
    for worker in until(lambda: len(found := workers_of(run)) > 1 and found):
        for _ in range(20):
            os.kill(worker, signal.SIGINT)
            time.sleep(0.01)
    status, _, errors = ended(run)
    assert (status, errors) == (2, b"")
    fleet.assert_complete()


HANGING = """
import sys
from pathlib import Path
from restart_engine.fleet.crew import done_side_by_side
from restart_engine.fleet.parts import Parts
from restart_engine.fleet.piece import Job
folder = Path(sys.argv[1])
job = Job(source=folder / "in.jsonl", ending=".jsonl", step=1, total=2, parts=Parts(folder, 16 * "0"))
list(done_side_by_side(job, job.pieces, 2))
"""


def test_a_worker_whose_run_is_killed_ends_in_the_middle_of_a_part(tmp_path: Path) -> None:
    """However long the part would take: here its input never comes."""
    os.mkfifo(tmp_path / "in.jsonl")
    with subprocess.Popen([sys.executable, "-c", HANGING, str(tmp_path)]) as run:  # noqa: S603  # our own
        until(lambda: len(list(tmp_path.glob("*.tmp"))) == 2)
        workers = workers_of(run)
        run.kill()
    assert len(workers) == 2
    until(lambda: not any(map(lives, workers)))


@pytest.mark.slow
def test_a_full_disk_is_one_line(fleet: Fleet) -> None:
    """Where no part can be written; with room again, the same command goes on."""
    limit = 3_000

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    status, output, errors = ended(begun(fleet.source, fleet.target, "--jobs", "2", prepared=no_room))
    assert (status, output) == (2, b"")
    assert errors.decode() == f"restart-engine: cannot write `{fleet.parts}`: file too large\n"
    assert ended(begun(fleet.source, fleet.target))[0] == 2
    fleet.assert_complete()


def test_a_second_run_at_once_is_refused(small: Fleet) -> None:
    """The lock is held by whoever runs, and by nobody once that is dead."""
    run = begun(small.source, small.target, "--jobs", "1")
    until((small.parts / "run.json").exists)
    run.send_signal(signal.SIGSTOP)
    with pytest.raises(FleetFailure, match=r"another run has `.*out.jsonl.parts`; wait until it is over"):
        run_fleet(small.source, small.target)
    run.kill()
    ended(run)
    run_fleet(small.source, small.target, jobs=1, overwrite=True)
    small.assert_complete()


def test_what_is_done_is_not_done_again(small: Fleet) -> None:
    """The next run tells how many rows it found, and its summary is of all of them."""
    whole = run_fleet(small.source, small.target, jobs=1)
    small.target.unlink()
    interrupt(small, after=4)
    before = {path.name: path.stat().st_mtime_ns for path in small.parts.glob("*.part")}
    assert len(before) == 4
    told: list[Progress] = []
    outcome = run_fleet(small.source, small.target, jobs=1, on_progress=told.append)
    assert outcome.found > 0
    assert told[0].done > 0
    assert told[0].rows == 0
    assert max(each.rows for each in told) == 400 - outcome.found
    assert (outcome.summary, outcome.mistakes) == (whole.summary, whole.mistakes)
    small.assert_complete()


def test_an_interrupted_join_is_begun_again(small: Fleet) -> None:
    """What was joined so far is not trusted."""
    interrupt(small, after=2, stage="joining")
    run_fleet(small.source, small.target, jobs=1)
    small.assert_complete()


def test_a_run_that_ended_just_before_tidying_up_is_complete(
    small: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The output is in its place: the same command does not refuse it as somebody else's, nor redo it."""
    with monkeypatch.context() as patched:
        patched.setattr(running, "clear", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run_fleet(small.source, small.target, jobs=1)
    written = small.target.stat().st_mtime_ns
    assert run_fleet(small.source, small.target, jobs=1).summary.scenarios == 400
    assert small.target.stat().st_mtime_ns == written
    small.assert_complete()


@pytest.mark.parametrize("harm", ["cut", "gone", "no mark", "half a mark"])
def test_a_part_that_is_not_whole_is_done_again(harm: str, small: Fleet) -> None:
    """Its mark has to be there, and its size to be as marked."""
    interrupt(small, after=3)
    part = sorted(small.parts.glob("*.part"))[1]
    mark = part.with_suffix(".json")
    match harm:
        case "cut":
            os.truncate(part, part.stat().st_size - 1)
        case "gone":
            part.unlink()
        case "no mark":
            mark.unlink()
        case _:
            os.truncate(mark, mark.stat().st_size // 2)
    run_fleet(small.source, small.target, jobs=1)
    small.assert_complete()


def _change(source: Path) -> None:
    source.write_bytes(source.read_bytes().replace(b"Succeeded", b"succeeded", 1))


def test_an_input_that_has_changed_is_not_gone_on_with(small: Fleet) -> None:
    """Not with `--overwrite` either; `restart` begins anew."""
    interrupt(small, after=3)
    _change(small.source)
    changed = small.source.read_bytes().splitlines()
    with pytest.raises(FleetFailure) as refused:
        run_fleet(small.source, small.target, overwrite=True)
    says = f"`{small.source}` has changed since `{small.parts}` was begun; begin anew with --restart"
    assert str(refused.value) == says
    run_fleet(small.source, small.target, jobs=1, restart=True)
    assert read(small.target) == expected(changed, ".jsonl")
    assert not small.parts.exists()


def test_an_input_that_changes_meanwhile_is_noticed(small: Fleet) -> None:
    """Nothing is joined of two different inputs."""

    def on_progress(reached: Progress) -> None:
        if reached.done == reached.total:
            _change(small.source)

    with pytest.raises(FleetFailure, match=r"in.jsonl` has changed meanwhile; begin anew with --restart"):
        run_fleet(small.source, small.target, jobs=1, on_progress=on_progress)
    assert not small.target.exists()


def test_parts_of_another_version_are_not_gone_on_with(small: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version may decide otherwise."""
    interrupt(small, after=3)
    monkeypatch.setattr(running, "version", lambda _: "9.9")
    with pytest.raises(
        FleetFailure, match=r"was begun by another version of restart-engine, .*, this is 9.9"
    ):
        run_fleet(small.source, small.target)


def test_parts_that_were_cut_otherwise_are_not_gone_on_with(
    small: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does a part of such a run count where its folder is used again."""
    interrupt(small, after=3)
    kept = small.parts.with_name("kept")
    shutil.copytree(small.parts, kept)
    monkeypatch.undo()  # large pieces
    with pytest.raises(FleetFailure, match=r"was cut into other parts, of 20000 bytes; begin anew"):
        run_fleet(small.source, small.target)
    for part in (*kept.glob("*.part"), *kept.glob("*.json")):
        if part.name != "run.json":
            shutil.copy(part, small.parts)  # what a process may write that has outlived its run
    shutil.rmtree(kept)
    assert run_fleet(small.source, small.target, restart=True).found == 0
    small.assert_complete()


def test_a_folder_is_used_when_its_run_is_over(small: Fleet) -> None:
    """One run after the other, into the same output."""
    for _ in range(3):
        run_fleet(small.source, small.target, jobs=1, overwrite=True)
        small.assert_complete()
