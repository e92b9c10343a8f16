"""The OpenAPI document as one page to read (page.html), which needs no script and nothing else to load."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from restart_engine.endpoint.replies import GATES, gates_of
from restart_engine.server.openapi import described
from restart_engine.server.openapi_examples import example_body

_CODE: Final = re.compile(r"`([^`]+)`")


@cache
def page(*, control: bool = True, root_path: str = "") -> str:
    """The document as HTML, with the control API or without."""
    document = described(control=control, root_path=root_path)
    return _ENVIRONMENT.get_template("page.html").render(
        document=document,
        root_path=root_path,
        parts=[(tag, _calls(document, tag["name"])) for tag in document["tags"]],
        gates=GATES,
        gates_of=gates_of,
        example_body=example_body,
    )


def _calls(document: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    """The operations under this tag, each with what the template asks for beside its own members."""
    calls: list[dict[str, Any]] = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters" or tag not in operation["tags"]:
                continue
            parameters = item.get("parameters", []) + operation.get("parameters", [])
            examples = {each["name"]: each["example"] for each in parameters if "example" in each}
            responses = operation["responses"]
            own = {status: each for status, each in responses.items() if "$ref" not in each}
            call = {
                "method": method.upper(),
                "path": path,
                "parameters": parameters,
                "example_path": path.format_map(examples) if len(examples) == path.count("{") else path,
                "body": operation.get("requestBody", {}).get("content", {}).get("application/json"),
                "own_responses": own,
                "shared_responses": [status for status in responses if status not in own],
            }
            calls.append(operation | call)
    return calls


def _prose(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # it was escaped


def _kind(schema: Mapping[str, Any]) -> str:
    """What a member is, where its schema has no description."""
    if "$ref" in schema:
        return _name(schema).lower()
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"an array, each item: {_kind(schema['items'])}"
    return str(schema.get("type", "any"))


def _name(reference: Mapping[str, Any]) -> str:
    """The shape that is referred to; of an array, that of its items."""
    name: str = reference.get("items", reference)["$ref"].rpartition("/")[2]
    return name


def _anchor(tag: str) -> str:
    return f"part-{tag.replace(' ', '-')}"


_FILTERS: Final[dict[str, Callable[..., str]]] = {
    "anchor": _anchor,
    "kind": _kind,
    "line": partial(json.dumps, ensure_ascii=False),
    "name": _name,
    "pretty": partial(json.dumps, ensure_ascii=False, indent=2),
    "prose": _prose,
}
_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("restart_engine.server", ""), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_ENVIRONMENT.filters |= _FILTERS
