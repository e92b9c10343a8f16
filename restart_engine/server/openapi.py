"""The OpenAPI 3.1 document: made from the shapes, the gates and their replies, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from restart_engine.endpoint.replies import GateId
from restart_engine.endpoint.status import LEVELS
from restart_engine.server import answer_shapes as shapes
from restart_engine.server.control import AdvanceShape, EndShape, GroupsShape
from restart_engine.server.openapi_examples import ASKED, example_body, status_example
from restart_engine.server.openapi_responses import (
    HEADERS,
    OF_HTTP,
    WHEN,
    WITHOUT_BODY,
    answer,
    error,
    of_http,
    refusals,
)
from restart_engine.server.world_shapes import WorldShape

_ROOT: Final = "/incorta/api/v2/{tenant}/load-plan"
_PLAN: Final = "/control/tenants/{tenant}/load-plans/{plan}"
_ENDPOINT: Final = "load plans"
_SERVER: Final = "server"
_CONTROL: Final = "control"
_OF_START: Final[tuple[GateId, ...]] = ("H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "H10", "H11")
_OF_STATUS: Final[tuple[GateId, ...]] = ("H1", "H2", "H3", "V1", "V2", "V3")
_REFERENCE: Final = "#/components/schemas/{name}"
_SHAPES: Final = (
    shapes.RestartShape,
    shapes.ExecuteShape,
    shapes.MessageShape,
    shapes.StartedShape,
    *shapes.STATUS_AT.values(),
    shapes.LiveShape,
    shapes.ReadyShape,
)
_CONTROL_SHAPES: Final = (
    WorldShape,
    GroupsShape,
    EndShape,
    AdvanceShape,
    shapes.LoadedShape,
    shapes.PlanSeenShape,
)
_ABOUT: Final = """\
Restart a load plan's failed run, start it, and follow what becomes of it.

