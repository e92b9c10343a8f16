"""A fleet from file to file: whatever its kinds, the decisions are those on its scenarios, in their order."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fleet.fleet_files import ENDINGS, GOOD, expected, in_small_pieces, lines, read, write, write_lines
from pyarrow import parquet

from restart_engine.fleet import DECISIONS, SCENARIO_COLUMNS, inputs
from restart_engine.fleet.failures import FleetFailure
from restart_engine.fleet.running import run_fleet
from restart_engine.wire import MAX_BYTES


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    in_small_pieces(monkeypatch)


@pytest.mark.parametrize("into", ENDINGS)
@pytest.mark.parametrize("out_of", ENDINGS)
def test_every_pair_of_kinds(out_of: str, into: str, tmp_path: Path) -> None:
    """Each kind of input gives each kind of output; nothing is left beside it."""
    scenarios = lines(450)
    source = write(tmp_path / f"in{out_of}", scenarios)
    outcome = run_fleet(source, tmp_path / f"out{into}", jobs=1)
    assert read(tmp_path / f"out{into}") == expected(scenarios, into)
    assert outcome.summary.scenarios == 450
    assert [mistake.row for mistake in outcome.mistakes][:2] == [41, 82]
    assert len(outcome.mistakes) == 5
    if into == ".jsonl":
        assert outcome.summary.errors == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"in{out_of}", f"out{into}"])


@pytest.mark.parametrize(
    "ending", [pytest.param(e, marks=[pytest.mark.slow] * (e != ".jsonl")) for e in ENDINGS]
)
def test_any_number_of_jobs_gives_the_same_bytes(ending: str, tmp_path: Path) -> None:
    """More processes than one keep the order."""
    source = write(tmp_path / "in.jsonl", lines(600))
    for jobs in (1, 3):
        run_fleet(source, tmp_path / f"{jobs}{ending}", jobs=jobs)
    assert (tmp_path / f"1{ending}").read_bytes() == (tmp_path / f"3{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_empty_fleet_is_an_empty_output(ending: str, tmp_path: Path) -> None:
    """With its columns, where it has any."""
    for of in ENDINGS:
        source = write(tmp_path / f"in{of}", [])
        outcome = run_fleet(source, tmp_path / f"out{ending}", overwrite=True)
        assert read(tmp_path / f"out{ending}") == expected([], ending)
        assert outcome.summary.scenarios == 0


def test_a_last_line_without_its_newline_is_a_line(tmp_path: Path) -> None:
    """An empty line is one, too: it is answered as `oracle` answers it."""
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"\n".join([GOOD[0], b"", GOOD[1]]))
    run_fleet(source, tmp_path / "out.jsonl")
    assert read(tmp_path / "out.jsonl") == expected([GOOD[0], b"", GOOD[1]], ".jsonl")


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1_000])
def test_lines_are_cut_anywhere(step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the pieces, each line is in one of them."""
    texts = [b"a", b"", b"", b"bc", b"def" * 40, b"", b"g"]
    source = write_lines(tmp_path / "in.jsonl", texts)
    monkeypatch.setattr(inputs, "_CHUNK", 5)
    found = inputs.JsonLines(source)
    for tail in (b"", b"h"):
        source.write_bytes(source.read_bytes() + tail)
        total = source.stat().st_size
        pieces = [found.batches(start, min(start + step, total)) for start in range(0, total, step)]
        read_back = [line for piece in pieces for batch in piece for line in batch.column(0).to_pylist()]
        assert read_back == texts + ([tail] if tail else [])


def test_a_line_that_is_too_long_is_one_error(tmp_path: Path) -> None:
    """It is longer than many pieces, and the lines around it are answered."""
    source = tmp_path / "in.jsonl"
    with source.open("wb") as stream:
        stream.write(GOOD[0] + b"\n")
        for _ in range(3):
            stream.write(b" " * MAX_BYTES)
        stream.write(b"\n" + GOOD[1] + b"\n")
    outcome = run_fleet(source, tmp_path / "out.jsonl", jobs=1)
    answers = (tmp_path / "out.jsonl").read_bytes().splitlines(keepends=True)
    assert answers[0] + answers[2] == expected([GOOD[0], GOOD[1]], ".jsonl")
    message = f"the text is longer than {MAX_BYTES} bytes, accepted is a shorter one"
    assert json.loads(answers[1])["error"]["message"] == message
    assert [(mistake.row, mistake.message) for mistake in outcome.mistakes] == [(2, message)]


