"""The OpenAPI 3.1 document: made from the shapes, the gates and their replies, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from restart_engine.endpoint.replies import gates_of
from restart_engine.endpoint.status import LEVELS
from restart_engine.server import answer_shapes as shapes
from restart_engine.server.openapi_control import CONTROL, CONTROL_SHAPES, controlled
from restart_engine.server.openapi_examples import ASKED, example_body, status_example
from restart_engine.server.openapi_parts import REFERENCE, body, in_path, of, operation
from restart_engine.server.openapi_responses import HEADERS, answer, cause, of_http, refusals

_ROOT: Final = "/incorta/api/v2/{tenant}/load-plan"
_ENDPOINT: Final = "load plans"
_SERVER: Final = "server"
_SHAPES: Final = (
    shapes.RestartShape,
    shapes.ExecuteShape,
    shapes.MessageShape,
    shapes.StartedShape,
    *shapes.STATUS_AT.values(),
    shapes.LiveShape,
    shapes.ReadyShape,
)
_ABOUT: Final = """\
Restart a load plan's failed run, start it, and follow what becomes of it.

The gates of a call are asked in order, and the first that refuses answers: who is refused at one learns \
nothing that a later one knows. Every error is \
`{"message": "..."}`, where a code stands in front of the text as `INC_<digits>:`. HEAD is answered \
wherever GET is, and integers may be of any size."""
_TAGS: Final[Mapping[str, str]] = {
    _ENDPOINT: "The endpoint: restart, execute, status.",
    _SERVER: "What the server says of itself. No token is asked for.",
    CONTROL: "For tests and demonstrations: what changes the world behind the endpoint's back. "
    "It takes tokens of its own.",
}


@cache
def document(*, control: bool = True, root_path: str = "") -> bytes:
    """The document as JSON in UTF-8, with the control API or without."""
    return json.dumps(described(control=control, root_path=root_path), ensure_ascii=False, indent=1).encode()


def described(*, control: bool = True, root_path: str = "") -> dict[str, Any]:
    """The document, to be read by a program of this process; all of its paths are below the root path."""
    paths = {**_endpoint(), **_server()}
    made = _SHAPES
    schemes = {"accessToken": _bearer("An access token of the tenant: `restart-engine token`.")}
    if control:
        paths |= controlled()
        made = (*_SHAPES, *CONTROL_SHAPES)
        schemes["controlToken"] = _bearer("A control token: `restart-engine token --control`.")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Load plan endpoint",
            "version": version("restart-engine"),
            "summary": "Restart a load plan from the beginning, from a group, or from its failed steps.",
            "description": _ABOUT,
        },
        "servers": [{"url": root_path or "/"}],
        "tags": [
            {"name": name, "description": text} for name, text in _TAGS.items() if control or name != CONTROL
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
    _, components = msgspec.json.schema_components(made, ref_template=REFERENCE)
    named: dict[str, Any] = json.loads(json.dumps(components).replace("Shape", ""))
    return named


def _endpoint() -> dict[str, Any]:
    tenant = in_path("tenant", "The tenant's name, case-sensitive: that of the token.", "demo")
    gates = gates_of("status")
    levels: dict[str, Any] = {"anyOf": [of(shapes.STATUS_AT[level]) for level in LEVELS]}
    at_levels = {
        f"level {level}": {"summary": f"{gates[-1].id}: at level {level}", "value": status_example(level)}
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
                **operation("status", _ENDPOINT, "Follow an execution", "accessToken"),
                "description": "View access to any one schema of the load plan is enough.",
                "parameters": [level],
                "responses": {
                    "200": answer(cause(gates[-1]), levels, examples=at_levels),
                    **refusals(gates),
                },
            },
        },
    }


def _start(name: str, summary: str, description: str, shape: Any, asked: Any) -> dict[str, Any]:
    gates = gates_of("start")
    started = answer(cause(gates[-1]), of(shapes.StartedShape), example=example_body(gates[-1].id))
    return {
        **operation(name, _ENDPOINT, summary, "accessToken"),
        "description": description,
        "requestBody": body(shape, example=asked),
        "responses": {"200": started, **refusals(gates)},
    }


def _server() -> dict[str, Any]:
    text = {"type": "string"}
    live = answer("It does.", of(shapes.LiveShape))
    ready = answer("It can.", of(shapes.ReadyShape))
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
        **operation(name, _SERVER, summary),
        "responses": {"200": response, **refusals(())},
    }
