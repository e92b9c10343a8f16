"""The control API's part of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from restart_engine.server.answer_shapes import LoadedShape, PlanSeenShape, ResetShape
from restart_engine.server.changes import UserRightsShape
from restart_engine.server.control import AdvanceShape, EndShape, GroupsShape
from restart_engine.server.faults import FaultSeenShape, FaultShape
from restart_engine.server.openapi_parts import body, in_path, of, operation
from restart_engine.server.openapi_responses import OF_HTTP, answer, error, refusals
from restart_engine.server.world import Loading, World

CONTROL: Final = "control"
"""The tag."""
CONTROL_SHAPES: Final = (
    World,
    GroupsShape,
    EndShape,
    AdvanceShape,
    LoadedShape,
    Loading,
    PlanSeenShape,
    ResetShape,
    FaultShape,
    FaultSeenShape,
    UserRightsShape,
)
_TENANT: Final = "/control/tenants/{tenant}"
_PLAN: Final = f"{_TENANT}/load-plans/{{plan}}"
_NO_TENANT: Final = {404: "there is no such tenant"}
_NO_PLAN: Final = {404: "there is no such tenant or load plan"}
_NO_EXECUTION: Final = "the load plan never ran"


def controlled() -> dict[str, Any]:
    """The paths of the control API."""
    tenant = in_path("tenant", "The tenant's name, case-sensitive.", "demo")
    plan = in_path("plan", "The load plan's name, case-sensitive.", "MyLoadPlan")
    of_plan = {"parameters": [tenant, plan]}
    user = in_path("user", "The user's name, case-sensitive.", "ada")
    runs = {409: "another server process runs an execution"}
    there = {409: "a tenant, or an execution's id, is there already"}
    by_itself = {409: "time goes by itself here"}
    not_now = _NO_PLAN | {409: f"{_NO_EXECUTION}, or has no such step to end"}
    over = _NO_PLAN | {409: f"{_NO_EXECUTION}, or its latest execution is over"}
    active = _NO_PLAN | {409: f"{_NO_EXECUTION}, or its latest execution is not over"}
    return {
        "/control/world": {
            "get": _change("dump_world", "Dump the world", World),
            "post": {
                **_change("load_world", "Load a world", LoadedShape, World, there),
                "description": "Beside what is there: a world file, whose text may be YAML too.",
            },
            "put": {
                **_change("replace_world", "Replace the world", LoadedShape, World, runs),
                "description": "By a world file, whole or not at all. What runs is dropped, faults cleared.",
            },
        },
        "/control/reset": {
            "post": {
                **_change("reset", "Go back to the start", ResetShape, refuses=runs),
                "description": "The world is as this process found it when it started, ids too. What runs is "
                "dropped, faults are cleared.",
            }
        },
        "/control/faults": {
            "get": _change("see_faults", "See the faults on purpose", [FaultSeenShape]),
            "put": {
                **_change("replace_faults", "Inject faults on purpose", [FaultSeenShape], [FaultShape]),
                "description": "In this order: the first rule that decides about a call of the endpoint is "
                "what it meets. They are those of the process that is asked.",
            },
        },
        f"{_TENANT}/loading": {
            "parameters": [tenant],
            "put": {
                **_change("save_loading", "Say how steps are loaded", Loading, Loading, _NO_TENANT),
                "description": "In place of all that was said; for the steps that begin from now on.",
            },
        },
        f"{_TENANT}/users/{{user}}": {
            "parameters": [tenant, user],
            "put": _change(
                "save_user", "Say what a user may do", UserRightsShape, UserRightsShape, _NO_TENANT
            ),
        },
        "/control/advance": {
            "post": _change("advance", "Let simulated time pass", AdvanceShape, AdvanceShape, by_itself)
        },
        _PLAN: of_plan
        | {
            "get": _seen("see_plan", "See a load plan's latest execution", _NO_PLAN),
            "put": _seen("save_plan", "Create a load plan, or replace its groups", _NO_TENANT, GroupsShape),
        },
        f"{_PLAN}/end-step": of_plan | {"post": _seen("end_step", "End a step by hand", not_now, EndShape)},
        f"{_PLAN}/cut-off": of_plan | {"post": _seen("cut_off", "Interrupt the latest execution", over)},
        f"{_PLAN}/lose-history": of_plan
        | {"post": _seen("lose_history", "Forget the latest execution's steps", active)},
    }


def _seen(name: str, summary: str, refuses: Mapping[int, str], asked: Any = None) -> dict[str, Any]:
    """A change that shows the plan as it is then."""
    return _change(name, summary, PlanSeenShape, asked, refuses)


def _change(
    name: str, summary: str, given: Any, asked: Any = None, refuses: Mapping[int, str] | None = None
) -> dict[str, Any]:
    causes = {401: "the control token is missing, malformed, forged or expired", **(refuses or {})}
    causes[422] = "the query has a member" + (
        "" if asked is None else ", or the body is not of the shape, or holds what cannot be kept"
    )
    own = {
        str(status): error(status, [cause, *([OF_HTTP[status]] if status in OF_HTTP else [])])
        for status, cause in causes.items()
    }
    responses = {"200": answer("As it is now.", of(given)), **refusals(()), **own}
    return {
        **operation(name, CONTROL, summary, "controlToken"),
        **({} if asked is None else {"requestBody": body(asked)}),
        "responses": dict(sorted(responses.items())),
    }
