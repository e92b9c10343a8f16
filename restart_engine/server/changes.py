"""What tests change of a tenant: how its steps are loaded, and what a user of it may do.

A change is read as a part of a world, with as much of the tenant around it as it may name; errors name the
place inside that part.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from restart_engine.server.database import upsert
from restart_engine.server.loading import loading_text
from restart_engine.server.plans import NoPlan
from restart_engine.server.tables import grants, load_plans, schemas, tenants, users
from restart_engine.server.world import Loading, Value, WorldUser, read_world, world_text
from restart_engine.server.world_load import grant_rows, insert_all, user_row
from restart_engine.strict_json import WireError, read_json
from restart_engine.wire.reading import unlike

UserRightsShape: Final[Any] = msgspec.defstruct(
    "UserRightsShape",
    [
        (field.name, field.type, field.default)
        for field in msgspec.structs.fields(WorldUser)
        if field.name != "name"
    ],
    bases=(Value,),
    frozen=True,
    namespace={"__doc__": "What a user may do; the path has its name."},
)
_LEVELS: Final = 4
_TENANT: Final = select(tenants.c.id).where(tenants.c.name == bindparam("tenant")).with_for_update()
_USER: Final = select(users.c.id).where(
    users.c.tenant_id == bindparam("tenant_id"), users.c.name == bindparam("user")
)


def save_loading(connection: Connection, tenant: str, text: bytes) -> Any:
    """The tenant's steps are loaded as this JSON says, from those on that begin after it; gives it back."""
    tenant_id = _id_of(connection, tenant)
    plans = [
        {"name": row.name, "groups": json.loads(row.groups)}
        for row in connection.execute(select(load_plans).where(load_plans.c.tenant_id == tenant_id))
    ]
    with _inside("tenants[0].loading"):
        part = {"loadPlans": plans, "loading": _object(text)}
        world = read_world(_world(tenant, _schema_ids(connection, tenant_id), part), name="")
    loading = loading_text(world.tenants[0].loading or Loading())
    connection.execute(update(tenants).where(tenants.c.id == tenant_id).values(loading=loading))
    return json.loads(loading)


def save_user(connection: Connection, tenant: str, user: str, text: bytes) -> Any:
    """Create the user, or replace what it may do; gives that back."""
    tenant_id = _id_of(connection, tenant)
    members = _object(text)
    if "name" in members:
        raise WireError("name", "an unknown member", "none: the path names the user")
    schema_ids = _schema_ids(connection, tenant_id)
    with _inside("tenants[0].users[0]"):
        world = read_world(_world(tenant, schema_ids, {"users": [members | {"name": user}]}), name="")
    (made,) = world.tenants[0].users
    row = user_row(made)
    saved = upsert(connection, users).values(tenant_id=tenant_id, **row)
    connection.execute(saved.on_conflict_do_update(index_elements=["tenant_id", "name"], set_=row))
    user_id = connection.execute(_USER, {"tenant_id": tenant_id, "user": user}).scalar_one()
    connection.execute(delete(grants).where(grants.c.user_id == user_id))
    key = {"tenant_id": tenant_id, "user_id": user_id}
    insert_all(connection, grants, grant_rows(made, key, schema_ids))
    shown: dict[str, Any] = json.loads(world_text(world, "json"))["tenants"][0]["users"][0]
    del shown["name"]
    return shown


def _object(text: bytes) -> dict[str, Any]:
    members: Any = read_json(text, levels=_LEVELS)
    if not isinstance(members, dict):
        raise unlike("", members, "an object")
    return cast("dict[str, Any]", members)


def _id_of(connection: Connection, tenant: str) -> int:
    tenant_id: int | None = connection.execute(_TENANT, {"tenant": tenant}).scalar_one_or_none()
    if tenant_id is None:
        raise NoPlan(f"there is no tenant `{tenant}`")
    return tenant_id


def _schema_ids(connection: Connection, tenant_id: int) -> dict[str, int]:
    query = select(schemas.c.name, schemas.c.id).where(schemas.c.tenant_id == tenant_id)
    return {row.name: row.id for row in connection.execute(query)}


def _world(tenant: str, schema_ids: dict[str, int], part: dict[str, Any]) -> bytes:
    """A world with nothing but this part, and the schemas that it may name."""
    listed = [{"id": id_, "name": name} for name, id_ in schema_ids.items()]
    return json.dumps({"tenants": [{"name": tenant, "schemas": listed, **part}]}).encode()


@contextmanager
def _inside(place: str) -> Generator[None]:
    """Errors of this part of a world are errors of what was sent."""
    try:
        yield
    except WireError as error:
        path = error.path.removeprefix(place).removeprefix(".")
        raise WireError(path, error.found, error.accepted) from None
