from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from attrs import define
from server.postgres import PrivatePostgres
from server.stores import PROCESS, ByHand, Counted, Held, Store, plan_of, run, store_at, until
from sqlalchemy import delete, select
from structlog.testing import capture_logs
from structlog.typing import EventDict

from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.server.loader import Loader, StepRun
from restart_engine.server.pretend import PretendClock, PretendLoader
from restart_engine.server.runner import Runner
from restart_engine.server.runs import StepEnd
from restart_engine.server.tables import attempts, executions, group_outcomes, step_outcomes
from restart_engine.server.world import Loading

S, F = Status.SUCCEEDED, Status.FAILED


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
class Answers:
    """A loader that at once gives what it was told to, or does it."""

    answer: Callable[[StepRun], object]

    async def load(self, run: StepRun, /) -> Status:
        """Give the answer, whatever it is."""
        await asyncio.sleep(0)
        return self.answer(run)  # type: ignore[return-value]  # some tests give what no loader may


def runner_of(store: Store, loader: Loader) -> tuple[Runner, Counted]:
    """A runner with this loader, and what it tells of."""
    counted = Counted()
    return Runner(store.runs, loader, PROCESS, counted), counted


def pretending(store: Store, seconds: float) -> tuple[Runner, Counted, PretendClock]:
    """A runner that pretends, and the clock that it takes its time from."""
    clock, counted = PretendClock(None), Counted()
    loader = PretendLoader(clock, lambda _: Loading(seconds=seconds))
    return Runner(store.runs, loader, PROCESS, counted, clock.activity), counted, clock


def statuses(execution: Execution) -> dict[str, Status]:
    """Of all its steps."""
    return {name: status for group in execution.groups for name, status in group.recorded.items()}


def events_of(logged: list[EventDict], name: str) -> list[EventDict]:
    """Those of this name."""
    return [event for event in logged if event["event"] == name]


def test_an_execution_is_driven_to_its_end(store: Store, logged: list[EventDict]) -> None:
    """Groups come one after another, their steps side by side, and the end is counted and logged."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
        runner.take(id_)
        runner.take(id_)
        assert runner.running == 1
        await until(lambda: len(loader.asked) == 2)
        loader.end("A.b")
        await until(lambda: statuses(store.execution(id_))["A.b"] is S)
        assert list(loader.asked) == ["A.a"]
        loader.end("A.a")
        await until(lambda: "B.a" in loader.asked)
        loader.end("B.a", F)
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is F
        assert (counted.steps, counted.executions) == ([S, S, F], [F])
        assert [(run.sequence, str(run.step), run.attempt) for run in loader.runs] == [
            (10, "A.a", 1),
            (10, "A.b", 1),
            (20, "B.a", 1),
        ]
        assert loader.cancelled == []

    run(story)
    (ended,) = events_of(logged, "execution ended")
    assert (ended["tenant"], ended["status"], ended["log_level"]) == ("acme", "Failed", "info")
    assert [event["step"] for event in events_of(logged, "step ended")] == ["A.b", "A.a", "B.a"]


def test_time_by_hand_waits_for_the_database(store: Store) -> None:
    """In one advance an execution goes as far as the time reaches: its writes take no simulated time."""

    async def story() -> None:
        runner, counted, clock = pretending(store, seconds=5.0)
        id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"], ["C.a"]))
        runner.take(id_)
        await clock.advance(0)
        assert statuses(store.execution(id_)) == {
            "A.a": Status.IN_PROGRESS,
            "A.b": Status.IN_PROGRESS,
            "B.a": Status.IN_QUEUE,
            "C.a": Status.IN_QUEUE,
        }
        await clock.advance(12)
        assert statuses(store.execution(id_)) == {
            "A.a": S,
            "A.b": S,
            "B.a": S,
            "C.a": Status.IN_PROGRESS,
        }
        await clock.advance(2)
        assert store.execution(id_).active
        await clock.advance(1)
        assert store.execution(id_).status is S
        assert counted.executions == [S]

    run(story)


def test_a_thousand_steps_run_side_by_side(store: Store) -> None:
    """They take as long as one, a few threads, and far fewer changes of the record than steps."""

    async def story() -> None:
        runner, counted, clock = pretending(store, seconds=1.0)
        id_ = store.started(plan_of([f"A.{number}" for number in range(1000)], ["B.a"]))
        runner.take(id_)
        await clock.advance(1)
        assert len(counted.steps) == 1000
        await clock.advance(1)
        record = store.runs.read(id_)
        assert record.execution.status is S
        assert set(statuses(record.execution).values()) == {S}
        assert record.version < 50
        assert sum(thread.name.startswith("database") for thread in threading.enumerate()) < 20
        with store.database.reading() as connection:
            assert set(connection.execute(select(attempts.c.count)).scalars()) == {1}

    run(story)


def raising(error: BaseException) -> Callable[[StepRun], object]:
    """An answer that is none."""

    def answer(_run: StepRun) -> object:
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "event"),
    [
        (raising(ZeroDivisionError("no such table")), "loader failed"),
        (raising(asyncio.CancelledError()), "loader cancelled itself"),
        (lambda _: Status.IN_PROGRESS, "loader failed"),
        (lambda _: Status.SKIPPED, "loader failed"),
        (lambda _: "Succeeded", "loader failed"),
        (lambda _: None, "loader failed"),
    ],
)
def test_what_a_loader_may_not_do_fails_its_step(
    sqlite_store: Store,
    logged: list[EventDict],
    answer: Callable[[StepRun], object],
    event: str,
) -> None:
    """An error, or a status that no step ends with, is the step's failure, logged, and of no other step."""
    store = sqlite_store

    async def story() -> None:
        runner, counted = runner_of(store, Answers(lambda run: answer(run) if str(run.step) == "A.a" else S))
        id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
        runner.take(id_)
        await until(lambda: runner.running == 0)
        execution = store.execution(id_)
        assert execution.status is F
        assert statuses(execution) == {"A.a": F, "A.b": S, "B.a": Status.IN_QUEUE}
        assert sorted(counted.steps) == [F, S]

    run(story)
    (failed,) = events_of(logged, event)
    assert (failed["step"], failed["tenant"], failed["log_level"]) == ("A.a", "acme", "error")
    assert failed["exc_info"]


