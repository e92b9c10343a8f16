"""How a tenant's steps are loaded, where nobody loads them in earnest: told by hand, or pretended."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.server.world import Loading, WorldPlan, place_of
from restart_engine.wire.reading import read_carefully


def outcome(loading: Loading, load_plan: str, sequence: int, step: Step, attempt: int) -> Status:
    """How this attempt at the step ends."""
    place = place_of(load_plan, sequence, str(step))
    return next((f.status for f in loading.failures if f.hits(place, attempt)), Status.SUCCEEDED)


def seconds(loading: Loading, step: Step) -> float:
    """What the step takes, in simulated time."""
    return loading.seconds_of.get(str(step), loading.seconds)


def within(loading: Loading, plans: Iterable[WorldPlan]) -> Loading:
    """The same without what names nothing of these plans, and so changes nothing."""
    places = [place for plan in plans for place in plan.places]
    steps = {place.step for place in places}
    return replace(
        loading,
        seconds_of={step: taken for step, taken in loading.seconds_of.items() if step in steps},
        failures=tuple(failure for failure in loading.failures if failure.misses(places) is None),
    )


@lru_cache(maxsize=64)
def read_loading(text: str) -> Loading:
    """The loading that the database keeps; raises `WireError` for what is not of the shape."""
    loading: Loading = read_carefully(text, Loading, levels=4)
    return loading


def loading_text(loading: Loading) -> str:
    """The loading as the database keeps it: one line of JSON, in which nothing stands at its default."""
    return msgspec.json.encode(loading).decode()
