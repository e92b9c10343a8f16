from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.stores import run

from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.server.activity import ActivityCounter
from restart_engine.server.database import Unavailable
from restart_engine.server.loader import StepRun
from restart_engine.server.loading import read_loading
from restart_engine.server.pretend import PretendClock, PretendLoader
from restart_engine.server.world import Loading

Told = list[str]


def step_run(step: str = "A.a", attempt: int = 1, tenant: str = "acme") -> StepRun:
    """A step to be loaded."""
    return StepRun(
        tenant=tenant,
        load_plan="Nightly",
        execution_id=1,
        sequence=1,
        step=Step.parse(step),
        attempt=attempt,
    )


async def begun(*coroutines: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """They run, and have come to their first wait."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    await asyncio.sleep(0)
    return tasks


async def sleeper(clock: PretendClock, seconds: float, told: Told, name: str) -> None:
    """Sleep, and tell."""
    await clock.sleep(seconds)
    told.append(name)


def test_time_by_hand_stands_still() -> None:
    """Nobody wakes until time is advanced far enough."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        tasks = await begun(sleeper(clock, 5, told, "five"))
        await clock.advance(4)
        await asyncio.sleep(0.01)
        assert told == []
        await clock.advance(1)
        assert told == ["five"]
        await asyncio.gather(*tasks)

    run(story)


def test_sleepers_wake_in_the_order_of_their_time() -> None:
    """Who is due first goes on first, and of two at once who went to sleep first."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        order = [(9.0, "nine"), (3.0, "three"), (6.0, "six"), (3.0, "also three"), (0.5, "a half")]
        await begun(*(sleeper(clock, seconds, told, name) for seconds, name in order))
        await clock.advance(6)
        assert told == ["a half", "three", "also three", "six"]

    run(story)


def test_who_sleeps_again_meanwhile_is_not_passed_by() -> None:
    """A chain of sleeps ends in one advance, each link at its own moment."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()

        async def chain() -> None:
            for number in range(3):
                await clock.sleep(2)
                told.append(f"link {number}")

        await begun(chain(), sleeper(clock, 3, told, "three"), sleeper(clock, 5, told, "five"))
        await clock.advance(6)
        assert told == ["link 0", "three", "link 1", "five", "link 2"]

    run(story)


def test_ten_tenths_are_one() -> None:
    """Time by hand adds up exactly."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        await begun(sleeper(clock, 1, told, "one"), sleeper(clock, 0.35, told, "a third"))
        for tenths in range(1, 11):
            await clock.advance(0.1)
            assert told == ["a third", "one"][: (tenths > 3) + (tenths > 9)]

    run(story)


def test_time_waits_for_what_follows_from_it() -> None:
    """A sleeper that then works in a thread and sleeps again is waited for."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        working, go_on = threading.Event(), threading.Event()

        def work() -> None:
            working.set()
            go_on.wait()

        async def chain() -> None:
            await clock.sleep(1)
            with clock.activity:
                await asyncio.to_thread(work)
            await clock.sleep(1)
            told.append("two")

        await begun(chain())
        (advance,) = await begun(clock.advance(2))
        await asyncio.to_thread(working.wait)
        assert not advance.done()
        go_on.set()
        await advance
        assert told == ["two"]

    run(story)


def test_two_advances_come_one_after_the_other() -> None:
    """Both pass, and nothing is passed by."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        await begun(sleeper(clock, 4, told, "four"), sleeper(clock, 5, told, "five"))
        await asyncio.gather(clock.advance(2), clock.advance(2))
        assert told == ["four"]

    run(story)


def test_the_cancelled_are_forgotten() -> None:
    """A sleeper that is cancelled neither wakes nor is kept, and the others do wake."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        tasks = await begun(*(sleeper(clock, 1 + n % 7, told, str(n)) for n in range(50)))
        cancelled = [task for number, task in enumerate(tasks) if number % 10]
        for task in cancelled:
            task.cancel()
        await asyncio.gather(*cancelled, return_exceptions=True)
        assert len(clock._sleepers) <= 2 * 5  # noqa: SLF001  # nothing else shows what is kept
        await clock.advance(8)
        assert told == ["0", "30", "10", "40", "20"]

    run(story)


def test_one_cancelled_as_it_wakes_is_not_waited_for() -> None:
    """Whoever is woken and cancelled at once leaves time free to move on."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        others: list[asyncio.Task[None]] = []

        async def cancels() -> None:
            await clock.sleep(1)
            others[0].cancel()

        await begun(cancels())
        others += await begun(sleeper(clock, 1, told, "one"), sleeper(clock, 2, told, "two"))
        await clock.advance(2)
        assert told == ["two"]

    run(story)


@given(st.lists(st.integers(0, 20), max_size=12), st.lists(st.integers(0, 9), max_size=6))
def test_who_is_due_has_woken(sleeps: list[int], advances: list[int]) -> None:
    """After any advances those and only those have woken whose time has come."""

    async def story() -> None:
        clock, told = PretendClock(None), Told()
        await begun(*(sleeper(clock, seconds, told, str(seconds)) for seconds in sleeps))
        passed = 0
        for seconds in advances:
            await clock.advance(seconds)
            passed += seconds
            assert told == [str(due) for due in sorted(sleeps) if due <= passed]

    run(story)


def test_no_time_is_no_wait() -> None:
    """Who sleeps for nothing goes on without an advance."""

    async def story() -> None:
        async with asyncio.timeout(5):
            await PretendClock(None).sleep(0)

    run(story)


def test_real_time_is_sped_up() -> None:
    """An hour passes in an instant where time is fast, and cannot be advanced."""

    async def story() -> None:
        clock = PretendClock(1e6)
        async with asyncio.timeout(5):
            await clock.sleep(3600)
        with pytest.raises(ImpossibleMove, match="cannot advance the simulated time: it passes by itself"):
            await clock.advance(1)

    run(story)


@pytest.mark.parametrize("speed", [0, -1, inf, nan])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    """Time runs forward, at some speed."""
    with pytest.raises(InvalidValue, match="`speed` is"):
        PretendClock(speed)


@pytest.mark.parametrize("seconds", [-1, inf, nan])
def test_time_only_goes_on(seconds: float) -> None:
    """It is advanced by a finite time, and never back."""

    async def story() -> None:
        with pytest.raises(InvalidValue, match="`seconds` is"):
            await PretendClock(None).advance(seconds)

    run(story)


def test_motion_ends_with_the_last() -> None:
    """Who waits for stillness also waits for what began meanwhile."""

    async def story() -> None:
        activity = ActivityCounter()
        await activity.still()
        activity.begin()
        (waiting,) = await begun(activity.still())
        activity.end()
        activity.begin()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        with activity:
            activity.end()
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    run(story)


LOADING = read_loading(
    '{"seconds":4,"secondsOf":{"A.b":2},"failures":[{"step":"A.b","attempts":[1],"status":"Interrupted"}]}'
)


def test_the_loader_takes_the_time_and_gives_the_outcome() -> None:
    """Each step ends when its own time has passed, as the loading says for this attempt."""

    async def story() -> None:
        clock = PretendClock(None)
        loader = PretendLoader(clock, lambda _: LOADING)
        runs = [step_run("A.a"), step_run("A.b"), step_run("A.b", attempt=2)]
        tasks = await begun(*map(loader.load, runs))
        await clock.advance(1)
        assert [task.done() for task in tasks] == [False, False, False]
        await clock.advance(1)
        assert [task.done() for task in tasks] == [False, True, True]
        await clock.advance(2)
        assert [task.result() for task in tasks] == [Status.SUCCEEDED, Status.INTERRUPTED, Status.SUCCEEDED]

    run(story)


def test_steps_that_begin_together_share_one_reading() -> None:
    """A group of a thousand steps reads the loading once per tenant; the next one sees a changed world."""

    async def story() -> None:
        clock, asked = PretendClock(None), Told()
        world = {"acme": Loading(seconds=1.0), "other": Loading(seconds=1.0)}

        def loading_of(tenant: str) -> Loading:
            asked.append(tenant)
            return world[tenant]

        loader = PretendLoader(clock, loading_of)
        runs = [step_run(f"A.{n}", tenant=tenant) for n in range(500) for tenant in world]
        tasks = await begun(*map(loader.load, runs))
        await clock.advance(1)
        assert all(task.done() for task in tasks)
        assert sorted(asked) == ["acme", "other"]
        world["acme"] = Loading(seconds=9.0)
        (task,) = await begun(loader.load(step_run()))
        await clock.advance(8)
        assert not task.done()
        await clock.advance(1)
        assert task.done()

    run(story)


def test_a_step_that_begins_while_the_loading_is_read_has_it_read_anew() -> None:
    """What was read before a step began says nothing of the world in which it begins."""

    async def story() -> None:
        reading, go_on = threading.Event(), threading.Event()
        answers = [Loading(seconds=1.0), Loading(seconds=2.0)]

        def loading_of(_tenant: str) -> Loading:
            answer = answers.pop(0)
            if not reading.is_set():
                reading.set()
                go_on.wait()
            return answer

        clock = PretendClock(None)
        loader = PretendLoader(clock, loading_of)
        (first,) = await begun(loader.load(step_run()))
        await asyncio.to_thread(reading.wait)
        (second,) = await begun(loader.load(step_run()))
        await asyncio.sleep(0.01)
        go_on.set()
        await clock.advance(1)
        assert (first.done(), second.done()) == (True, False)
        await clock.advance(1)
        assert second.done()

    run(story)


def test_a_step_waits_for_the_database() -> None:
    """That its loading cannot be read just now fails no step."""

    async def story() -> None:
        failures: list[Exception] = [Unavailable("it is away")]

        def loading_of(_tenant: str) -> Loading:
            if failures:
                raise failures.pop()
            return Loading(seconds=0.0)

        assert await PretendLoader(PretendClock(None), loading_of).load(step_run()) is Status.SUCCEEDED

    run(story)


def raises(error: Exception) -> Callable[[str], Loading]:
    """A reading of the loading that always raises this."""

    def loading_of(_tenant: str) -> Loading:
        raise error

    return loading_of


def test_one_that_is_cancelled_takes_no_other_with_it() -> None:
    """Steps that share a reading are cancelled each by itself; its error is told to those that are left."""

    async def story() -> None:
        loader = PretendLoader(PretendClock(None), raises(LookupError("gone")))
        first, second = await begun(loader.load(step_run("A.a")), loader.load(step_run("A.b")))
        first.cancel()
        with pytest.raises(LookupError, match="gone"):
            await second
        (third,) = await begun(loader.load(step_run("A.a")))
        third.cancel()
        await asyncio.sleep(0.02)

    run(story)
