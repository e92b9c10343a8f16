"""What each status of an answer means, in the OpenAPI document: the gates' replies, and HTTP's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from restart_engine.endpoint import Gate
from restart_engine.server.openapi_examples import example_body

OF_HTTP: Final[Mapping[int, str]] = {
    400: "the request says twice how long its body is",
    404: "there is nothing at this path",
    405: "the method is not one of this path",
    408: "the request's body did not arrive in time",
    413: "the body is too long",
    414: "the path is too long",
    415: "the body's media type is not JSON, or the body is encoded",
    431: "the headers are too long",
    500: "an internal error; the message has the request's id, under which the log has the rest",
    503: "the database is not available, or no answer was found in time; ask again",
}
"""When an answer is HTTP's own."""
_MESSAGE: Final = {"$ref": "#/components/schemas/Message"}
_ID: Final[Mapping[str, Any]] = {"x-request-id": {"$ref": "#/components/headers/RequestId"}}
_HEADERS: Final[Mapping[int, Mapping[str, Any]]] = {
    401: {"www-authenticate": {"$ref": "#/components/headers/Challenge"}},
    405: {"allow": {"$ref": "#/components/headers/Allow"}},
    503: {"retry-after": {"$ref": "#/components/headers/RetryAfter"}},
}
HEADERS: Final[Mapping[str, Any]] = {
    "RequestId": {
        "description": "the request's id: the client's own `x-request-id`, where it sent a decent one",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "Challenge": {"description": "the scheme to authenticate with", "schema": {"type": "string"}},
    "Allow": {"description": "the methods of this path", "schema": {"type": "string"}},
    "RetryAfter": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 0}},
}
"""The headers that an answer may have."""


def cause(gate: Gate) -> str:
    """When this gate replies."""
    return f"{gate.id}: {gate.sentence}"


def refusals(gates: Iterable[Gate]) -> dict[str, Any]:
    """The errors of an operation with these gates, and those of HTTP's own, by status."""
    causes: dict[int, list[str]] = {}
    examples: dict[int, dict[str, Any]] = {}
    for gate in gates:
        if gate.refuses:
            causes.setdefault(gate.status, []).append(cause(gate))
            shown = {"summary": f"{gate.id}: {gate.label}", "value": example_body(gate.id)}
            examples.setdefault(gate.status, {})[gate.id] = shown
    responses: dict[str, Any] = {
        str(status): {"$ref": f"#/components/responses/{status}"} for status in OF_HTTP
    }
    for status, own in causes.items():
        if status in OF_HTTP:
            own.append(OF_HTTP[status])
        responses[str(status)] = error(status, own, examples[status])
    return dict(sorted(responses.items()))


def error(status: int, causes: Iterable[str], examples: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A response whose body is a message."""
    content: dict[str, Any] = {"schema": _MESSAGE}
    if examples:
        content["examples"] = dict(examples)
    return {
        "description": "\n".join(f"- {each}" for each in causes),
        "headers": {**_ID, **_HEADERS.get(status, {})},
        "content": {"application/json": content},
    }


def of_http() -> dict[str, Any]:
    """The responses that are HTTP's own alone, to be referred to."""
    return {str(status): error(status, [when]) for status, when in OF_HTTP.items()}


def answer(
    description: str, schema: Any, media_type: str = "application/json", **more: Any
) -> dict[str, Any]:
    """A response that is no error."""
    content = {media_type: {"schema": schema, **more}}
    return {"description": description, "headers": dict(_ID), "content": content}
