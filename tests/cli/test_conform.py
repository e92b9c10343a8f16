"""`conform` and `vectors` as a shell runs them."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cli.processes import COMMAND, environment, run, script, until_closed

ROOT = Path(__file__).parents[2]
JAVASCRIPT = ROOT / "docs" / "examples" / "javascript"
ORACLE = f"{sys.executable} -m restart_engine oracle"
FAULTY = """
import json, sys
from restart_engine.wire import Oracle
oracle = Oracle()
for line in sys.stdin.buffer:
    answer = json.loads(oracle.answer(line))
    if answer["decision"] == "rejected" and answer["rule"] == "R2":
        answer["rule"] = "R5"
    print(json.dumps(answer), flush=True)
"""
FUNCTION = """
import json
from restart_engine.conformance import reference as decide
class Inner:
    decide = staticmethod(decide)
number = 5
"""


def conform(*arguments: str | Path) -> tuple[int, str, str]:
    """Its exit status, and what it writes."""
    done = run("conform", *arguments)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class TestVerdicts:
    """Exit status 0, 1 and 2."""

    def test_the_oracle_conforms(self) -> None:
        """The engine, asked over its own pipes."""
        status, out, err = conform("--command", ORACLE, "--examples", "50")
        assert (status, err) == (0, "")
        assert " ".join(out.split()).startswith(f"{ORACLE} conforms (")

    def test_a_faulty_program_does_not(self, tmp_path: Path) -> None:
        """And every format says so."""
        (tmp_path / "faulty.py").write_text(FAULTY)
        status, out, err = conform(
            *("--command", f"{sys.executable} {tmp_path}/faulty.py", "--examples", "0"),
            *("--junit", tmp_path / "r.xml", "--html", tmp_path / "r.html", "--json"),
        )
        assert (status, err) == (1, "")
        report = json.loads(out)
        assert {(fault["kind"], fault["rule"]) for fault in report["faults"]} == {("names", "R2")}
        assert ET.parse(tmp_path / "r.xml").getroot().get("failures") == "1"  # noqa: S314  # our own text
        assert "does not conform" in (tmp_path / "r.html").read_text()

    @pytest.mark.slow
    def test_a_report_is_replayed(self, tmp_path: Path) -> None:
        """Against the faulty program it shows the fault, against a right one none."""
        (tmp_path / "faulty.py").write_text(FAULTY)
        faulty = f"{sys.executable} {tmp_path}/faulty.py"
        report = tmp_path / "r.json"
        report.write_text(conform("--command", faulty, "--examples", "0", "--json")[1])
        assert conform("--command", faulty, "--replay", report)[0] == 1
        status, out, _ = conform("--command", ORACLE, "--replay", report)
        assert status == 0
        assert "no longer shows what is replayed" in " ".join(out.split())

    def test_a_program_that_never_answers_could_not_be_judged(self) -> None:
        """A clear line says at which scenario; nothing hangs."""
        status, out, err = conform("--command", "sleep 60", "--timeout", "0.3")
        assert (status, err) == (2, "")
        assert "the run ended early: no answer within 0.3 seconds" in " ".join(out.split())
        assert "at scenario 1" in " ".join(out.split())

    def test_a_run_that_is_too_short_is_no_verdict(self) -> None:
        """What was not exercised is listed."""
        status, out, _ = conform("--command", f"sh -c 'head -n 1 | {ORACLE}'")
        assert status == 2
        assert re.search(r"^not exercised: R.*R5", out, re.MULTILINE)
        assert "rule              scenarios" in out

    def test_of_a_program_that_was_asked_nothing_there_is_nothing_to_list(self) -> None:
        """The verdict and why, and no table."""
        status, out, _ = conform("--command", "no-such-program-of-anybody")
        assert status == 2
        assert out.splitlines() == [
            "no-such-program-of-anybody could not be judged (0 scenarios answered, seed 0)",
            "the run ended early: cannot be started: no such file or directory",
        ]


class TestPythonFunctions:
    """`module:function`, looked for in the current folder first."""

    @pytest.mark.parametrize("name", ["mine:decide", "mine:Inner.decide"])
    def test_a_function_is_judged(self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It conforms."""
        (tmp_path / "mine.py").write_text(FUNCTION)
        monkeypatch.chdir(tmp_path)
        assert conform("--python", name, "--examples", "0")[0] == 0

    def test_what_a_function_prints_is_not_in_the_report(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It goes to standard error."""
        loud = "def loud(scenario):\n    print('hm')\n    return decide(scenario)\n"
        (tmp_path / "mine.py").write_text(FUNCTION + loud)
        monkeypatch.chdir(tmp_path)
        status, out, err = conform("--python", "mine:loud", "--examples", "0", "--json")
        assert status == 0
        assert json.loads(out)["verdict"] == "conforms"
        assert err.count("hm\n") >= 632

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("mine:number", "is no function"),
            ("mine:missing", "cannot import `mine:missing`: "),
            ("nowhere:decide", "cannot import `nowhere:decide`: No module named 'nowhere'"),
            ("mine", "cannot import `mine`"),
            (":", "cannot import `:`"),
        ],
    )
    def test_what_is_none_is_one_line(
        self, name: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """On stderr, with status 2."""
        (tmp_path / "mine.py").write_text(FUNCTION)
        monkeypatch.chdir(tmp_path)
        status, out, err = conform("--python", name)
        assert (status, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1


class TestUsage:
    """Wrong usage and files that cannot be read or written are one line each."""

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "give either --command or --python"),
            (["--command", "cat", "--python", "a:b"], "give either --command or --python"),
            (["--command", "cat", "--seconds", "0"], "--seconds"),
            (["--command", "cat", "--seconds", "nan"], "nan is no time"),
            (["--command", "cat", "--timeout", "inf"], "inf is no time"),
            (["--command", "cat", "--examples", "-1"], "--examples"),
            (["--command", "cat", "--replay", "no-such-file"], "cannot read `no-such-file`"),
            (["--command", "cat", "--replay", "pyproject.toml"], "`pyproject.toml`: "),
            (["--command", "cat", "--replay", "."], "cannot read `.`: is a directory"),
        ],
    )
    def test_one_line_and_status_2(
        self, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing on standard output."""
        monkeypatch.chdir(ROOT)
        status, out, err = conform(*arguments)
        assert (status, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1

    def test_a_report_that_cannot_be_written_is_one_line(self, tmp_path: Path) -> None:
        """Before anything else is written."""
        status, out, err = conform("--command", ORACLE, "--examples", "0", "--html", tmp_path)
        assert (status, out) == (2, "")
        assert err == f"restart-engine: cannot write `{tmp_path}`: is a directory\n"

    def test_without_the_extra_it_says_what_to_install(self) -> None:
        """In one line, for either command."""
        code = "import sys\nsys.modules['hypothesis'] = None\nfrom restart_engine.cli import main\nmain()\n"
        for arguments in (("conform", "--command", "cat"), ("vectors", "anywhere")):
            done = script(code, *arguments)
            assert done.returncode == 2
            assert done.stderr.decode() == (
                "restart-engine: `hypothesis` is missing, install it with"
                " `pip install 'restart-engine[conformance]'`\n"
            )


class TestVectors:
    """`vectors DIR` writes what a runner needs."""

    def test_it_writes_the_files_and_says_how_many(self, tmp_path: Path) -> None:
        """Into a folder that it makes."""
        folder = tmp_path / "new" / "folder"
        done = run("vectors", folder)
        assert done.returncode == 0
        written = {path.name for path in folder.iterdir()}
        assert {"README.md", "vectors.schema.json", "R1.json", "S4.json", "C8.json"} <= written
        files = [json.loads((folder / name).read_text()) for name in written if name.endswith(".json")]
        count = sum(len(file.get("cases", ())) for file in files)
        assert done.stdout.decode().startswith(f"{count} cases written to ")
        assert count >= 300

    def test_a_folder_that_cannot_be_made_is_one_line(self, tmp_path: Path) -> None:
        """Here a file stands in its way."""
        (tmp_path / "file").write_text("")
        done = run("vectors", tmp_path / "file" / "folder")
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.decode().startswith("restart-engine: cannot write `")


@pytest.mark.skipif(shutil.which("node") is None, reason="Node runs the example; .ci/run installs it")
class TestJavaScript:
    """The worked example: an engine written from the rules' page alone, and one with three faults."""

    def test_it_conforms(self) -> None:
        """With one profile, ours."""
        status, out, _ = conform("--command", f"node {JAVASCRIPT}/main.mjs", "--examples", "50")
        assert status == 0, out
        assert "1 of 16 profiles" in out

    @pytest.mark.slow
    def test_its_three_faults_are_found(self) -> None:
        """Skipping without an id, ids by size, positions for sequences."""
        command = f"node {JAVASCRIPT}/main.mjs --engine ./faulty.mjs"
        status, out, _ = conform("--command", command, "--examples", "300", "--json")
        assert status == 1
        found = {(fault["kind"], fault["rule"]) for fault in json.loads(out)["faults"]}
        assert {("steps", "S1"), ("steps", "S2"), ("accepts", "R2"), ("starts", "S4")} <= found


@pytest.mark.slow
def test_progress_is_shown_on_a_terminal_and_nowhere_else() -> None:
    """On standard error: the stage, and how far it is; the report stays clean."""
    ours, its = pty.openpty()
    arguments = ("conform", "--command", ORACLE, "--examples", "200")
    with subprocess.Popen(  # noqa: S603  # the command is the project's own
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=its, env=environment()
    ) as process:
        os.close(its)
        drawn = until_closed(ours).decode()
        assert process.stdout is not None
        out = process.stdout.read().decode()
    os.close(ours)
    assert process.returncode == 0
    assert "cases" in drawn
    assert "drawn" in drawn
    assert "/200" in drawn
    assert "\x1b" not in out


def test_ctrl_c_ends_the_program_under_test_too(tmp_path: Path) -> None:
    """With one line and 130, and nothing left running that ignores the end of its input."""
    started = tmp_path / "pid"
    hung = tmp_path / "hung.sh"
    hung.write_text(
        f"trap '' HUP PIPE\nsleep 600 & echo $! >{started}.new\nmv {started}.new {started}\nwait\n"
    )
    arguments = ("conform", "--command", f"sh {hung}", "--timeout", "600")
    with subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, env=environment()) as process:  # noqa: S603  # likewise
        while not started.exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == b"restart-engine: interrupted\n"
    assert process.returncode == 130
    for _ in range(500):  # whoever reaps orphans may take a moment
        try:
            os.kill(int(started.read_text()), 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise AssertionError
