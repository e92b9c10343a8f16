"""How a tenant's steps are loaded, where nobody loads them in earnest: told by hand, or pretended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, final

import msgspec
from attrs import evolve, field, frozen

from restart_engine.core.checks import Sealed, check_kind, check_tuple, check_unique
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.core.status import Status
from restart_engine.server.failures import Failure, Place, check_number
from restart_engine.server.world_shapes import MAX_SECONDS, FailureShape, LoadingShape
from restart_engine.strict_json import member
from restart_engine.wire.reading import invalid, read_carefully


@final
@frozen(kw_only=True)
class Loading(Sealed):
    """How the steps of a tenant are loaded."""

    by_hand: bool = False
    """Whether nobody loads them, and outcomes are told through the control API."""
    seconds: float = 5.0
    """What a step takes, in simulated time."""
    seconds_of: tuple[tuple[Step, float], ...] = ()
    """The steps that take another time, ascending by their names."""
    failures: tuple[Failure, ...] = ()
    """The first that selects a step and hits its attempt decides."""
    time_of: Mapping[Step, float] = field(init=False, eq=False, repr=False)
    """The same, to look one up."""

    def __attrs_post_init__(self) -> None:
        check_kind("byHand", self.by_hand, bool)
        check_number("seconds", self.seconds, most=MAX_SECONDS)
        check_tuple("secondsOf", self.seconds_of, tuple)
        for step, taken in self.seconds_of:
            check_kind("secondsOf", step, Step)
            check_number(member("secondsOf", str(step)), taken, most=MAX_SECONDS)
        check_unique("secondsOf", [str(step) for step, _ in self.seconds_of])
        ascending = sorted(self.seconds_of, key=lambda pair: str(pair[0]))
        object.__setattr__(self, "seconds_of", tuple(ascending))
        object.__setattr__(self, "time_of", MappingProxyType(dict(ascending)))
        check_tuple("failures", self.failures, Failure)

    def check(self, plans: Iterable[LoadPlan]) -> None:
        """Everything that is named is in one of these plans."""
        places = list(_places(plans))
        steps = {place.step for place in places}
        for step, _ in self.seconds_of:
            if step not in steps:
                place = member("secondsOf", str(step))
                raise InvalidValue(place, str(step), "a step of one of the tenant's load plans")
        for index, failure in enumerate(self.failures):
            name = failure.misses(places)
            if name is not None:
                found = {
                    "loadPlan": failure.load_plan,
                    "sequence": failure.sequence,
                    "schema": failure.schema,
                }
                value = found.get(name, str(failure.step))
                raise InvalidValue(f"failures[{index}].{name}", value, _IN_PLAN[name])

    def within(self, plans: Iterable[LoadPlan]) -> Loading:
        """The same without what names nothing of these plans, and so changes nothing."""
        places = list(_places(plans))
        steps = {place.step for place in places}
        return evolve(
            self,
            seconds_of=tuple(pair for pair in self.seconds_of if pair[0] in steps),
            failures=tuple(failure for failure in self.failures if failure.misses(places) is None),
        )


_IN_PLAN: Final = {
    "loadPlan": "a load plan of the tenant with a step in it",
    "sequence": "a group of such a load plan with a step in it",
    "schema": "a schema of a step there",
    "step": "a step there",
}


def outcome(loading: Loading, load_plan: str, sequence: int, step: Step, attempt: int) -> Status:
    """How this attempt at the step ends."""
    place = Place(load_plan, sequence, step)
    for failure in loading.failures:
        if failure.selects(place) and failure.hits(place, attempt):
            return failure.status
    return Status.SUCCEEDED


def seconds(loading: Loading, step: Step) -> float:
    """What the step takes, in simulated time."""
    return loading.time_of.get(step, loading.seconds)


@lru_cache(maxsize=64)
def read_loading(text: str) -> Loading:
    """The loading that a JSON text states; raises `WireError` for any other text."""
    shape: LoadingShape = read_carefully(text, LoadingShape, levels=4)
    return loading_of(shape)


def loading_text(loading: Loading) -> str:
    """The loading as one line of JSON; what stands at its default is left out."""
    return msgspec.json.encode(loading_shape(loading)).decode()


def loading_of(shape: LoadingShape, inside: str = "") -> Loading:
    """The loading of this shape; raises `WireError`, its path beginning with what it stands inside."""
    failures: list[Failure] = []
    for index, failure in enumerate(shape.failures):
        try:
            failures.append(_failure(failure))
        except InvalidValue as error:
            raise invalid(error, f"{inside}failures[{index}].") from None
    return Loading(
        by_hand=shape.by_hand,
        seconds=shape.seconds,
        seconds_of=tuple((Step.parse(name), taken) for name, taken in shape.seconds_of.items()),
        failures=tuple(failures),
    )


def loading_shape(loading: Loading) -> LoadingShape:
    """The loading's shape."""
    return LoadingShape(
        by_hand=loading.by_hand,
        seconds=loading.seconds,
        seconds_of={str(step): taken for step, taken in loading.seconds_of},
        failures=[
            FailureShape(
                load_plan=failure.load_plan,
                sequence=failure.sequence,
                schema=failure.schema,
                step=None if failure.step is None else str(failure.step),
                attempts=None if failure.attempts is None else list(failure.attempts),
                share=failure.share,
                seed=failure.seed or None,
                status=failure.status,
            )
            for failure in loading.failures
        ],
    )


def _failure(shape: FailureShape) -> Failure:
    return Failure(
        load_plan=shape.load_plan,
        sequence=shape.sequence,
        schema=shape.schema,
        step=None if shape.step is None else Step.parse(shape.step),
        attempts=None if shape.attempts is None else tuple(shape.attempts),
        share=shape.share,
        seed=shape.seed or 0,
        status=shape.status,
    )


def _places(plans: Iterable[LoadPlan]) -> Iterable[Place]:
    return (
        Place(plan.name, group.sequence, step)
        for plan in plans
        for group in plan.groups
        for step in group.steps
    )
