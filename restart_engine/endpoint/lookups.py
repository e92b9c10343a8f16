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


_NO_SCHEMAS: Final[Mapping[str, SchemaSeen]] = MappingProxyType({})


def _fixed(schemas: Mapping[str, SchemaSeen]) -> Mapping[str, SchemaSeen]:
    return MappingProxyType(dict(schemas))


@final
@frozen(kw_only=True)
class Snapshot(Sealed):
    """`HostLookups` from values at hand, of one call; a host with asynchronous lookups gathers them first.

    The fields stand in the order in which the gates look at them.
    """

    caller: Bearer | None = None
    open: bool = False
    member: User | None = None
    planned: LoadPlan | None = None
    seen: ExecutionSeen | None = None
    access: Mapping[str, SchemaSeen] = field(default=_NO_SCHEMAS, converter=_fixed)
    """By the schema's name; one that is missing is a schema that the host has no id of, an error."""
    newest: Execution | None = None
    loader: bool = False

    def __attrs_post_init__(self) -> None:
        check_kind("caller", self.caller, Bearer, NoneType)
        check_kind("member", self.member, User, NoneType)
        check_kind("open", self.open, bool)
        check_kind("planned", self.planned, LoadPlan, NoneType)
        check_kind("seen", self.seen, ExecutionSeen, NoneType)
        for name, schema in self.access.items():
            check_text("access", name)
            check_kind(f"access[{name}]", schema, SchemaSeen)
        check_kind("newest", self.newest, Execution, NoneType)
        check_kind("loader", self.loader, bool)

    def bearer(self, _token: str, /) -> Bearer | None:
        """`caller`."""
        return self.caller

    def user(self, _bearer: Bearer, /) -> User | None:
        """`member`."""
        return self.member

    def tenant_open(self, _tenant: str, /) -> bool:
        """`open`."""
        return self.open

    def plan(self, _tenant: str, name: str, /) -> LoadPlan | None:
        """`planned`, where it has this name."""
        return self.planned if self.planned is not None and self.planned.name == name else None

    def execution(self, _tenant: str, execution_id: int, /) -> ExecutionSeen | None:
        """`seen`, where it has this id."""
        return self.seen if self.seen is not None and self.seen.execution.id == execution_id else None

    def schemas(self, _bearer: Bearer, names: tuple[str, ...], /) -> Mapping[str, SchemaSeen]:
        """`access`, which has to hold each of these."""
        for name in names:
            if name not in self.access:
                raise InvalidValue("access", name, "a value for every schema of the plan")
        return self.access

    def latest(self, _tenant: str, _plan: LoadPlan, /) -> Execution | None:
        """`newest`."""
        return self.newest

    def loader_available(self, _tenant: str, /) -> bool:
        """`loader`."""
        return self.loader
