"""A fleet from file to file, where the files are not as one would write them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from fleet.fleet_files import GOOD, expected, lines, read, some, write, write_lines
from pyarrow import parquet

from restart_engine.fleet import crew, inputs, outputs, running
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.running import run_fleet

MIB = 1024 * 1024


def in_arrow(path: Path, batches: list[pa.RecordBatch]) -> Path:
    """A file of Arrow IPC of these; a stream where they have different dictionaries."""
    with path.open("wb") as sink, pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("into", [".arrow", ".parquet"])
def test_views_are_not_written_with_all_that_they_are_a_part_of(into: str, tmp_path: Path) -> None:
    """Polars writes views; a part of them is as small as its rows."""
    import polars as pl  # noqa: PLC0415  # only the full depth has it

    scenarios = [line.decode() for line in some(list(GOOD), 6_000)]
    tenants = [f"a tenant with a name that is long, {number}" for number in range(6_000)]
    source, target = tmp_path / "in.arrow", tmp_path / f"out{into}"
    pl.DataFrame(
        {"scenario": scenarios, "tenant": tenants, "of": [[tenant] for tenant in tenants]}
    ).write_ipc(source)
    with source.open("rb") as stream:
        assert pa.types.is_string_view(pa.ipc.open_file(stream).schema.field("tenant").type)
    run_fleet(source, target, jobs=1)
    assert read(target) == expected([line.encode() for line in scenarios], into)
    assert target.stat().st_size < 3 * source.stat().st_size
    pieces = list(inputs.opened(source).batches(0, 6_000))
    assert max(batch.get_total_buffer_size() for batch in pieces) < 16 * MIB


def test_a_few_large_rows_first_do_not_cut_the_others_small(tmp_path: Path) -> None:
    """What a file holds in all decides how it is cut; what is held at once is bounded by its real size."""
    scenarios = [b"x" * MIB] * 16 + [b"x"] * 40_000
    for ending in (".parquet", ".arrow"):
        found = inputs.opened(write(tmp_path / f"in{ending}", scenarios))
        assert found.total / found.step < 200
        batches = list(found.batches(0, found.total))
        assert sum(batch.num_rows for batch in batches) == found.total
        assert max(batch.nbytes for batch in batches) <= 4 * MIB
        assert max(batch.num_rows for batch in batches) >= 64


def test_huge_rows_make_small_pieces(tmp_path: Path) -> None:
    """What is done at once, and again after an end, is some megabytes, however few rows those are."""
    scenarios = [os.urandom(MIB) for _ in range(40)]
    for ending in (".parquet", ".arrow"):
        found = inputs.opened(write(tmp_path / f"in{ending}", scenarios, use_dictionary=False))
        assert 16 <= found.step <= 32


def test_what_is_held_of_lines_is_bounded(tmp_path: Path) -> None:
    """A batch of long lines has few of them."""
    found = inputs.opened(write_lines(tmp_path / "in.jsonl", [b"x" * MIB] * 40))
    batches = list(found.batches(0, found.total))
    assert sum(batch.num_rows for batch in batches) == 40
    assert max(batch.nbytes for batch in batches) < 6 * MIB


def test_what_is_decoded_of_a_row_group_is_bounded(tmp_path: Path) -> None:
    """Also where rows are large throughout."""
    rows = [os.urandom(MIB // 4) for _ in range(120)]
    source = write(tmp_path / "in.parquet", rows, use_dictionary=False, write_batch_size=1)
    before = pa.total_allocated_bytes()
    most = 0
    for batch in inputs.opened(source).batches(0, 120):
        most = max(most, pa.total_allocated_bytes() - before)
        assert batch.nbytes <= 4 * MIB
    assert most < 24 * MIB


@pytest.mark.parametrize("into", [".arrow", ".parquet"])
def test_dictionaries_that_differ_by_batch(into: str, tmp_path: Path) -> None:
    """They become plain, also inside other columns, and however small their indices are."""
    kind = pa.dictionary(pa.int8(), pa.string())
    batches = []
    for number in range(4):
        values = [f"{number} {row}" for row in range(100)]
        column: Any = pa.DictionaryArray.from_arrays(pa.array(range(100), pa.int8()), pa.array(values))
        inside = pa.StructArray.from_arrays([column], fields=[pa.field("x", kind)])
        scenarios = pa.array(some(list(GOOD), 100), pa.binary())
        batches.append(pa.record_batch({"scenario": scenarios, "key": column, "inside": inside}))
    run_fleet(in_arrow(tmp_path / "in.arrow", batches), tmp_path / f"out{into}", jobs=1)
    if into == ".parquet":
        found = parquet.read_table(tmp_path / "out.parquet")
    else:
        with (tmp_path / "out.arrow").open("rb") as stream:
            found = pa.ipc.open_file(stream).read_all()
    keys = [f"{number} {row}" for number in range(4) for row in range(100)]
    assert found["key"].to_pylist() == keys
    assert found["inside"].to_pylist() == [{"x": key} for key in keys]


@pytest.mark.slow
@pytest.mark.parametrize("into", [".arrow", ".parquet"])
def test_categories_of_polars_become_text(into: str, tmp_path: Path) -> None:
    """They are dictionaries of views."""
    import polars as pl  # noqa: PLC0415  # only the full depth has it

    keys = ["a", None, "b", "a"]
    frame = pl.DataFrame({"scenario": [line.decode() for line in GOOD[:4]], "key": keys})
    frame = frame.with_columns(pl.col("key").cast(pl.Categorical))
    frame.with_columns(inside=pl.struct("key")).write_ipc(tmp_path / "in.arrow")
    run_fleet(tmp_path / "in.arrow", tmp_path / f"out{into}", jobs=1)
    found = (
        pl.read_parquet(tmp_path / "out.parquet")
        if into == ".parquet"
        else pl.read_ipc(tmp_path / "out.arrow")
    )
    assert found["key"].to_list() == keys
    assert found["inside"].to_list() == [{"key": key} for key in keys]
    assert found["key"].dtype == pl.String


def test_a_list_view_is_carried_over_as_a_list(tmp_path: Path) -> None:
    """Each row with its own items, in whatever order they are held."""
    kind = pa.list_view(pa.string_view())
    held: list[Any] = [["a"], None, ["b", "c"], []] * 3
    views: Any = pa.concat_arrays([pa.array(held, kind), pa.array(list(reversed(held)), kind)])
    batch = pa.record_batch({"scenario": pa.array(some(list(GOOD), 24), pa.binary()), "of": views})
    run_fleet(in_arrow(tmp_path / "in.arrow", [batch]), tmp_path / "out.parquet", jobs=1)
    assert parquet.read_table(tmp_path / "out.parquet")["of"].to_pylist() == [*held, *reversed(held)]


def test_a_large_dictionary_does_not_make_small_batches(tmp_path: Path) -> None:
    """Each slice still has all of it, but is as large as its rows; what is decoded at once is bounded."""
    texts = pa.array([f"{number} " + "x" * 6_000 for number in range(1_000)])
    keys: Any = pa.DictionaryArray.from_arrays(
        pa.array([row % 1_000 for row in range(8_000)], pa.int32()), texts
    )
    batch = pa.record_batch({"scenario": pa.array(some(list(GOOD), 8_000), pa.binary()), "key": keys})
    found = inputs.opened(in_arrow(tmp_path / "in.arrow", [batch]))
    before, most = pa.total_allocated_bytes(), 0
    read_back: list[Any] = []
    for one in found.batches(0, 8_000):
        most = max(most, pa.total_allocated_bytes() - before)
        assert one.num_rows >= 32
        assert one.nbytes <= 4 * MIB
        read_back += one["key"].to_pylist()
    assert read_back == keys.to_pylist()
    assert most < 16 * MIB


def test_errors_are_counted_over_the_batches_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is named by its place in the input, and the first few are shown."""
    monkeypatch.setattr(inputs, "_LEAST_PIECE_BYTES", 32 * MIB)  # one part of three batches
    scenarios = [GOOD[0]] * 9_000
    for row in (5_000, 5_001, 8_500, 8_501, 8_502, 8_503):
        scenarios[row - 1] = b"{"
    outcome = run_fleet(write_lines(tmp_path / "in.jsonl", scenarios), tmp_path / "out.parquet", jobs=1)
    assert [mistake.row for mistake in outcome.mistakes] == [5_000, 5_001, 8_500, 8_501, 8_502]
    assert outcome.summary.scenarios == 9_000


