"""The command as a shell starts it: real processes, pipes and terminals."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
COMMAND = (sys.executable, "-m", "restart_engine")
_OURS = (
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "FORCE_COLOR",
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",
    "TERM",
    "_RESTART_ENGINE_COMPLETE",
)


def environment(**changed: str) -> dict[str, str]:
    """The tests' own, without what the command looks at, and then with what is given."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return kept | {"PYTHONUTF8": "1", "TERM": "xterm-256color"} | changed


def run(*arguments: str | Path, stdin: bytes = b"", **changed: str) -> subprocess.CompletedProcess[bytes]:
    """The command run to its end, without a terminal."""
    return subprocess.run(  # noqa: S603  # the command is the project's own
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        timeout=300,
        check=False,
        env=environment(**changed),
    )


def started(
    *arguments: str,
    stdin: IO[bytes] | int | None = subprocess.PIPE,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = subprocess.PIPE,
    prepared: Callable[[], object] | None = None,
) -> subprocess.Popen[bytes]:
    """The command started, in a process that is prepared like this."""
    return subprocess.Popen(  # noqa: S603  # the command is the project's own
        [*COMMAND, *arguments],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=prepared,  # noqa: PLW1509  # the tests have no threads
        env=environment(),
    )


def in_shell(line: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """A line of shell in which `$command` is the command and `$nightly` the example."""
    return subprocess.run(  # noqa: S603  # the line is the test's own
        ["/bin/sh", "-c", line],
        input=stdin,
        capture_output=True,
        timeout=300,
        check=False,
        env=environment(command=" ".join(COMMAND), nightly=str(NIGHTLY)),
    )


def script(code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Some Python run to its end, with these as the command's arguments."""
    return subprocess.run(  # noqa: S603  # the code is the test's own
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
        env=environment(),
    )


def shown(command: str, scenario: object, *options: str, **changed: str) -> str:
    """What the command prints of a scenario, without a terminal."""
    done = run(command, *options, "-", stdin=json.dumps(scenario).encode(), **changed)
    assert done.stderr == b""
    return done.stdout.decode()


def on_terminal(*arguments: str, columns: int = 80, **changed: str) -> str:
    """What the command prints on a terminal of so many columns, and nothing else of it."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    with subprocess.Popen([*COMMAND, *arguments], stdout=its, env=environment(**changed)) as process:  # noqa: S603  # likewise
        os.close(its)
        output = until_closed(ours)
    os.close(ours)
    assert process.returncode == 0
    return output.decode().replace("\r\n", "\n")


def until_closed(terminal: int) -> bytes:
    """All that is written to a terminal, until nobody writes any more."""
    chunks: list[bytes] = []
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # what Linux says of a terminal that nobody writes to any more
            chunk = b""
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def nightly() -> Any:
    """The example of the README."""
    return json.loads(NIGHTLY.read_text(encoding="utf-8"))


def nightly_with(before: str, after: str) -> bytes:
    """The example with a text in it changed."""
    text = NIGHTLY.read_text(encoding="utf-8")
    assert before in text
    return text.replace(before, after).encode()


def assert_refused(done: subprocess.CompletedProcess[bytes], message: str) -> None:
    """Status 2, nothing on standard output, and this one line on standard error."""
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == f"restart-engine: {message}\n"
