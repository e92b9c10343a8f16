"""What is asked over HTTP, and how a body is read: JSON [H4] with documented members [H5]."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import TypeAlias, cast, final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_kind, is_unicode
from restart_engine.core.request import RestartRequest
from restart_engine.strict_json import MAX_DIGITS, WireError, read_integer, read_json


@final
@frozen(kw_only=True)
class RestartCall(Sealed):
    """`POST …/{tenant}/load-plan/restart`."""

    tenant: str
    """The tenant's name in the path, decoded; any text."""
    authorization: str | None = field(repr=False)
    """The header's value, none where there is no such header."""
    body: bytes

    def __attrs_post_init__(self) -> None:
        _check(self.tenant, self.authorization)
        check_kind("body", self.body, bytes)


@final
@frozen(kw_only=True)
class ExecuteCall(Sealed):
    """`POST …/{tenant}/load-plan/execute`: a start from the beginning."""

    tenant: str
    authorization: str | None = field(repr=False)
    body: bytes

    def __attrs_post_init__(self) -> None:
        _check(self.tenant, self.authorization)
        check_kind("body", self.body, bytes)


@final
@frozen(kw_only=True)
class StatusCall(Sealed):
    """`GET …/{tenant}/load-plan/status/{execution-id}?level=1..4`."""

    tenant: str
    authorization: str | None = field(repr=False)
    execution_id: str
    """As it stands in the path."""
    level: str | None = None
    """As it stands in the query, none where it is absent."""

    def __attrs_post_init__(self) -> None:
        _check(self.tenant, self.authorization)
        check_kind("execution_id", self.execution_id, str)
        check_kind("level", self.level, str, NoneType)


StartCall: TypeAlias = RestartCall | ExecuteCall
Call: TypeAlias = StartCall | StatusCall


def _check(tenant: object, authorization: object) -> None:
    check_kind("tenant", tenant, str)
    check_kind("authorization", authorization, str, NoneType)


class NotAnObject(ValueError):
    """The body is not JSON, or not an object [H4]; its text says what it is instead."""


class UnfitMember(ValueError):
    """A member is missing, of the wrong type or blank [H5]; its text says which, and what it may not be."""


def token_in(authorization: str | None) -> str:
    """The token of `Bearer <token>`, the word in any case; empty where the header is anything else."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def asked_of(call: StartCall, members: Mapping[str, object]) -> tuple[str, RestartRequest]:
    """The name of the load plan, and what is asked of it; raises `UnfitMember`. Other members are ignored."""
    name = _name(members)
    if isinstance(call, ExecuteCall):
        return name, RestartRequest(0)
    sequence = _integer(members, "groupSequence")
    given = members.get("recentLoadPlanExecution") is not None
    execution_id = _integer(members, "recentLoadPlanExecution") if given else None
    return name, RestartRequest(sequence, execution_id=execution_id)


def plan_asked(call: StartCall) -> str | None:
    """The name of the load plan that is asked for, none where the body is refused [H4, H5].

    For a host that looks the plan up before it has the gates asked, in a `Snapshot`.
    """
    try:
        return asked_of(call, members_of(call.body))[0]
    except (NotAnObject, UnfitMember):
        return None


def id_asked(call: StatusCall) -> int | None:
    """The id of the execution whose status is asked; none where the path has no number that can be read."""
    text = call.execution_id
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        return None
    return read_integer(text)


def _name(members: Mapping[str, object]) -> str:
    name = members.get("loadPlanName")
    if name is None:
        raise UnfitMember("loadPlanName may not be null")
    if not isinstance(name, str):
        raise UnfitMember("loadPlanName must be a string")
    if not name or name.isspace():
        raise UnfitMember("loadPlanName may not be blank")
    if not is_unicode(name):
        raise UnfitMember("loadPlanName may not hold a lone surrogate")
    return name


def _integer(members: Mapping[str, object], name: str) -> int:
    value = members.get(name)
    if value is None:
        raise UnfitMember(f"{name} may not be null")
    if type(value) is not int:
        raise UnfitMember(f"{name} must be an integer")
    return value


def members_of(body: bytes) -> Mapping[str, object]:
    """The members of the JSON object that a body is; raises `NotAnObject` for any other body."""
    if not body.strip(b" \t\r\n"):
        raise NotAnObject("the body is empty, and has to be a JSON object")
    try:
        value = read_json(body, levels=1, integer=read_integer)
    except WireError as error:
        said = f"has `{error.path}` more than once" if error.path else f"is {error.found}"
        raise NotAnObject(f"the body {said}") from None
    if not isinstance(value, dict):
        raise NotAnObject("the body is JSON, but not an object")
    return MappingProxyType(cast("dict[str, object]", value))
