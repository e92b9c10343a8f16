from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from server.stores import PROCESS, Store, named_plan, plan_of, store_at
from sqlalchemy import Connection, delete, select, update

from restart_engine.core import progress
from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status
from restart_engine.server import runs as module
from restart_engine.server.database import Unavailable
from restart_engine.server.loader import StepRun
from restart_engine.server.records import Record, write_record
from restart_engine.server.runs import NoExecution, Runs, StepEnd
from restart_engine.server.tables import attempts, executions, step_outcomes
from restart_engine.server.world_dump import dump_world

S, F = Status.SUCCEEDED, Status.FAILED


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A small world, on each kind of database."""
    store = store_at(database_url)
    yield store
    store.close()


def step(name: str) -> Step:
    """The step of this name."""
    return Step.parse(name)


def names(begun: tuple[StepRun, ...]) -> list[str]:
    """Of the steps that were begun."""
    return [str(run.step) for run in begun]


def end(name: str, status: Status = S, sequence: int = 10) -> StepEnd:
    """That this step has ended."""
    return StepEnd(sequence, step(name), status)


def statuses(execution: Execution) -> dict[str, Status]:
    """Of all its steps."""
    return {name: status for group in execution.groups for name, status in group.recorded.items()}


def test_an_execution_runs_to_its_end(store: Store) -> None:
    """Group by group, each step begins, ends, and is found as it ended."""
    id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
    runs = store.runs
    begun = runs.begin(id_)
    assert names(begun) == ["A.a", "A.b"]
    assert begun[0] == StepRun(
        tenant="acme",
        load_plan=begun[0].load_plan,
        execution_id=id_,
        sequence=10,
        step=step("A.a"),
        attempt=1,
    )
    assert store.execution(id_).status is Status.IN_PROGRESS
    runs.end_step(id_, 10, step("A.b"), S)
    assert statuses(store.execution(id_)) == {
        "A.a": Status.IN_PROGRESS,
        "A.b": S,
        "B.a": Status.IN_QUEUE,
    }
    runs.end_step(id_, 10, step("A.a"), S)
    assert names(runs.begin(id_)) == ["B.a"]
    ended = runs.end_step(id_, 20, step("B.a"), F)
    assert ended == store.execution(id_)
    assert ended.status is F
    assert [group.status for group in ended.groups] == [S, F]


def test_steps_end_together(store: Store) -> None:
    """Many ends are one change of the record."""
    id_ = store.started(plan_of(["A.a", "A.b", "A.c"]))
    store.runs.begin(id_)
    before = store.runs.read(id_).version
    store.runs.end_steps(id_, [end("A.c"), end("A.a", F)])
    after = store.runs.read(id_)
    assert after.version == before + 1
    assert statuses(after.execution) == {"A.a": F, "A.b": Status.IN_PROGRESS, "A.c": S}


def test_of_ends_that_cannot_all_be_none_is_written(store: Store) -> None:
    """One impossible end refuses the others with it, and the record stays."""
    id_ = store.started(plan_of(["A.a", "A.b"]))
    store.runs.begin(id_)
    before = store.runs.read(id_)
    with pytest.raises(ImpossibleMove, match="the group has no such step"):
        store.runs.end_steps(id_, [end("A.a"), end("A.z")])
    with pytest.raises(InvalidValue, match="`status`"):
        store.runs.end_steps(id_, [end("A.a"), end("A.b", Status.SKIPPED)])
    assert store.runs.read(id_) == before


def test_an_end_may_be_told_twice(store: Store) -> None:
    """Who did not learn that an end was kept tells it again, alone or with others, and nothing changes."""
    id_ = store.started(plan_of(["A.a", "A.b"], ["B.a"]))
    store.runs.begin(id_)
    store.database.away_after = 1
    with pytest.raises(Unavailable):
        store.runs.end_steps(id_, [end("A.a")])
    assert statuses(store.execution(id_))["A.a"] is S
    store.runs.end_steps(id_, [end("A.a"), end("A.b")])
    before = store.runs.read(id_)
    assert store.runs.end_steps(id_, [end("A.a"), end("A.b")]) == before.execution
    assert store.runs.read(id_) == before
    with pytest.raises(ImpossibleMove):
        store.runs.end_steps(id_, [end("A.a", F)])


def test_what_was_begun_and_not_learned_is_given_again(store: Store) -> None:
    """Steps In Progress that nobody runs are given until somebody does, as the attempt that they are."""
    id_ = store.started(plan_of(["A.a", "A.b"]))
    store.database.away_after = 1
    with pytest.raises(Unavailable):
        store.runs.begin(id_)
    begun = store.runs.begin(id_)
    assert [(str(run.step), run.attempt) for run in begun] == [("A.a", 1), ("A.b", 1)]
    assert names(store.runs.begin(id_, frozenset({(10, step("A.a"))}))) == ["A.b"]
    assert store.runs.begin(id_, frozenset((run.sequence, run.step) for run in begun)) == ()


def test_a_step_that_runs_in_another_group_is_begun(store: Store) -> None:
    """The same step may stand in two groups; that the first still runs it keeps the second from nothing."""
    id_ = store.started(plan_of(["A.a"], ["A.a"]))
    store.runs.begin(id_)
    store.runs.end_step(id_, 10, step("A.a"), S)
    assert names(store.runs.begin(id_, frozenset({(10, step("A.a"))}))) == ["A.a"]


def test_an_attempt_is_counted_once(store: Store) -> None:
    """To ask again which steps run is no attempt, and one that was never counted is the first."""
    id_ = store.started(plan_of(["A.a", "A.b"]), process=None)
    for _ in range(3):
        assert [run.attempt for run in store.runs.begin(id_)] == [1, 1]
    with store.database.writing() as connection:
        connection.execute(delete(attempts))
    assert [run.attempt for run in store.runs.begin(id_)] == [1, 1]


def test_attempts_are_counted_over_the_executions_of_a_plan(store: Store) -> None:
    """A restarted step knows how often it was begun, in this group of this plan."""
    plan = named_plan("Nightly", {1: ["A.a"], 2: ["A.a", "B.a"]})
    first = store.started(plan)
    assert store.runs.begin(first)[0].attempt == 1
    store.runs.end_step(first, 1, step("A.a"), S)
    assert [run.attempt for run in store.runs.begin(first)] == [1, 1]
    elsewhere = store.started(plan_of(["A.a"]))
    assert store.runs.begin(elsewhere)[0].attempt == 1
    store.runs.cut_off(first)
    latest = store.execution(first)
    restart = plan_restart(plan, RestartRequest(1, execution_id=first), latest)
    assert isinstance(restart, RestartPlan)
    second = store.opened(restart, store.runs.read(first).plan_id).id
    given = [(run.sequence, str(run.step), run.attempt) for run in store.runs.begin(second)]
    assert given == [(2, "A.a", 2), (2, "B.a", 2)]


def test_over_is_over(store: Store) -> None:
    """An execution that was closed begins nothing, takes no end, and is not closed twice."""
    id_ = store.started(plan_of(["A.a"]))
    store.runs.begin(id_)
    cut = store.runs.cut_off(id_)
    assert cut.status is Status.INTERRUPTED
    assert statuses(cut) == {"A.a": Status.IN_PROGRESS}
    assert store.runs.begin(id_) == ()
    with pytest.raises(ImpossibleMove, match="execution 1 is Interrupted"):
        store.runs.end_steps(id_, [end("A.a")])
    with pytest.raises(ImpossibleMove, match="it is Interrupted"):
        store.runs.cut_off(id_)
    assert store.execution(id_) == cut


def test_what_another_process_closed_stays_closed(store: Store) -> None:
    """What this process remembers of a record is worth nothing once another has changed it."""
    ids = [store.started(plan_of(["A.a", "A.b"])) for _ in range(4)]
    for id_ in ids:
        store.runs.begin(id_)
    assert store.other().cut_off_all(PROCESS) == tuple(ids)
    with pytest.raises(ImpossibleMove):
        store.runs.end_step(ids[0], 10, step("A.a"), S)
    assert store.runs.begin(ids[1]) == ()
    with pytest.raises(ImpossibleMove):
        store.runs.cut_off(ids[2])
    assert store.runs.begin(ids[3], frozenset({(10, step("A.a"))})) == ()
    assert {store.execution(id_).status for id_ in ids} == {Status.INTERRUPTED}


def test_begin_sees_what_others_told(store: Store) -> None:
    """A group that somebody else brought to its end is over, whatever is remembered of it."""
    id_ = store.started(plan_of(["A.a"], ["B.a"]))
    store.runs.begin(id_)
    store.other().end_step(id_, 10, step("A.a"), S)
    assert names(store.runs.begin(id_)) == ["B.a"]


def test_what_is_remembered_forbids_nothing(store: Store) -> None:
    """A move that would be impossible as this process remembers the record is made as it stands."""
    id_ = store.started(plan_of(["A.a"], ["B.a"]))
    store.runs.begin(id_)
    elsewhere = store.other()
    elsewhere.end_step(id_, 10, step("A.a"), S)
    elsewhere.begin(id_)
    assert store.runs.end_step(id_, 20, step("B.a"), S).status is S


def test_cutting_off_a_process_spares_the_others(store: Store) -> None:
    """Only what is active and its own is closed; what nobody runs stays with whoever tells it."""
    mine = [store.started(plan_of(["A.a"])) for _ in range(2)]
    over = store.started(plan_of(["A.a"]))
    store.runs.begin(over)
    store.runs.end_step(over, 10, step("A.a"), S)
    theirs = store.started(plan_of(["A.a"]), process="process two")
    nobodys = store.started(plan_of(["A.a"]), process=None)
    assert sorted(store.runs.active_of(PROCESS)) == mine
    assert sorted(store.runs.cut_off_all(PROCESS)) == mine
    assert store.runs.cut_off_all(PROCESS) == ()
    assert store.execution(over).status is S
    assert all(store.execution(id_).active for id_ in (theirs, nobodys))


def test_what_ends_while_a_process_is_cut_off_is_left(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is over, or gone, by the time it would be closed is none of those closed."""
    ids = [store.started(plan_of(["A.a"])) for _ in range(3)]
    monkeypatch.setattr(store.runs, "active_of", lambda _: (*ids, 10**6))
    store.other().cut_off(ids[1])
    assert store.runs.cut_off_all(PROCESS) == (ids[0], ids[2])