def test_an_outcome_waits_for_the_database(store: Store) -> None:
    """While the database is away, before a commit or at it, nothing is lost and nothing runs twice."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a"], ["B.a"]))
        store.database.away_before = 2
        runner.take(id_)
        await until(lambda: "A.a" in loader.asked)
        store.database.away_before, store.database.away_after = 1, 1
        loader.end("A.a")
        await until(lambda: "B.a" in loader.asked)
        store.database.away_after = 1
        loader.end("B.a", F)
        await until(lambda: runner.running == 0)
        assert statuses(store.execution(id_)) == {"A.a": S, "B.a": F}
        assert (counted.steps, counted.executions, counted.failures) == ([S, F], [F], 5)
        assert [str(run.step) for run in loader.runs] == ["A.a", "B.a"]

    run(story)


def test_steps_begun_in_a_lost_commit_run_once(store: Store) -> None:
    """When nobody learns that a group was begun, its steps are run, each once."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        store.database.away_after = 1
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        loader.end("A.a")
        loader.end("A.b")
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is S
        assert len(loader.runs) == 2
        assert counted.executions == [S]

    run(story)


@pytest.mark.parametrize("away", [0, 1])
def test_history_is_forgotten_at_the_end(store: Store, away: int) -> None:
    """Without detailed tracking the steps are forgotten at the end, also in a commit nobody learned of."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a"]), keeps_history=False)
        runner.take(id_)
        await until(lambda: "A.a" in loader.asked)
        store.database.away_after = away
        loader.end("A.a")
        await until(lambda: runner.running == 0)
        over = store.execution(id_)
        assert over.status is S
        assert [group.statuses for group in over.groups] == [None]
        assert (counted.steps, counted.executions) == ([S], [S])
        with store.database.reading() as connection:
            assert connection.execute(select(step_outcomes)).all() == []

    run(story)


def test_postgresql_away_and_back() -> None:
    """A server that is ended while steps run, and started later, has every outcome at last."""
    with PrivatePostgres() as server:
        store = store_at(server.new_database())

        async def story() -> None:
            loader = ByHand()
            runner, counted = runner_of(store, loader)
            id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
            runner.take(id_)
            await until(lambda: len(loader.asked) == 2)
            await asyncio.to_thread(server.stop, "immediate")
            loader.end("A.a")
            await until(lambda: counted.failures > 0)
            loader.end("A.b")
            await asyncio.to_thread(server.start)
            await until(lambda: "B.a" in loader.asked)
            loader.end("B.a")
            await until(lambda: runner.running == 0)
            assert store.execution(id_).status is S
            assert (len(loader.runs), counted.executions) == (3, [S])

        run(story)
        store.close()


def test_what_was_taken_away_is_dropped_at_its_next_end(store: Store, logged: list[EventDict]) -> None:
    """When another process has closed the execution, its steps are cancelled and nothing is written."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        assert store.other().cut_off_all(PROCESS) == (id_,)
        loader.end("A.a")
        await until(lambda: runner.running == 0 and loader.cancelled == ["A.b"])
        assert statuses(store.execution(id_)) == {"A.a": Status.IN_PROGRESS, "A.b": Status.IN_PROGRESS}
        assert (counted.steps, counted.executions) == ([], [])

    run(story)
    (taken,) = events_of(logged, "execution taken away")
    assert (taken["log_level"], taken["status"]) == ("warning", "Interrupted")