def test_one_big_row_group_is_many_pieces(tmp_path: Path) -> None:
    """Each process reads on in it from where its last piece ended."""
    scenarios = lines(900)
    source = write(tmp_path / "in.parquet", scenarios, row_group_size=10_000)
    assert parquet.ParquetFile(source).num_row_groups == 1
    assert inputs.opened(source).step < 100
    run_fleet(source, tmp_path / "out.jsonl", jobs=2)
    assert read(tmp_path / "out.jsonl") == expected(scenarios, ".jsonl")


def test_rows_are_read_from_any_row_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forward, back, within a row group and across, in batches that are not too large."""
    monkeypatch.setattr(inputs, "ROWS", 10)
    source = write(tmp_path / "in.parquet", [b"%d" % number for number in range(500)], row_group_size=90)
    found = inputs.opened(source)
    for start, end in (
        (0, 500),
        (10, 20),
        (20, 30),
        (85, 89),
        (3, 4),
        (25, 300),
        (0, 1),
        (499, 500),
        (90, 180),
        (7, 7),
    ):
        batches = list(found.batches(start, end))
        assert [row for batch in batches for row in batch.column("row").to_pylist()] == list(
            range(start, end)
        )


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_columns_of_ones_own_are_carried_over(ending: str, tmp_path: Path) -> None:
    """They stand first, and a dictionary differs from batch to batch without harm."""
    scenarios = lines(300)
    tenants = [f"tenant {row // 50}" for row in range(300)]
    table = pa.table(
        {"scenario": pa.array(scenarios, pa.binary()), "tenant": pa.array(tenants).dictionary_encode()}
    )
    parquet.write_table(table, tmp_path / "in.parquet", row_group_size=50)
    target = tmp_path / f"out{ending}"
    run_fleet(tmp_path / "in.parquet", target, jobs=1)
    found = (
        parquet.read_table(target)
        if ending == ".parquet"
        else pa.ipc.open_file(target.read_bytes()).read_all()
    )
    assert found.schema.names == ["tenant", *DECISIONS.names]
    assert found.column("tenant").to_pylist() == tenants
    assert read(target) == expected(scenarios, ending)


def _nested() -> Iterator[dict[str, Any]]:
    for line in GOOD:
        scenario = json.loads(line)
        for outcome in (scenario.get("latest") or {"groups": ()})["groups"]:
            if outcome["steps"] is not None:
                outcome["steps"] = list(outcome["steps"].items())
        yield {"latest": None, **scenario}


@pytest.mark.parametrize("into", ENDINGS)
def test_nested_columns_are_scenarios_too(into: str, tmp_path: Path) -> None:
    """They give what their text does."""
    kept: list[bytes] = []
    rows: list[dict[str, Any]] = []
    for line, row in zip(GOOD, _nested(), strict=True):
        try:
            pa.RecordBatch.from_pylist([row], schema=SCENARIO_COLUMNS)
        except OverflowError:  # a number that no column holds
            continue
        kept.append(line)
        rows.append(row)
    parquet.write_table(pa.Table.from_pylist(rows, schema=SCENARIO_COLUMNS), tmp_path / "in.parquet")
    run_fleet(tmp_path / "in.parquet", tmp_path / f"out{into}", jobs=1)
    assert read(tmp_path / f"out{into}") == expected(kept, into)


def test_a_stream_of_arrow_is_read_as_well(tmp_path: Path) -> None:
    """It is told from a file by how it begins."""
    scenarios = lines(300)
    table = pa.table({"scenario": pa.array(scenarios, pa.binary())})
    for compression in (None, "zstd"):
        sink = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=70)
        (tmp_path / "in.arrow").write_bytes(sink.getvalue())
        run_fleet(tmp_path / "in.arrow", tmp_path / "out.jsonl", jobs=1, overwrite=True)
        assert read(tmp_path / "out.jsonl") == expected(scenarios, ".jsonl")


def test_large_batches_are_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one huge batch is not read into memory."""
    monkeypatch.setattr(inputs, "_MAPPED_BYTES", 1)
    scenarios = lines(300)
    run_fleet(write(tmp_path / "in.arrow", scenarios), tmp_path / "out.jsonl", jobs=1)
    assert read(tmp_path / "out.jsonl") == expected(scenarios, ".jsonl")