def test_a_line_that_comes_while_the_input_is_opened_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What tells an input is taken before anything else of it."""
    source = write_lines(tmp_path / "in.jsonl", lines(3))

    def opened(path: Path) -> inputs.Input:
        found = inputs.opened(path)
        with path.open("ab") as stream:
            stream.write(GOOD[0] + b"\n")
        return found

    monkeypatch.setattr(running, "opened", opened)
    with pytest.raises(FleetFailure, match="has changed meanwhile"):
        run_fleet(source, tmp_path / "out.jsonl", jobs=1)
    assert not (tmp_path / "out.jsonl").exists()


def test_columns_named_like_a_decisions_do_no_harm_to_lines(tmp_path: Path) -> None:
    """Lines carry nothing over; columns do."""
    source = tmp_path / "in.parquet"
    parquet.write_table(
        pa.table({"scenario": pa.array(GOOD[:3], pa.binary()), "path": ["a", "b", "c"]}), source
    )
    run_fleet(source, tmp_path / "out.jsonl", jobs=1)
    assert (tmp_path / "out.jsonl").read_bytes() == expected(list(GOOD[:3]), ".jsonl")
    with pytest.raises(FleetFailure, match="`path` is a column that a decision has too"):
        run_fleet(source, tmp_path / "out.arrow", jobs=1)


def test_an_output_that_is_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is written."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "elsewhere" / "real.jsonl")
    run_fleet(write_lines(tmp_path / "in.jsonl", list(GOOD[:2])), tmp_path / "out.jsonl", jobs=1)
    assert (tmp_path / "out.jsonl").is_symlink()
    assert (tmp_path / "elsewhere" / "real.jsonl").read_bytes() == expected(list(GOOD[:2]), ".jsonl")


def test_an_output_that_is_a_link_to_itself_is_one_line(tmp_path: Path) -> None:
    """It leads nowhere."""
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "out.jsonl")
    with pytest.raises(FleetFailure, match=r"out.jsonl` is a link that leads back to itself"):
        run_fleet(write_lines(tmp_path / "in.jsonl", [GOOD[0]]), tmp_path / "out.jsonl")


def test_names_are_told_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they are not whole paths, or too long for the system."""
    monkeypatch.chdir(tmp_path)
    source = write_lines(Path("in.jsonl"), [GOOD[0]])
    write_lines(Path("there.jsonl"), [])
    with pytest.raises(FleetFailure, match=r"^`there.jsonl` is there already"):
        run_fleet(source, Path("there.jsonl"))
    long = Path(f"{'x' * 300}.jsonl")
    with pytest.raises(FleetFailure, match=f"^cannot write `{long}`: file name too long"):
        run_fleet(source, long)


