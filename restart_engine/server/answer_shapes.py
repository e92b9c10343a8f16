"""The JSON shapes of the HTTP interface's bodies, as its OpenAPI document states them.

What is asked is read by the gates (`endpoint.calls`), and answered by `endpoint.replies`; tests hold the
shapes to both.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from restart_engine.core.status import Status
from restart_engine.wire.shapes import ExecutionShape, Name, Positive, RunStatus, Shape, StepName


class OpenShape(Struct, rename="camel"):
    """One JSON object, whose other members are ignored."""


class RestartShape(OpenShape):
    """What to restart, and where. Other members are ignored."""

    load_plan_name: Annotated[Name, Meta(description="case-sensitive, not blank", examples=["MyLoadPlan"])]
    group_sequence: Annotated[
        int,
        Meta(
            description="the load group to begin at; 0 or less: the beginning, or the first failed group "
            "where an execution is given",
            examples=[1],
        ),
    ]
    recent_load_plan_execution: Annotated[
        int | UnsetType | None,
        Meta(
            description="the id of the latest execution, to skip what succeeded in it; null or left out: "
            "nothing is skipped",
            examples=[12],
        ),
    ] = UNSET


class ExecuteShape(OpenShape):
    """What to start from the beginning. Other members are ignored."""

    load_plan_name: Annotated[Name, Meta(description="case-sensitive, not blank", examples=["MyLoadPlan"])]


class MessageShape(Shape):
    """Every error: `INC_<digits>: text` where the error has a code, else plain text."""

    message: Annotated[str, Meta(min_length=1)]


class StartedShape(Shape):
    """The id of the execution that was started."""

    load_plan_execution_id: Positive


class ObjectStatusShape(Shape):
    """An object of a schema that was loaded."""

    name: str
    status: Status


class SchemaStatusShape(Shape):
    """A schema, which has no status of its own: how many of its objects have which."""

    name: str
    statuses: Annotated[
        dict[Status, Positive], Meta(extra_json_schema={"propertyNames": {"enum": list(Status)}})
    ]


class SchemaObjectsShape(SchemaStatusShape):
    """The same with its objects."""

    objects: list[ObjectStatusShape]


class GroupStatusShape(Shape):
    """A load group that was reached."""

    sequence: Positive
    status: RunStatus


class GroupSchemasShape(GroupStatusShape):
    """The same with its schemas, null where the step history is unavailable."""

    schemas: list[SchemaStatusShape] | None


class GroupObjectsShape(GroupStatusShape):
    """The same with its schemas and their objects."""

    schemas: list[SchemaObjectsShape] | None


class ExecutionStatusShape(Shape):
    """Level 1: the execution."""

    load_plan_execution_id: Positive
    load_plan_name: Name
    status: RunStatus


class StatusOfGroupsShape(ExecutionStatusShape):
    """Level 2: its groups too."""

    groups: list[GroupStatusShape]


class StatusOfSchemasShape(ExecutionStatusShape):
    """Level 3: their schemas too."""

    groups: list[GroupSchemasShape]


class StatusOfObjectsShape(ExecutionStatusShape):
    """Level 4: their objects too."""

    groups: list[GroupObjectsShape]


STATUS_AT: Final[dict[str, Any]] = {
    "1": ExecutionStatusShape,
    "2": StatusOfGroupsShape,
    "3": StatusOfSchemasShape,
    "4": StatusOfObjectsShape,
}
"""The shape of a status at each level."""


class LiveShape(Shape):
    """The process answers."""

    status: Literal["live"]


class ReadyShape(Shape):
    """The database answers too."""

    status: Literal["ready"]


class LoadedShape(Shape):
    """The names of the tenants that were loaded."""

    tenants: list[Name]


class ResetShape(Shape):
    """The id that the next execution gets."""

    next_execution_id: Positive


class PlanSeenShape(Shape):
    """A plan's latest execution, and the steps that may end now, each as its group and its name."""

    latest: ExecutionShape | None
    waiting: list[tuple[Positive, StepName]]
