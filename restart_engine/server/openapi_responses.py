"""What each status of an answer means, in the OpenAPI document: the gates' replies, and HTTP's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from restart_engine.endpoint.replies import STATUS_OF, GateId
from restart_engine.server.openapi_examples import example_body

WHEN: Final[Mapping[GateId, str]] = {
    "H1": "the access token is missing, malformed, forged or expired, or its user is gone",
    "H2": "the tenant in the path is not the token's",
    "H3": "the tenant does not exist or is disabled",
    "H4": "the body is not a JSON object",
    "H5": "a member of the body is missing, null, blank or of the wrong type",
    "H6": "the tenant has no load plan of this name",
    "H7": "the caller is no Super User and has neither the SuperRole nor the Schema Manager role",
    "H8": "the caller may not edit every schema of the load plan: the first one lacking is named",
    "H9": "an execution of the load plan is active",
    "H10": "the rules of restarting reject: the answer says which, and what to ask for instead",
    "H11": "no loader service is available for the tenant",
    "H12": "the execution is started",
    "V1": "the level is not 1, 2, 3 or 4",
    "V2": "the tenant has no execution of this id",
    "V3": "the caller may view no schema of the load plan",
    "V4": "the status, as the level asks",
}
"""When each gate answers, of those that refuse in the order in which they are asked."""
OF_HTTP: Final[Mapping[int, str]] = {
    400: "the request is not valid HTTP",
    404: "there is nothing at this path",
    405: "the method is not one of this path",
    408: "the request's head or body did not arrive in time",
    413: "the body is too long",
    414: "the path is too long",
    415: "the body's media type is not JSON",
    431: "the headers are too long",
    500: "an internal error; the message has the request's id, under which the log has the rest",
    501: "a transfer encoding that is not read",
    503: "the database is not available, or no answer was found in time; ask again",
}
"""When an answer is HTTP's own."""
WITHOUT_BODY: Final = frozenset(OF_HTTP) - {415}
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


def refusals(gates: Iterable[GateId], http: Iterable[int] = OF_HTTP) -> dict[str, Any]:
    """The responses of an operation with these gates, and these of HTTP's own, by status."""
    causes: dict[int, list[str]] = {}
    examples: dict[int, dict[str, Any]] = {}
    for gate in gates:
        status = STATUS_OF[gate]
        causes.setdefault(status, []).append(f"{gate}: {WHEN[gate]}")
        shown = {"summary": f"{gate}: {WHEN[gate]}", "value": example_body(gate)}
        examples.setdefault(status, {})[gate] = shown
    responses: dict[str, Any] = {str(status): {"$ref": f"#/components/responses/{status}"} for status in http}
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
        "description": "\n".join(f"- {cause}" for cause in causes),
        "headers": {**_ID, **_HEADERS.get(status, {})},
        "content": {"application/json": content},
    }


def of_http() -> dict[str, Any]:
    """The responses that are HTTP's own alone, to be referred to."""
    return {str(status): error(status, [cause]) for status, cause in OF_HTTP.items()}


def answer(
    description: str, schema: Any, media_type: str = "application/json", **more: Any
) -> dict[str, Any]:
    """A response that is no error."""
    content = {media_type: {"schema": schema, **more}}
    return {"description": description, "headers": dict(_ID), "content": content}