def test_a_number_that_no_column_holds_is_an_error_of_columns_alone(tmp_path: Path) -> None:
    """Lines have no such limit."""
    huge = 2**70
    scenario: dict[str, Any] = {
        "plan": {"name": "P", "groups": [{"sequence": huge, "steps": ["A.a"]}]},
        "latest": {
            "id": 5,
            "status": "Failed",
            "groups": [{"sequence": huge, "status": "Failed", "steps": {}}],
        },
        "request": {"loadPlanName": "P", "groupSequence": 0, "recentLoadPlanExecution": 5},
    }
    resent = {**scenario, "request": {**scenario["request"], "recentLoadPlanExecution": 4}}
    source = write_lines(tmp_path / "in.jsonl", [json.dumps(each).encode() for each in (scenario, resent)])
    assert run_fleet(source, tmp_path / "out.jsonl").summary.errors == 0
    outcome = run_fleet(source, tmp_path / "out.parquet")
    assert [mistake.row for mistake in outcome.mistakes] == [1]
    assert "an integer of 64 bits" in outcome.mistakes[0].message


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("in.csv", "out.jsonl", "`{folder}/in.csv` ends in none of .jsonl, .parquet, .arrow"),
        ("in.jsonl", "out", "`{folder}/out` ends in none of .jsonl, .parquet, .arrow"),
        ("no.jsonl", "out.jsonl", "cannot read `{folder}/no.jsonl`: no such file or directory"),
        ("in.jsonl", "in.jsonl", "`{folder}/in.jsonl` is the input"),
        ("folder.jsonl", "out.jsonl", "`{folder}/folder.jsonl` is no file that can be read from any place"),
        ("in.jsonl", "no/out.jsonl", "cannot write `{folder}/no/out.jsonl.parts`: no such file or directory"),
        ("in.jsonl", "in.jsonl/o.arrow", "cannot write `{folder}/in.jsonl/o.arrow.parts`: not a directory"),
        ("in.jsonl", "there.jsonl", "`{folder}/there.jsonl` is there already; replace it with --overwrite"),
        ("bad.parquet", "out.jsonl", "cannot read `{folder}/bad.parquet`: parquet magic bytes not found"),
        ("other.parquet", "out.jsonl", "`{folder}/other.parquet`: the text is columns a, accepted is"),
        (
            "clash.parquet",
            "out.arrow",
            "`{folder}/clash.parquet`: `rule` is a column that a decision has too",
        ),
        (
            "in.jsonl",
            "taken.jsonl",
            "`{folder}/taken.jsonl.parts` is in the way: it holds `mine`, which is of no",
        ),
    ],
)
def test_what_cannot_be_is_one_line(source: str, target: str, message: str, tmp_path: Path) -> None:
    """It says what is wrong with which file; nothing is changed."""
    write_lines(tmp_path / "in.jsonl", [])
    (tmp_path / "there.jsonl").write_bytes(b"before")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    (tmp_path / "taken.jsonl.parts").mkdir()
    (tmp_path / "taken.jsonl.parts" / "mine").write_bytes(b"")
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    parquet.write_table(pa.table({"scenario": ["{}"], "rule": [1]}), tmp_path / "clash.parquet")
    before = sorted(path for path in tmp_path.rglob("*"))
    with pytest.raises(FleetFailure) as refused:
        run_fleet(tmp_path / source, tmp_path / target)
    assert str(refused.value).startswith(message.format(folder=tmp_path))
    assert "\n" not in str(refused.value)
    assert sorted(path for path in tmp_path.rglob("*")) == before


def test_an_output_that_is_there_is_replaced_when_asked(tmp_path: Path) -> None:
    """It stays as it was until the new one is complete."""
    source = write_lines(tmp_path / "in.jsonl", lines(10))
    target = tmp_path / "out.jsonl"
    target.write_bytes(b"before")
    run_fleet(source, target, overwrite=True, on_progress=lambda _: _is(target, b"before"))
    assert read(target) == expected(lines(10), ".jsonl")


def _is(target: Path, content: bytes) -> None:
    assert target.read_bytes() == content
