"""What a host has to know to answer: asked gate by gate, so that nothing is looked up for a refused caller.

A host fills in `HostLookups` with lookups of its own, within one transaction where it starts what is
accepted. A `Snapshot` is the same from values at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType, NoneType
from typing import Final, Protocol, final

from attrs import field, frozen

from restart_engine.core.checks import Sealed, check_integer, check_kind, check_text
from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan

STARTING_ROLES: Final = frozenset({"SuperRole", "Schema Manager"})
"""Either lets a user start load plans [H7]."""


class Access(IntEnum):
    """What a user may do with a schema; each includes the one before."""

    NONE = 0
    VIEW = 1
    EDIT = 2


@final
@frozen
class Bearer(Sealed):
    """Whom a valid token names, and the tenant inside the token."""

    tenant: str
    user: str

    def __attrs_post_init__(self) -> None:
        check_kind("tenant", self.tenant, str)
        check_kind("user", self.user, str)


@final
@frozen(kw_only=True)
class User(Sealed):
    """A user as the host knows it now."""

    super_user: bool
    roles: frozenset[str]

    def __attrs_post_init__(self) -> None:
        check_kind("super_user", self.super_user, bool)
        check_kind("roles", self.roles, frozenset)
        for role in self.roles:
            check_kind("roles", role, str)

    @property
    def may_start(self) -> bool:
        """Whether it may start load plans at all, whatever schemas they load [H7]."""
        return self.super_user or not self.roles.isdisjoint(STARTING_ROLES)


@final
@frozen
class SchemaSeen(Sealed):
    """A schema, and what the caller may do with it."""

    id: int
    """As the answer names it to a caller who may not edit it."""
    access: Access

    def __attrs_post_init__(self) -> None:
        check_integer("id", self.id)
        check_kind("access", self.access, Access)


@final
@frozen
class ExecutionSeen(Sealed):
    """An execution, and the load plan that it is one of."""

    plan: LoadPlan
    execution: Execution

    def __attrs_post_init__(self) -> None:
        check_kind("plan", self.plan, LoadPlan)
        check_kind("execution", self.execution, Execution)


class HostLookups(Protocol):
    """What a host knows while it answers one call. Each question is asked once at most, in this order.

    Names come from outside: any text, compared code point by code point.
    """

    def bearer(self, token: str, /) -> Bearer | None:
        """Whom the token names; none where it is malformed, forged or expired [H1, H2]."""
        ...

    def tenant_open(self, tenant: str, /) -> bool:
        """Whether the tenant exists and is enabled [H3]."""
        ...

    def user(self, bearer: Bearer, /) -> User | None:
        """The user whom the token names, none where there is no such user any more [H1]."""
        ...

    def plan(self, tenant: str, name: str, /) -> LoadPlan | None:
        """The tenant's load plan of this name, as it stands now [H6]."""
        ...

    def execution(self, tenant: str, execution_id: int, /) -> ExecutionSeen | None:
        """The tenant's execution of this id; asked for a status alone."""
        ...

    def schemas(self, bearer: Bearer, names: tuple[str, ...], /) -> Mapping[str, SchemaSeen]:
        """Each of these schemas of the tenant, and what the caller may do with it [H8]."""
        ...

    def latest(self, tenant: str, plan: LoadPlan, /) -> Execution | None:
        """The plan's most recently started execution, none if it never ran [H9, H10]."""
        ...

    def loader_available(self, tenant: str, /) -> bool:
        """Whether a loader service is available for the tenant [H11]."""
        ...


def _fixed(schemas: Mapping[str, SchemaSeen]) -> Mapping[str, SchemaSeen]:
    return MappingProxyType(dict(schemas))


@final
@frozen(kw_only=True)
class Snapshot(Sealed):
    """The answers to the questions of `HostLookups`, each under its name, as far as they are known.

    For one call: a host whose lookups are asynchronous gathers them first.
    """

    bearer: Bearer | None = None
    tenant_open: bool = False
    user: User | None = None
    plan: LoadPlan | None = None
    """Found under its name alone."""
    execution: ExecutionSeen | None = None
    """Found under its id alone."""
    schemas: Mapping[str, SchemaSeen] = field(factory=dict[str, SchemaSeen], converter=_fixed)
    """By name; to miss one of the plan's schemas is an error of the host, `InvalidValue`."""
    latest: Execution | None = None
    loader_available: bool = False

    def __attrs_post_init__(self) -> None:
        check_kind("bearer", self.bearer, Bearer, NoneType)
        check_kind("tenant_open", self.tenant_open, bool)
        check_kind("user", self.user, User, NoneType)
        check_kind("plan", self.plan, LoadPlan, NoneType)
        check_kind("execution", self.execution, ExecutionSeen, NoneType)
        for name, schema in self.schemas.items():
            check_text("schemas", name)
            check_kind(f"schemas[{name}]", schema, SchemaSeen)
        check_kind("latest", self.latest, Execution, NoneType)
        check_kind("loader_available", self.loader_available, bool)


def lookups_of(host: HostLookups | Snapshot) -> HostLookups:
    """The host's own lookups, or those in its snapshot."""
    return _SnapshotLookups(host) if isinstance(host, Snapshot) else host


@frozen
class _SnapshotLookups:
    """`HostLookups` in a snapshot."""

    known: Snapshot

    def bearer(self, _token: str, /) -> Bearer | None:
        return self.known.bearer

    def tenant_open(self, _tenant: str, /) -> bool:
        return self.known.tenant_open

    def user(self, _bearer: Bearer, /) -> User | None:
        return self.known.user

    def plan(self, _tenant: str, name: str, /) -> LoadPlan | None:
        plan = self.known.plan
        return plan if plan is not None and plan.name == name else None

    def execution(self, _tenant: str, execution_id: int, /) -> ExecutionSeen | None:
        seen = self.known.execution
        return seen if seen is not None and seen.execution.id == execution_id else None

    def schemas(self, _bearer: Bearer, names: tuple[str, ...], /) -> Mapping[str, SchemaSeen]:
        for name in names:
            if name not in self.known.schemas:
                raise InvalidValue("schemas", name, "a value for every schema of the plan")
        return self.known.schemas

    def latest(self, _tenant: str, _plan: LoadPlan, /) -> Execution | None:
        return self.known.latest

    def loader_available(self, _tenant: str, /) -> bool:
        return self.known.loader_available
