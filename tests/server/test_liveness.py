from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import define
from server.stores import PROCESS, ByHand, Counted, Store, plan_of, run, store_at, until
from sqlalchemy import select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from restart_engine.core.status import Status
from restart_engine.server.database import Unavailable
from restart_engine.server.liveness import Liveness
from restart_engine.server.runner import Runner
from restart_engine.server.tables import processes

OTHER = "process two"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A small world, on each kind of database."""
    store = store_at(database_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """A small world, where the kind of database makes no difference."""
    store = store_at(sqlite_url)
    yield store
    store.close()


@pytest.fixture
def logged() -> Iterator[list[EventDict]]:
    """The events of the log."""
    with capture_logs() as events:
        yield events


@define
class Lives:
    """A process, and the time by its own clock."""

    liveness: Liveness
    counted: Counted
    now: float = 1000.0

    def watch_at(self, now: float) -> tuple[int, ...]:
        """Watch when so much time has passed."""
        self.now = 1000.0 + now
        return self.liveness.watch(lambda: self.now)


def process_of(
    store: Store, name: str = PROCESS, dead_after: float = 10.0, *, registered: bool = True
) -> Lives:
    """A process of this name."""
    counted = Counted()
    lives = Lives(Liveness(store.database, store.runs, name, dead_after=dead_after, metrics=counted), counted)
    if registered:
        lives.liveness.register()
    return lives


def beats(store: Store) -> dict[str, int]:
    """Of each process that is there."""
    with store.database.reading() as connection:
        return dict(connection.execute(select(processes.c.id, processes.c.beat)).all())


def test_a_process_counts_up_while_it_lives(store: Store) -> None:
    """It registers, beats, and is gone when it leaves; a beat that comes late does not bring it back."""
    one, two = process_of(store), process_of(store, OTHER)
    assert beats(store) == {PROCESS: 0, OTHER: 0}
    one.liveness.beat()
    one.liveness.beat()
    two.liveness.beat()
    one.liveness.register()
    assert beats(store) == {PROCESS: 2, OTHER: 1}
    one.liveness.leave()
    one.liveness.beat()
    assert beats(store) == {OTHER: 1}


def test_one_that_stands_still_is_dead(store: Store, logged: list[EventDict]) -> None:
    """What a dead process ran is closed, with what its steps had recorded, and its row is gone."""
    one = process_of(store)
    process_of(store, OTHER)
    theirs = [store.started(plan_of(["A.a"]), process=OTHER) for _ in range(2)]
    mine = store.started(plan_of(["A.a"]))
    nobodys = store.started(plan_of(["A.a"]), process=None)
    for now in (0.0, 9.5):
        assert one.watch_at(now) == ()
    assert sorted(one.watch_at(10)) == theirs
    assert {store.execution(id_).status for id_ in theirs} == {Status.INTERRUPTED}
    assert all(store.execution(id_).active for id_ in (mine, nobodys))
    assert beats(store) == {PROCESS: 0}
    assert one.counted.cut_off == 2
    assert one.watch_at(20) == ()
    assert one.watch_at(29) == ()
    (dead,) = [event for event in logged if event["event"] == "process dead"]
    assert (dead["process"], sorted(dead["executions"]), dead["log_level"]) == (OTHER, theirs, "warning")


def test_one_that_beats_is_never_dead(store: Store) -> None:
    """However seldom it is seen to beat, if only once in the time."""
    one, two = process_of(store), process_of(store, OTHER)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    for now in range(0, 60, 9):
        two.liveness.beat()
        assert one.watch_at(now) == ()
    assert store.execution(id_).active
    assert one.watch_at(63) == ()
    assert one.watch_at(64) == (id_,)


def test_first_sight_proves_nothing(store: Store) -> None:
    """A process that this one has just met has all its time, however long this one has been there."""
    one = process_of(store)
    for now in (0.0, 5.0, 14.0, 23.0, 32.0, 41.0):
        assert one.watch_at(now) == ()
    process_of(store, OTHER)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    for now in (50.0, 55.0, 59.9):
        assert one.watch_at(now) == ()
    assert one.watch_at(60) == (id_,)


def test_one_without_a_row_has_its_time_too(store: Store) -> None:
    """Executions of a process of which there is no row are closed, but not at once."""
    one = process_of(store)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    for now in (0.0, 9.9):
        assert one.watch_at(now) == ()
    assert one.watch_at(10) == (id_,)
    assert one.counted.cut_off == 1


def test_a_row_that_comes_or_goes_is_a_sign(store: Store) -> None:
    """A process that registers again lives, and one that leaves is not waited for in vain."""
    one, two = process_of(store), process_of(store, OTHER, registered=False)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    one.watch_at(0)
    two.liveness.register()
    assert one.watch_at(9) == ()
    assert one.watch_at(18) == ()
    two.liveness.leave()
    assert one.watch_at(19) == ()
    assert one.watch_at(28) == ()
    assert one.watch_at(29) == (id_,)


def test_what_was_not_watched_proves_nothing(store: Store) -> None:
    """After a time in which this process did not look, every wait begins anew."""
    one = process_of(store)
    process_of(store, OTHER)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    one.watch_at(0)
    assert one.watch_at(11) == ()
    assert one.watch_at(20.9) == ()
    one.liveness.look_away()
    assert one.watch_at(21) == ()
    assert one.watch_at(30.9) == ()
    assert one.watch_at(31) == (id_,)


def test_a_slow_look_is_no_wait(store: Store) -> None:
    """Time that passes while this process waits for the database is not held against the others."""
    one = process_of(store)
    process_of(store, OTHER)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)

    def taking(seconds: float, *, since: float) -> Callable[[], float]:
        times = iter([since, since + seconds])
        return lambda: next(times)

    assert one.liveness.watch(taking(9, since=0)) == ()
    assert one.liveness.watch(taking(9, since=10)) == ()
    assert one.liveness.watch(taking(0, since=19)) == (id_,)


def test_one_that_beats_at_the_last_moment_lives(store: Store) -> None:
    """A beat between the look and the judgement saves it."""
    one, two = process_of(store), process_of(store, OTHER)
    id_ = store.started(plan_of(["A.a"]), process=OTHER)
    one.watch_at(0)
    one.watch_at(9)
    asked: list[float] = []

    def clock() -> float:
        if asked:
            two.liveness.beat()  # after the look, which was before the second question
        asked.append(1010)
        return 1010

    assert one.liveness.watch(clock) == ()
    assert store.execution(id_).active
    assert beats(store)[OTHER] == 1
    assert one.watch_at(19.9) == ()
    assert one.watch_at(20) == ()
    assert one.watch_at(29.9) == (id_,)


def test_two_watchers_close_each_execution_once(store: Store) -> None:
    """Those who find a process dead at the same moment share what is to be done."""
    ids = [store.started(plan_of(["A.a"]), process=OTHER) for _ in range(12)]
    process_of(store, OTHER)
    others = [store.other(), store.other()]
    watchers = [
        Liveness(database, runs, f"watcher {number}", metrics=Counted())
        for number, (runs, database) in enumerate(zip(others, store.others, strict=True))
    ]
    for now in (0.0, 9.0):
        assert [watcher.watch(lambda now=now: now) for watcher in watchers] == [(), ()]  # type: ignore[misc]  # mypy infers no type for the default
    both = threading.Barrier(2)

    def watch(watcher: Liveness) -> tuple[int, ...]:
        both.wait()
        return watcher.watch(lambda: 10.0)

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(watch, watchers)
    assert sorted([*one, *two]) == ids
    assert OTHER not in beats(store)


def test_one_that_was_only_paused_comes_back(store: Store) -> None:
    """It finds its executions closed and drops them, is there again at its next beat, and runs new ones."""

    async def story() -> None:
        one, two = process_of(store), process_of(store, OTHER)
        loader = ByHand()
        runner = Runner(store.other(), loader, OTHER, two.counted)
        id_ = store.started(plan_of(["A.a"]), process=OTHER)
        await runner.adopt()
        await until(lambda: "A.a" in loader.asked)
        for now in (0, 9):
            await asyncio.to_thread(one.watch_at, now)
        assert await asyncio.to_thread(one.watch_at, 10) == (id_,)
        two.liveness.beat()
        await runner.adopt()
        await until(lambda: runner.running == 0 and loader.cancelled == ["A.a"])
        assert OTHER in beats(store)
        after = store.started(plan_of(["B.a"]), process=OTHER)
        await runner.adopt()
        await until(lambda: "B.a" in loader.asked)
        loader.end("B.a")
        await until(lambda: runner.running == 0)
        assert store.execution(after).status is Status.SUCCEEDED

    run(story)


async def nothing() -> None:
    """There is nothing to adopt."""


async def ended(living: asyncio.Task[None], of: Lives) -> None:
    """Cancel the loop, and wait until the thread that it leaves behind has let go of the database."""
    living.cancel()
    await asyncio.gather(living, return_exceptions=True)
    await of.liveness._executor.once(lambda: None)  # noqa: SLF001  # it has one thread, for one call at a time


async def until_beaten(store: Store, times: int = 2) -> None:
    """Return once this process has beaten so often from now on."""
    first = beats(store).get(PROCESS, 0)
    await until(lambda: beats(store).get(PROCESS, 0) >= first + times)


def test_the_loop_beats_watches_and_adopts(store: Store) -> None:
    """Each time round it does all three, until it is cancelled."""

    async def story() -> None:
        one = process_of(store, dead_after=0.1)
        id_ = store.started(plan_of(["A.a"]), process=OTHER)
        adopted: list[int] = []

        async def adopt() -> None:
            adopted.append(1)

        living = asyncio.create_task(one.liveness.run(adopt, interval=0.01))
        await until_beaten(store)
        await until(lambda: not store.execution(id_).active)
        await until(lambda: one.counted.cut_off == 1)  # counted after it is committed
        await until(lambda: len(adopted) > 1)
        await ended(living, one)
        assert living.cancelled()

    run(story)


def test_the_loop_outlives_the_database(store: Store, logged: list[EventDict]) -> None:
    """That the database goes away and comes back is logged once each, and nobody is judged by that time."""

    async def story() -> None:
        one = process_of(store, dead_after=3600)
        process_of(store, OTHER)
        living = asyncio.create_task(one.liveness.run(nothing, interval=0.01))
        await until_beaten(store)
        store.database.away_before = 3
        await until(lambda: store.database.away_before < 3)
        await until(lambda: store.database.away_before == 0)
        await until_beaten(store)
        assert one.counted.failures == 3
        await ended(living, one)

    run(story)
    told = [(event["event"], event["log_level"]) for event in logged]
    assert told == [("database away", "warning"), ("database back", "info")]


def test_while_the_database_is_away_nothing_is_known(sqlite_store: Store) -> None:
    """What had been seen of the others is forgotten as soon as a beat fails."""
    store = sqlite_store

    async def story() -> None:
        one = process_of(store, dead_after=3600)
        process_of(store, OTHER)
        id_ = store.started(plan_of(["A.a"]), process=OTHER)
        living = asyncio.create_task(one.liveness.run(nothing, interval=0.01))
        await until_beaten(store)
        seen = time.monotonic()
        await until(lambda: time.monotonic() > seen + 0.1)
        await until_beaten(store)
        store.database.away_before = 10**6
        await until(lambda: one.counted.failures > 1)
        await ended(living, one)
        store.database.away_before = 0
        later = seen + 3600.05
        assert one.liveness.watch(lambda: later) == ()
        assert one.liveness.watch(lambda: later + 3599) == ()
        assert one.liveness.watch(lambda: later + 3601) == (id_,)  # one more: a sum of floats may round down

    run(story)


@pytest.mark.parametrize("error", [ZeroDivisionError("a fault"), Unavailable("away")])
def test_the_loop_outlives_what_goes_wrong(
    sqlite_store: Store, logged: list[EventDict], error: Exception
) -> None:
    """Whatever is raised is logged, and the process goes on beating."""
    store = sqlite_store

    async def story() -> None:
        one = process_of(store)

        async def adopt() -> None:
            raise error

        living = asyncio.create_task(one.liveness.run(adopt, interval=0.01))
        await until_beaten(store, 3)
        assert not living.done()
        await ended(living, one)

    run(story)
    event = "beat failed" if isinstance(error, ZeroDivisionError) else "database away"
    assert event in {told["event"] for told in logged}
