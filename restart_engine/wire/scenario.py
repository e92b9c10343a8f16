"""A scenario: the facts of one decision, between their JSON and the values of `core`."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import UNSET

from restart_engine.core.errors import InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.facts import Facts
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.wire.errors import WireError
from restart_engine.wire.reading import encoded, invalid, quoted, read_carefully, unlike
from restart_engine.wire.shapes import (
    ExecutionShape,
    GroupShape,
    OutcomeShape,
    PlanShape,
    RequestShape,
    ScenarioShape,
)
from restart_engine.wire.writing import written

_DECODER: Final = msgspec.json.Decoder(ScenarioShape)


def decode_scenario(text: str | bytes) -> Facts:
    """The facts that a scenario's JSON states; raises `WireError` for any other text."""
    return ScenarioReader().read(text)


class ScenarioReader:
    """Reads scenario after scenario; one whose plan is the same as just before has that very plan.

    Whoever tries many executions or requests of a plan spares making it each time. Not for two threads.
    """

    def __init__(self) -> None:
        self._shape: PlanShape | None = None
        self._plan: LoadPlan | None = None

    def read(self, text: str | bytes) -> Facts:
        """The facts that a scenario's JSON states; raises `WireError` for any other text."""
        text = encoded(text)
        try:
            shape = _DECODER.decode(text)
            if strings_in(text) == strings_kept(shape):
                return self._facts(shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, WireError):
            pass  # the careful reader finds the first place that is off
        return self._facts(read_carefully(text, ScenarioShape))

    def _facts(self, shape: ScenarioShape) -> Facts:
        if self._plan is None or shape.plan != self._shape:
            self._plan = plan_of(shape.plan, "plan.")
            self._shape = shape.plan
        return facts_of(shape, self._plan)


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
    return [GroupShape(sequence=group.sequence, steps=list(group.step_names)) for group in plan.groups]


def execution_shape(execution: Execution) -> ExecutionShape:
    """The shape of an execution, its groups ascending and each group's steps by their names."""
    outcomes = [
        OutcomeShape(
            sequence=group.sequence,
            status=group.status,
            steps=None if group.recorded is None else dict(sorted(group.recorded)),
        )
        for group in execution.groups
    ]
    return ExecutionShape(id=execution.id, status=execution.status, groups=outcomes)


def strings_in(text: bytes) -> int:
    """How many strings a JSON text holds, names of members included: quotes not escaped, by two."""
    if b"\\" in text:
        text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    return text.count(b'"') // 2


def strings_kept(scenario: ScenarioShape) -> int:
    """How many strings the shape was read from; fewer than the text's where a member stood twice."""
    kept = 8 + (scenario.request.recent_load_plan_execution is not UNSET)
    for group in scenario.plan.groups:
        kept += 2 + len(group.steps)
    if scenario.latest is UNSET:
        return kept
    if scenario.latest is None:
        return kept + 1
    kept += 5
    for outcome in scenario.latest.groups:
        kept += 4 + 2 * len(outcome.steps or ())
    return kept


def facts_of(scenario: ScenarioShape, plan: LoadPlan | None = None) -> Facts:
    """The facts that a shape states, its plan made unless given; raises `WireError` as reading does."""
    latest, request = scenario.latest, scenario.request
    if plan is None:
        plan = plan_of(scenario.plan, "plan.")
    if request.load_plan_name != plan.name:
        meant = f"the plan's name, `{quoted(plan.name)}`"
        raise unlike("request.loadPlanName", request.load_plan_name, meant)
    given = request.recent_load_plan_execution
    return Facts(
        plan,
        RestartRequest(request.group_sequence, execution_id=None if given is UNSET else given),
        None if latest is None or latest is UNSET else execution_of(latest, "latest."),
    )


def plan_of(shape: PlanShape, inside: str = "") -> LoadPlan:
    """The load plan of this shape; raises `WireError`, its path beginning with what it stands inside."""
    try:
        groups = [LoadGroup.parse(group.sequence, group.steps) for group in shape.groups]
        return LoadPlan(shape.name, tuple(groups))
    except InvalidValue as error:
        raise invalid(error, inside) from None


def execution_of(shape: ExecutionShape, inside: str = "") -> Execution:
    """The execution of this shape; raises `WireError` likewise."""
    try:
        groups = [GroupOutcome.parse(group.sequence, group.status, group.steps) for group in shape.groups]
        return Execution(shape.id, shape.status, tuple(groups))
    except InvalidValue as error:
        raise invalid(error, inside) from None
