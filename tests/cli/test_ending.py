"""However a command ends, it ends with its status and at most one line."""

from __future__ import annotations

import json
import os
import resource
import signal

import pytest
from cli.processes import NIGHTLY, assert_refused, in_shell, nightly_with, run, script, started

LARGE = json.dumps(
    {
        "plan": {"name": "N", "groups": [{"sequence": n, "steps": [f"A.a{n}"]} for n in range(1, 5000)]},
        "request": {"loadPlanName": "N", "groupSequence": 0},
    }
).encode()
COMMANDS = ["decide", "decide --json", "options", "options --json", "explain"]
REMEDY = "install it with `pip install 'restart-engine[cli]'`"
NO_SPACE = "cannot write: no space left on device"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_broken_pipe_ends_quietly(command: str) -> None:
    """Where nobody reads, nothing is said, and the signal ends the command."""
    reader, writer = os.pipe()
    os.close(reader)
    with started(*command.split(), str(NIGHTLY), stdout=writer) as process:
        os.close(writer)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGPIPE, b"")


def test_a_reader_that_stops_half_way_ends_it_quietly() -> None:
    """`| head -1` gets its line of an output that no pipe holds; a shell sees 141."""
    read = "{ $command options -; echo status $? >&2; } | head -1"
    done = in_shell(read, stdin=LARGE)
    assert (done.stdout, done.stderr) == (b"load plan N\n", b"status 141\n")


@pytest.mark.parametrize("command", ["oracle", "decide -"])
def test_interrupting_is_one_line(command: str) -> None:
    """Ctrl-C while it waits for input ends it with 130."""
    with started(*command.split()) as waiting:
        assert waiting.stdin is not None
        waiting.stdin.write(b"{" * 1_000_000)  # more than a pipe holds: written once the command reads
        waiting.stdin.flush()
        waiting.send_signal(signal.SIGINT)
        _, errors = waiting.communicate(timeout=60)
    assert (waiting.returncode, errors) == (130, b"restart-engine: interrupted\n")


def test_interrupting_while_it_starts_is_the_same() -> None:
    """Ctrl-C is heard before the first library is imported."""
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from restart_engine.cli import main; main()"
    )
    done = script(code, "--version")
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"restart-engine: interrupted\n")


def test_who_ignores_ctrl_c_keeps_it_ignored() -> None:
    """As a shell has it for a job in the background: the command goes on answering."""
    with started("oracle", prepared=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as oracle:
        assert oracle.stdin is not None
        assert oracle.stdout is not None
        for _ in range(2):
            oracle.stdin.write(b"{}\n")
            oracle.stdin.flush()
            assert oracle.stdout.readline().startswith(b'{"error"')
            oracle.send_signal(signal.SIGINT)
        _, errors = oracle.communicate(timeout=60)
    assert (oracle.returncode, errors) == (2, b"")


def test_a_file_is_read_without_a_standard_input() -> None:
    """As some schedulers start a command."""
    done = in_shell("$command decide --json $nightly <&-")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        run("decide", "--json", NIGHTLY).stdout,
        b"",
    )


@pytest.mark.parametrize(
    ("redirected", "message"),
    [
        ("$command decide - <&-", "standard input is closed"),
        ("$command oracle <&-", "standard input is closed"),
        ("$command oracle 0>/dev/null", "cannot read standard input: bad file descriptor"),
        ("$command decide - 0>/dev/null", "cannot read standard input: bad file descriptor"),
        ("$command decide $nightly >&-", "standard output is closed"),
        ("$command schema scenario >&-", "standard output is closed"),
        *[(f"$command {command} $nightly >/dev/full", NO_SPACE) for command in COMMANDS],
        ("$command schema scenario >/dev/full", NO_SPACE),
        ("echo {} | $command oracle >/dev/full", NO_SPACE),
        ("$command --help >/dev/full", NO_SPACE),
    ],
)
def test_a_stream_that_is_closed_or_full_is_one_line(redirected: str, message: str) -> None:
    """It says which stream; the status is that of bad input."""
    assert_refused(in_shell(redirected), message)


@pytest.mark.parametrize("nowhere", ["&-", "/dev/full"])
def test_the_status_counts_where_nobody_takes_the_line(nowhere: str) -> None:
    """Without a standard error that can be written to, bad input still is no rejection."""
    done = in_shell(f"$command decide /nowhere 2>{nowhere}; echo $?")
    assert (done.stdout, done.stderr) == (b"2\n", b"")


@pytest.mark.parametrize("missing", ["click", "rich", "msgspec"])
def test_a_missing_extra_is_named_in_one_line(missing: str) -> None:
    """Without the extra `cli` it says what to install, and does not look at what is asked."""
    code = f"import sys; sys.modules[{missing!r}] = None; from restart_engine.cli import main; main()"
    assert_refused(script(code, "--version"), f"`{missing}` is missing or too old, {REMEDY}")


def test_a_library_that_is_too_old_is_named_in_one_line() -> None:
    """One that lacks what is needed counts as missing."""
    code = "import rich.cells; del rich.cells.set_cell_size; from restart_engine.cli import main; main()"
    assert_refused(script(code, "--version"), f"`rich` is missing or too old, {REMEDY}")


def failing(error: str) -> str:
    """The command with a decision that fails."""
    return (
        "import restart_engine.cli.commands as commands\n"
        f"def fail(*_): raise {error}\n"
        "commands.plan_restart = fail\n"
        "from restart_engine.cli import main; main()"
    )


def test_too_little_memory_is_one_line() -> None:
    """It is no rejection and no traceback."""
    assert_refused(script(failing("MemoryError"), "decide", str(NIGHTLY)), "out of memory")


def test_a_defect_is_no_rejection() -> None:
    """What nobody foresaw ends with a status of its own, and says where it is."""
    done = script(failing("LookupError('defect')"), "decide", str(NIGHTLY))
    assert (done.returncode, done.stdout) == (70, b"")
    assert done.stderr.endswith(b"LookupError: defect\n")


def test_a_huge_file_takes_no_more_memory_than_it_may() -> None:
    """An endless file is refused within a fixed amount of memory."""
    limit = 400 * 1024 * 1024
    with started(
        "decide",
        "/dev/zero",
        prepared=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    ) as process:
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 2
    assert errors.startswith(b"restart-engine: `/dev/zero`: the text is longer than 33554432 bytes")


@pytest.mark.parametrize("command", ["decide", "explain", "options"])
def test_a_standard_output_of_ascii_escapes_the_rest(command: str) -> None:
    """Names that standard output cannot write are escaped; JSON is UTF-8 everywhere."""
    scenario = nightly_with("Shop.Payments", "Shop.B\u00f6ard")
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    done = run(command, "-", stdin=scenario, **ascii_only)
    assert (done.returncode, done.stderr) == (0, b"")
    assert rb"Shop.B\xf6ard" in done.stdout
    json_too = run("decide", "--json", "-", stdin=scenario, **ascii_only)
    assert json_too.stdout == run("decide", "--json", "-", stdin=scenario).stdout
    assert "Shop.B\u00f6ard".encode() in json_too.stdout
