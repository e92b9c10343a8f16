"""The client against every outcome: each test begins in the same state, and the next execution is 13."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from client import LoadPlanRunner, Refused, RunFailed

from restart_engine.server import StandIn


@pytest.fixture
def runner(restart_endpoint: StandIn) -> Iterator[LoadPlanRunner]:
    """The client, with pauses that suit a test."""
    url = f"{restart_endpoint.url}/incorta/api/v2/acme/load-plan"
    token = restart_endpoint.token("acme", "loader")
    with httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=5) as http:
        yield LoadPlanRunner(http, "Nightly", first_pause=0.01, longest_pause=0.1)


def fail(endpoint: StandIn, **failure: Any) -> None:
    """Steps fail so from now on."""
    endpoint.control("PUT", "/control/tenants/acme/loading", {"seconds": 2, "failures": [failure]})


def executions(endpoint: StandIn) -> list[int]:
    """The executions that there are."""
    (tenant,) = endpoint.control("GET", "/control/world")["tenants"]
    return [execution["id"] for plan in tenant["loadPlans"] for execution in plan["executions"]]


def test_a_good_night(runner: LoadPlanRunner) -> None:
    """One execution, and that is all."""
    assert runner.run() == [13]


def test_a_step_fails_once(runner: LoadPlanRunner, restart_endpoint: StandIn) -> None:
    """It is restarted from there: what had succeeded is not loaded again."""
    fail(restart_endpoint, step="Sales.Lines", attempts=[1])
    assert runner.run() == [13, 14]
    (tenant,) = restart_endpoint.control("GET", "/control/world")["tenants"]
    steps = tenant["loadPlans"][0]["executions"][-1]["groups"][0]["steps"]
    assert steps == {"Sales.Orders": "Skipped", "Sales.Lines": "Succeeded"}


def test_a_step_fails_every_time(runner: LoadPlanRunner, restart_endpoint: StandIn) -> None:
    """The third execution is the last."""
    fail(restart_endpoint, step="Stock.Levels", attempts="all")
    with pytest.raises(RunFailed, match=r"\[13, 14, 15\]"):
        runner.run()
    assert executions(restart_endpoint) == [12, 13, 14, 15]


@pytest.mark.parametrize("call", ["execute", "restart"])
@pytest.mark.parametrize("answer", [{"status": 503}, {"drop": True}], ids=["503", "no answer"])
@pytest.mark.parametrize("before", [True, False], ids=["nothing started", "it started"])
def test_the_answer_is_lost(
    runner: LoadPlanRunner, restart_endpoint: StandIn, call: str, answer: dict[str, Any], *, before: bool
) -> None:
    """Whether the call had started an execution or not, in the end there is one of it."""
    fail(restart_endpoint, step="Sales.Lines", attempts=[1])
    unhurt = {"operation": call, "times": 2, "status": None}  # a look at the latest comes before each call
    lost = {"operation": call, "times": 1, "before": before, **answer}
    restart_endpoint.inject(*([unhurt] if call == "restart" else []), lost)
    assert runner.run() == [13, 14]
    assert executions(restart_endpoint) == [12, 13, 14]
    assert restart_endpoint.control("GET", "/control/faults")[-1]["used"] == 1


def test_a_bad_connection(runner: LoadPlanRunner, restart_endpoint: StandIn) -> None:
    """Half of all answers are lost, in one way or the other, and still nothing runs twice."""
    fail(restart_endpoint, step="Sales.Lines", attempts=[1])
    restart_endpoint.inject(
        {"probability": 0.25, "seed": 1, "drop": True, "before": False}, {"probability": 0.33, "seed": 2}
    )
    assert runner.run() == [13, 14]
    assert executions(restart_endpoint) == [12, 13, 14]


def test_a_user_who_may_not(runner: LoadPlanRunner, restart_endpoint: StandIn) -> None:
    """The client does not try again what is refused."""
    restart_endpoint.control("PUT", "/control/tenants/acme/users/loader", {"view": ["Sales"]})
    with pytest.raises(Refused, match="INC_02010000"):
        runner.run()


@pytest.mark.restart_world(
    {
        "tenants": [
            {
                "name": "acme",
                "schemas": [{"id": 1, "name": "Sales"}],
                "users": [{"name": "loader", "superUser": True, "everySchema": "edit"}],
                "loadPlans": [{"name": "Nightly", "groups": [{"sequence": 1, "steps": ["Sales.Orders"]}]}],
            }
        ]
    }
)
def test_a_plan_that_never_ran(runner: LoadPlanRunner) -> None:
    """A world of its own: there ids begin with 1."""
    assert runner.run() == [1]
