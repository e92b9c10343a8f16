"""The gates, in the one order in which they are asked: the first that refuses answers (H1 to H12).

The law of this file: a gate looks at the call and at what the host knows, and either refuses or lets the
call pass; it never asks what another gate would say. What a later gate looks at is not looked up before
that gate, so a caller refused at one learns nothing that a later one knows. The rules of restarting stay
in `core`: H9 and H10 are what `plan_restart` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, TypeVar, final

from attrs import frozen

from restart_engine.core.checks import Sealed, check_kind
from restart_engine.core.decision import Decision, Rejection, RestartPlan, plan_restart
from restart_engine.core.explanation import advice, message
from restart_engine.core.plan import LoadPlan
from restart_engine.endpoint import replies
from restart_engine.endpoint.calls import (
    Asked,
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
from restart_engine.endpoint.lookups import Access, Bearer, ExecutionSeen, HostLookups, SchemaSeen, User
from restart_engine.endpoint.once import Once
from restart_engine.endpoint.replies import Reply
from restart_engine.endpoint.status import LEVELS, status_body

_T = TypeVar("_T")


@final
@frozen(kw_only=True)
class Start(Sealed):
    """Every gate is passed: the host starts this plan, and answers with `replies.started`."""

    restart: RestartPlan
    bearer: Bearer
    """Who starts it."""

    def __attrs_post_init__(self) -> None:
        check_kind("restart", self.restart, RestartPlan)
        check_kind("bearer", self.bearer, Bearer)


class _Attempt:
    """A call on its way through the gates: what the gates that it has passed have found."""

    def __init__(self, call: Call, known: HostLookups) -> None:
        self.call = call
        self.known = known
        self.token = token_in(call.authorization)

    @Once
    def bearer(self) -> Bearer | None:
        return self.known.bearer(self.token) if self.token else None

    @Once
    def members(self) -> Mapping[str, object]:
        assert not isinstance(self.call, StatusCall)
        return members_of(self.call.body)

    @Once
    def asked(self) -> Asked:
        assert not isinstance(self.call, StatusCall)
        return asked_of(self.call, self.members)

    @Once
    def found(self) -> LoadPlan | None:
        return self.known.plan(self.call.tenant, self.asked.load_plan_name)

    @Once
    def decision(self) -> Decision:
        plan = _passed(self.found)
        return plan_restart(plan, self.asked.request, self.known.latest(self.call.tenant, plan))

    @Once
    def seen(self) -> ExecutionSeen | None:
        """The execution that a status is asked of; what is no number is none's id."""
        assert isinstance(self.call, StatusCall)
        execution_id = id_asked(self.call)
        return None if execution_id is None else self.known.execution(self.call.tenant, execution_id)

    @Once
    def may_start(self) -> bool:
        return _passed(self.user).may_start

    @Once
    def user(self) -> User | None:
        return self.known.user(_passed(self.bearer))

    def schemas(self, plan: LoadPlan) -> Mapping[str, SchemaSeen]:
        """What the caller may do with each of the plan's schemas, in the plan's order."""
        names = {name.partition(".")[0]: None for group in plan.groups for name in group.names}
        if not names:
            return {}
        seen = self.known.schemas(_passed(self.bearer), tuple(names))
        return {name: seen[name] for name in names}


def _passed(value: _T | None) -> _T:
    """What an earlier gate has made sure of."""
    assert value is not None
    return value


def _token(attempt: _Attempt) -> Reply | None:
    """H1: the token is there, well formed, valid and not expired."""
    return None if attempt.bearer is not None else replies.invalid_token("H1", attempt.token)


def _token_of_tenant(attempt: _Attempt) -> Reply | None:
    """H2: the tenant of the path is the token's."""
    if _passed(attempt.bearer).tenant == attempt.call.tenant:
        return None
    return replies.invalid_token("H2", attempt.token)


def _tenant(attempt: _Attempt) -> Reply | None:
    """H3: the tenant exists and is enabled."""
    tenant = attempt.call.tenant
    return None if attempt.known.tenant_open(tenant) else replies.no_tenant(tenant)


def _token_of_user(attempt: _Attempt) -> Reply | None:
    """H1 again: the token's user is still there. Asked after H3: a tenant that is gone has no users."""
    return None if attempt.user is not None else replies.invalid_token("H1", attempt.token)


def _body(attempt: _Attempt) -> Reply | None:
    """H4: the body is a JSON object."""
    try:
        _ = attempt.members
    except NotAnObject as error:
        return replies.not_an_object(str(error))
    return None


