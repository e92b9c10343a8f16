"""Exit statuses and streams, as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
COMMAND = [sys.executable, "-m", "restart_engine"]


def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The command run to its end."""
    return subprocess.run(  # noqa: S603  # the arguments are this file's own
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


def changed(before: str, after: str) -> bytes:
    """The nightly scenario with a text in it changed."""
    text = NIGHTLY.read_text(encoding="utf-8")
    assert before in text
    return text.replace(before, after).encode()


REJECTED = changed('recentLoadPlanExecution": 4711', 'recentLoadPlanExecution": 1')


def assert_refused(done: subprocess.CompletedProcess[bytes], message: str) -> None:
    """Status 2, nothing on standard output, and this one line on standard error."""
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode() == f"restart-engine: {message}\n"


@pytest.mark.parametrize("command", [["decide"], ["decide", "--json"], ["explain"]])
def test_the_status_tells_the_decision(command: list[str]) -> None:
    """0 is planned and 1 is rejected; nothing is said on standard error."""
    accepted, rejected = run(*command, NIGHTLY), run(*command, "-", stdin=REJECTED)
    assert (accepted.returncode, accepted.stderr) == (0, b"")
    assert (rejected.returncode, rejected.stderr) == (1, b"")
    assert accepted.stdout
    assert rejected.stdout


def test_options_has_the_status_of_whether_there_are_any() -> None:
    """0 with a restart to choose, 1 with none, as JSON too."""
    running = changed('"id": 4711, "status": "Failed"', '"id": 4711, "status": "In Progress"')
    assert run("options", NIGHTLY).returncode == 0
    assert run("options", "-", stdin=running).returncode == 1
    refused = run("options", "--json", "-", stdin=running)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["rule"] == "R1"
    possible = json.loads(run("options", "--json", NIGHTLY).stdout)
    assert [option["request"]["groupSequence"] for option in possible] == [10, 0, 20, 20, 0, 30, 40, 50, 70]
    assert {option["decision"]["decision"] for option in possible} == {"planned"}


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    """Whatever a file is, the error says which file, what it is and what is accepted."""
    inside_a_file = NIGHTLY / "x"
    assert_refused(run("decide", tmp_path / "no"), f"cannot read `{tmp_path}/no`: No such file or directory")
    assert_refused(run("decide", tmp_path), f"cannot read `{tmp_path}`: Is a directory")
    assert_refused(run("options", inside_a_file), f"cannot read `{inside_a_file}`: Not a directory")
    assert_refused(run("explain", "/proc/self/mem"), "cannot read `/proc/self/mem`: Input/output error")
    huge = "longer than 33554432 bytes, accepted is a shorter one"
    assert_refused(run("decide", "/dev/zero"), f"`/dev/zero`: the text is {huge}")
    assert_refused(
        run("decide", "--json", "-", stdin=b"{}"),
        "`-`: `plan` is missing, accepted is a member of this name",
    )
    deep = run("decide", "-", stdin=b"[" * 200_000)
    assert_refused(deep, "`-`: the text is nested too deeply, accepted is at most 6 levels of nesting")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "missing command"),
        (["bogus"], "no such command 'bogus'"),
        (["decide"], "missing argument 'FILE'"),
        (["decide", "a", "b"], "got unexpected extra argument (b)"),
        (["decide", "--bogus", "a"], "no such option '--bogus'"),
        (
            ["schema", "plan"],
            "invalid value for '{scenario|decision}': 'plan' is not one of 'scenario', 'decision'",
        ),
        (["decide", "a\nb\x1b[31m"], "cannot read `a b\\x1b[31m`: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str) -> None:
    """The line says what is wrong; control characters in it are escaped."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().lower().startswith(f"restart-engine: {message}".lower())
    assert done.stderr.count(b"\n") == 1


def test_version_help_schema_and_completion() -> None:
    """Each prints what it is asked for and succeeds."""
    assert run("--version").stdout.startswith(b"restart-engine ")
    assert b"oracle" in run("--help").stdout
    for name in ("scenario", "decision"):
        done = run("schema", name)
        assert (done.returncode, json.loads(done.stdout)["title"]) == (0, f"restart_engine {name}")
    completion = run(_RESTART_ENGINE_COMPLETE="bash_source")
    assert b"_restart_engine_completion" in completion.stdout


def test_a_broken_pipe_ends_quietly() -> None:
    """Who stops reading gets what was read; nothing is said, and the signal ends the command."""
    reader, writer = os.pipe()
    os.close(reader)
    for arguments in (["decide"], ["decide", "--json"], ["options"], ["explain"]):
        done = subprocess.run(  # noqa: S603  # the arguments are this file's own
            [*COMMAND, *arguments, str(NIGHTLY)],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b""), arguments
    os.close(writer)


def test_interrupting_is_one_line() -> None:
    """Ctrl-C while waiting for input ends with 130."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, "oracle"], stdin=pipe, stdout=pipe, stderr=pipe) as waiting:  # noqa: S603  # our own
        assert waiting.stdin is not None
        assert waiting.stdout is not None
        waiting.stdin.write(b"{}\n")
        waiting.stdin.flush()
        assert waiting.stdout.readline().startswith(b'{"error"')
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=60)
    assert (waiting.returncode, errors) == (130, b"\nrestart-engine: interrupted\n")


def test_a_closed_standard_input_is_one_line() -> None:
    """Without a standard input there is no scenario, and no traceback."""
    done = subprocess.run(  # noqa: S602  # closing a stream takes a shell; the command is this file's own
        f"'{sys.executable}' -m restart_engine decide - <&-", shell=True, capture_output=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert done.stderr.startswith(b"restart-engine: ")


@pytest.mark.parametrize("missing", ["click", "rich", "msgspec"])
def test_a_missing_extra_is_named_in_one_line(missing: str) -> None:
    """Without the extra `cli` the command says what to install."""
    code = f"import sys; sys.modules[{missing!r}] = None; from restart_engine.cli import main; main()"
    done = subprocess.run(  # noqa: S603  # the code is this file's own
        [sys.executable, "-c", code], capture_output=True, check=False, timeout=60
    )
    assert_refused(done, f"`{missing}` is missing, install it with `pip install 'restart-engine[cli]'`")


def test_a_standard_output_of_ascii_escapes_the_rest() -> None:
    """Names that standard output cannot write are escaped; JSON is UTF-8 everywhere."""
    scenario = changed("KPI.Board", "KPI.B\u00f6ard")
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    for command in ("decide", "explain"):
        done = run(command, "-", stdin=scenario, **ascii_only)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()
    rerun = changed("Shop.Payments", "Shop.B\u00f6ard")
    assert "Shop.B\u00f6ard".encode() in run("decide", "--json", "-", stdin=rerun, **ascii_only).stdout
