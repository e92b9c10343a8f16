"""A scenario: the facts of one decision, between their JSON and the values of `core`."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.core.status import Status
from restart_engine.wire.errors import WireError
from restart_engine.wire.kept import Kept
from restart_engine.wire.reading import encoded, invalid, quoted, read_carefully, unlike
from restart_engine.wire.shapes import (
    ExecutionShape,
    GroupShape,
    OutcomeShape,
    PlanShape,
    Positive,
    RequestShape,
    ScenarioShape,
    Shape,
)
from restart_engine.wire.writing import written


def decode_scenario(text: str | bytes) -> Facts:
    """The facts that a scenario's JSON states; raises `WireError` for any other text."""
    return ScenarioReader().read(text)


class _ExecutionInParts(Shape):
    """An execution whose groups are still text."""

    id: Positive
    status: Status
    groups: list[msgspec.Raw]


class _ScenarioInParts(Shape, kw_only=True):
    """A scenario whose plan and recorded groups are still text."""

    plan: msgspec.Raw
    latest: _ExecutionInParts | UnsetType | None = UNSET
    request: RequestShape


_DECODER: Final = msgspec.json.Decoder(_ScenarioInParts)
_PLAN_DECODER: Final = msgspec.json.Decoder(PlanShape)
_OUTCOME_DECODER: Final = msgspec.json.Decoder(OutcomeShape)


class ScenarioReader:
    """Reads scenario after scenario; those of the same plan, in the same text, have the very same plan.

    Whoever tries many executions or requests of a plan spares reading it each time, and likewise the groups
    that ended alike. What was read last is kept, up to `KEPT_BYTES` of text. Not for two threads.
    """

    def __init__(self) -> None:
        self._plans = Kept(_plan_in, len)
        self._outcomes = Kept(_outcome_in, len)

    def read(self, text: str | bytes) -> Facts:
        """The facts that a scenario's JSON states; raises `WireError` for any other text."""
        text = encoded(text)
        try:
            parts = _DECODER.decode(text)
            plan, strings = self._plans.of(bytes(parts.plan))
            latest = parts.latest
            if isinstance(latest, _ExecutionInParts):
                groups = [self._outcomes.of(bytes(group)) for group in latest.groups]
                execution = Execution(latest.id, latest.status, tuple([outcome for outcome, _ in groups]))
                strings += sum([count for _, count in groups])
            else:
                execution = None
            if strings_in(text) == strings + strings_around(parts):
                return facts_of(plan, execution, parts.request)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError, InvalidValue):
            pass  # the careful reader finds the first place that is off
        return facts_read_carefully(text)


def facts_read_carefully(text: bytes) -> Facts:
    """The definition of what a reader reads; slower."""
    shape: ScenarioShape = read_carefully(text, ScenarioShape)
    plan, latest = plan_of(shape.plan, "plan."), shape.latest
    execution = None if latest is None or latest is UNSET else execution_of(latest, "latest.")
    return facts_of(plan, execution, shape.request)


def encode_scenario(facts: Facts) -> bytes:
    """The scenario as one line of JSON, without a newline; groups ascending.

    Raises `WireError` where an integer has more digits than Python writes, 4,300 unless the host allows more.
    """
    latest = facts.latest
    return written(
        ScenarioShape(
            plan=PlanShape(name=facts.plan.name, groups=group_shapes(facts.plan)),
            latest=None if latest is None else execution_shape(latest),
            request=RequestShape(
                load_plan_name=facts.plan.name,
                group_sequence=facts.request.group_sequence,
                recent_load_plan_execution=facts.request.execution_id,
            ),
        )
    )


def group_shapes(plan: LoadPlan) -> list[GroupShape]:
    """The shapes of a plan's groups, ascending."""
    return [GroupShape(sequence=group.sequence, steps=list(group.names)) for group in plan.groups]


def execution_shape(execution: Execution) -> ExecutionShape:
    """The shape of an execution, its groups ascending and each group's steps by their names."""
    outcomes = [
        OutcomeShape(
            sequence=group.sequence,
            status=group.status,
            steps=None if group.statuses is None else dict(group.recorded),
        )
        for group in execution.groups
    ]
    return ExecutionShape(id=execution.id, status=execution.status, groups=outcomes)


def strings_in(text: bytes) -> int:
    """How many strings a JSON text holds, names of members included: quotes not escaped, by two."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    return text.count(b'"') // 2


def _plan_in(text: bytes) -> tuple[LoadPlan, int]:
    shape = _PLAN_DECODER.decode(text)
    return plan_of(shape), strings_in_plan(shape)


def _outcome_in(text: bytes) -> tuple[GroupOutcome, int]:
    shape = _OUTCOME_DECODER.decode(text)
    return outcome_of(shape), strings_in_outcome(shape)


def strings_in_plan(plan: PlanShape) -> int:
    """How many strings a plan was read from; fewer than its text's where a member stood twice."""
    return 3 + sum([2 + len(group.steps) for group in plan.groups])


def strings_in_outcome(outcome: OutcomeShape) -> int:
    """The same of a group's outcome."""
    return 4 + 2 * len(outcome.steps or ())


def strings_around(parts: _ScenarioInParts) -> int:
    """The same of all the rest of a scenario."""
    of_latest = 0 if parts.latest is UNSET else 1 if parts.latest is None else 5
    return 5 + of_latest + (parts.request.recent_load_plan_execution is not UNSET)


def facts_of(plan: LoadPlan, latest: Execution | None, request: RequestShape) -> Facts:
    """The facts that these state; raises `WireError` where the request is for another plan."""
    if request.load_plan_name != plan.name:
        meant = f"the plan's name, `{quoted(plan.name)}`"
        raise unlike("request.loadPlanName", request.load_plan_name, meant)
    given = request.recent_load_plan_execution
    asked = RestartRequest(request.group_sequence, execution_id=None if given is UNSET else given)
    return Facts(plan, asked, latest)


def plan_of(shape: PlanShape, inside: str = "") -> LoadPlan:
    """The load plan of this shape; raises `WireError`, its path beginning with what it stands inside."""
    try:
        groups = [LoadGroup(group.sequence, group.steps) for group in shape.groups]
        return LoadPlan(shape.name, tuple(groups))
    except InvalidValue as error:
        raise invalid(error, inside) from None


def execution_of(shape: ExecutionShape, inside: str = "") -> Execution:
    """The execution of this shape; raises `WireError` likewise."""
    try:
        return Execution(shape.id, shape.status, tuple(map(outcome_of, shape.groups)))
    except InvalidValue as error:
        raise invalid(error, inside) from None


def outcome_of(shape: OutcomeShape) -> GroupOutcome:
    """The outcome of this shape; raises `InvalidValue`, as its maker does."""
    return GroupOutcome(shape.sequence, shape.status, shape.steps)