def test_parts_on_another_disk_are_refused_before_anything_is_decided(tmp_path: Path) -> None:
    """The output could not be put in its place in the end."""
    shared = Path("/dev/shm")  # noqa: S108  # what is made in it has a name of its own
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("the system has no second disk that is known")
    with tempfile.TemporaryDirectory(dir=shared) as other:
        (tmp_path / "out.jsonl.parts").symlink_to(other)
        with pytest.raises(FleetFailure, match=r"out.jsonl.parts` is on another disk than "):
            run_fleet(
                write_lines(tmp_path / "in.jsonl", [GOOD[0]]),
                tmp_path / "out.jsonl",
                on_progress=lambda _: pytest.fail("it is deciding"),
            )
        assert not any(Path(other).iterdir())


def test_an_output_that_is_a_folder_is_refused_before_anything_is_decided(tmp_path: Path) -> None:
    """Also where replacing is asked for."""
    (tmp_path / "out.jsonl").mkdir()
    with pytest.raises(FleetFailure, match="is a folder"):
        run_fleet(write_lines(tmp_path / "in.jsonl", [GOOD[0]]), tmp_path / "out.jsonl", overwrite=True)


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_a_name_that_is_no_text_is_one_line(ending: str, tmp_path: Path) -> None:
    """A file's name is bytes; these are no UTF-8, and Arrow opens none of them. Lines are read."""
    odd = Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"\xff"))
    source = write(tmp_path / f"in{ending}", list(GOOD[:2])).rename(odd.with_suffix(ending))
    with pytest.raises(FleetFailure, match="cannot read"):
        run_fleet(source, tmp_path / "out.jsonl", jobs=1)
    lines_of_it = write_lines(odd.with_suffix(".jsonl"), list(GOOD[:2]))
    run_fleet(lines_of_it, tmp_path / "out.jsonl", jobs=1)
    assert (tmp_path / "out.jsonl").read_bytes() == expected(list(GOOD[:2]), ".jsonl")


