"""Reading a simulation file, JSON or YAML: a simulation, or one `WireError` at the first place off."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import assert_never

from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.server.yaml_text import read_by_name
from restart_engine.simulate import shapes
from restart_engine.simulate.durations import Constant, Duration, Lognormal, Observed
from restart_engine.simulate.failures import Failure, Independent, Outage, Persistent
from restart_engine.simulate.past import Past
from restart_engine.simulate.policies import StatedPolicy
from restart_engine.simulate.selection import Hours, Where
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.sources import read_past
from restart_engine.simulate.times import MINUTE, seconds_of
from restart_engine.strict_json import WireError, member
from restart_engine.wire.reading import invalid, read_value, unlike
from restart_engine.wire.scenario import plan_of


def read_simulation(text: bytes, *, name: str, folder: Path = Path()) -> Simulation:
    """The simulation that a file of this name describes; raises `WireError` for any other text.

    The name's ending says whether it is JSON or YAML; under another, a text that begins with a brace is JSON.
    A world file that it names is looked for from `folder`.
    """

    def made(value: object) -> Simulation:
        return simulation_of(read_value(value, shapes.SimulationShape), folder)

    return read_by_name(text, name, made, levels=shapes.LEVELS)


def simulation_of(shape: shapes.SimulationShape, folder: Path = Path()) -> Simulation:
    """The simulation of this shape."""
    if (shape.plan is None) == (shape.past is None):
        found = "missing" if shape.plan is None else "there beside `past`"
        raise WireError("plan", found, "a load plan here, or one that `past` names")
    past = None if shape.past is None else read_past(shape.past, folder)
    if past is not None:
        plan = past.plan
    else:
        assert shape.plan is not None
        plan = plan_of(shape.plan, "plan.")
    night = shape.night
    if night.start == night.deadline:
        raise unlike("night.deadline", night.deadline, "another time than the start")
    tracked = night.detailed_tracking
    if tracked is None:
        tracked = past is None or past.detailed_tracking
    failures = tuple(_failure(each, f"failures[{index}].") for index, each in enumerate(shape.failures))
    if past is not None and shape.past is not None and shape.past.failures:
        failures += past.failures
    with _inside(""):
        return Simulation(
            plan=plan,
            policies=tuple(_policy(each, f"policies[{index}].") for index, each in enumerate(shape.policies)),
            start=seconds_of(night.start),
            deadline_at=seconds_of(night.deadline),
            slots=night.slots,
            past_failures=night.past_failures,
            detailed_tracking=tracked,
            hours=night.hours,
            durations=_durations(shape, plan, past),
            failures=failures,
        )


def _durations(
    shape: shapes.SimulationShape, plan: LoadPlan, past: Past | None
) -> tuple[tuple[Step, Duration], ...]:
    """What each step takes: what the file says of it, of its schema, what was seen, what else is said."""
    said = shape.durations
    steps = dict.fromkeys(step for group in plan.groups for step in group.steps)
    of_step = {Step.parse(name): _duration(each) for name, each in said.steps.items()}
    of_schema = {name: _duration(each) for name, each in said.schemas.items()}
    default = None if said.default is None else _duration(said.default)
    for step in of_step:
        if step not in steps:
            raise unlike(member("durations.steps", str(step)), str(step), "a step of the load plan")
    for schema in of_schema:
        if schema not in {step.schema for step in steps}:
            raise unlike(member("durations.schemas", schema), schema, "a schema of the load plan's steps")
    observed: Mapping[Step, Duration] = {}
    stated: Mapping[Step, Duration] = {}
    if past is not None and shape.past is not None and shape.past.durations:
        observed, stated = past.observed, past.stated
    found: list[tuple[Step, Duration]] = []
    for step in steps:
        duration = of_step.get(step) or of_schema.get(step.schema) or observed.get(step)
        duration = duration or default or stated.get(step)
        if duration is not None:
            found.append((step, duration))
    return tuple(found)


def _duration(shape: shapes.DurationShape) -> Duration:
    match shape:
        case shapes.ConstantShape():
            return Constant(shape.seconds)
        case shapes.LognormalShape():
            return Lognormal(shape.median, shape.spread)
        case shapes.ObservedShape():
            return Observed(tuple(shape.seconds))
        case _:
            assert_never(shape)


def _failure(shape: shapes.FailureShape, inside: str) -> Failure:
    step = None if shape.step is None else Step.parse(shape.step)
    where = Where(schema=shape.schema, sequence=shape.sequence, step=step)
    with _inside(inside):
        match shape:
            case shapes.IndependentShape():
                return Independent(
                    name=shape.name or "a step fails",
                    where=where,
                    share=shape.share,
                    takes=shape.takes,
                    status=shape.status,
                    hours=_hours(shape.hours, f"{inside}hours."),
                    attempts=None if shape.attempts is None else tuple(shape.attempts),
                )
            case shapes.PersistentShape():
                return _persistent(shape, where, inside)
            case shapes.OutageShape():
                begins = _hours(shape.begins, f"{inside}begins.")
                assert begins is not None
                return Outage(
                    name=shape.name or f"{shape.schema or 'a source'} is down",
                    where=where,
                    share=shape.share,
                    takes=shape.takes,
                    status=shape.status,
                    begins=begins,
                    lasts=_duration(shape.lasts),
                )
            case _:
                assert_never(shape)


def _persistent(shape: shapes.PersistentShape, where: Where, inside: str) -> Persistent:
    if (shape.mended_after_minutes is None) == (shape.mended_at is None):
        accepted = "a time of the day, where `mendedAfterMinutes` is none, and none where it is given"
        raise unlike(f"{inside}mendedAt", shape.mended_at, accepted)
    after = shape.mended_after_minutes
    return Persistent(
        name=shape.name or f"a {shape.breaks} is broken",
        where=where,
        share=shape.share,
        takes=shape.takes,
        status=shape.status,
        breaks=shape.breaks,
        hours=_hours(shape.hours, f"{inside}hours."),
        attempts=None if shape.attempts is None else tuple(shape.attempts),
        mended_after=None if after is None else after * MINUTE,
        mended_at=None if shape.mended_at is None else seconds_of(shape.mended_at),
    )


def _hours(shape: shapes.HoursShape | None, inside: str) -> Hours | None:
    if shape is None:
        return None
    if shape.from_ == shape.to:
        raise unlike(f"{inside}to", shape.to, "another time than `from`")
    return Hours(seconds_of(shape.from_), seconds_of(shape.to))


def _policy(shape: shapes.PolicyShape, inside: str) -> StatedPolicy:
    with _inside(inside):
        return StatedPolicy(
            name=shape.name,
            restart_from=shape.from_,
            waits=tuple(minutes * MINUTE for minutes in shape.after_minutes),
            most=shape.restarts,
            by_hand_at=tuple(map(seconds_of, shape.by_hand_at)),
        )


@contextmanager
def _inside(path: str) -> Generator[None]:
    """What a value refuses, as the error of whoever reads it there."""
    try:
        yield
    except InvalidValue as error:
        raise invalid(error, path) from None
