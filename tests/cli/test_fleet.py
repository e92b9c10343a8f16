"""The command `fleet`, in real processes: what it prints, its status, and its answers beside `oracle`'s."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from cli.processes import COMMAND, assert_refused, environment, nightly, run, script, until_closed

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "fleet" / "outage.py"
PAGE = Path(__file__).parents[2] / "docs" / "fleet.md"
PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "fleet.svg"


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fleet of the page."""
    made = subprocess.run([sys.executable, EXAMPLE], capture_output=True, check=True)  # noqa: S603  # our own
    file = tmp_path_factory.mktemp("fleet") / "outage.jsonl"
    file.write_bytes(made.stdout)
    return file


def night() -> bytes:
    """The example of the README as one line."""
    return json.dumps(nightly()).encode() + b"\n"


def test_its_lines_are_those_of_oracle(outage: Path, tmp_path: Path) -> None:
    """Byte for byte, also of lines that are no scenarios, with more than one process."""
    lines = outage.read_bytes() * 8 + b"\n[]\n" + night().rstrip()
    (tmp_path / "in.jsonl").write_bytes(lines)
    assert len(lines) > 4 * 2**20  # several parts
    done = run("fleet", tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--jobs", "2")
    assert done.returncode == 2
    assert done.stderr == b""
    assert (tmp_path / "out.jsonl").read_bytes() == run("oracle", stdin=lines).stdout


def test_a_fleet_without_errors_is_status_0(tmp_path: Path) -> None:
    """Rejected or not: a rejection is an answer."""
    (tmp_path / "in.jsonl").write_bytes(night() + night().replace(b"4711", b"4712", 1))
    done = run("fleet", tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"1 of 2 scenarios can resume (50%); the accepted restarts save ")


def test_json_holds_the_whole_summary(outage: Path, tmp_path: Path) -> None:
    """On one line, with the first errors."""
    done = run("fleet", outage, tmp_path / "out.arrow", "--json")
    assert (done.returncode, done.stdout.count(b"\n")) == (2, 1)
    document = json.loads(done.stdout)
    assert document["scenarios"] == 360
    assert document["stepsSaved"] == document["stepsInPlan"] - document["stepsToRun"]
    assert [error["row"] for error in document["firstErrors"]] == [151, 291]
    planned = sum(each["scenarios"] for each in document["planned"].values())
    rejected = sum(sum(by_help.values()) for by_help in document["rejected"].values())
    assert planned + rejected + document["errors"] == document["scenarios"]
    assert sum(document["helps"].values()) == rejected


def test_the_page_shows_what_the_command_prints(outage: Path, tmp_path: Path) -> None:
    """Its table, and its picture."""
    picture = tmp_path / "fleet.svg"
    done = run("fleet", outage, tmp_path / "decisions.parquet", "--picture", picture)
    shown = re.search(r"--picture outage.svg\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    assert done.stdout.decode() == shown[1]
    words = re.compile(rb"<!-- (.*?) -->")
    assert words.findall(picture.read_bytes()) == words.findall(PICTURE.read_bytes())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--jobs", "0"], "invalid value for `--jobs`: 0 is not in the range 1<=x<=1024; see"),
        (
            ["--picture", "p.txt"],
            "invalid value for `--picture`: `p.txt` ends in none of .svg, .png, .pdf; see",
        ),
    ],
)
def test_bad_usage_is_one_line(options: list[str], message: str, tmp_path: Path) -> None:
    """It is found before anything is read or written."""
    assert_refused(
        run("fleet", tmp_path / "in.jsonl", tmp_path / "out.jsonl", *options),
        f"{message} `restart-engine fleet --help`",
    )
    assert not any(tmp_path.iterdir())


def test_what_cannot_be_is_one_line(outage: Path, tmp_path: Path) -> None:
    """With the names as they were given."""
    done = run("fleet", outage, outage)
    assert_refused(done, f"`{outage}` is the input")
    target = tmp_path / "there.jsonl"
    target.write_bytes(b"before")
    assert_refused(run("fleet", outage, target), f"`{target}` is there already; replace it with --overwrite")
    assert target.read_bytes() == b"before"
    assert run("fleet", outage, target, "--overwrite").returncode == 2
    assert target.read_bytes() != b"before"


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_is_one_line(outage: Path, tmp_path: Path) -> None:
    """Before anything is decided, where its folder is not there; else after the summary."""
    picture = tmp_path / "no" / "p.svg"
    done = run("fleet", outage, tmp_path / "out.jsonl", "--picture", picture)
    assert (done.returncode, done.stdout) == (2, b"")
    assert f"`{picture}` stands in no folder that is there" in done.stderr.decode()
    assert not (tmp_path / "out.jsonl").exists()
    (tmp_path / "folder.svg").mkdir()
    done = run("fleet", outage, tmp_path / "out.jsonl", "--picture", tmp_path / "folder.svg")
    assert done.returncode == 2
    assert done.stdout
    assert b"cannot write" in done.stderr
    assert (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("missing", "options"),
    [("pyarrow", []), ("matplotlib", ["--picture", "p.svg"])],
    ids=["arrow", "picture"],
)
def test_a_missing_extra_is_named_in_one_line(missing: str, options: list[str], tmp_path: Path) -> None:
    """Before anything is decided."""
    code = f"import sys; sys.modules[{missing!r}] = None; from restart_engine.cli import main; main()"
    done = script(code, "fleet", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), *options)
    assert_refused(done, f"`{missing}` is missing, install it with `pip install 'restart-engine[fleet]'`")


def test_other_commands_do_not_load_what_it_needs() -> None:
    """Neither Arrow nor what draws."""
    code = (
        "import sys\nfrom restart_engine.cli import run\nrun.status_of(['schema', 'scenario'])\n"
        "sys.exit(any(name in sys.modules for name in ('pyarrow', 'matplotlib')))"
    )
    assert script(code).returncode == 0


@pytest.mark.slow
def test_a_terminal_shows_progress(outage: Path, tmp_path: Path) -> None:
    """On standard error alone, and in its way nothing is left of it."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    command = [*COMMAND, "fleet", str(outage), str(tmp_path / "out.parquet")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=its, env=environment()) as process:  # noqa: S603  # ours
        os.close(its)
        told = until_closed(ours).decode()
        assert process.stdout is not None
        output = process.stdout.read()
    os.close(ours)
    assert "deciding" in told
    assert "100%" in told
    assert "rows/s" in told
    assert output == run("fleet", outage, tmp_path / "other.parquet").stdout
