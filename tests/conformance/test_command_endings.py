"""How a program under test ends, and that nothing of it is left."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path
from threading import Thread

import pytest
from conformance.programs import (
    AMPLE,
    LONG_LINE,
    Program,
    cause_of,
    failure,
    failure_at_end,
    gone,
    until,
)

from restart_engine.conformance.command import CommandSubject, SubjectFailure


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

    def test_an_interruption_while_it_is_started_leaves_nothing(
        self, program: Program, tmp_path: Path
    ) -> None:
        """Ctrl-C has its effect once there is somebody to end the program."""

        class Interrupted(CommandSubject):
            def _start(self) -> None:
                signal.raise_signal(signal.SIGINT)
                super()._start()
                until((tmp_path / "up").exists)

        with pytest.raises(KeyboardInterrupt), Interrupted(program("note('up'); time.sleep(600)")):
            raise AssertionError("it was interrupted before")
        assert gone(only_pid(tmp_path))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def test_a_thread_may_ask(self) -> None:
        """No interruption reaches it."""
        answers: list[bytes] = []

        def asking() -> None:
            with CommandSubject("cat", timeout=AMPLE) as subject:
                answers.append(subject.ask(b"{}"))

        thread = Thread(target=asking)
        thread.start()
        thread.join()
        assert answers == [b"{}"]

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
