"""Subjects that are programs: real processes, and most of them behave badly."""

from __future__ import annotations

import json
import os
import resource
import shlex
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from restart_engine.conformance.command import MAX_ANSWER, CommandSubject, SubjectFailure

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"
AMPLE = 60.0
"""Seconds for what is expected to come."""
SHORT = 0.4
"""Seconds for what never comes."""
LONG_LINE = b'{"padding": "' + b"x" * 8_000_000 + b'"}'
"""Much more than a pipe holds."""
PRELUDE = """\
import os, signal, subprocess, sys, time
folder = os.path.dirname(__file__)
def note(name, text=""):
    with open(os.path.join(folder, name + ".new"), "w") as stream:
        stream.write(str(text))
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))
def say(text):
    sys.stdout.write(text)
    sys.stdout.flush()
read = sys.stdin.readline
note("pid-%d" % os.getpid(), os.getpid())
"""

Program = Callable[[str], list[str]]


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Makes the command of a small program; when the test is over, none of those that ran is left."""

    def made(code: str) -> list[str]:
        place = tmp_path / "program.py"
        place.write_text(PRELUDE + code, encoding="utf-8")
        return [sys.executable, "-I", "-S", str(place)]

    yield made
    for noted in tmp_path.glob("pid-*"):
        until(partial(gone, int(noted.name[4:])))


def gone(pid: int) -> bool:
    """Whether no such process is left; a dead one that has a parent other than this is not ours to bury."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    state, parent = stat.read_text().rpartition(")")[2].split()[:2] if stat.exists() else ("", "")
    return state == "Z" and int(parent) != os.getpid()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what is about to be."""
    end = time.monotonic() + AMPLE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def cause_of(step: Callable[[], object]) -> str:
    """The cause that a step fails with."""
    with pytest.raises(SubjectFailure) as caught:
        step()
    assert str(caught.value) == caught.value.cause
    assert "\n" not in caught.value.cause
    return caught.value.cause


def failure(command: str | list[str], line: bytes = b"{}", timeout: float = AMPLE) -> str:
    """The cause that the first question fails with."""
    with CommandSubject(command, timeout=timeout) as subject:
        return cause_of(lambda: subject.ask(line))


def failure_at_end(command: str | list[str], timeout: float = AMPLE) -> str:
    """The cause that the end fails with, the first question being answered."""
    with CommandSubject(command, timeout=timeout) as subject:
        assert subject.ask(b"{}") == b"{}"
        return cause_of(subject.finish)


class TestAnswers:
    """What a program that behaves answers."""

    def test_the_engine_itself_is_a_subject(self) -> None:
        """The nightly example is decided by a process of its own."""
        line = json.dumps(json.loads(NIGHTLY.read_bytes())).encode()
        with CommandSubject([sys.executable, "-m", "restart_engine", "oracle"], timeout=AMPLE) as subject:
            answers = {subject.ask(line) for _ in range(100)}
            subject.finish()
        assert [json.loads(answer)["decision"] for answer in answers] == ["planned"]

    def test_a_text_is_split_as_a_shell_does_without_one(self, program: Program) -> None:
        """Quotes hold together; a variable is none."""
        command = [*program("read(); say('{%r}\\n' % sys.argv[1:])"), "a b", "$HOME", "*", ";"]
        with CommandSubject(shlex.join(command).replace("'$HOME'", "$HOME"), timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{['a b', '$HOME', '*', ';']}"
            subject.finish()

    def test_the_line_comes_as_it_is_and_so_does_the_answer(self) -> None:
        """Bytes that are no text, spaces and a carriage return in the middle included."""
        line = b' {"\xff\x00\r": "\xc3\xa4"}\t '
        with CommandSubject("cat", timeout=AMPLE) as subject:
            assert subject.ask(line) == line
            subject.finish()

    def test_a_carriage_return_at_the_end_is_none_of_the_answer(self) -> None:
        """As programs of another system write it."""
        with CommandSubject(["sh", "-c", r"read a; printf '{}\r\n'"], timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{}"
            subject.finish()

    def test_an_answer_may_come_in_pieces(self, program: Program) -> None:
        """However small."""
        command = program("read()\nfor c in '{\"a\": 1}\\n': say(c); time.sleep(0.01)")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b'{"a": 1}'
            subject.finish()

    def test_an_answer_may_be_the_last(self, program: Program) -> None:
        """A program that ends after it is found out only when it is asked again."""
        with CommandSubject(program("read(); say('{}\\n')"), timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{}"
            assert cause_of(lambda: subject.ask(b"{}")) == "ended with status 0"

    def test_long_lines_pass_both_ways_at_once(self) -> None:
        """Though neither fits a pipe."""
        with CommandSubject("cat", timeout=AMPLE) as subject:
            assert [subject.ask(LONG_LINE) == LONG_LINE for _ in range(3)] == [True] * 3
            subject.finish()

    def test_a_program_may_write_before_it_reads(self, program: Program) -> None:
        """It is read from while it is written to."""
        command = program("sys.stdin.read(1); say('{' + 'y' * 1_000_000)\nread(); say('}\\n')")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert len(subject.ask(LONG_LINE)) == 1_000_002
            subject.finish()

    def test_the_longest_answer_is_taken(self, program: Program) -> None:
        """To the byte."""
        command = program(f"read(); say('{{' + ' ' * ({MAX_ANSWER} - 2) + '}}\\n')")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert len(subject.ask(b"{}")) == MAX_ANSWER
            subject.finish()

    def test_what_came_in_time_counts_whenever_it_is_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who was stopped meanwhile (Ctrl-Z) finds the answer of a program that was not."""
        seconds = count(step=10)

        def clock() -> float:
            time.sleep(0.5)
            return next(seconds)

        with CommandSubject("cat", timeout=5) as subject:
            assert subject.ask(b"{}") == b"{}"
            with monkeypatch.context() as patched:
                patched.setattr(time, "monotonic", clock)
                assert subject.ask(b"{}") == b"{}"
            subject.finish()

    def test_there_need_not_be_a_time_out(self) -> None:
        """Though no system waits for ever at once."""
        with CommandSubject("cat", timeout=float("inf")) as subject:
            assert subject.ask(LONG_LINE) == LONG_LINE
            subject.finish()

    def test_a_program_has_a_session_of_its_own(self, program: Program) -> None:
        """Ctrl-C on the terminal is not for it."""
        with CommandSubject(
            program("read(); say('{%d}\\n' % (os.getsid(0) - os.getpid()))"), timeout=AMPLE
        ) as subject:
            assert subject.ask(b"{}") == b"{0}"
            subject.finish()