def test_history_is_forgotten_at_the_end(store: Store) -> None:
    """Without detailed tracking an execution that is over knows its groups, and not their steps."""
    id_ = store.started(plan_of(["A.a"], ["B.a"]), keeps_history=False)
    store.runs.begin(id_)
    store.runs.end_step(id_, 10, step("A.a"), S)
    assert statuses(store.execution(id_)) == {"A.a": S, "B.a": Status.IN_QUEUE}
    store.runs.begin(id_)
    store.runs.end_step(id_, 20, step("B.a"), F)
    over = store.execution(id_)
    assert over.status is F
    assert [(group.status, group.statuses) for group in over.groups] == [(S, None), (F, None)]
    with store.database.reading() as connection:
        assert connection.execute(select(step_outcomes)).all() == []


def test_history_is_lost_once_an_execution_is_over(store: Store) -> None:
    """It can be lost afterwards too, not before, and not twice as something else."""
    id_ = store.started(plan_of(["A.a"], ["B.a"]))
    store.runs.begin(id_)
    with pytest.raises(ImpossibleMove, match="it is not over"):
        store.runs.lose_history(id_)
    store.runs.end_step(id_, 10, step("A.a"), F)
    for _ in range(2):
        store.runs.lose_history(id_)
        lost = store.execution(id_)
        assert lost.status is F
        assert [(group.status, group.statuses) for group in lost.groups] == [
            (F, None),
            (Status.IN_QUEUE, None),
        ]


