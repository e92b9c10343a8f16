"""The OpenAPI document as one page to read, which needs no script and nothing else to load."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from restart_engine.endpoint.replies import GATES, gates_of
from restart_engine.server.openapi import described
from restart_engine.server.openapi_examples import example_body

_Json: TypeAlias = Mapping[str, Any]
_STYLE: Final = Path(__file__).with_name("page.css")
_CODE: Final = re.compile(r"`([^`]+)`")
_WIDTH: Final = 80
"""Characters of JSON that stand on one line."""
_GATES: Final = (
    "<p>In the order in which they are asked. A start, be it a restart or an execution, has "
    f"{', '.join(gate.id for gate in gates_of('start'))}; "
    f"a status {', '.join(gate.id for gate in gates_of('status'))}.</p>"
)


@cache
def page(*, control: bool = True) -> str:
    """The document as HTML, with the control API or without."""
    made = _Page(described(control=control))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(made.title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f'<body><div class="frame">\n<nav>{made.contents()}</nav>\n'
        f"<main>\n{made.text()}\n</main></div></body></html>\n"
    )


class _Page:
    """One document, and its parts in HTML."""

    def __init__(self, document: _Json) -> None:
        self._document = document
        self.title: str = document["info"]["title"]
        self._by_tag: dict[str, list[tuple[str, str, _Json]]] = {tag["name"]: [] for tag in document["tags"]}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                if method != "parameters":
                    whole = operation | {
                        "parameters": item.get("parameters", []) + operation.get("parameters", [])
                    }
                    self._by_tag[operation["tags"][0]].append((method.upper(), path, whole))

    def contents(self) -> str:
        """The links to all parts."""
        links = ['<a href="#try">Try it</a>', '<a href="#gates">Gates</a>', '<a href="#http">HTTP</a>']
        for tag, operations in self._by_tag.items():
            links.append(f'<a class="part" href="#{_anchor(tag)}">{escape(tag.capitalize())}</a>')
            links += [
                f'<a class="call" href="#{operation["operationId"]}">{escape(operation["summary"])}</a>'
                for _, _, operation in operations
            ]
        return "\n".join([*links, '<a class="part" href="#shapes">Shapes</a>'])

    def text(self) -> str:
        """The whole text."""
        return "\n".join(
            [
                *self._opening(),
                '<h2 id="try">Try it</h2>',
                *self._tries(),
                '<h2 id="gates">Gates and what they answer</h2>',
                _GATES,
                _table(("gate", "status", "when", "body"), _gate_rows()),
                '<h2 id="http">What HTTP itself answers</h2>',
                _table(("status", "when"), self._http_rows()),
                *(part for tag in self._document["tags"] for part in self._tagged(tag)),
                '<h2 id="shapes">Shapes</h2>',
                *self._shapes(),
            ]
        )

    def _opening(self) -> Iterator[str]:
        info = self._document["info"]
        lead, *rest = info["description"].split("\n\n")
        yield f'<h1>{escape(self.title)}</h1><p class="lead">{_prose(lead)}</p>'
        yield from (f"<p>{_prose(part)}</p>" for part in rest)
        yield (
            f'<p class="dim">Version {escape(info["version"])} &middot; '
            '<a href="/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>'
        )

    def _shapes(self) -> Iterator[str]:
        for name, shape in self._document["components"]["schemas"].items():
            said = f'<b>{escape(name)}</b> <span class="dim">{_prose(shape.get("description", ""))}</span>'
            # a link into a closed element opens it, a link to one does not
            inside = f'<div id="shape-{escape(name)}">{_pre(shape)}</div>'
            yield f"<details><summary>{said}</summary>{inside}</details>"

    def _tries(self) -> Iterator[str]:
        yield (
            "<p>With a token from <code>restart-engine token</code>, or the one that "
            "<code>restart-engine serve --dev</code> prints:</p>"
        )
        lines = ["export SERVER=http://127.0.0.1:8080 TOKEN=..."]
        for method, path, operation in next(iter(self._by_tag.values())):
            examples = {
                each["name"]: each["example"] for each in operation["parameters"] if "example" in each
            }
            filled = path.format(**examples)
            lines.append(f"\n# {operation['summary'].lower()}")
            if method == "GET":
                lines.append(f'curl -H "Authorization: Bearer $TOKEN" "$SERVER{filled}?level=4"')
                continue
            asked = json.dumps(operation["requestBody"]["content"]["application/json"]["example"])
            lines += [
                f'curl "$SERVER{filled}" \\',
                '  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\',
                f"  -d '{asked}'",
            ]
        yield f"<pre><code>{escape(chr(10).join(lines), quote=False)}</code></pre>"

    def _http_rows(self) -> Iterator[str]:
        for status, response in self._document["components"]["responses"].items():
            yield _row(_status(status), _causes(response["description"]))

    def _tagged(self, tag: _Json) -> Iterator[str]:
        name: str = tag["name"]
        yield f'<h2 id="{_anchor(name)}">{escape(name.capitalize())}</h2><p>{_prose(tag["description"])}</p>'
        for method, path, operation in self._by_tag[name]:
            yield from self._operation(method, path, operation)

    def _operation(self, method: str, path: str, operation: _Json) -> Iterator[str]:
        yield f'<h3 id="{operation["operationId"]}">{escape(operation["summary"])}</h3>'
        verb = f'<span class="method {method}">{method}</span>'
        yield f'<div class="path">{verb}<code>{escape(path)}</code></div>'
        if "description" in operation:
            yield f"<p>{_prose(operation['description'])}</p>"
        rows = [
            _row(
                f"<code>{each['name']}</code>",
                f'<span class="dim">{each["in"]}</span>',
                _prose(each["description"]),
            )
            for each in operation["parameters"]
        ]
        if rows:
            yield _table(("parameter", "in", "meaning"), rows)
        if "requestBody" in operation:
            yield from self._asked(operation["requestBody"]["content"]["application/json"])
        yield "<h4>Answers</h4>"
        own = {status: each for status, each in operation["responses"].items() if "$ref" not in each}
        yield _table(("status", "when"), (self._answer(status, each) for status, each in own.items()))
        others = ", ".join(status for status in operation["responses"] if status not in own)
        yield f'<p class="dim">Also <a href="#http">{others}</a>.</p>'
        examples = own["200"]["content"].get("application/json", {}).get("examples", {})
        for name, example in examples.items():
            yield f"<details><summary>{escape(name.capitalize())}</summary>{_pre(example['value'])}</details>"

    def _asked(self, content: _Json) -> Iterator[str]:
        name, shape = self._shape(content["schema"])
        yield f'<h4>Body: <a href="#shape-{name}">{name}</a></h4>'
        rows: list[str] = []
        for member, schema in shape["properties"].items():
            needed = "required" if member in shape.get("required", ()) else "optional"
            meaning = schema.get("description") or self._kind(schema)
            rows.append(
                _row(f"<code>{escape(member)}</code>", f'<span class="dim">{needed}</span>', _prose(meaning))
            )
        yield _table(("member", "", "meaning"), rows)
        if "example" in content:
            yield _pre(content["example"])

    def _answer(self, status: str, response: _Json) -> str:
        meaning = _causes(response["description"])
        schema = response["content"].get("application/json", {}).get("schema", {})
        if status == "200" and "$ref" in schema:
            name, _ = self._shape(schema)
            meaning += f' <a href="#shape-{name}">{name}</a>'
        return _row(_status(status), meaning)

    def _kind(self, schema: _Json) -> str:
        if "$ref" in schema:
            return self._shape(schema)[0].lower()
        if "anyOf" in schema:
            return " or ".join(self._kind(each) for each in schema["anyOf"])
        if schema.get("type") == "array":
            return f"an array, each item: {self._kind(schema['items'])}"
        return str(schema.get("type", "any"))

    def _shape(self, reference: _Json) -> tuple[str, _Json]:
        return reference["$ref"].rpartition("/")[2], self._at(reference)

    def _at(self, node: _Json) -> _Json:
        """The node, or where it refers to."""
        if "$ref" not in node:
            return node
        found = self._document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return found


def _gate_rows() -> Iterator[str]:
    for gate in GATES.values():
        body = f"<code>{escape(json.dumps(example_body(gate.id)), quote=False)}</code>"
        yield _row(f"<b>{gate.id}</b>", _status(str(gate.status)), _prose(gate.sentence), body)


def _anchor(tag: str) -> str:
    return f"part-{tag.replace(' ', '-')}"


def _prose(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _causes(description: str) -> str:
    """One cause as it is, several as a list."""
    causes = [_prose(line.removeprefix("- ")) for line in description.splitlines()]
    return causes[0] if len(causes) == 1 else f"<ul>{''.join(f'<li>{cause}</li>' for cause in causes)}</ul>"


def _status(status: str) -> str:
    return f'<span class="status s{status[0]}">{status}</span>'


def _pre(value: Any) -> str:
    return f"<pre><code>{escape(_json(value), quote=False)}</code></pre>"


def _json(value: Any, indent: str = "") -> str:
    """JSON on one line where it is short, on several where it is not."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _WIDTH or not isinstance(value, dict | list):
        return line
    deeper = f"{indent}  "
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        items = [f"{json.dumps(name)}: {_json(item, deeper)}" for name, item in members.items()]
    else:
        items = [_json(item, deeper) for item in value]  # pyright: ignore[reportUnknownVariableType]  # JSON
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    inside = ",\n".join(f"{deeper}{item}" for item in items)
    return f"{opening}\n{inside}\n{indent}{closing}"


def _row(*cells: str) -> str:
    first, *middle, last = cells
    keys = "".join(f'<td class="key">{cell}</td>' for cell in (first, *middle[:1]))
    rest = "".join(f"<td>{cell}</td>" for cell in (*middle[1:], last))
    return f"<tr>{keys}{rest}</tr>"


def _table(heads: tuple[str, ...], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "\n</table>"
