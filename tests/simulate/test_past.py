from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from server.serving import serving
from simulate.files import SMALL, read, without
from simulate.worlds import MINUTE
from sqlalchemy import update

from restart_engine.core.plan import Step
from restart_engine.server.database import Database
from restart_engine.server.serving import prepare
from restart_engine.server.tables import step_outcomes
from restart_engine.server.world import read_world
from restart_engine.simulate import Constant, Duration, Independent, Observed, Simulation, Where
from restart_engine.simulate.past import MORE_RUNS
from restart_engine.wire import WireError

PATIENCE = 60.0
TIMES = {"sequence": 1, "step": "A.x", "beganAt": "2026-11-01T22:00:00Z", "endedAt": "2026-11-01T22:00:00Z"}
X, Y, Z = Step("A", "x"), Step("A", "y"), Step("B", "x")
GROUPS = [{"sequence": 1, "steps": ["A.x", "A.y"]}, {"sequence": 2, "steps": ["B.x"]}]


def world_of(**more: Any) -> dict[str, Any]:
    """A world with one tenant and one load plan."""
    schemas = [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]
    plan = {"name": "Nightly", "groups": GROUPS}
    admin = {"name": "admin", "superUser": True, "everySchema": "edit"}
    tenant = {
        "name": "acme",
        "schemas": schemas,
        "users": [admin],
        "loadPlans": [plan | more.pop("plan", {})],
    }
    return {"tenants": [tenant | more]}


def simulated(folder: Path, world: dict[str, Any], **more: Any) -> Simulation:
    """The simulation of its load plan."""
    (folder / "world.json").write_text(json.dumps(world))
    return read(file_of(world="world.json", **more), folder)


def file_of(**past: Any) -> dict[str, Any]:
    """The small file with its load plan taken from there, and no failure of its own."""
    more = past.pop("more", {})
    named = {"tenant": "acme", "loadPlan": "Nightly", **past}
    file: dict[str, Any] = without("plan") | {"past": named, "failures": []} | more
    return file


def execution(number: int, minutes: dict[str, float], **statuses: str) -> dict[str, Any]:
    """A past execution: what its steps took, and what did not succeed of group 1."""
    steps = dict.fromkeys(minutes, "Succeeded") | {name.replace("_", "."): s for name, s in statuses.items()}
    times = [
        {
            "sequence": 1,
            "step": name,
            "beganAt": "2026-11-01T22:00:00Z",
            "endedAt": f"2026-11-01T22:{int(taken):02d}:00Z",
        }
        for name, taken in minutes.items()
    ]
    status = "Failed" if statuses else "Succeeded"
    return {
        "id": number,
        "status": status,
        "groups": [{"sequence": 1, "status": status, "steps": steps}],
        "times": times,
    }


def observed(world: Simulation) -> dict[Step, Duration]:
    """What each step takes."""
    return {step: world.duration(step) for _, step in world.places}


def test_a_step_seen_often_enough_takes_what_it_took(tmp_path: Path) -> None:
    """Five times of its own; with fewer, those of its schema; with none, what `loading` says."""
    past = [execution(number, {"A.x": number, "A.y": 30}) for number in range(1, 5)]
    past.append(execution(5, {"A.x": 5}))
    world = simulated(tmp_path, world_of(plan={"executions": past}, loading={"seconds": 7}))
    of_x = tuple(minutes * MINUTE for minutes in range(1, 6))
    assert observed(world) == {
        X: Observed(of_x),
        Y: Observed((*of_x, *[30 * MINUTE] * 4)),
        Z: Constant(7.0),
    }


def test_what_the_file_says_counts_before_the_past(tmp_path: Path) -> None:
    """A step's and a schema's; the default only before what `loading` says."""
    past = [execution(number, {"A.x": 1, "A.y": 2}) for number in range(1, 6)]
    durations = {
        "default": {"kind": "constant", "seconds": 1},
        "steps": {"A.y": {"kind": "constant", "seconds": 2}},
    }
    world = world_of(plan={"executions": past})
    found = observed(simulated(tmp_path, world, more={"durations": durations}))
    assert found == {X: Observed((MINUTE,) * 5), Y: Constant(2.0), Z: Constant(1.0)}
    found = observed(simulated(tmp_path, world, durations=False))
    assert set(found.values()) == {Constant(300.0)}


def test_only_what_succeeded_counts_as_a_time(tmp_path: Path) -> None:
    """A run that failed was shorter than the step is."""
    past = [execution(number, {"A.x": 1}, A_x="Failed") for number in range(1, 9)]
    assert observed(simulated(tmp_path, world_of(plan={"executions": past})))[X] == Constant(5.0)


def test_a_step_fails_as_often_as_it_did_drawn_towards_all(tmp_path: Path) -> None:
    """As if it had run ten times more, and failed at them as all steps do; skipped is not run."""
    past = [
        execution(1, {"A.x": 1}, A_y="Failed"),
        execution(2, {"A.x": 1}, A_y="Finished With Errors"),
        execution(3, {"A.x": 1, "A.y": 1}),
        {**execution(4, {"A.x": 1}, A_y="Skipped"), "status": "Succeeded"},
        {**execution(5, {}, A_x="In Progress", A_y="In Queue"), "status": "Interrupted"},
    ]
    world = simulated(tmp_path, world_of(plan={"executions": past}))
    of_all = 3 / 8
    expected = {X: (1 + MORE_RUNS * of_all) / 15, Y: (2 + MORE_RUNS * of_all) / 13, Z: of_all}
    found = {failure.where.step: failure.share for failure in world.failures}
    assert found == pytest.approx(expected)
    assert simulated(tmp_path, world_of(plan={"executions": past}), failures=False).failures == ()


