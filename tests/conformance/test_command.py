"""Subjects that are programs: real processes, and most of them behave badly."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
import tracemalloc
from itertools import count
from pathlib import Path

import pytest
from conformance.programs import (
    AMPLE,
    LONG_LINE,
    NIGHTLY,
    SHORT,
    Program,
    cause_of,
    failure,
    failure_at_end,
    until,
)

from restart_engine.conformance.command import MAX_ANSWER, CommandSubject, SubjectFailure


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
