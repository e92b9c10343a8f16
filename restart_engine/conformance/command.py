"""A subject that is a program in any language: a scenario a line in, a decision a line out.

Three pipes, none of which ever blocks, and one selector in one thread: whatever the program does, it is
read from while it is written to, and no step takes longer than its time. For POSIX alone.
"""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from subprocess import PIPE
from types import FrameType
from typing import Final, NoReturn, Self

from restart_engine.wire import MAX_BYTES

MAX_ANSWER: Final = MAX_BYTES
"""Bytes that an answer may have: those of a plan of 100,000 steps are long."""
_CHUNK: Final = 64 * 1024
_LAST_WORDS: Final = 2 * 1024
"""Bytes kept of what the program wrote last on standard error."""
_SHOWN: Final = 200
"""Characters shown of a line."""
_GRACE: Final = 0.5
"""Seconds in which a program that is told to end, or closes its pipes, is expected to be gone."""
_LONGEST_WAIT: Final = 3600
"""Seconds that every system can wait at once; an answer may take any number of them."""
_TICK: Final = 0.01
"""Seconds between two looks at whether a program has ended."""


class SubjectFailure(Exception):
    """Why a subject could not be asked further; `cause` is one line."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class CommandSubject:
    """The program behind a command, started on entering and gone with all its children on leaving.

    A text is split as a shell would, but no shell sees it. `timeout` is what an answer may take in seconds,
    from the first byte of the scenario to the end of the line. After one failure every call raises it.
    """

    def __init__(self, command: str | Sequence[str], *, timeout: float = 5.0) -> None:
        self._command = command
        self._timeout = timeout
        self._failure: SubjectFailure | None = None
        self._unsent = memoryview(b"")
        self._received = bytearray()
        self._line_end = -1
        self._words = b""
        self._closed: str | None = None
        self._answered = False

    def __enter__(self) -> Self:
        started = False
        try:
            with _interrupts_later():
                self._start()
                started = True
        except BaseException:
            if started:
                self.__exit__()
            raise
        return self

    def _start(self) -> None:
        try:
            split = shlex.split(self._command) if isinstance(self._command, str) else list(self._command)
            if not split:
                self._fail("cannot be started: the command is empty")
            self._process = subprocess.Popen(  # noqa: S603  # the command is its user's to choose
                split, bufsize=0, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        except (OSError, ValueError) as error:
            text = (isinstance(error, OSError) and error.strerror) or str(error)
            self._fail(f"cannot be started: {text[:1].lower()}{text[1:]}")
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        self._pipes = [pipe for pipe in pipes if pipe is not None]
        self._input, self._output, self._error = numbers = [pipe.fileno() for pipe in self._pipes]
        for number in numbers:
            os.set_blocking(number, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ, self._receive)
        self._selector.register(self._error, selectors.EVENT_READ, self._hear)
        self._sigpipe = signal.getsignal(signal.SIGPIPE)
        if self._sigpipe == signal.SIG_DFL:  # a program that stops reading would end this one
            signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def __exit__(self, *_: object) -> None:
        self._failure = self._failure or SubjectFailure("asked after its end")
        self._selector.close()
        self._selector = selectors.DefaultSelector()  # serves nothing: what is written now is nobody's
        for pipe in self._pipes:
            pipe.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._ended_by(time.monotonic() + _GRACE):
                self._signal_group(number)
        self._ended_by(time.monotonic() + _GRACE)
        self._selector.close()
        if self._sigpipe == signal.SIG_DFL:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)

    def ask(self, line: bytes) -> bytes:
        """The answer to a scenario, both without the end of the line; raises `SubjectFailure`."""
        assert b"\n" not in line
        self._raise_again()
        deadline = time.monotonic() + self._timeout
        self._serve(0)
        self._refuse_unasked()
        self._unsent = memoryview(line + b"\n")
        self._send()
        if self._unsent and self._closed is None:
            self._selector.register(self._input, selectors.EVENT_WRITE, self._send)
            while self._unsent and self._closed is None:
                self._serve_until(deadline)
            self._selector.unregister(self._input)
        while self._missing:
            if self._closed is not None:
                self._give_up(time.monotonic() + _GRACE, self._closed)
            self._serve_until(deadline)
        answer = bytes(self._received[: self._line_end]).removesuffix(b"\r")
        del self._received[: self._line_end + 1]
        self._line_end = -1
        self._answered = True
        stripped = answer.strip(b" \t")
        if not (stripped.startswith(b"{") and stripped.endswith(b"}")):
            self._fail(f"answered with no JSON object: {_shown(answer)}")
        return answer

    def finish(self) -> None:
        """End its input; raises `SubjectFailure` unless that ends the program, silently and with status 0."""
        self._raise_again()
        self._pipes[0].close()
        ended = self._ended_by(time.monotonic() + self._timeout)
        self._refuse_unasked()
        if not ended:
            self._fail(f"still running {self._seconds} after the end of its input")
        if self._process.returncode:
            self._fail(_ending(self._process.returncode))
        self._failure = SubjectFailure("asked after its end")

    def _serve(self, seconds: float) -> None:
        """Take what the program writes and give it what it reads, once there is either."""
        for key, _ in self._selector.select(seconds):
            key.data()

    def _serve_until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        self._serve(min(max(left, 0), _LONGEST_WAIT))  # when late: what came while this was stopped
        if left > 0 or not self._missing:
            return
        if self._unsent:
            self._give_up(0, f"did not read the scenario within {self._seconds}")
        if self._received:
            self._give_up(0, f"no whole answer within {self._seconds}: {_shown(self._received)}")
        hint = "" if self._answered else "; does it flush each line?"
        self._give_up(0, f"no answer within {self._seconds}{hint}")

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._input, self._unsent) :]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._closed = "closed its standard input"

    def _receive(self) -> None:
        chunk = os.read(self._output, _CHUNK)
        if not chunk:
            self._closed = "closed its standard output"
            self._selector.unregister(self._output)
        if self._line_end < 0:
            found = chunk.find(b"\n")
            self._line_end = found if found < 0 else len(self._received) + found
        self._received += chunk
        if len(self._received) > MAX_ANSWER + 1:
            if 0 <= self._line_end <= MAX_ANSWER:
                self._refuse_unasked()
            self._fail(f"answered with a line of more than {MAX_ANSWER >> 20} MiB")

    def _hear(self) -> None:
        chunk = os.read(self._error, _CHUNK)
        if not chunk:
            self._selector.unregister(self._error)
        self._words = (self._words + chunk)[-_LAST_WORDS:]

    def _ended_by(self, deadline: float) -> bool:
        """Whether the program has ended, after a while of serving it; its children end with it.

        The group's number is surely its own only so shortly after its end.
        """
        while self._process.returncode is None:
            if self._process.poll() is not None:
                self._signal_group(signal.SIGKILL)
                self._serve(0)  # what it wrote last
            elif time.monotonic() < deadline:
                self._serve(_TICK)
            else:
                return False
        return True

    def _signal_group(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # gone, or another user's by now
            os.killpg(self._process.pid, number)

    def _refuse_unasked(self) -> None:
        if self._received:
            self._fail(f"wrote more than it was asked for: {_shown(self._received)}")

    def _give_up(self, deadline: float, cause: str) -> NoReturn:
        """Fail with how the program ended, or with this cause when it has not."""
        if self._ended_by(deadline):
            cause = _ending(self._process.returncode)
            if self._received and self._line_end < 0:
                cause += f" in the middle of an answer: {_shown(self._received)}"
        self._fail(cause)

    def _fail(self, cause: str) -> NoReturn:
        words = [line for line in self._words.splitlines() if line.strip()]
        if words:
            cause += f" (last words: {_shown(words[-1].strip())})"
        self._failure = SubjectFailure(cause)
        raise self._failure from None

    def _raise_again(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    @property
    def _missing(self) -> bool:
        """Whether there is something yet to be written or read."""
        return bool(self._unsent) or self._line_end < 0

    @property
    def _seconds(self) -> str:
        return f"{self._timeout:g} second{'' if self._timeout == 1 else 's'}"


@contextmanager
def _interrupts_later() -> Generator[None]:
    """Ctrl-C interrupts after this: in between a program would be started that nobody ends."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    received: list[FrameType | None] = []
    before = signal.signal(signal.SIGINT, lambda _number, frame: received.append(frame))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if received and callable(before):
        before(signal.SIGINT, received[0])


def _ending(status: int) -> str:
    """How a program ended, by the status that `subprocess` has of it."""
    if status >= 0:
        return f"ended with status {status}"
    named = [f" ({known.name})" for known in signal.Signals if known == -status]
    return f"killed by signal {-status}{''.join(named)}"


def _shown(text: bytes | bytearray) -> str:
    """The first line of this, printable and cut short, in backticks."""
    line, *_ = text[: 5 * _SHOWN].split(b"\n")
    decoded = line.removesuffix(b"\r").decode(errors="backslashreplace")
    printable = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in decoded)
    cut = printable if len(printable) <= _SHOWN else f"{printable[: _SHOWN - 3]}..."
    return f"`{cut}`" if cut else "an empty line"