def test_a_plan_that_never_ran_fails_as_its_loading_says(tmp_path: Path) -> None:
    """A share of attempts, or the listed ones or all in every night; failures of other plans are left out."""
    failures = [
        {"schema": "A", "share": 0.2, "status": "Interrupted"},
        {"step": "B.x", "attempts": [1, 3]},
        {"step": "A.y", "attempts": "all"},
        {"loadPlan": "Other", "share": 1.0},
    ]
    world = world_of(loading={"failures": failures})
    world["tenants"][0]["loadPlans"].append({"name": "Other", "groups": GROUPS})
    found = simulated(tmp_path, world).failures
    assert [(each.share, each.where) for each in found] == [
        (0.2, Where(schema="A")),
        (1.0, Where(step=Z)),
        (1.0, Where(step=Y)),
    ]
    assert [each.attempts for each in found if isinstance(each, Independent)] == [None, (1, 3), None]


def test_a_plan_that_ran_without_step_history_has_no_pretended_failures(tmp_path: Path) -> None:
    """It has run, so what a loader that pretends would do says nothing of it."""
    groups = [{"sequence": 1, "status": "Succeeded", "steps": None}]
    past = [{"id": number, "status": "Succeeded", "groups": groups} for number in range(1, 9)]
    world = world_of(plan={"executions": past}, loading={"failures": [{"share": 0.5}]})
    assert simulated(tmp_path, world).failures == ()


@pytest.mark.parametrize(
    ("tracked", "said", "kept"), [(True, None, True), (False, None, False), (False, True, True)]
)
def test_the_tenant_says_whether_step_outcomes_stay(
    tmp_path: Path, tracked: bool, said: Any, kept: bool
) -> None:
    """Unless the file does."""
    night = SMALL["night"] | ({} if said is None else {"detailedTracking": said})
    world = simulated(tmp_path, world_of(detailedTracking=tracked), more={"night": night})
    assert world.detailed_tracking is kept


@pytest.mark.parametrize(
    ("past", "said"),
    [
        ({"world": "world.json", "tenant": "other"}, '`past.tenant` is `"other"`, accepted is one of "acme"'),
        ({"world": "world.json", "loadPlan": "x"}, '`past.loadPlan` is `"x"`, accepted is one of "Nightly"'),
        ({"world": "none.json"}, "which cannot be read"),
        ({"world": "broken.json"}, "in which `tenants` is missing"),
        ({}, "`past.world` is `null`"),
        ({"world": "world.json", "database": "sqlite:///x"}, "`past.world` is `"),
        ({"database": "sqlite:///none.db"}, "there is no database `none.db`"),
        ({"database": "mysql://x"}, "`mysql` is no database that this server knows"),
        ({"database": "postgresql://127.0.0.1:1/x"}, "the database is not available"),
    ],
)
def test_a_past_that_cannot_be_had_is_refused(tmp_path: Path, past: dict[str, Any], said: str) -> None:
    """In one line that names what is wrong."""
    (tmp_path / "world.json").write_text(json.dumps(world_of()))
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(WireError) as refused:
        read(file_of(**past), tmp_path)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_run_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    """By its id, in a world file and in the database of a server whose clock was put back."""
    backwards = execution(3, {"A.x": 1}) | {"times": [{**TIMES, "endedAt": "2026-11-01T21:59:59Z"}]}
    with pytest.raises(WireError, match=r'the step "A\.x" of execution 3 began') as refused:
        simulated(tmp_path, world_of(plan={"executions": [backwards]}))
    assert refused.value.path == "past.world"
    url = f"sqlite:///{tmp_path / 'a.db'}"
    forwards = execution(3, {"A.x": 1}) | {"times": [TIMES]}
    prepare(url, read_world(json.dumps(world_of(plan={"executions": [forwards]})).encode(), name="w.json"))
    database = Database(url)
    with database.writing() as connection:
        connection.execute(update(step_outcomes).values(ended_at="2026-11-01T21:59:59.000Z"))
    database.close()
    with pytest.raises(WireError, match=r'the step "A\.x" of execution 3 began') as refused:
        read(file_of(database=url))
    assert refused.value.path == "past.database"


def test_a_database_that_a_server_filled_is_simulated(tmp_path: Path, database_url: str) -> None:
    """Its load plan ran eight times; one step failed twice, and one takes longer than the others."""
    seconds = {"seconds": 0.05, "secondsOf": {"A.y": 0.2}, "failures": [{"step": "B.x", "attempts": [2, 5]}]}
    with serving(tmp_path, world_of(loading=seconds), database=database_url, speed=1.0) as served:
        bearer = {"Authorization": f"Bearer {served.token('acme', 'admin')}"}
        base = f"{served.address}/incorta/api/v2/acme/load-plan"
        with httpx.Client(headers=bearer) as client:
            for _ in range(8):
                started = client.post(f"{base}/execute", json={"loadPlanName": "Nightly"})
                until_over(client, f"{base}/status/{started.json()['loadPlanExecutionId']}")
    world = read(file_of(database=database_url))
    slow, quick = world.duration(Y), world.duration(X)
    assert isinstance(slow, Observed)
    assert isinstance(quick, Observed)
    assert len(slow.seconds) == 8
    assert min(slow.seconds) >= 0.19 > min(quick.seconds) >= 0.04
    shares = {failure.where.step: failure.share for failure in world.failures}
    of_all = 2 / 24
    assert shares == pytest.approx({Z: (2 + 10 * of_all) / 18, X: 10 * of_all / 18, Y: 10 * of_all / 18})


def until_over(client: httpx.Client, status: str) -> None:
    """Wait until the execution of this status is over."""
    deadline = time.monotonic() + PATIENCE
    while client.get(status).json()["status"] in ("In Queue", "In Progress"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
