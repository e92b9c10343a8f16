"""Scenarios in, decisions out, one a line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

from restart_engine.wire import MAX_BYTES, answer

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
LINE = json.dumps(json.loads(NIGHTLY.read_text(encoding="utf-8"))).encode()
COMMAND = [sys.executable, "-m", "restart_engine", "oracle"]
MEMORY = 600 * 1024 * 1024


def asked(lines: bytes) -> tuple[int, list[bytes]]:
    """The exit status and the lines answered."""
    done = subprocess.run(COMMAND, input=lines, capture_output=True, check=False, timeout=120)  # noqa: S603  # our own command
    assert done.stderr == b""
    return done.returncode, done.stdout.splitlines()


def test_every_line_is_answered_in_order() -> None:
    """A decision for a scenario, also without a last newline; status 0."""
    other = LINE.replace(b'"groupSequence": 0', b'"groupSequence": 99')
    assert asked(b"\n".join([LINE, other, LINE])) == (0, [answer(LINE), answer(other), answer(LINE)])


def test_a_line_that_is_no_scenario_gets_an_error_and_the_rest_goes_on() -> None:
    """The error names the path; the exit status of the whole is 2."""
    status, lines = asked(b"\n".join([LINE, b"", b"{}", b"\xff", LINE + b"\r", b""]))
    assert status == 2
    assert lines[0] == lines[4] == answer(LINE)
    paths = [json.loads(line)["error"]["path"] for line in lines[1:4]]
    assert paths == ["", "plan", ""]
    assert len(lines) == 5


def test_no_input_is_no_error() -> None:
    """Nothing asked, nothing answered."""
    assert asked(b"") == (0, [])


def test_an_answer_does_not_wait_for_the_next_line() -> None:
    """Each answer is there before the next scenario is sent."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as oracle:  # noqa: S603  # our own
        assert oracle.stdin is not None
        assert oracle.stdout is not None
        for _ in range(3):
            oracle.stdin.write(LINE + b"\n")
            oracle.stdin.flush()
            assert oracle.stdout.readline() == answer(LINE) + b"\n"
        oracle.stdin.close()
        assert oracle.wait(timeout=60) == 0


def test_memory_stays_bounded_over_a_long_pipe_and_a_long_line() -> None:
    """Within a fixed amount of memory it answers 100,000 lines and one of a gigabyte."""
    decision, decisions, errors = answer(LINE) + b"\n", 0, []
    with (
        subprocess.Popen([sys.executable, "-c", FEED, LINE.decode()], stdout=subprocess.PIPE) as feeder,  # noqa: S603  # our own
        subprocess.Popen(  # noqa: S603  # our own
            COMMAND,
            stdin=feeder.stdout,
            stdout=subprocess.PIPE,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),  # noqa: PLW1509  # no threads
        ) as oracle,
    ):
        assert oracle.stdout is not None
        for line in oracle.stdout:
            if line == decision:
                decisions += 1
            else:
                errors.append(json.loads(line)["error"]["message"])
        assert feeder.wait(timeout=60) == 0
        assert oracle.wait(timeout=60) == 2
    assert decisions == 100_001
    assert errors == [f"the text is longer than {MAX_BYTES} bytes, accepted is a shorter one"]


FEED = """
import sys
line = sys.argv[1].encode() + b"\\n"
out = sys.stdout.buffer
for _ in range(1000):
    out.write(line * 100)
chunk = b"x" * 2**20
for _ in range(1000):
    out.write(chunk)
out.write(b"\\n" + line)
"""