def test_what_was_taken_away_is_dropped_at_the_next_look(store: Store, logged: list[EventDict]) -> None:
    """No step has to end for that: `adopt` sees that the execution is no longer active."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        ids = [store.started(plan_of([f"A.{name}"])) for name in "ab"]
        for id_ in ids:
            runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        store.other().cut_off(ids[0])
        await runner.adopt()
        await until(lambda: runner.running == 1 and loader.cancelled == ["A.a"])
        loader.end("A.b")
        await until(lambda: runner.running == 0)
        assert store.execution(ids[1]).status is S

    run(story)
    assert len(events_of(logged, "execution taken away")) == 1


def test_what_is_gone_is_dropped(store: Store, logged: list[EventDict]) -> None:
    """An execution whose rows were deleted is driven no longer."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        with store.database.writing() as connection:
            for table in (step_outcomes, group_outcomes, executions):
                connection.execute(delete(table))
        loader.end("A.a")
        await until(lambda: runner.running == 0 and loader.cancelled == ["A.b"])
        assert counted.steps == []

    run(story)
    assert len(events_of(logged, "execution gone")) == 1


def test_an_end_told_by_somebody_else_is_left(store: Store, logged: list[EventDict]) -> None:
    """A step that was told otherwise stays so; the others of the same write are written, and it goes on."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b", "A.c"], ["B.a"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 3)
        store.other().end_step(id_, 10, Step.parse("A.b"), Status.FINISHED_WITH_ERRORS)
        for name in ("A.a", "A.b", "A.c"):
            loader.end(name)
        await until(lambda: runner.running == 0)
        execution = store.execution(id_)
        assert statuses(execution)["A.b"] is Status.FINISHED_WITH_ERRORS
        assert [statuses(execution)[name] for name in ("A.a", "A.c")] == [S, S]
        assert execution.status is Status.FINISHED_WITH_ERRORS
        assert (counted.steps, counted.executions) == ([S, S], [Status.FINISHED_WITH_ERRORS])

    run(story)
    (event,) = events_of(logged, "step told otherwise")
    assert event["step"] == "A.b"


def test_a_step_runs_once_though_another_was_told_otherwise(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends while a refused end is looked into is written, and not asked of the loader again."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        store.other().end_step(id_, 10, Step.parse("A.a"), S)
        held = Held(store.runs.end_steps)
        monkeypatch.setattr(store.runs, "end_steps", held)
        loader.end("A.a", F)
        await held.called()
        loader.end("A.b")
        await asyncio.sleep(0)
        held.release()
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is S
        assert sorted(str(run.step) for run in loader.runs) == ["A.a", "A.b"]

    run(story)


def test_a_group_told_over_by_somebody_else_is_left(store: Store) -> None:
    """Steps of a group that is over are cancelled, and the next group runs."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        other = store.other()
        for name in ("A.a", "A.b"):
            other.end_step(id_, 10, Step.parse(name), S)
        loader.end("A.a")
        await until(lambda: "B.a" in loader.asked)
        assert loader.cancelled == ["A.b"]
        loader.end("B.a")
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is S

    run(story)


