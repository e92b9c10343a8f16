"""The body of a status, level by level; the names of its members are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from restart_engine.core.execution import GroupOutcome
from restart_engine.core.status import Status
from restart_engine.endpoint.lookups import ExecutionSeen

LEVELS: Final = ("1", "2", "3", "4")
"""What `level` may be: the execution, its groups, their schemas, their objects."""


def status_body(seen: ExecutionSeen, level: int) -> dict[str, Any]:
    """The status of an execution at a level from 1 to 4, each with all that the one before has.

    A schema has no status of its own: it has how many of its objects have which. Both are null in a group
    whose step history is unavailable.
    """
    execution = seen.execution
    body: dict[str, Any] = {
        "loadPlanExecutionId": execution.id,
        "loadPlanName": seen.plan.name,
        "status": execution.status,
    }
    if level > 1:
        body["groups"] = [_group(outcome, level) for outcome in execution.groups]
    return body


def _group(outcome: GroupOutcome, level: int) -> dict[str, Any]:
    body: dict[str, Any] = {"sequence": outcome.sequence, "status": outcome.status}
    if level > 2:  # noqa: PLR2004  # the level itself, as the caller asks for it
        body["schemas"] = None if outcome.statuses is None else _schemas(outcome.statuses, level)
    return body


def _schemas(statuses: Mapping[str, Status], level: int) -> list[dict[str, Any]]:
    objects: dict[str, list[tuple[str, Status]]] = {}
    for step, status in statuses.items():
        schema, _, name = step.partition(".")
        objects.setdefault(schema, []).append((name, status))
    return [_schema(name, objects[name], level) for name in sorted(objects)]


def _schema(name: str, objects: list[tuple[str, Status]], level: int) -> dict[str, Any]:
    counted = Counter(status for _, status in objects)
    body: dict[str, Any] = {
        "name": name,
        "statuses": {status: counted[status] for status in Status if status in counted},
    }
    if level > 3:  # noqa: PLR2004  # likewise
        body["objects"] = [{"name": object_name, "status": status} for object_name, status in objects]
    return body
