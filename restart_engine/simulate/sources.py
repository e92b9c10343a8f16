"""Where a load plan and its past come from: a world file, or a server's database."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from restart_engine.core.errors import InvalidValue
from restart_engine.server.database import BadUrl, Unavailable
from restart_engine.server.migration import UnusableDatabase, opened
from restart_engine.server.world import Loading, World, check_world, read_world
from restart_engine.server.world_dump import dump_world
from restart_engine.simulate.past import Past, past_of
from restart_engine.simulate.shapes import PastShape
from restart_engine.strict_json import WireError, quote
from restart_engine.wire.reading import invalid

_ONE: Final = "the name of a file, where `database` is none, and none where that is given"


def read_past(shape: PastShape, folder: Path) -> Past:
    """The load plan that the shape names, and its past; a world file is looked for from this folder.

    Raises `WireError`, its path beginning with `past`.
    """
    if (shape.world is None) == (shape.database is None):
        raise WireError("past.world", f"`{quote(shape.world)}`", _ONE)
    if shape.world is not None:
        world = _world_of_file(folder / shape.world)
    else:
        assert shape.database is not None
        world = _world_of_database(shape.database)
        _check(world)
    tenants = {tenant.name: tenant for tenant in world.tenants}
    if shape.tenant not in tenants:
        raise WireError("past.tenant", f"`{quote(shape.tenant)}`", f"one of {_listed(tenants)}")
    tenant = tenants[shape.tenant]
    plans = {plan.name: plan for plan in tenant.load_plans}
    if shape.load_plan not in plans:
        raise WireError("past.loadPlan", f"`{quote(shape.load_plan)}`", f"one of {_listed(plans)}")
    loading = tenant.loading or Loading()
    return past_of(plans[shape.load_plan], loading, detailed_tracking=tenant.detailed_tracking)


def _world_of_file(file: Path) -> World:
    try:
        return read_world(file.read_bytes(), name=file.name)
    except OSError as error:
        found = f"`{quote(str(file))}`, which cannot be read"
        raise WireError("past.world", found, f"a world file ({error.strerror})") from None
    except WireError as error:
        raise WireError("past.world", f"`{quote(str(file))}`, in which {error}", "a world file") from None


def _world_of_database(url: str) -> World:
    """What the server's database holds, which has to be of this version: nothing is written."""
    try:
        with opened(url, reads_only=True) as database, database.reading() as connection:
            return dump_world(connection)
    except (BadUrl, UnusableDatabase, Unavailable) as error:
        raise WireError("past.database", f"no database to read ({error})", "the URL of one") from None


def _check(world: World) -> None:
    """A database holds what its servers' clocks said, and a clock may have been put back."""
    try:
        check_world(world)
    except InvalidValue as error:
        found = f"a database, in which {invalid(error)}"
        raise WireError("past.database", found, "one whose past is possible") from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quote, names)) or "none, there is none"