def test_only_a_run_that_was_killed_promises_to_go_on() -> None:
    """What ends with a status ends so again."""
    killed, ended = crew._death(-9, 3), crew._death(1, 3)  # noqa: SLF001  # the sentences are what matters
    assert killed.startswith("a worker process was killed by SIGKILL while it did part 3; the same command")
    assert ended == "a worker process ended with status 1 while it did part 3"


DEFECT: Final = """
import sys
from pathlib import Path
from restart_engine.fleet.crew import done_side_by_side
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.piece import Job

class Parts:
    folder = Path("parts")
    def file(self, piece):
        raise ValueError("On two\\nlines.")

if __name__ == "__main__":
    job = Job(source=Path(sys.argv[1]), ending=".jsonl", step=1, total=2, parts=Parts())
    try:
        list(done_side_by_side(job, [1], 1))
    except FleetFailure as failure:
        print(failure)
"""


def test_a_defect_in_a_worker_is_one_line(tmp_path: Path) -> None:
    """It names the part; nothing is promised of the same command."""
    source = write_lines(tmp_path / "in.jsonl", [GOOD[0]])
    script = tmp_path / "defect.py"
    script.write_text(DEFECT, encoding="utf-8")
    done = subprocess.run([sys.executable, script, source], capture_output=True, check=True)  # noqa: S603  # our own
    told = b"a worker process met a defect of this program in part 1: ValueError: on two lines\n"
    assert (done.stdout, done.stderr) == (told, b"")


def test_joining_takes_as_long_for_each_batch(tmp_path: Path) -> None:
    """However many are held: twice as many batches are twice as many calls."""

    def calls(count: int) -> int:
        batch = pa.record_batch({"row": pa.array([1], pa.int8())})
        with (tmp_path / "part").open("wb") as stream:
            outputs.write_columns(stream, batch.schema, [batch] * count)
        found = 0

        def called(_: object, event: str, __: object) -> None:
            nonlocal found
            found += event == "call"

        with (tmp_path / "out").open("wb") as stream:
            sys.setprofile(called)
            try:
                outputs.join_parts([tmp_path / "part"], ".parquet", batch.schema, stream, lambda _: None)
            finally:
                sys.setprofile(None)
        return found

    assert calls(800) < 3 * calls(400)


def test_a_system_without_the_lock_is_told(tmp_path: Path) -> None:
    """In one line that says what is missing."""
    code = "import sys; sys.modules['fcntl'] = None; from restart_engine.cli import main; main()"
    source = write_lines(tmp_path / "in.jsonl", [GOOD[0]])
    done = subprocess.run(  # noqa: S603  # the command is the project's own
        [sys.executable, "-c", code, "fleet", str(source), str(tmp_path / "out.jsonl")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"needs a lock that this system has not" in done.stderr
