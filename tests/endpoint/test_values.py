"""What the room's values refuse, each naming the field and what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from endpoint.house import FAILED, GRANTED, PLAN, body

from restart_engine import InvalidValue, RestartRequest, plan_restart
from restart_engine.endpoint import (
    Access,
    Bearer,
    ExecuteCall,
    ExecutionSeen,
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
    started,
)
from restart_engine.endpoint.calls import Asked
from restart_engine.endpoint.replies import GATE_IDS, STATUS_OF

CALL: dict[str, Any] = {"tenant": "demo", "authorization": None, "body": b""}
ASKED: dict[str, Any] = {"tenant": "demo", "authorization": None, "execution_id": "1"}
REJECTED = plan_restart(PLAN, RestartRequest(3))
PLANNED = plan_restart(PLAN, RestartRequest(0))


@pytest.mark.parametrize(
    ("make", "arguments", "field"),
    [
        (RestartCall, CALL | {"tenant": b"demo"}, "tenant"),
        (RestartCall, CALL | {"authorization": b"Bearer"}, "authorization"),
        (RestartCall, CALL | {"body": "{}"}, "body"),
        (ExecuteCall, CALL | {"tenant": None}, "tenant"),
        (ExecuteCall, CALL | {"body": bytearray()}, "body"),
        (StatusCall, ASKED | {"tenant": 7}, "tenant"),
        (StatusCall, ASKED | {"execution_id": 1}, "execution_id"),
        (StatusCall, ASKED | {"level": 1}, "level"),
        (Bearer, {"tenant": None, "user": "ada"}, "tenant"),
        (Bearer, {"tenant": "demo", "user": 7}, "user"),
        (User, {"super_user": 1, "roles": frozenset()}, "super_user"),
        (User, {"super_user": True, "roles": {"SuperRole"}}, "roles"),
        (User, {"super_user": True, "roles": frozenset({7})}, "roles"),
        (SchemaSeen, {"id": "185", "access": Access.EDIT}, "id"),
        (SchemaSeen, {"id": True, "access": Access.EDIT}, "id"),
        (SchemaSeen, {"id": 185, "access": 2}, "access"),
        (ExecutionSeen, {"plan": "Nightly", "execution": FAILED}, "plan"),
        (ExecutionSeen, {"plan": PLAN, "execution": 12}, "execution"),
        (Snapshot, {"caller": "ada"}, "caller"),
        (Snapshot, {"open": 1}, "open"),
        (Snapshot, {"member": "ada"}, "member"),
        (Snapshot, {"planned": "Nightly"}, "planned"),
        (Snapshot, {"seen": FAILED}, "seen"),
        (Snapshot, {"access": {"Sales": Access.EDIT}}, r"access\[Sales\]"),
        (Snapshot, {"access": {" ": SchemaSeen(1, Access.EDIT)}}, "access"),
        (Snapshot, {"newest": 12}, "newest"),
        (Snapshot, {"loader": None}, "loader"),
        (Asked, {"load_plan_name": "", "request": RestartRequest(0)}, "load_plan_name"),
        (Asked, {"load_plan_name": "Nightly", "request": 0}, "request"),
        (Reply, {"gate": "H13", "body": "{}"}, "gate"),
        (Reply, {"gate": "H1", "body": ""}, "body"),
        (Start, {"restart": REJECTED, "bearer": Bearer("demo", "ada")}, "restart"),
        (Start, {"restart": PLANNED, "bearer": "ada"}, "bearer"),
        (started, {"execution_id": 0}, "execution_id"),
        (started, {"execution_id": True}, "execution_id"),
    ],
)
def test_what_cannot_be_is_refused(
    make: Callable[..., object], arguments: Mapping[str, Any], field: str
) -> None:
    """At construction, by the name of the field."""
    with pytest.raises(InvalidValue, match=f"^`{field}` is `"):
        make(**arguments)


def test_a_call_of_the_other_kind_is_refused() -> None:
    """A status is no start, and a start no status."""
    with pytest.raises(InvalidValue, match="`call` is"):
        answer_start(StatusCall(**ASKED), GRANTED)  # type: ignore[arg-type]  # refused at run time too
    with pytest.raises(InvalidValue, match="`call` is"):
        answer_status(RestartCall(**CALL), GRANTED)  # type: ignore[arg-type]  # refused at run time too


def test_every_gate_has_its_status() -> None:
    """In the order in which they are asked, as the table of the rules has it."""
    assert tuple(STATUS_OF) == GATE_IDS
    starts = [401, 401, 404, 400, 422, 404, 403, 403, 400, 400, 500, 200]
    assert list(STATUS_OF.values()) == [*starts, 422, 404, 403, 200]


class TestSnapshot:
    """What is known of one call, gathered before it is answered."""

    def test_it_knows_what_a_host_knows(self) -> None:
        """For type checkers too, which read this assignment."""
        known: HostLookups = Snapshot()
        assert known.bearer("token") is None

    def test_it_keeps_what_it_was_given(self) -> None:
        """A mapping that its maker changes afterwards changes nothing, and it lets nobody change its own."""
        access = {"Sales": SchemaSeen(1, Access.VIEW)}
        snapshot = Snapshot(access=access)
        access["Sales"] = SchemaSeen(1, Access.EDIT)
        assert snapshot.access == {"Sales": SchemaSeen(1, Access.VIEW)}
        with pytest.raises(TypeError):
            snapshot.access["Sales"] = SchemaSeen(1, Access.EDIT)  # type: ignore[index]  # that is the test

    def test_a_schema_that_it_misses_is_the_hosts_fault(self) -> None:
        """It is named; no caller is refused for it, and none let in."""
        call = RestartCall(tenant="demo", authorization="Bearer abcde", body=body())
        known = Snapshot(
            caller=GRANTED.caller,
            open=True,
            member=GRANTED.member,
            planned=PLAN,
            access={"Sales": SchemaSeen(1, Access.EDIT)},
        )
        with pytest.raises(
            InvalidValue, match="`access` is `'Finance'`, accepted is a value for every schema"
        ):
            answer_start(call, known)
