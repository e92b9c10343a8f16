"""What the room's values refuse, each naming the field and what it found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import isfunction
from typing import Any

import pytest
from attrs import fields
from endpoint.house import FAILED, GRANTED, PLAN, THERE, body

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
from restart_engine.endpoint.lookups import lookups_of

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
        (ExecuteCall, CALL | {"authorization": b"Bearer"}, "authorization"),
        (ExecuteCall, CALL | {"body": bytearray()}, "body"),
        (StatusCall, ASKED | {"tenant": 7}, "tenant"),
        (StatusCall, ASKED | {"authorization": 7}, "authorization"),
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
        (Snapshot, {"bearer": "ada"}, "bearer"),
        (Snapshot, {"tenant_open": 1}, "tenant_open"),
        (Snapshot, {"user": "ada"}, "user"),
        (Snapshot, {"plan": "Nightly"}, "plan"),
        (Snapshot, {"execution": FAILED}, "execution"),
        (Snapshot, {"schemas": {"Sales": Access.EDIT}}, r"schemas\[Sales\]"),
        (Snapshot, {"schemas": {" ": SchemaSeen(1, Access.EDIT)}}, "schemas"),
        (Snapshot, {"latest": 12}, "latest"),
        (Snapshot, {"loader_available": None}, "loader_available"),
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


def test_a_reply_of_no_gate_is_refused_and_says_so() -> None:
    """With the id that was given; the lowest id of an execution is fine."""
    with pytest.raises(InvalidValue, match=r"^`gate` is `'H13'`, accepted is the id of a gate$"):
        Reply("H13", "{}")  # type: ignore[arg-type]  # refused at run time too
    assert started(1) == Reply("H12", '{"loadPlanExecutionId": 1}')


def test_a_call_of_the_other_kind_is_refused() -> None:
    """A status is no start, and a start no status."""
    with pytest.raises(InvalidValue, match="`call` is"):
        answer_start(StatusCall(**ASKED), GRANTED)  # type: ignore[arg-type]  # refused at run time too
    with pytest.raises(InvalidValue, match="`call` is"):
        answer_status(RestartCall(**CALL), GRANTED)  # type: ignore[arg-type]  # refused at run time too


class TestSnapshot:
    """What is known of one call, gathered before it is answered."""

    def test_it_has_an_answer_to_every_question_of_a_host_under_its_name(self) -> None:
        """In the order in which they are asked; and it is asked as a host is."""
        questions = [name for name, value in vars(HostLookups).items() if isfunction(value)]
        assert questions[: len(fields(Snapshot))] == [answer.name for answer in fields(Snapshot)]
        host: HostLookups = lookups_of(Snapshot())
        assert host.bearer("token") is None

    def test_a_host_of_its_own_is_asked_itself(self) -> None:
        """Nothing stands between it and the gates."""
        assert lookups_of(THERE) is THERE

    def test_it_keeps_what_it_was_given(self) -> None:
        """A mapping that its maker changes afterwards changes nothing, and it lets nobody change its own."""
        schemas = {"Sales": SchemaSeen(1, Access.VIEW)}
        snapshot = Snapshot(schemas=schemas)
        schemas["Sales"] = SchemaSeen(1, Access.EDIT)
        assert snapshot.schemas == {"Sales": SchemaSeen(1, Access.VIEW)}
        with pytest.raises(TypeError):
            snapshot.schemas["Sales"] = SchemaSeen(1, Access.EDIT)  # type: ignore[index]  # that is the test

    def test_a_schema_that_it_misses_is_the_hosts_fault(self) -> None:
        """It is named; no caller is refused for it, and none let in."""
        call = RestartCall(tenant="demo", authorization="Bearer abcde", body=body())
        known = Snapshot(
            bearer=GRANTED.bearer,
            tenant_open=True,
            user=GRANTED.user,
            plan=PLAN,
            schemas={"Sales": SchemaSeen(1, Access.EDIT)},
        )
        with pytest.raises(
            InvalidValue, match="`schemas` is `'Finance'`, accepted is a value for every schema"
        ):
            answer_start(call, known)
