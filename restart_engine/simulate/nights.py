"""Many nights, side by side in several processes: each result is its night's own, whoever works it out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context, parent_process
from typing import Final, TypeAlias

from restart_engine.simulate.night import run_policies
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.story import Result

_AT_ONCE: Final = 20
"""Nights that a process works out before it tells: some fractions of a second."""

Results: TypeAlias = "dict[str, tuple[Result, ...]]"
"""By the policy's name, the nights in their order."""
OnProgress: TypeAlias = Callable[[int], object]


def run_nights(
    simulation: Simulation,
    nights: int,
    *,
    seed: int = 0,
    jobs: int = 1,
    on_progress: OnProgress = lambda _done: None,
) -> Results:
    """What counts of so many nights, 1 or more, under each policy of the simulation.

    With more than one job the nights are shared out to as many processes; then a program of one's own has to
    call this under `if __name__ == "__main__":`, and its policies have to be importable.
    `on_progress` is told how many nights are done.
    """
    found: list[tuple[Result, ...]] = []
    parts = [range(first, min(first + _AT_ONCE, nights + 1)) for first in range(1, nights + 1, _AT_ONCE)]
    for results in _worked_out(partial(_results, simulation, seed), parts, min(jobs, len(parts))):
        found += results
        on_progress(len(found))
    by_policy = zip(*found, strict=True)
    return {policy.name: results for policy, results in zip(simulation.policies, by_policy, strict=True)}


def cores() -> int:
    """How many processes can work at the same time here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _results(simulation: Simulation, seed: int, nights: range) -> list[tuple[Result, ...]]:
    """For each night the result under each policy."""
    return [
        tuple(story.result for story in run_policies(simulation, simulation.policies, night, seed=seed))
        for night in nights
    ]


def _worked_out(
    work: Callable[[range], list[tuple[Result, ...]]], parts: list[range], jobs: int
) -> Iterator[list[tuple[Result, ...]]]:
    """The results of the parts, in their order."""
    if jobs == 1:
        yield from map(work, parts)
        return
    # a process that is a copy of this one would have half of a progress bar's thread
    executor = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        with _no_interrupts():
            results = executor.map(work, parts)  # starts the processes
        yield from results
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _no_interrupts() -> Generator[None]:
    """Processes that are started in here leave Ctrl-C to this one, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for ever for something to do."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
