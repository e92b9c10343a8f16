"""The gates, in the one order in which they are asked: the first that refuses answers.

The law of this file: what a later gate looks at is not looked up before that gate, so that a caller who is
refused learns nothing else. Each lookup is made once at most. The rules of restarting stay in `core`: H9 and
H10 are what `plan_restart` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_kind
from restart_engine.core.decision import Rejection, RestartPlan, plan_restart
from restart_engine.core.explanation import advice, message
from restart_engine.core.plan import LoadPlan
from restart_engine.core.rules import AlreadyRunning
from restart_engine.endpoint.calls import (
    Call,
    ExecuteCall,
    NotAnObject,
    RestartCall,
    StartCall,
    StatusCall,
    UnfitMember,
    asked_of,
    id_asked,
    members_of,
    token_in,
)
from restart_engine.endpoint.lookups import (
    Access,
    Bearer,
    HostLookups,
    SchemaSeen,
    Snapshot,
    User,
    lookups_of,
)
from restart_engine.endpoint.replies import GateId, Reply, body_of, last_four_shown, refusal
from restart_engine.endpoint.status import LEVELS, status_body


@final
@frozen(kw_only=True)
class Start(Sealed):
    """Every gate is passed: the host starts this plan, and answers with `started`."""

    restart: RestartPlan
    bearer: Bearer
    """Who starts it."""

    def __attrs_post_init__(self) -> None:
        check_kind("restart", self.restart, RestartPlan)
        check_kind("bearer", self.bearer, Bearer)


def answer_start(call: StartCall, host: HostLookups | Snapshot) -> Reply | Start:
    """The answer to a restart or an execution: what the first gate that refuses says, or what to start.

    The host starts it under its `precondition`: in the transaction in which it looked up what it knows.
    """
    check_kind("call", call, RestartCall, ExecuteCall)
    host = lookups_of(host)
    admitted = _admitted(call, host)
    if isinstance(admitted, Reply):
        return admitted
    bearer, user = admitted
    try:
        name, request = asked_of(call, members_of(call.body))
    except NotAnObject as error:
        return refusal("H4", str(error))
    except UnfitMember as error:
        return refusal("H5", str(error))
    plan = host.plan(call.tenant, name)
    if plan is None:
        return refusal("H6", f"The [{name}] LOAD_PLAN cannot be found.")
    if not user.may_start:
        return refusal("H7", _NO_ROLE)
    seen = _schemas(host, bearer, plan)
    if lacking := [name for name in seen if seen[name].access < Access.EDIT]:
        schema = f"the {lacking[0]} SCHEMADEFINITION of ID [{seen[lacking[0]].id}]"
        return refusal("H8", f"You are not authorized to EDIT {schema}.")
    decision = plan_restart(plan, request, host.latest(call.tenant, plan))
    if isinstance(decision, Rejection):
        if isinstance(decision.reason, AlreadyRunning):
            return refusal("H9", _RUNNING)
        found = "; ".join(f"{reason.rule}: {message(reason)}" for reason in decision.reasons)
        return refusal("H10", f"{found}; what to do: {advice(decision)}")
    if not host.loader_available(call.tenant):
        return refusal("H11", "No loader services are currently available for this tenant.")
    return Start(restart=decision, bearer=bearer)


def answer_status(call: StatusCall, host: HostLookups | Snapshot) -> Reply:
    """The answer to a question after an execution's status."""
    check_kind("call", call, StatusCall)
    host = lookups_of(host)
    admitted = _admitted(call, host)
    if isinstance(admitted, Reply):
        return admitted
    bearer, user = admitted
    level = LEVELS[0] if call.level is None else call.level
    if level not in LEVELS:
        return refusal("V1", f"The level [{level}] is none of 1, 2, 3 and 4.")
    id_ = id_asked(call)
    seen = None if id_ is None else host.execution(call.tenant, id_)
    if seen is None:
        return refusal("V2", f"The [{call.execution_id}] load plan execution cannot be found.")
    schemas = _schemas(host, bearer, seen.plan)
    # a plan without a step has no schema to view: its status is for those who may start load plans
    if not (any(schema.access for schema in schemas.values()) if schemas else user.may_start):
        text = "You are not authorized to VIEW a schema of the load plan execution of ID"
        return refusal("V3", f"{text} [{call.execution_id}].")
    return Reply("V4", body_of(status_body(seen, int(level))))


def admitted_by_token(call: Call, bearer: Bearer | None) -> Bearer | Reply:
    """The bearer, where the call's token is theirs and of this tenant; else what H1 or H2 replies.

    `bearer` is whom the host found the token to name, if anybody. A host may ask this before it opens a
    transaction; `answer_start` and `answer_status` ask it again.
    """
    token = token_in(call.authorization)
    if not token or bearer is None:
        return _invalid_token("H1", token)
    if bearer.tenant != call.tenant:
        # with the words of H1: who holds no token of the tenant is not told whether there is one
        return _invalid_token("H2", token)
    return bearer


def _admitted(call: Call, host: HostLookups) -> tuple[Bearer, User] | Reply:
    """Who asks, where the gates of any call let them pass."""
    token = token_in(call.authorization)
    bearer = admitted_by_token(call, host.bearer(token) if token else None)
    if isinstance(bearer, Reply):
        return bearer
    if not host.tenant_open(call.tenant):
        return refusal("H3", f"Invalid [{call.tenant}] tenant in resource path")
    # only now: the users of a tenant that is gone are gone as well, and that is for H3 to say
    user = host.user(bearer)
    return _invalid_token("H1", token) if user is None else (bearer, user)


def _invalid_token(gate: GateId, token: str) -> Reply:
    return refusal(gate, f"Invalid authentication header. Invalid Token [{last_four_shown(token)}]")


def _schemas(host: HostLookups, bearer: Bearer, plan: LoadPlan) -> Mapping[str, SchemaSeen]:
    """What the bearer may do with each schema of the whole plan, in the plan's order."""
    names = {name.partition(".")[0]: None for group in plan.groups for name in group.names}
    if not names:
        return {}
    seen = host.schemas(bearer, tuple(names))
    return {name: seen[name] for name in names}


_NO_ROLE: Final = "You are neither a Super User nor have the SuperRole or Schema Manager role."
_RUNNING: Final = "A load job cannot be started as another job of the same load plan is being executed."