def test_what_is_not_there_is_said_so(store: Store) -> None:
    """An id that no execution has is an error of its own."""
    for call in (store.runs.begin, store.runs.cut_off, store.runs.read, store.runs.lose_history):
        with pytest.raises(NoExecution, match="there is no execution 77"):
            call(77)


def test_when_steps_began_and_ended_is_kept(store: Store) -> None:
    """Each outcome's row says when the step began, and then also when it ended."""
    late = Runs(store.database, lambda: 60.0)
    id_ = store.started(plan_of(["A.a", "A.b"]))
    store.runs.begin(id_)
    late.end_step(id_, 10, step("A.a"), S)
    with store.database.reading() as connection:
        rows = connection.execute(select(step_outcomes).order_by(step_outcomes.c.step)).all()
        began, ended = "1970-01-01T00:00:00.000Z", "1970-01-01T00:01:00.000Z"
        assert [(row.began_at, row.ended_at) for row in rows] == [(began, ended), (began, None)]
        assert connection.execute(select(executions.c.ended_at)).scalar_one() is None
    late.end_step(id_, 10, step("A.b"), S)
    with store.database.reading() as connection:
        assert connection.execute(select(executions.c.ended_at)).scalar_one() == ended


def test_a_clock_that_was_put_back_ends_nothing_before_it_began(store: Store) -> None:
    """It ended at once then; so a world is never dumped that cannot be loaded."""
    earlier = Runs(store.database, lambda: -60.0)
    id_ = store.started(plan_of(["A.a"]))
    store.runs.begin(id_)
    earlier.end_step(id_, 10, step("A.a"), S)
    with store.database.reading() as connection:
        row = connection.execute(select(step_outcomes.c.began_at, step_outcomes.c.ended_at)).one()
        assert row.ended_at == row.began_at == "1970-01-01T00:00:00.000Z"
        assert connection.execute(select(executions.c.ended_at)).scalar_one() == row.began_at
        (tenant,) = dump_world(connection).tenants
        assert tenant.load_plans[0].executions[0].ended_at == row.began_at


