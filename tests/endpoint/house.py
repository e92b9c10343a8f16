"""A small house to knock at: a tenant in which everything is granted, and short ways to call it."""

from __future__ import annotations

import json
from typing import Any, Final

from core.builders import F, S

from restart_engine import Execution, GroupOutcome, LoadGroup, LoadPlan
from restart_engine.endpoint import (
    Access,
    Bearer,
    ExecuteCall,
    ExecutionSeen,
    GateId,
    HostLookups,
    Reply,
    RestartCall,
    SchemaSeen,
    Snapshot,
    Start,
    StatusCall,
    User,
    answer_start,
    answer_status,
)
from restart_engine.endpoint.lookups import lookups_of

HEADER: Final = "Bearer abcde12345"
PLAN: Final = LoadPlan(
    "Nightly",
    (
        LoadGroup(1, ["Sales.Orders", "Sales.Lines"]),
        LoadGroup(2, ["Finance.Ledger", "Sales.Returns", "Finance.Rates"]),
        LoadGroup(4, ["OnlineStore.Revenue"]),
    ),
)
FAILED: Final = Execution(
    12,
    F,
    (
        GroupOutcome(1, S, {"Sales.Orders": S, "Sales.Lines": S}),
        GroupOutcome(2, F, {"Finance.Ledger": F, "Sales.Returns": S, "Finance.Rates": S}),
    ),
)
MANAGER: Final = User(super_user=False, roles=frozenset({"Schema Manager"}))
NOBODY: Final = User(super_user=False, roles=frozenset())
GRANTED: Final = Snapshot(
    bearer=Bearer("demo", "ada"),
    tenant_open=True,
    user=MANAGER,
    plan=PLAN,
    execution=ExecutionSeen(PLAN, FAILED),
    schemas={
        "Sales": SchemaSeen(183, Access.EDIT),
        "Finance": SchemaSeen(184, Access.EDIT),
        "OnlineStore": SchemaSeen(185, Access.EDIT),
    },
    latest=FAILED,
    loader_available=True,
)
"""Every gate passes."""
THERE: Final = lookups_of(GRANTED)
"""The same, to be asked."""


def body(**members: Any) -> bytes:
    """The documented body; a member given replaces the one that stands there, `...` leaves it out."""
    written = {"loadPlanName": "Nightly", "groupSequence": 0, "recentLoadPlanExecution": 12} | members
    return json.dumps({name: value for name, value in written.items() if value is not ...}).encode()


def restart(
    known: HostLookups | Snapshot = GRANTED,
    text: bytes = body(),
    *,
    tenant: str = "demo",
    authorization: str | None = HEADER,
) -> Reply | Start:
    """What a restart is answered."""
    return answer_start(RestartCall(tenant=tenant, authorization=authorization, body=text), known)


def execute(
    known: HostLookups | Snapshot = GRANTED,
    text: bytes = b'{"loadPlanName": "Nightly"}',
    *,
    tenant: str = "demo",
    authorization: str | None = HEADER,
) -> Reply | Start:
    """What an execution is answered."""
    return answer_start(ExecuteCall(tenant=tenant, authorization=authorization, body=text), known)


def status(
    known: HostLookups | Snapshot = GRANTED,
    execution_id: str = "12",
    level: str | None = None,
    *,
    tenant: str = "demo",
    authorization: str | None = HEADER,
) -> Reply:
    """What a question after a status is answered."""
    call = StatusCall(tenant=tenant, authorization=authorization, execution_id=execution_id, level=level)
    return answer_status(call, known)


def refused(reply: Reply | Start) -> tuple[GateId, int, str]:
    """The gate, the HTTP status and the body, as they are compared."""
    assert isinstance(reply, Reply)
    return reply.gate, reply.status, reply.body


def text_of(reply: Reply | Start) -> str:
    """The text of an error."""
    assert isinstance(reply, Reply)
    text = json.loads(reply.body)["message"]
    assert isinstance(text, str)
    return text
