"""The page at /docs: the whole document, for people, in one file."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from server.serving import serving

from restart_engine.endpoint import GATES, GateId
from restart_engine.server.openapi import described
from restart_engine.server.openapi_examples import example
from restart_engine.server.page import page

_EMPTY: Final = {"meta", "br"}


class _Read(HTMLParser):
    """What a browser finds; elements have to be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.rows: list[list[str]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember it."""
        self.names.add(tag)
        if tag not in _EMPTY:
            self._open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        """It is the last that was opened."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, of a cell where it is in one."""
        if "style" in self._open:
            return
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def read() -> _Read:
    """The page, read."""
    return _Read(page())


class TestPage:
    """What is on it."""

    def test_it_needs_nothing_else(self, read: _Read) -> None:
        """No script, no image, no font, no file is loaded, and no other host is linked to."""
        assert not read.names & {"script", "img", "link", "iframe", "object", "form"}
        assert not re.search(r"url\(|@import|https?://(?!127\.0\.0\.1:8080)", page())
        assert not [name for name, _ in read.attributes if name.startswith("on")]
        assert {link for link in read.links if not link.startswith("#")} == {"openapi.json"}

    def test_its_links_lead_somewhere(self, read: _Read) -> None:
        """Each place is there, and once."""
        assert len(set(read.ids)) == len(read.ids)
        assert {link.removeprefix("#") for link in read.links if link.startswith("#")} <= set(read.ids)

    @pytest.mark.parametrize("gate", GATES)
    def test_each_gate_has_a_row(self, read: _Read, gate: GateId) -> None:
        """It says the status and the body that the gate gives."""
        (row,) = [row for row in read.rows if row[0] == gate]
        assert row[1:3] == [str(GATES[gate].status), GATES[gate].sentence]
        assert row[3] == example(gate).body

    def test_gates_stand_in_their_order(self, read: _Read) -> None:
        """As they are asked."""
        assert [row[0] for row in read.rows if row[0] in GATES] == list(GATES)

    def test_each_call_is_there(self, read: _Read) -> None:
        """With its method, its path, its parameters and each of its statuses."""
        text = "".join(read.texts)
        for path, item in described()["paths"].items():
            for method in item.keys() - {"parameters"}:
                assert f"{method.upper()}{path}" in text
                assert item[method]["operationId"] in read.ids
        for name in described()["components"]["schemas"]:
            assert f"shape-{name}" in read.ids

    def test_its_lines_can_be_pasted(self, read: _Read) -> None:
        """The curl lines hold the document's examples, in quotes that a shell understands."""
        lines = next(text for text in read.texts if text.startswith("export SERVER="))
        (asked,) = re.findall(r"-d '(.*recentLoadPlanExecution.*)'", lines)
        example_asked = {"loadPlanName": "MyLoadPlan", "groupSequence": 1, "recentLoadPlanExecution": 12}
        assert json.loads(asked) == example_asked
        assert '"$SERVER/incorta/api/v2/demo/load-plan/status/12?level=4"' in lines

    def test_without_the_control_api(self) -> None:
        """Where it is not, the page says nothing of it."""
        assert "control" not in page(control=False).lower()
        assert "/control/world" in page()

    def test_causes_are_no_markdown(self, read: _Read) -> None:
        """The list of what causes a status is one of HTML, or a sentence."""
        assert ["405", "the method is not one of this path"] in read.rows
        assert not [cell for row in read.rows for cell in row if cell.startswith("- ")]

    def test_it_is_served(self, tmp_path: Path) -> None:
        """The server gives it as HTML."""
        with serving(tmp_path, {"tenants": []}) as server:
            answer = server.ask(b"GET /docs HTTP/1.1\r\nhost: here\r\n\r\n")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.body.decode() == page()

    def test_texts_are_escaped(self) -> None:
        """What stands in angle brackets in the document is text."""
        assert "INC_<digits>:" in unescape(page())
        assert "INC_<digits>" not in page()