class TestStart:
    """Commands that never become a program."""

    @pytest.mark.parametrize(
        ("command", "cause"),
        [
            ("no-such-program-anywhere --flag", "no such file or directory"),
            (["/"], "permission denied"),
            ("", "the command is empty"),
            ([], "the command is empty"),
            ("node 'mine.js", "no closing quotation"),
            (["cat", "a\0b"], "embedded null byte"),
        ],
    )
    def test_what_cannot_be_started_says_so(self, command: str | list[str], cause: str) -> None:
        """At once, and again when it is asked."""
        subject = CommandSubject(command)
        assert cause_of(subject.__enter__) == f"cannot be started: {cause}"
        assert cause_of(lambda: subject.ask(b"{}")) == f"cannot be started: {cause}"
        assert cause_of(subject.finish) == f"cannot be started: {cause}"

    def test_a_file_that_is_not_executable_cannot_be_started(self, tmp_path: Path) -> None:
        """Nor one that is, but no program."""
        place = tmp_path / "mine"
        place.write_text("neither", encoding="utf-8")
        assert cause_of(CommandSubject([str(place)]).__enter__) == "cannot be started: permission denied"
        place.chmod(0o700)
        assert cause_of(CommandSubject([str(place)]).__enter__) == "cannot be started: exec format error"

    def test_closed_standard_streams_of_the_caller_do_not_matter(self) -> None:
        """The pipes then get their numbers."""
        code = (
            "import os; from restart_engine.conformance.command import CommandSubject\n"
            "os.close(0), os.close(1), os.close(2)\n"
            "with CommandSubject('cat', timeout=60) as subject: taken = subject.ask(b'{}')\n"
            "os._exit(7 if taken == b'{}' else 1)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7  # noqa: S603  # the test's own


class TestSilence:
    """Programs that do not answer in time."""

    def test_no_answer_is_a_time_out(self, program: Program) -> None:
        """As a first guess, the answer is still in a buffer of the program."""
        said = failure(program("read(); time.sleep(600)"), timeout=SHORT)
        assert said == "no answer within 0.4 seconds; does it flush each line?"

    def test_an_answer_that_is_not_flushed_is_a_time_out(self, program: Program) -> None:
        """The hint is for this."""
        said = failure(program("while read(): sys.stdout.write('{}\\n')"), timeout=SHORT)
        assert said == "no answer within 0.4 seconds; does it flush each line?"

    def test_who_has_answered_before_flushes(self) -> None:
        """So there is no hint then."""
        with CommandSubject(["sh", "-c", "read a; echo {}; read b; exec sleep 600"], timeout=1) as subject:
            assert subject.ask(b"{}") == b"{}"
            assert cause_of(lambda: subject.ask(b"{}")) == "no answer within 1 second"

    def test_a_slow_answer_is_a_time_out(self) -> None:
        """The time is for all of it, not for the next byte."""
        said = failure(["sh", "-c", "read a; while printf x; do sleep 0.05; done"], timeout=1)
        assert said.startswith("no whole answer within 1 second: `xx")

    def test_errors_without_end_do_not_stop_the_clock(self, program: Program) -> None:
        """Nor do they fill the memory."""
        tracemalloc.start()
        said = failure(program("while True: os.write(2, b'busy\\n' * 10000)"), timeout=1)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert said.startswith("no answer within 1 second; does it flush each line? (last words: `b")
        assert peak < 1_000_000

    @pytest.mark.parametrize("code", ["time.sleep(600)", "sys.stdin.read(200_000); time.sleep(600)"])
    def test_a_scenario_that_is_not_read_is_a_time_out(self, program: Program, code: str) -> None:
        """From its start or from the middle."""
        said = failure(program(code), LONG_LINE, timeout=SHORT)
        assert said == "did not read the scenario within 0.4 seconds"

    def test_a_pipe_that_is_full_before_the_question_is_a_time_out(self, program: Program) -> None:
        """It has answered the question that fills it without reading that."""
        command = program("import select; select.select([0], [], []); say('{}\\n'); time.sleep(600)")
        with CommandSubject(command, timeout=1) as subject:
            assert subject.ask(b"x" * 65535) == b"{}"
            said = cause_of(lambda: subject.ask(b"{}"))
        assert said == "did not read the scenario within 1 second"

    def test_a_failure_is_raised_again(self, program: Program) -> None:
        """The same, without waiting once more, by whatever is called."""
        with CommandSubject(program("time.sleep(600)"), timeout=SHORT) as subject:
            with pytest.raises(SubjectFailure) as first:
                subject.ask(b"{}")
            for step in (lambda: subject.ask(b"{}"), subject.finish):
                with pytest.raises(SubjectFailure) as again:
                    step()
                assert again.value is first.value
        with pytest.raises(SubjectFailure) as again:
            subject.ask(b"{}")
        assert again.value is first.value


class TestTooMuch:
    """Programs that write more than an answer."""

    def test_a_line_without_end_is_cut_off(self, program: Program) -> None:
        """At what is the limit for a scenario as well."""
        said = failure(program("read()\nwhile True: say('x' * 100_000)"))
        assert said == "answered with a line of more than 32 MiB"

    def test_a_line_one_byte_too_long_is_refused(self, program: Program) -> None:
        """Though its end is in sight."""
        command = program(f"read(); say('{{' + ' ' * ({MAX_ANSWER} - 1) + '}}\\n'); read()")
        assert failure(command) == "answered with a line of more than 32 MiB"

    def test_lines_without_end_are_found_when_it_is_asked_again(self, program: Program) -> None:
        """They wait in the pipe until then."""
        with CommandSubject(program("read()\nwhile True: say('{1}\\n{2}\\n')"), timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{1}"
            assert cause_of(lambda: subject.ask(b"{}")) == "wrote more than it was asked for: `{2}`"

    def test_lines_without_end_are_cut_off_while_it_does_not_read(self, program: Program) -> None:
        """And the scenario stays unanswered."""
        said = failure(program("sys.stdin.read(1)\nwhile True: say('{ }\\n' * 1000)"), LONG_LINE)
        assert said == "wrote more than it was asked for: `{ }`"

    @pytest.mark.parametrize(
        ("written", "shown"), [("{}\n{2}\n", "`{2}`"), ("{}\n\n", "an empty line"), ("{}\r\n{", "`{`")]
    )
    def test_two_lines_for_a_scenario_are_one_too_many(
        self, program: Program, written: str, shown: str
    ) -> None:
        """Found at the next question or at the end."""
        command = program(f"while read(): say({written!r})")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{}"
            assert cause_of(lambda: subject.ask(b"{}")) == f"wrote more than it was asked for: {shown}"
        assert failure_at_end(command) == f"wrote more than it was asked for: {shown}"

    def test_a_line_before_the_first_question_is_no_answer(self, program: Program, tmp_path: Path) -> None:
        """A greeting, for one."""
        with CommandSubject(program("say('ready\\n'); note('ready'); read()"), timeout=AMPLE) as subject:
            until((tmp_path / "ready").exists)
            assert cause_of(lambda: subject.ask(b"{}")) == "wrote more than it was asked for: `ready`"

    def test_a_line_after_the_last_question_is_no_answer(self, program: Program) -> None:
        """Not even from a program that fails with it."""
        said = failure_at_end(program("read(); say('{}\\n'); read(); say('bye'); sys.exit(1)"))
        assert said == "wrote more than it was asked for: `bye`"

    def test_a_flood_after_the_last_question_is_cut_off(self, program: Program) -> None:
        """By the same limit."""
        said = failure_at_end(program("read(); say('{}\\n'); read()\nwhile True: say('x' * 100_000)"))
        assert said == "answered with a line of more than 32 MiB"


class TestGarbage:
    """Lines that are no answer."""

    @pytest.mark.parametrize(
        ("written", "shown"),
        [
            ("", "an empty line"),
            ("  ", "`  `"),
            ("null", "`null`"),
            ("[{}]", "`[{}]`"),
            ("debug: {}", "`debug: {}`"),
            ('{"decision": ', '`{"decision": `'),
            ("\ufeff{}", "`\\ufeff{}`"),
            ("\x1b[31m", "`\\x1b[31m`"),
            ("y" * 201, f"`{'y' * 197}...`"),
            ("y" * 200, f"`{'y' * 200}`"),
        ],
    )
    def test_a_line_that_is_no_object_is_no_answer(self, program: Program, written: str, shown: str) -> None:
        """It is shown so that it fits the line of a report."""
        said = failure(program(f"read(); os.write(1, {written.encode()!r} + b'\\n'); read()"))
        assert said == f"answered with no JSON object: {shown}"

    def test_bytes_that_are_no_text_are_shown_as_such(self, program: Program) -> None:
        """As their numbers."""
        said = failure(program("read(); os.write(1, b'\\xff\\xc3\\xa4\\n')"))
        assert said == "answered with no JSON object: `\\xff\u00e4`"


class TestEndings:
    """Programs that end, or are as good as ended."""

    def test_a_crash_at_the_start_has_its_status_and_last_words(self, program: Program) -> None:
        """The last line that has any."""
        code = "os.write(2, b'Traceback\\n  \\n  no \\x1b[1mtable\\n\\n \\n'); sys.exit(3)"
        said = failure(program(code))
        assert said == "ended with status 3 (last words: `no \\x1b[1mtable`)"

    def test_a_crash_in_the_middle_of_a_scenario_says_the_same(self, program: Program) -> None:
        """Whatever has been written of it."""
        assert failure(program("sys.stdin.read(1); sys.exit(4)"), LONG_LINE) == "ended with status 4"

    def test_a_crash_between_two_answers_is_the_second_ones(self, program: Program) -> None:
        """The first stands."""
        command = program("read(); say('{}\\n'); read(); raise SystemExit('no more')")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{}"
            said = cause_of(lambda: subject.ask(b"{}"))
        assert said == "ended with status 1 (last words: `no more`)"

    def test_half_an_answer_is_none(self, program: Program) -> None:
        """Even if all that is missing is the end of the line."""
        said = failure(program("read(); say('{\"decision\"')"))
        assert said == 'ended with status 0 in the middle of an answer: `{"decision"`'

    def test_a_line_of_one_that_died_unasked_is_no_half_answer(self, program: Program) -> None:
        """It had not heard the scenario to its end."""
        said = failure(program("sys.stdin.read(1); say('{}\\n'); os.close(1); time.sleep(0.2)"), LONG_LINE)
        assert said == "ended with status 0"

    @pytest.mark.parametrize(
        ("number", "named"), [(9, "9 (SIGKILL)"), (15, "15 (SIGTERM)"), (37, "37")], ids=str
    )
    def test_a_signal_is_named_where_it_has_a_name(self, program: Program, number: int, named: str) -> None:
        """And by its number."""
        assert failure(program(f"read(); os.kill(os.getpid(), {number})")) == f"killed by signal {named}"

    @pytest.mark.parametrize(
        ("written", "shown"),
        [("z" * 5000, f"`{'z' * 197}...`"), ("50%\r100%\r", "`100%`"), ("a\nb", "`b`")],
        ids=["long", "progress", "no end"],
    )
    def test_last_words_fit_a_line(self, program: Program, written: str, shown: str) -> None:
        """Of many, the last."""
        said = failure(program(f"read(); os.write(2, b'x' * 100_000 + b'\\n' + {written.encode()!r})"))
        assert said == f"ended with status 0 (last words: {shown})"

    def test_errors_are_read_while_it_answers(self, program: Program) -> None:
        """A pipe that is full of them would stop it."""
        command = program("while read(): os.write(2, b'y' * 1_000_000); say('{}\\n')")
        with CommandSubject(command, timeout=AMPLE) as subject:
            assert [subject.ask(b"{}") for _ in range(5)] == [b"{}"] * 5
            subject.finish()

    def test_a_closed_standard_output_is_an_end(self, program: Program) -> None:
        """Though the program goes on."""
        said = failure(program("read(); os.close(1); time.sleep(600)"))
        assert said == "closed its standard output"
        said = failure(program("sys.stdin.read(1); os.close(1); time.sleep(600)"), LONG_LINE)
        assert said == "closed its standard output"

    def test_a_closed_standard_input_is_an_end(self, program: Program, tmp_path: Path) -> None:
        """Before the question or in its middle."""
        with CommandSubject(program("os.close(0); note('deaf'); time.sleep(600)"), timeout=AMPLE) as subject:
            until((tmp_path / "deaf").exists)
            assert cause_of(lambda: subject.ask(b"{}")) == "closed its standard input"
        said = failure(program("sys.stdin.read(1); os.close(0); time.sleep(600)"), LONG_LINE)
        assert said == "closed its standard input"

    def test_a_closed_pipe_does_not_end_the_caller(self, program: Program) -> None:
        """Who has told the system, as a command does, to end it for that; which then holds again."""
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            said = failure(program("os.close(0); time.sleep(600)"), LONG_LINE)
            after = signal.getsignal(signal.SIGPIPE)
        finally:
            signal.signal(signal.SIGPIPE, before)
        assert said == "closed its standard input"
        assert after == signal.SIG_DFL


class TestFinish:
    """The end of the questions."""

    def test_an_end_with_an_error_is_a_failure(self, program: Program) -> None:
        """With its last words."""
        said = failure_at_end(program("read(); say('{}\\n'); read(); raise SystemExit('after all')"))
        assert said == "ended with status 1 (last words: `after all`)"

    def test_who_does_not_end_has_failed(self) -> None:
        """It is given the time of an answer."""
        said = failure_at_end(["sh", "-c", "read a; echo {}; exec sleep 600"], timeout=1)
        assert said == "still running 1 second after the end of its input"

    def test_what_the_dead_have_written_is_read(self, program: Program, tmp_path: Path) -> None:
        """Before their status counts."""
        with CommandSubject(
            program("read(); say('{}\\n'); time.sleep(0.3); say('{2}\\n')"), timeout=AMPLE
        ) as subject:
            assert subject.ask(b"{}") == b"{}"
            os.waitid(os.P_PID, only_pid(tmp_path), os.WEXITED | os.WNOWAIT)
            assert cause_of(subject.finish) == "wrote more than it was asked for: `{2}`"

    def test_nobody_answers_after_the_end(self) -> None:
        """Neither after `finish` nor after the block."""
        with CommandSubject("cat", timeout=AMPLE) as subject:
            subject.finish()
            assert cause_of(lambda: subject.ask(b"{}")) == "asked after its end"
        with CommandSubject("cat", timeout=AMPLE) as subject:
            pass
        assert cause_of(lambda: subject.ask(b"{}")) == "asked after its end"


class TestNothingIsLeft:
    """Whatever happens, the block ends and no process is left; the fixture looks for each."""

    def test_an_error_in_the_block_passes_through(self, program: Program, tmp_path: Path) -> None:
        """Ctrl-C, for one."""

        def interrupted() -> None:
            with CommandSubject(program("note('up'); time.sleep(600)")):
                until((tmp_path / "up").exists)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert gone(only_pid(tmp_path))

    def test_who_ignores_the_request_to_end_is_killed(self, program: Program, tmp_path: Path) -> None:
        """A while later."""
        code = "signal.signal(signal.SIGTERM, signal.SIG_IGN); note('up'); time.sleep(600)"
        with CommandSubject(program(code)):
            until((tmp_path / "up").exists)
        assert gone(only_pid(tmp_path))

    def test_who_is_stopped_is_killed(self, program: Program, tmp_path: Path) -> None:
        """It hears no request at all."""
        with CommandSubject(program("note('up'); os.kill(os.getpid(), signal.SIGSTOP)")):
            until((tmp_path / "up").exists)
        assert gone(only_pid(tmp_path))

    def test_what_is_written_at_the_end_stops_nobody(self, program: Program, tmp_path: Path) -> None:
        """Neither a pipe that nobody reads any more nor a flood."""
        code = "note('up')\nwhile read(): pass\nnote('over')\nwhile True: say('x' * 100_000)"
        with CommandSubject(program(code)):
            until((tmp_path / "up").exists)
        until((tmp_path / "over").exists)

    @pytest.mark.parametrize("deaf", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN); "])
    def test_its_children_go_with_it(self, program: Program, tmp_path: Path, deaf: str) -> None:
        """Also those that do not listen."""
        code = f"{deaf}os.fork(); note('pid-%d' % os.getpid()); time.sleep(600)"
        with CommandSubject(program(code)):
            until(lambda: len(list(tmp_path.glob("pid-*[0-9]"))) == 2)

    def test_an_end_is_seen_though_a_child_holds_the_pipes(self, program: Program) -> None:
        """At the time-out, for want of another sign."""
        said = failure(program(f"read()\n{FORKING}\nsys.exit(3)"), timeout=1)
        assert said == "ended with status 3"

    def test_a_child_that_holds_the_pipes_does_not_hold_up_the_end(self, program: Program) -> None:
        """Nor is it a failure."""
        with CommandSubject(program(f"read(); say('{{}}\\n')\n{FORKING}\nread()"), timeout=AMPLE) as subject:
            assert subject.ask(b"{}") == b"{}"
            subject.finish()

    def test_who_may_not_be_killed_does_not_hold_up_the_end(
        self, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A program that has become another user's; that it is left, a warning of Python says."""

        def refuse(_group: int, _number: int) -> None:
            raise PermissionError

        subjects = [CommandSubject(program("note('up'); time.sleep(600)"))]
        with monkeypatch.context() as patched, subjects[0]:
            patched.setattr(os, "killpg", refuse)
            until((tmp_path / "up").exists)
        pid = only_pid(tmp_path)
        assert not gone(pid)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with pytest.warns(ResourceWarning, match=f"subprocess {pid} is still running"):
            subjects.clear()

    def test_no_descriptor_is_left(self, program: Program) -> None:
        """After all kinds of ends."""
        low = os.dup(0)
        os.close(low)
        for command in ("cat", "false", "no-such-program", program("time.sleep(600)")):
            try:
                with CommandSubject(command, timeout=0.1) as subject:
                    subject.ask(LONG_LINE)
            except SubjectFailure:
                pass
        now = os.dup(0)
        os.close(now)
        assert now == low

    def test_too_many_open_files_are_said(self) -> None:
        """Here not even a pipe can be made."""
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        low = os.dup(0)
        os.close(low)
        resource.setrlimit(resource.RLIMIT_NOFILE, (low, before[1]))
        try:
            said = cause_of(CommandSubject("cat").__enter__)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert said == "cannot be started: too many open files"


FORKING = """\
if os.fork() == 0:
    note("pid-%d" % os.getpid())
    time.sleep(600)
"""


def only_pid(folder: Path) -> int:
    """That of the program, which has no child."""
    (noted,) = folder.glob("pid-*")
    return int(noted.name[4:])