def test_a_move_that_was_only_remembered_is_not_true(store: Store) -> None:
    """When a transaction fails, what this process remembers is what the database has."""
    id_ = store.started(plan_of(["A.a", "A.b"]))
    store.runs.begin(id_)
    store.database.away_before = 1
    with pytest.raises(Unavailable):
        store.runs.end_step(id_, 10, step("A.a"), S)
    assert statuses(store.runs.end_step(id_, 10, step("A.b"), F)) == {"A.a": Status.IN_PROGRESS, "A.b": F}


def test_two_who_tell_of_one_execution_lose_nothing(store: Store) -> None:
    """Threads of two processes that end the steps of a group at once all do, and it ends once."""
    steps = [f"A.{number:02}" for number in range(24)]
    id_ = store.started(plan_of(steps, ["B.a"]))
    runs = [store.runs, store.other()]
    runs[0].begin(id_)
    together = threading.Barrier(6)

    def tell(worker: int) -> list[str]:
        together.wait()
        mine = steps[worker::6]
        for name in mine:
            runs[worker % 2].end_step(id_, 10, step(name), F if name == "A.07" else S)
        return mine

    with ThreadPoolExecutor(6) as threads:
        told = [name for mine in threads.map(tell, range(6)) for name in mine]
    assert sorted(told) == steps
    record = store.runs.read(id_)
    expected = {name: F if name == "A.07" else S for name in steps}
    assert statuses(record.execution) == {**expected, "B.a": Status.IN_QUEUE}
    assert record.execution.status is F
    assert record.version == 2 + 24


def test_of_two_who_close_an_execution_one_does(store: Store) -> None:
    """Each execution of a dead process is closed by one of those that found it dead."""
    ids = [store.started(plan_of(["A.a"])) for _ in range(20)]
    both = threading.Barrier(2)

    def close(runs: Runs) -> tuple[int, ...]:
        both.wait()
        return runs.cut_off_all(PROCESS)

    with ThreadPoolExecutor(2) as threads:
        one, two = threads.map(close, [store.runs, store.other()])
    assert sorted([*one, *two]) == ids


def test_readers_see_one_state(store: Store) -> None:
    """What is committed while a record is read does not show in a part of it."""
    id_ = store.started(plan_of(["A.a"]))
    store.runs.begin(id_)
    with store.database.reading() as connection:
        of_id = select(executions.c.status).where(executions.c.id == id_)
        assert connection.execute(of_id).scalar_one() == "In Progress"
        store.runs.end_step(id_, 10, step("A.a"), S)
        assert connection.execute(select(step_outcomes.c.status)).scalar_one() == "In Progress"
        assert connection.execute(of_id).scalar_one() == "In Progress"
    with store.database.reading() as connection:
        assert connection.execute(of_id).scalar_one() == "Succeeded"


def test_who_is_always_too_late_gives_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that others change between each reading and writing is, after many tries, not available."""
    id_ = store.started(plan_of(["A.a"]))
    written = write_record

    def too_late(connection: Connection, before: Record, after: Execution, now: str) -> bool:
        counted = update(executions).where(executions.c.id == id_)
        connection.execute(counted.values(version=executions.c.version + 1))
        return written(connection, before, after, now)

    monkeypatch.setattr(module, "write_record", too_late)
    with pytest.raises(Unavailable, match=f"execution {id_} is changed by others all the time"):
        store.runs.begin(id_)
    monkeypatch.undo()
    assert names(store.runs.begin(id_)) == ["A.a"]


def test_begin_settles_first(store: Store) -> None:
    """An active execution whose group is over in all but its status goes on, and is never left standing."""
    id_ = store.started(plan_of(["A.a"], ["B.a"]))
    store.runs.begin(id_)
    execution = progress.end_step(store.execution(id_), 10, step("A.a"), S)
    with store.database.writing() as connection:
        assert write_record(connection, store.runs.read(id_), execution, "now")
    assert names(store.runs.begin(id_)) == ["B.a"]
