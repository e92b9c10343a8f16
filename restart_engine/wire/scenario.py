"""Scenarios, plans and executions: between their JSON and the values of `core`.

Each is read twice over if need be: fast by msgspec, and where anything is off by the careful reader, which
finds the first place that is. What is legal is `core`'s to say. Only two things are said here: a member
stands once, and the request is for the plan that is there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.strict_json import WireError, quote, read_integer, to_utf8
from restart_engine.wire.cache import BoundedCache
from restart_engine.wire.reading import invalid, read_carefully, unlike
from restart_engine.wire.shapes import (
    ExecutionShape,
    GroupShape,
    OutcomeShape,
    PlanShape,
    RequestShape,
    ScenarioShape,
)
from restart_engine.wire.writing import write_json

_S = TypeVar("_S", bound=msgspec.Struct)
_V = TypeVar("_V")


def decode_scenario(text: str | bytes) -> Facts:
    """The facts that a scenario's JSON states; raises `WireError` for any other text."""
    return _decode(text, _SCENARIO, _facts_in)


def decode_plan(text: str | bytes) -> LoadPlan:
    """The load plan of a JSON text like a scenario's `plan`; raises `WireError` for any other text."""
    return _decode(text, _PLAN, plan_of)


def decode_execution(text: str | bytes) -> Execution:
    """The execution of a JSON text like a scenario's `latest`; raises `WireError` for any other text."""
    return _decode(text, _EXECUTION, execution_of)


def encode_scenario(facts: Facts) -> bytes:
    """The scenario as one line of JSON, without a newline; groups ascending."""
    latest, request = facts.latest, facts.request
    return write_json(
        ScenarioShape(
            plan=plan_shape(facts.plan),
            latest=None if latest is None else execution_shape(latest),
            request=RequestShape(facts.plan.name, request.group_sequence, request.execution_id),
        )
    )


def encode_plan(plan: LoadPlan) -> bytes:
    """The load plan as one line of JSON, as inside a scenario; equal plans give the same bytes."""
    return write_json(plan_shape(plan))


def encode_execution(execution: Execution) -> bytes:
    """The execution as one line of JSON, as inside a scenario; equal executions give the same bytes."""
    return write_json(execution_shape(execution))


# the two have the members of their bases and another use: nobody takes one for the other
# pyright: reportIncompatibleVariableOverride=false
class _ExecutionParts(ExecutionShape):
    """An execution whose groups are still text."""

    groups: list[msgspec.Raw]  # type: ignore[assignment]  # see above


class _ScenarioParts(ScenarioShape, kw_only=True):
    """A scenario whose plan and recorded groups are still text."""

    plan: msgspec.Raw  # type: ignore[assignment]  # see above
    latest: _ExecutionParts | UnsetType | None = UNSET


_SCENARIO: Final = msgspec.json.Decoder(ScenarioShape)
_PARTS: Final = msgspec.json.Decoder(_ScenarioParts)
_PLAN: Final = msgspec.json.Decoder(PlanShape)
_EXECUTION: Final = msgspec.json.Decoder(ExecutionShape)
_OUTCOME: Final = msgspec.json.Decoder(OutcomeShape)


class ScenarioReader:
    """Reads scenario after scenario; those of the same plan, in the same text, have the very same plan.

    Whoever tries many executions or requests of a plan spares reading it each time, and likewise the groups
    that ended alike. What was read last is cached, up to `MAX_CACHED_BYTES` of text. Not for two threads.
    """

    def __init__(self) -> None:
        self._plans = BoundedCache(_read_plan, len)
        self._outcomes = BoundedCache(_read_outcome, len)

    def read(self, text: str | bytes) -> Facts:
        """The facts that a scenario's JSON states; raises `WireError` for any other text."""
        text = to_utf8(text)
        try:
            parts = _read_fast(text, _PARTS)
            latest = None
            if parts.latest:
                outcomes = [self._outcomes.get(bytes(group)) for group in parts.latest.groups]
                latest = _execution(parts.latest, tuple(outcomes))
            return _facts(self._plans.get(bytes(parts.plan)), latest, parts.request)
        except _REFUSALS:
            return read_facts_carefully(text)


def read_facts_carefully(text: bytes) -> Facts:
    """The definition of what is read as a scenario; slower."""
    return _facts_in(read_carefully(text, ScenarioShape, integer=read_integer))