@pytest.mark.parametrize("told", [S, F])
def test_the_last_end_told_by_somebody_else_ends_the_group(store: Store, told: Status) -> None:
    """The next group begins though this process was the last to tell, and too late."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a"], ["B.a"]))
        runner.take(id_)
        await until(lambda: "A.a" in loader.asked)
        store.other().end_step(id_, 10, Step.parse("A.a"), S)
        loader.end("A.a", told)
        await until(lambda: "B.a" in loader.asked)
        loader.end("B.a")
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is S

    run(story)


def test_what_nobody_told_of_is_adopted(store: Store) -> None:
    """An execution of this process whose start nobody learned of is driven; those of others are not."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        mine = store.started(plan_of(["A.a"]))
        theirs = store.started(plan_of(["B.a"]), process="process two")
        nobodys = store.started(plan_of(["C.a"]), process=None)
        for _ in range(2):
            await runner.adopt()
        await until(lambda: list(loader.asked) == ["A.a"])
        assert runner.running == 1
        loader.end("A.a")
        await until(lambda: runner.running == 0)
        await runner.adopt()
        assert runner.running == 0
        assert store.execution(mine).status is S
        assert {store.execution(id_).status for id_ in (theirs, nobodys)} == {Status.IN_QUEUE}

    run(story)


def test_what_ended_while_it_was_adopted_is_not_run_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it was active when `adopt` looked does not make it end twice."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a"]))
        runner.take(id_)
        await until(lambda: "A.a" in loader.asked)
        found = store.runs.active_of(PROCESS)
        held = Held(lambda _process: found)
        monkeypatch.setattr(store.runs, "active_of", held)
        adopting = asyncio.create_task(runner.adopt())
        await held.called()
        loader.end("A.a")
        await until(lambda: runner.running == 0)
        held.release()
        await adopting
        assert runner.running == 0
        assert counted.executions == [S]

    run(story)


