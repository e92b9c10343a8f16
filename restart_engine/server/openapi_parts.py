"""What the operations of the OpenAPI document are made of."""

from __future__ import annotations

from typing import Any, Final

REFERENCE: Final = "#/components/schemas/{name}"


def of(shape: Any) -> dict[str, Any]:
    """A reference to the schema of this shape; of `[shape]`, an array of such."""
    if isinstance(shape, list):
        return {"type": "array", "items": of(shape[0])}
    return {"$ref": REFERENCE.format(name=shape.__name__.removesuffix("Shape"))}


def operation(name: str, tag: str, summary: str, scheme: str | None = None) -> dict[str, Any]:
    """What every operation says; `scheme` names the token that it asks for."""
    security: list[dict[str, list[str]]] = [] if scheme is None else [{scheme: []}]
    return {"operationId": name, "tags": [tag], "summary": summary, "security": security}


def body(shape: Any, **more: Any) -> dict[str, Any]:
    """A request's body."""
    return {"required": True, "content": {"application/json": {"schema": of(shape), **more}}}


def in_path(name: str, description: str, example: str) -> dict[str, Any]:
    """A name in the path."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "minLength": 1},
        "example": example,
    }