def _facts_in(shape: ScenarioShape) -> Facts:
    plan = plan_of(shape.plan, "plan.")
    return _facts(plan, execution_of(shape.latest, "latest.") if shape.latest else None, shape.request)


def _read_plan(text: bytes) -> LoadPlan:
    return plan_of(_read_fast(text, _PLAN))


def _read_outcome(text: bytes) -> GroupOutcome:
    return _outcome(_read_fast(text, _OUTCOME))


class _StandsTwice(Exception):
    """A member stands twice, which msgspec does not see."""


_REFUSALS: Final = (
    msgspec.DecodeError,
    UnicodeDecodeError,
    RecursionError,
    InvalidValue,
    WireError,
    _StandsTwice,
)


def _decode(text: str | bytes, decoder: msgspec.json.Decoder[_S], make: Callable[[_S], _V]) -> _V:
    text = to_utf8(text)
    try:
        return make(_read_fast(text, decoder))
    except _REFUSALS:  # the careful reader finds the first place that is off
        return make(read_carefully(text, decoder.type, integer=read_integer))


def _read_fast(text: bytes, decoder: msgspec.json.Decoder[_S]) -> _S:
    """The shape of the text; raises one of `_REFUSALS` for a text that is off.

    Of a member that stands twice msgspec keeps the last, so that writing the shape again gives fewer strings.
    """
    shape = decoder.decode(text)
    if _count_strings(text) != _count_strings(msgspec.json.encode(shape)):
        raise _StandsTwice
    return shape


def _count_strings(text: bytes) -> int:
    """How many strings a JSON text holds, names of members included: quotes not escaped, by two."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    return text.count(b'"') // 2


def plan_shape(plan: LoadPlan) -> PlanShape:
    """The shape of a plan, its groups ascending."""
    return PlanShape(plan.name, group_shapes(plan))


def group_shapes(plan: LoadPlan) -> list[GroupShape]:
    """The shapes of a plan's groups, ascending."""
    return [GroupShape(group.sequence, list(group.names)) for group in plan.groups]


def execution_shape(execution: Execution) -> ExecutionShape:
    """The shape of an execution, its groups ascending and each group's steps by their names."""
    return ExecutionShape(execution.id, execution.status, list(map(_outcome_shape, execution.groups)))


def _outcome_shape(group: GroupOutcome) -> OutcomeShape:
    steps = None if group.statuses is None else dict(group.statuses)
    return OutcomeShape(group.sequence, group.status, steps)


def _facts(plan: LoadPlan, latest: Execution | None, request: RequestShape) -> Facts:
    """The facts that these state; raises `WireError` where the request is for another plan."""
    if request.load_plan_name != plan.name:
        meant = f"the plan's name, `{quote(plan.name)}`"
        raise unlike("request.loadPlanName", request.load_plan_name, meant)
    given = request.recent_load_plan_execution
    execution_id = None if isinstance(given, UnsetType) else given
    return Facts(plan, RestartRequest(request.group_sequence, execution_id=execution_id), latest)


def plan_of(shape: PlanShape, inside: str = "") -> LoadPlan:
    """The load plan of this shape; raises `WireError`, its path beginning with what it stands inside."""
    groups = _each(shape.groups, _group, inside)
    try:
        return LoadPlan(shape.name, groups)
    except InvalidValue as error:
        raise invalid(error, inside) from None


def _group(shape: GroupShape) -> LoadGroup:
    return LoadGroup(shape.sequence, shape.steps)


def execution_of(shape: ExecutionShape, inside: str = "") -> Execution:
    """The execution of this shape; raises `WireError` likewise."""
    outcomes = _each(shape.groups, _outcome, inside)
    try:
        return _execution(shape, outcomes)
    except InvalidValue as error:
        raise invalid(error, inside) from None


def _execution(shape: ExecutionShape, outcomes: tuple[GroupOutcome, ...]) -> Execution:
    return Execution(shape.id, shape.status, outcomes)


def _outcome(shape: OutcomeShape) -> GroupOutcome:
    return GroupOutcome(shape.sequence, shape.status, shape.steps)


def _each(shapes: list[_S], make: Callable[[_S], _V], inside: str) -> tuple[_V, ...]:
    """The value of each group's shape; an error's path leads to the group."""
    made: list[_V] = []
    for index, shape in enumerate(shapes):
        try:
            made.append(make(shape))
        except InvalidValue as error:
            raise invalid(error, f"{inside}groups[{index}].") from None
    return tuple(made)