def test_an_error_of_ours_ends_no_execution(
    store: Store, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails for no reason of the database's is logged; the next `adopt` goes on where it stood."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)

        def broken(_id: int, _ends: list[StepEnd]) -> Execution:
            raise KeyError("a fault")

        monkeypatch.setattr(store.runs, "end_steps", broken)
        loader.end("A.a")
        await until(lambda: runner.running == 0 and loader.cancelled == ["A.b"])
        monkeypatch.undo()
        loader.asked.clear()
        await runner.adopt()
        await until(lambda: len(loader.asked) == 2)
        for name in ("A.a", "A.b"):
            loader.end(name)
        await until(lambda: runner.running == 0)
        assert store.execution(id_).status is S

    run(story)
    (dropped,) = events_of(logged, "execution dropped")
    assert dropped["exc_info"]


def test_an_execution_is_taken_from_any_thread(store: Store) -> None:
    """The threads that answer requests hand over what they started."""

    async def story() -> None:
        loader = ByHand()
        runner, _ = runner_of(store, loader)
        early, late = (store.started(plan_of([f"A.{name}"])) for name in "ab")
        await asyncio.to_thread(runner.take, early)
        assert runner.running == 0
        await runner.adopt()
        await until(lambda: "A.a" in loader.asked)
        await asyncio.to_thread(runner.take, late)
        await until(lambda: "A.b" in loader.asked)
        await runner.stop()
        assert runner.running == 0

    run(story)


def test_who_takes_after_the_end_does_no_harm(sqlite_store: Store) -> None:
    """A thread that is late for the loop's end hands over nothing, and is not troubled."""
    store = sqlite_store
    runner, _ = runner_of(store, ByHand())
    run(runner.adopt)
    runner.take(store.started(plan_of(["A.a"])))
    assert runner.running == 0


def test_a_stop_interrupts_what_runs(store: Store, logged: list[EventDict]) -> None:
    """Steps are cancelled, what has ended stays as it ended, and executions are Interrupted at once."""

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        ids = [store.started(plan_of([f"A.{n}", f"B.{n}"], [f"C.{n}"])) for n in range(3)]
        waiting = store.started(plan_of(["D.a"]))
        theirs = store.started(plan_of(["E.a"]), process="process two")
        for id_ in ids:
            runner.take(id_)
        await until(lambda: len(loader.asked) == 6)
        loader.end("A.0")
        await until(lambda: statuses(store.execution(ids[0]))["A.0"] is S)
        loader.end("A.1", F)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await runner.stop()
        assert runner.running == 0
        assert {store.execution(id_).status for id_ in (*ids, waiting)} == {Status.INTERRUPTED}
        assert store.execution(theirs).active
        assert statuses(store.execution(ids[0]))["A.0"] is S
        assert statuses(store.execution(ids[1]))["A.1"] is F
        assert statuses(store.execution(ids[2])) == {
            "A.2": Status.IN_PROGRESS,
            "B.2": Status.IN_PROGRESS,
            "C.2": Status.IN_QUEUE,
        }
        assert sorted(loader.cancelled) == ["A.2", "B.0", "B.1", "B.2"]
        assert counted.executions == [Status.INTERRUPTED] * 4
        runner.take(waiting)
        await runner.adopt()
        assert runner.running == 0

    run(story)
    assert events_of(logged, "execution dropped") == []


@define
class Stubborn:
    """A loader that does not mind being cancelled, for a while."""

    asked: bool = False
    over: bool = False

    async def load(self, run: StepRun, /) -> Status:  # noqa: ARG002  # its signature
        """Succeed, though cancelled."""
        self.asked = True
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
        self.over = True
        return S


def test_what_a_step_gives_when_it_was_cancelled_is_not_kept(sqlite_store: Store) -> None:
    """A stop waits a little for loaders that end in their own way, and their steps are In Progress."""
    store = sqlite_store

    async def story() -> None:
        loader = Stubborn()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a"]))
        runner.take(id_)
        await until(lambda: loader.asked)
        await runner.stop()
        assert loader.over
        execution = store.execution(id_)
        assert execution.status is Status.INTERRUPTED
        assert statuses(execution) == {"A.a": Status.IN_PROGRESS}
        assert counted.steps == []

    run(story)


def test_a_stop_waits_for_what_is_being_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What had ended before the stop is written, one after the other; what a step gives later is not."""

    async def story() -> None:
        by_hand, stubborn = ByHand(), Stubborn()

        @define
        class Both:
            async def load(self, run: StepRun, /) -> Status:
                loader: Loader = stubborn if str(run.step) == "A.c" else by_hand
                return await loader.load(run)

        runner, counted = runner_of(store, Both())
        id_ = store.started(plan_of(["A.a", "A.b", "A.c"]))
        runner.take(id_)
        await until(lambda: len(by_hand.asked) == 2 and stubborn.asked)
        held = Held(store.runs.end_steps)
        monkeypatch.setattr(store.runs, "end_steps", held)
        by_hand.end("A.a")
        await held.called()
        by_hand.end("A.b", F)
        await until(lambda: not by_hand.asked)
        await asyncio.sleep(0.01)
        stopping = asyncio.create_task(runner.stop())
        await until(lambda: stubborn.over)
        held.release()
        await stopping
        execution = store.execution(id_)
        assert statuses(execution) == {"A.a": S, "A.b": F, "A.c": Status.IN_PROGRESS}
        assert execution.status is Status.INTERRUPTED
        assert (counted.steps, counted.executions) == ([S, F], [Status.INTERRUPTED])

    run(story)


def test_a_stop_without_a_database_leaves_executions_to_others(
    sqlite_store: Store, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends all the same; what it ran stays active, and is found by who watches."""
    store = sqlite_store
    monkeypatch.setattr("restart_engine.server.runner._GRACE", 0.05)

    async def story() -> None:
        loader = ByHand()
        runner, counted = runner_of(store, loader)
        id_ = store.started(plan_of(["A.a", "A.b"]))
        runner.take(id_)
        await until(lambda: len(loader.asked) == 2)
        store.database.away_before = 10**6
        loader.end("A.a")
        await until(lambda: counted.failures > 0)
        await runner.stop()
        assert runner.running == 0
        store.database.away_before = 0
        assert store.execution(id_).status is Status.IN_PROGRESS

    run(story)
    assert events_of(logged, "executions left to others")


def test_many_executions_run_at_once(store: Store) -> None:
    """Each goes its way with a few threads for all of them, and none is forgotten."""

    async def story() -> None:
        runner, counted, clock = pretending(store, seconds=1.0)
        ids = [store.started(plan_of(["A.a", "A.b"], ["B.a"])) for _ in range(30)]
        await asyncio.gather(*(asyncio.to_thread(partial(runner.take, id_)) for id_ in ids))
        await runner.adopt()
        await clock.advance(2)
        assert {store.execution(id_).status for id_ in ids} == {S}
        assert runner.running == 0
        assert counted.executions == [S] * 30

    run(story)