The gates of a call are asked in order, and the first that refuses answers: who is refused at one learns \
nothing that a later one knows. H1 to H11 are those of a start, V1 to V3 of a status. Every error is \
`{"message": "..."}`, where a code stands in front of the text as `INC_<digits>:`. HEAD is answered \
wherever GET is, and integers may be of any size."""
_TAGS: Final[Mapping[str, str]] = {
    _ENDPOINT: "The endpoint: restart, execute, status.",
    _SERVER: "What the server says of itself. No token is asked for.",
    _CONTROL: "For tests and demonstrations: what changes the world behind the endpoint's back. "
    "It takes tokens of its own.",
}


@cache
def document(*, control: bool = True) -> bytes:
    """The document as JSON in UTF-8, with the control API or without."""
    return json.dumps(described(control=control), ensure_ascii=False, indent=1).encode()


def described(*, control: bool = True) -> dict[str, Any]:
    """The document, to be read by a program of this process."""
    paths = {**_endpoint(), **_server()}
    made = _SHAPES
    schemes = {"accessToken": _bearer("An access token of the tenant: `restart-engine token`.")}
    if control:
        paths |= _controlled()
        made = (*_SHAPES, *_CONTROL_SHAPES)
        schemes["controlToken"] = _bearer("A control token: `restart-engine token --control`.")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Load plan endpoint",
            "version": version("restart-engine"),
            "summary": "Restart a load plan from the beginning, from a group, or from its failed steps.",
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": text} for name, text in _TAGS.items() if control or name != _CONTROL
        ],
        "paths": paths,
        "components": {
            "schemas": _schemas(made),
            "responses": of_http(),
            "headers": dict(HEADERS),
            "securitySchemes": schemes,
        },
    }


def _bearer(description: str) -> dict[str, Any]:
    return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": description}


def _schemas(made: tuple[Any, ...]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components(made, ref_template=_REFERENCE)
    named: dict[str, Any] = json.loads(json.dumps(components).replace("Shape", ""))
    return named


def _of(shape: Any) -> dict[str, str]:
    return {"$ref": _REFERENCE.format(name=shape.__name__.removesuffix("Shape"))}


def _endpoint() -> dict[str, Any]:
    tenant = _in_path("tenant", "The tenant's name, case-sensitive: that of the token.", "demo")
    levels: dict[str, Any] = {"anyOf": [_of(shapes.STATUS_AT[level]) for level in LEVELS]}
    at_levels = {
        f"level {level}": {"summary": f"V4: at level {level}", "value": status_example(level)}
        for level in LEVELS
    }
    execution = {
        "name": "execution_id",
        "in": "path",
        "required": True,
        "description": "What a restart or an execution answered.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 12,
    }
    level = {
        "name": "level",
        "in": "query",
        "description": "1: the load plan; 2: its groups too; 3: their schemas; 4: their objects.",
        "schema": {"type": "integer", "enum": [int(level) for level in LEVELS], "default": int(LEVELS[0])},
    }
    return {
        f"{_ROOT}/restart": {
            "parameters": [tenant],
            "post": _start(
                "restart",
                "Restart a load plan",
                "From the beginning, from a group, or from what failed. With an execution id the group where "
                "the restart begins skips the steps that succeeded in it; without one, nothing is skipped.",
                shapes.RestartShape,
                ASKED,
            ),
        },
        f"{_ROOT}/execute": {
            "parameters": [tenant],
            "post": _start(
                "execute",
                "Start a load plan",
                "From the beginning, under the same gates.",
                shapes.ExecuteShape,
                {"loadPlanName": ASKED["loadPlanName"]},
            ),
        },
        f"{_ROOT}/status/{{execution_id}}": {
            "parameters": [tenant, execution],
            "get": {
                **_operation("status", _ENDPOINT, "Follow an execution", "accessToken"),
                "description": "View access to any one schema of the load plan is enough.",
                "parameters": [level],
                "responses": {
                    "200": answer(f"V4: {WHEN['V4']}", levels, examples=at_levels),
                    **refusals(_OF_STATUS, WITHOUT_BODY),
                },
            },
        },
    }


def _start(name: str, summary: str, description: str, shape: Any, asked: Any) -> dict[str, Any]:
    started = answer(f"H12: {WHEN['H12']}", _of(shapes.StartedShape), example=example_body("H12"))
    return {
        **_operation(name, _ENDPOINT, summary, "accessToken"),
        "description": description,
        "requestBody": _body(shape, example=asked),
        "responses": {"200": started, **refusals(_OF_START)},
    }


def _server() -> dict[str, Any]:
    text = {"type": "string"}
    live = answer("It does.", _of(shapes.LiveShape))
    ready = answer("It can.", _of(shapes.ReadyShape))
    counted = answer("In the format of Prometheus.", text, "text/plain")
    this = answer("OpenAPI 3.1.", {"type": "object"})
    page = answer("HTML.", text, "text/html")
    return {
        "/health/live": {"get": _told("live", "Whether the process answers", live)},
        "/health/ready": {"get": _told("ready", "Whether calls can be answered now", ready)},
        "/metrics": {"get": _told("metrics", "What was counted", counted)},
        "/openapi.json": {"get": _told("openapi", "This document", this)},
        "/docs": {"get": _told("docs", "This document as a page", page)},
    }


def _told(name: str, summary: str, response: Any) -> dict[str, Any]:
    return {
        **_operation(name, _SERVER, summary),
        "responses": {"200": response, **refusals((), WITHOUT_BODY)},
    }


def _controlled() -> dict[str, Any]:
    tenant = _in_path("tenant", "The tenant's name, case-sensitive.", "demo")
    plan = _in_path("plan", "The load plan's name, case-sensitive.", "MyLoadPlan")
    world, groups, seen = _of(WorldShape), GroupsShape, _of(shapes.PlanSeenShape)
    advanced = _of(AdvanceShape)
    loaded = _of(shapes.LoadedShape)
    of_plan = {"parameters": [tenant, plan]}
    return {
        "/control/world": {
            "get": _change("dump_world", "Dump the world", world),
            "post": _change(
                "load_world", "Load a world beside what is there", loaded, WorldShape, conflict=True
            ),
        },
        "/control/advance": {
            "post": _change("advance", "Let simulated time pass", advanced, AdvanceShape, conflict=True)
        },
        _PLAN: {
            **of_plan,
            "get": _change("see_plan", "See a load plan's latest execution", seen),
            "put": _change("save_plan", "Create a load plan, or replace its groups", seen, groups),
        },
        f"{_PLAN}/end-step": {
            **of_plan,
            "post": _change("end_step", "End a step by hand", seen, EndShape, conflict=True),
        },
        f"{_PLAN}/cut-off": {
            **of_plan,
            "post": _change("cut_off", "Interrupt the latest execution", seen, conflict=True),
        },
        f"{_PLAN}/lose-history": {
            **of_plan,
            "post": _change("lose_history", "Forget the latest execution's steps", seen, conflict=True),
        },
    }


def _change(
    name: str, summary: str, given: Any, asked: Any = None, *, conflict: bool = False
) -> dict[str, Any]:
    """An operation of the control API; what it has to refuse is the same in all."""
    causes = {401: "the control token is missing, malformed, forged or expired"}
    if conflict:
        causes[409] = "what is asked for is impossible as things stand"
    if asked is not None:
        causes[422] = "the body is not of the shape"
    own = {str(status): error(status, [cause]) for status, cause in causes.items()}
    responses = {"200": answer("As it is now.", given), **refusals((), WITHOUT_BODY), **own}
    return {
        **_operation(name, _CONTROL, summary, "controlToken"),
        **({} if asked is None else {"requestBody": _body(asked)}),
        "responses": dict(sorted(responses.items())),
    }


def _operation(name: str, tag: str, summary: str, scheme: str | None = None) -> dict[str, Any]:
    security: list[dict[str, list[str]]] = [] if scheme is None else [{scheme: []}]
    return {"operationId": name, "tags": [tag], "summary": summary, "security": security}


def _body(shape: Any, **more: Any) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _of(shape), **more}}}


def _in_path(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1},
        "example": example,
    }