def _members(attempt: _Attempt) -> Reply | None:
    """H5: the documented members are there, and what they have to be."""
    try:
        _ = attempt.asked
    except UnfitMember as error:
        return replies.unfit_member(str(error))
    return None


def _plan(attempt: _Attempt) -> Reply | None:
    """H6: the tenant has the load plan."""
    return None if attempt.found is not None else replies.no_plan(attempt.asked.load_plan_name)


def _role(attempt: _Attempt) -> Reply | None:
    """H7: the caller may start load plans at all."""
    return None if attempt.may_start else replies.no_role()


def _edit(attempt: _Attempt) -> Reply | None:
    """H8: the caller may edit every schema of the whole plan; the first lacking, in plan order, is named."""
    for name, schema in attempt.schemas(_passed(attempt.found)).items():
        if schema.access < Access.EDIT:
            return replies.may_not_edit(name, schema.id)
    return None


def _running(attempt: _Attempt) -> Reply | None:
    """H9: R1 does not reject."""
    decision = attempt.decision
    running = isinstance(decision, Rejection) and decision.rules[0] == "R1"
    return replies.already_running() if running else None


def _accepted(attempt: _Attempt) -> Reply | None:
    """H10: none of R2 to R5 rejects."""
    decision = attempt.decision
    if not isinstance(decision, Rejection):
        return None
    found = "; ".join(f"{reason.rule}: {message(reason)}" for reason in decision.reasons)
    return replies.rejected(f"{found}; what to do: {advice(decision)}")


def _loader(attempt: _Attempt) -> Reply | None:
    """H11: a loader service is available."""
    return None if attempt.known.loader_available(attempt.call.tenant) else replies.no_loader()


def _level(attempt: _Attempt) -> Reply | None:
    """V1: the level is one of 1 to 4, or absent."""
    assert isinstance(attempt.call, StatusCall)
    level = attempt.call.level
    return None if level is None or level in LEVELS else replies.no_level(level)


def _execution(attempt: _Attempt) -> Reply | None:
    """V2: the tenant has the execution."""
    assert isinstance(attempt.call, StatusCall)
    return None if attempt.seen is not None else replies.no_execution(attempt.call.execution_id)


def _view(attempt: _Attempt) -> Reply | None:
    """V3: the caller may view any schema of the plan; where it has none, may start load plans."""
    plan = _passed(attempt.seen).plan
    schemas = attempt.schemas(plan)
    allowed = any(schema.access for schema in schemas.values()) if schemas else attempt.may_start
    return None if allowed else replies.may_not_view(plan.name)


Gate: TypeAlias = Callable[[_Attempt], Reply | None]
BY_TOKEN: Final[tuple[Gate, ...]] = (_token, _token_of_tenant)
"""What looks at the token alone, and so needs no database."""
ADMITTED: Final[tuple[Gate, ...]] = (*BY_TOKEN, _tenant, _token_of_user)
"""What comes first in every call."""
OF_START: Final[tuple[Gate, ...]] = (
    *ADMITTED, _body, _members, _plan, _role, _edit, _running, _accepted, _loader,
)  # fmt: skip
OF_STATUS: Final[tuple[Gate, ...]] = (*ADMITTED, _level, _execution, _view)


def refused_by_token(call: Call, known: HostLookups) -> Reply | None:
    """What H1 or H2 answers, of `known` asking `bearer` alone; none where the token passes both.

    A host may ask this first, before it opens a transaction. `answer_start` asks it again.
    """
    return _first_refusal(BY_TOKEN, _Attempt(call, known))


def answer_start(call: StartCall, known: HostLookups) -> Reply | Start:
    """The answer to a restart or an execution: what the first gate that refuses says, or what to start.

    The host starts it under its `precondition`: in the transaction in which it looked up what it knows.
    """
    check_kind("call", call, RestartCall, ExecuteCall)
    attempt = _Attempt(call, known)
    refusal = _first_refusal(OF_START, attempt)
    if refusal is not None:
        return refusal
    decision = attempt.decision
    assert isinstance(decision, RestartPlan)
    return Start(restart=decision, bearer=_passed(attempt.bearer))


def answer_status(call: StatusCall, known: HostLookups) -> Reply:
    """The answer to a question after an execution's status."""
    check_kind("call", call, StatusCall)
    attempt = _Attempt(call, known)
    refusal = _first_refusal(OF_STATUS, attempt)
    if refusal is not None:
        return refusal
    return replies.seen(status_body(_passed(attempt.seen), int(call.level or "1")))


def _first_refusal(gates: tuple[Gate, ...], attempt: _Attempt) -> Reply | None:
    return next((reply for gate in gates if (reply := gate(attempt)) is not None), None)
