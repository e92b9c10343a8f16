from __future__ import annotations

import json
import os
import pty
import signal
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli.processes import run, script, started
from simulate.files import EXAMPLE, SMALL, changed

PATIENCE = 60.0


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A simulation file with two policies."""
    file = tmp_path / "small.json"
    policies = [
        {"name": "by hand", "from": "failedSteps", "byHandAt": ["07:00"]},
        {"name": "again", "from": "failedSteps", "afterMinutes": [10]},
    ]
    file.write_text(json.dumps(changed("policies", to=policies)))
    return file


def test_it_answers_the_question_in_a_table(small: Path) -> None:
    """How often it is ready, when, at what cost, and against the first policy."""
    done = run("simulate", small, "--nights", "100", "--seed", "3")
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode()
    assert printed.startswith("Small: 100 nights from 22:00, ready by 06:00? (seed 3)\n")
    for title in ("how often is it ready", "when is it ready", "what a night costs", "against `by hand`"):
        assert f"\n{title}" in printed
    assert max(map(len, printed.splitlines())) <= 80


@pytest.mark.slow
def test_any_number_of_jobs_gives_the_same_and_another_seed_does_not(small: Path) -> None:
    """The table follows from the seed."""
    done = run("simulate", small, "--nights", "100", "--seed", "3")
    assert done.stdout == run("simulate", small, "--nights", "100", "--seed", "3", "--jobs", "1").stdout
    assert done.stdout != run("simulate", small, "--nights", "100", "--seed", "4", "--jobs", "1").stdout


def test_it_says_the_same_as_json(small: Path) -> None:
    """On one line; what never comes is null."""
    done = run(
        "simulate",
        small,
        "--nights",
        "50",
        "--json",
        "--baseline",
        "again",
        "--deadline",
        "22:10",
        "--jobs",
        "1",
    )
    assert done.stdout.count(b"\n") == 1
    told = json.loads(done.stdout)
    assert (told["loadPlan"], told["nights"], told["seed"], told["baseline"]) == ("Small", 50, 0, "again")
    assert told["deadline"] == 600.0
    by_hand, again = told["policies"]
    assert again["ready"]["value"] < 1
    assert again["median"]["value"] == 600.0
    assert by_hand["givenUp"] + by_hand["ready"]["value"] * 50 <= 50
    assert [each["policy"] for each in told["differences"]] == ["by hand"]
    assert told["differences"][0]["ready"]["low"] <= 0


@pytest.mark.slow
def test_it_draws_pictures(small: Path, tmp_path: Path) -> None:
    """Of the report and of a night, by the files' endings."""
    files = [tmp_path / name for name in ("report.svg", "night.png", "named.pdf")]
    done = run("simulate", small, "--nights", "30", "--picture", files[0], "--gantt", files[1], "--jobs", "1")
    assert done.returncode == 0
    one = ("--night", "2", "--policy", "again")
    assert run("simulate", small, "--nights", "2", "--gantt", files[2], *one).returncode == 0
    assert [file.read_bytes()[:4] for file in files] == [b"<?xm", b"\x89PNG", b"%PDF"]


def test_the_schema_is_printed() -> None:
    """By which the example is legal."""
    done = run("simulate", "--schema")
    jsonschema.validate(SMALL, json.loads(done.stdout))


def test_a_rejection_is_told(tmp_path: Path) -> None:
    """With its rule and its nights."""
    file = tmp_path / "untracked.json"
    night: dict[str, Any] = {**SMALL["night"], "detailedTracking": False}
    policies = [{"name": "resume", "from": "failedSteps", "afterMinutes": [10]}]
    file.write_text(json.dumps({**SMALL, "night": night, "policies": policies}))
    printed = run("simulate", file, "--nights", "100", "--jobs", "1").stdout.decode()
    assert "`resume`: a restart was rejected in " in printed
    assert printed.rstrip().endswith("nights, R5")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give either FILE or --schema; see `restart-engine simulate --help`"),
        (["none.yaml"], "cannot read `none.yaml`: no such file or directory"),
        (["SMALL", "--deadline", "6"], "no time of the day from 00:00 to 23:59"),
        (["SMALL", "--deadline", "22:00"], "`night.deadline` is `'22:00'`, accepted is another time"),
        (["SMALL", "--picture", "a.gif"], "`a.gif` does not end in .svg, .png, .pdf"),
        (["SMALL", "--night", "1"], "--night and --policy go with --gantt"),
        (["SMALL", "--baseline", "x"], "`policy` is `'x'`, accepted is one of by hand, again"),
        (["SMALL", "--gantt", "a.svg", "--policy", "x"], "`policy` is `'x'`"),
        (["SMALL", "--nights", "0"], "0 is not in the range x>=1"),
        (["SMALL", "--picture", "none/a.svg"], "`none/a.svg` stands in no folder that is there"),
    ],
)
def test_a_mistake_is_one_line(small: Path, arguments: list[str], said: str) -> None:
    """With status 2."""
    done = run("simulate", *(str(small) if each == "SMALL" else each for each in arguments))
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_file_that_is_off_is_named_with_the_place(tmp_path: Path) -> None:
    """As every file is."""
    file = tmp_path / "off.json"
    file.write_text(json.dumps(changed("night", "slots", to="many")))
    done = run("simulate", file)
    expected = f'restart-engine: `{file}`: `night.slots` is `"many"`, accepted is an integer of 1 or more\n'
    assert done.stderr.decode() == expected


@pytest.mark.parametrize("missing", ["simpy", "matplotlib"])
def test_a_missing_extra_is_one_line(small: Path, missing: str) -> None:
    """That says how to get it."""
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom restart_engine.cli import main\nmain()"
    done = script(code, "simulate", str(small), "--nights", "1", "--picture", "a.svg")
    assert done.returncode == 2
    assert (
        f"`{missing}` is missing, install it with `pip install 'restart-engine[simulate]'`"
        in done.stderr.decode()
    )


def test_without_the_extra_every_other_command_works() -> None:
    """The simulator is loaded by its own command alone."""
    code = "import sys; sys.modules['simpy'] = None\nfrom restart_engine.cli import main\nmain()"
    assert script(code, "schema", "scenario").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_whatever_ends_it_no_process_is_left(sent: signal.Signals, status: int) -> None:
    """Ctrl-C, which all processes of a terminal get, is told in one line; who is killed takes all along."""
    parent, child = pty.openpty()
    process = started(
        "simulate", str(EXAMPLE), "--nights", "100000", "--jobs", "2", stderr=child, prepared=os.setsid
    )
    os.close(child)
    shown = until(parent, b"20/100000")
    if sent == signal.SIGINT:
        os.killpg(process.pid, sent)
        shown += until(parent, b"restart-engine: interrupted")
    else:
        process.send_signal(sent)
    assert process.wait(PATIENCE) == status
    printed, _ = process.communicate()
    assert printed == b""
    deadline = time.monotonic() + PATIENCE
    while is_there(process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert b"Traceback" not in shown
    os.close(parent)


def is_there(group: int) -> bool:
    """Whether a process of this group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def until(terminal: int, wanted: bytes) -> bytes:
    """What is shown until this is."""
    shown = b""
    deadline = time.monotonic() + PATIENCE
    while wanted not in shown:
        assert time.monotonic() < deadline, shown
        shown += os.read(terminal, 65536)
    return shown
