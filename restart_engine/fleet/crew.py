"""Processes that do a run's pieces side by side; they end with the run, however that ends.

An executor of the standard library is not enough: its processes wait for work on a queue that they hold
themselves, and so stay when the process that started them is killed.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Final, TypeAlias

from restart_engine.fleet.failures import FleetFailure, cause
from restart_engine.fleet.marks import Mark
from restart_engine.fleet.piece import Hand, Job

Done: TypeAlias = tuple[int, Mark]
_CONTEXT: Final = get_context("spawn")
"""A process that starts from nothing: a copy of one with threads, such as Arrow's, may never run."""


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def done_here(job: Job, pieces: Iterable[int]) -> Generator[Done]:
    """The pieces, done one after the other in this process, each with its mark."""
    hand = Hand(job)
    return ((piece, hand.do(piece)) for piece in pieces)


def done_side_by_side(job: Job, pieces: Iterable[int], count: int) -> Generator[Done]:
    """The pieces, done by so many processes, each as it is done.

    Raises `FleetFailure` for what ends the work in one of them, and where one dies. None is left at the end.
    """
    left = iter(pieces)
    crew: dict[Any, SpawnProcess] = {}
    doing: dict[Any, int] = {}
    try:
        with _interrupts_held():
            for _ in range(count):
                _start(crew, job)
        for connection in crew:
            _give(connection, left, doing)
        while doing:
            for connection in wait(list(doing)):
                done = _answer(connection, crew, doing)
                _give(connection, left, doing)
                yield done
    finally:
        for process in crew.values():
            process.kill()
        for connection, process in crew.items():
            process.join()
            connection.close()


def _start(crew: dict[Any, SpawnProcess], job: Job) -> None:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()  # so that the end of that process is the end of what it sends
    crew[ours] = process


def _give(connection: Any, left: Iterator[int], doing: dict[Any, int]) -> None:
    doing.pop(connection, None)
    piece = next(left, None)
    if piece is not None:
        doing[connection] = piece
        with suppress(OSError):  # from one that has died, which is heard of next
            connection.send(piece)


def _answer(connection: Any, crew: dict[Any, SpawnProcess], doing: dict[Any, int]) -> Done:
    try:
        answer: Mark | FleetFailure = connection.recv()
    except (EOFError, OSError):
        process = crew[connection]
        process.join()
        raise FleetFailure(_death(process.exitcode or 0, doing[connection])) from None
    if isinstance(answer, FleetFailure):
        raise answer
    return doing[connection], answer


def _death(code: int, piece: int) -> str:
    if code < 0:
        killed = f"a worker process was killed by {signal.Signals(-code).name} while it did part {piece}"
        return f"{killed}; the same command goes on from what is done"
    return f"a worker process ended with status {code} while it did part {piece}"


def _defect(error: Exception, piece: int | None) -> str:
    where = "before its first part" if piece is None else f"in part {piece}"
    return f"a worker process met a defect of this program {where}: {type(error).__name__}: {cause(error)}"


def _work(job: Job, connection: Connection[Any, Any]) -> None:
    """Do piece after piece, until there is none or the run is over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    piece = None
    with closing(connection), suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            hand = Hand(job)
            while True:
                piece = connection.recv()
                connection.send(hand.do(piece))
        except FleetFailure as failure:
            connection.send(failure)
        except MemoryError:
            connection.send(FleetFailure("out of memory in a worker process; try fewer --jobs"))
        except Exception as error:  # noqa: BLE001  # a defect of ours: it is told in one line, and by the parent
            connection.send(FleetFailure(_defect(error, piece)))


def _end_with_parent() -> None:
    """Where the run is killed, what it has started stops at once."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Ctrl-C waits in here, and never reaches the processes that start: their run ends them."""
    resource_tracker.ensure_running()  # it would let interrupts through when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
