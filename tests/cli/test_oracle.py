"""Scenarios in, decisions out, one a line."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from threading import Timer

import pytest
from cli.processes import nightly, run, started

from restart_engine.wire import MAX_BYTES, answer

LINE = json.dumps(nightly()).encode()
TOO_LONG = f"the text is longer than {MAX_BYTES} bytes, accepted is a shorter one"
MEMORY = 400 * 1024 * 1024


def asked(lines: bytes) -> tuple[int, list[bytes]]:
    """The exit status and the lines answered."""
    done = run("oracle", stdin=lines)
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


@pytest.mark.slow
def test_a_line_may_be_as_long_as_the_limit_and_no_longer() -> None:
    """Also as the last line, without a newline."""
    longest = LINE + b" " * (MAX_BYTES - len(LINE))
    error = json.dumps({"error": {"path": "", "message": TOO_LONG}}, separators=(",", ":")).encode()
    for more, answered in ((b"", answer(LINE)), (b" ", error), (b"  ", error), (b" " * 100_000, error)):
        status = 0 if answered == answer(LINE) else 2
        assert asked(longest + more + b"\n" + LINE) == (status, [answered, answer(LINE)])
        assert asked(longest + more) == (status, [answered])


def test_an_answer_does_not_wait_for_the_next_line() -> None:
    """Each answer is there before more is sent, that to a line too long before the rest of the line."""
    with started("oracle") as oracle:
        giving_up = Timer(60, oracle.kill)  # an answer that waits would keep the test waiting for ever
        giving_up.start()
        assert oracle.stdin is not None
        assert oracle.stdout is not None
        for _ in range(3):
            oracle.stdin.write(LINE + b"\n")
            oracle.stdin.flush()
            assert oracle.stdout.readline() == answer(LINE) + b"\n"
        oracle.stdin.write(b"x" * (MAX_BYTES + 2))
        oracle.stdin.flush()
        assert json.loads(oracle.stdout.readline())["error"]["message"] == TOO_LONG
        oracle.stdin.write(b"y\n" + LINE)
        oracle.stdin.close()
        assert oracle.stdout.read() == answer(LINE) + b"\n"
        assert oracle.wait(timeout=60) == 2
        giving_up.cancel()


@pytest.mark.slow
def test_memory_stays_bounded_over_a_long_pipe_and_a_long_line() -> None:
    """Within a fixed amount of memory it answers 200,000 lines, 400 MB of them, and one of a gigabyte."""
    decision, decisions, errors = answer(LINE) + b"\n", 0, []
    feed = [sys.executable, "-c", FEED, LINE.decode()]
    with (
        subprocess.Popen(feed, stdout=subprocess.PIPE) as feeder,  # noqa: S603  # the code is below
        started(
            "oracle",
            stdin=feeder.stdout,
            stderr=None,
            prepared=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
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
    assert decisions == 200_001
    assert errors == [TOO_LONG]


FEED = """
import sys
line = sys.argv[1].encode() + b"\\n"
out = sys.stdout.buffer
for _ in range(2000):
    out.write(line * 100)
chunk = b"x" * 2**20
for _ in range(1000):
    out.write(chunk)
out.write(b"\\n" + line)
"""
