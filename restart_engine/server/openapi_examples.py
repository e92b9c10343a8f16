"""An answer of every gate, as the gates themselves give it: what the OpenAPI document shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve

from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.rule_table import complete_table
from restart_engine.core.status import Status
from restart_engine.endpoint import (
    Access,
    Bearer,
    ExecutionSeen,
    GateId,
    Reply,
    RestartCall,
    SchemaSeen,
    Snapshot,
    Start,
    StatusCall,
    User,
    answer_start,
    answer_status,
    started,
)
from restart_engine.endpoint.replies import GATE_IDS

ASKED: Final[dict[str, Any]] = {
    "loadPlanName": "MyLoadPlan",
    "groupSequence": 1,
    "recentLoadPlanExecution": 12,
}
"""The restart that the source document shows."""
_TOKEN: Final = "Bearer abcde12345"  # noqa: S105  # that of the source's example
_PLAN: Final = LoadPlan(
    "MyLoadPlan",
    (
        LoadGroup(1, ["OnlineStore.Orders", "OnlineStore.Payments"]),
        LoadGroup(2, ["Warehouse.Stock"]),
    ),
)
_STEPS: Final = {"OnlineStore.Orders": Status.SUCCEEDED, "OnlineStore.Payments": Status.FAILED}
_FAILED: Final = Execution(12, Status.FAILED, (GroupOutcome(1, Status.FAILED, _STEPS),))
_ADMITTED: Final = Snapshot(
    bearer=Bearer("demo", "ada"),
    tenant_open=True,
    user=User(super_user=False, roles=frozenset({"SuperRole"})),
    plan=_PLAN,
    execution=ExecutionSeen(_PLAN, _FAILED),
    schemas={"OnlineStore": SchemaSeen(185, Access.EDIT), "Warehouse": SchemaSeen(150, Access.EDIT)},
    latest=_FAILED,
    loader_available=True,
)
_NO_ACCESS: Final = {name: SchemaSeen(seen.id, Access.NONE) for name, seen in _ADMITTED.schemas.items()}


def example(gate: GateId) -> Reply:
    """What this gate answers, once."""
    return _REPLIES[gate]


def example_body(gate: GateId) -> Any:
    """The JSON of the same."""
    return json.loads(example(gate).body)


def status_example(level: str) -> Any:
    """The JSON of a status at this level."""
    return json.loads(_status(_ADMITTED, level=level).body)


def _start(host: Snapshot, tenant: str = "demo", **asked: Any) -> Reply:
    """What refuses a start, of this plan in this tenant."""
    body = json.dumps(ASKED | asked).encode()
    outcome = answer_start(RestartCall(tenant=tenant, authorization=_TOKEN, body=body), host)
    assert not isinstance(outcome, Start)
    return outcome


def _status(host: Snapshot, execution_id: str = "12", level: str | None = None) -> Reply:
    call = StatusCall(tenant="demo", authorization=_TOKEN, execution_id=execution_id, level=level)
    return answer_status(call, host)


def _all() -> Mapping[GateId, Reply]:
    no_object = RestartCall(tenant="demo", authorization=_TOKEN, body=b"[]")
    not_read = answer_start(no_object, _ADMITTED)
    assert isinstance(not_read, Reply)
    runs = Execution(13, Status.IN_QUEUE, ())
    of_default = evolve(_ADMITTED, bearer=Bearer("DEFAULT", "ada"), tenant_open=False)
    replies = (
        _start(evolve(_ADMITTED, bearer=None)),
        _start(evolve(_ADMITTED, bearer=Bearer("other", "ada"))),
        _start(of_default, tenant="DEFAULT"),
        not_read,
        _start(_ADMITTED, loadPlanName=None),
        _start(_ADMITTED, loadPlanName="SALES"),
        _start(evolve(_ADMITTED, user=User(super_user=False, roles=frozenset()))),
        _start(evolve(_ADMITTED, schemas=_NO_ACCESS)),
        _start(evolve(_ADMITTED, latest=runs)),
        _start(_ADMITTED, recentLoadPlanExecution=11),
        _start(evolve(_ADMITTED, loader_available=False)),
        started(13),
        _status(_ADMITTED, level="5"),
        _status(_ADMITTED, execution_id="99"),
        _status(evolve(_ADMITTED, schemas=_NO_ACCESS)),
        _status(_ADMITTED),
    )
    return complete_table(GATE_IDS, {reply.gate: reply for reply in replies})


_REPLIES: Final = _all()
