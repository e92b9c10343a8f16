"""Reading and writing scenarios."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wire.documents import Document, changed_documents, scenario_documents

from restart_engine import (
    Execution,
    Facts,
    GroupOutcome,
    LoadGroup,
    LoadPlan,
    RestartRequest,
    Status,
    Step,
)
from restart_engine.wire import ScenarioReader, WireError, decode_scenario, encode_scenario
from restart_engine.wire.reading import read_carefully
from restart_engine.wire.scenario import facts_of, strings_in, strings_kept
from restart_engine.wire.shapes import BLANK, STEP_PATTERN, ScenarioShape

EXAMPLE = """
{"plan": {"name": "Nightly", "groups": [
    {"sequence": 4, "steps": ["Marts.Revenue"]},
    {"sequence": 1, "steps": ["Sales.Orders", "Sales.Lines"]},
    {"sequence": 2, "steps": ["Finance.Ledger", "Finance.Rates"]}]},
  "latest": {"id": 12, "status": "Failed", "groups": [
    {"sequence": 2, "status": "Failed", "steps": {"Finance.Ledger": "Failed", "Finance.Rates": "Succeeded"}},
    {"sequence": 1, "status": "Succeeded", "steps": null}]},
  "request": {"loadPlanName": "Nightly", "groupSequence": 0, "recentLoadPlanExecution": 12}}
"""


def careful(text: bytes) -> Facts | str:
    """What the careful reader alone makes of a text: the definition of what is accepted."""
    try:
        return facts_of(read_carefully(text, ScenarioShape))
    except WireError as error:
        return str(error)


def read(text: bytes | str) -> Facts | str:
    """What the decoder makes of a text."""
    try:
        return decode_scenario(text)
    except WireError as error:
        return str(error)


class TestReading:
    """A scenario's text gives the facts it states."""

    def test_the_example_gives_its_facts(self) -> None:
        """Groups are read in any order, and null steps are history unavailable."""
        assert decode_scenario(EXAMPLE) == Facts(
            LoadPlan(
                "Nightly",
                (
                    LoadGroup(1, (Step("Sales", "Orders"), Step("Sales", "Lines"))),
                    LoadGroup(2, (Step("Finance", "Ledger"), Step("Finance", "Rates"))),
                    LoadGroup(4, (Step("Marts", "Revenue"),)),
                ),
            ),
            RestartRequest(0, execution_id=12),
            Execution(
                12,
                Status.FAILED,
                (
                    GroupOutcome(1, Status.SUCCEEDED, None),
                    GroupOutcome.parse(
                        2,
                        Status.FAILED,
                        {"Finance.Ledger": Status.FAILED, "Finance.Rates": Status.SUCCEEDED},
                    ),
                ),
            ),
        )

    @pytest.mark.parametrize("latest", ["", '"latest": null,'])
    @pytest.mark.parametrize("execution", ["", ', "recentLoadPlanExecution": null'])
    def test_null_and_absent_are_the_same(self, latest: str, execution: str) -> None:
        """A latest execution or an execution id that is null is not there."""
        text = (
            f'{{{latest} "plan": {{"name": "N", "groups": []}}, '
            f'"request": {{"loadPlanName": "N", "groupSequence": 7{execution}}}}}'
        )
        assert decode_scenario(text) == Facts(LoadPlan("N", ()), RestartRequest(7), None)

    @given(scenario_documents(), st.booleans(), st.sampled_from([None, 1]))
    def test_every_valid_document_is_read_and_written_back(
        self, document: Document, ascii_only: bool, indent: int | None
    ) -> None:
        """Writing what was read and reading it again gives the same facts, escapes or not."""
        text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
        facts = decode_scenario(text)
        assert decode_scenario(encode_scenario(facts)) == facts
        assert encode_scenario(decode_scenario(encode_scenario(facts))) == encode_scenario(facts)
        assert json.loads(encode_scenario(facts))["plan"]["name"] == document["plan"]["name"]

    @given(scenario_documents() | changed_documents(), st.booleans())
    def test_the_fast_reader_agrees_with_the_careful_one(self, document: Document, ascii_only: bool) -> None:
        """Both give the same facts, or refuse with the same words."""
        text = json.dumps(document, ensure_ascii=ascii_only).encode(errors="surrogatepass")
        assert read(text) == careful(text)

    @given(scenario_documents(), st.booleans())
    def test_the_fast_reader_alone_reads_what_is_valid(self, document: Document, ascii_only: bool) -> None:
        """A valid text holds just the strings that its shape was read from, however they are escaped."""
        text = json.dumps(document, ensure_ascii=ascii_only).encode()
        shape = msgspec.json.decode(text, type=ScenarioShape)
        assert strings_in(text) == strings_kept(shape)
        assert strings_in(text + b' "twice"') == strings_kept(shape) + 1

    @given(st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")))
    @example(b"\xed\xa0\x80")
    @example(b"{")
    def test_every_text_gives_facts_or_one_error(self, text: bytes) -> None:
        """No text raises anything but `WireError`."""
        assert read(text) == careful(text)

    @given(scenario_documents(), st.data())
    def test_a_damaged_text_gives_facts_or_one_error(self, document: Document, data: st.DataObject) -> None:
        """Cutting or overwriting bytes is refused, or leaves another scenario."""
        text = bytearray(json.dumps(document).encode())
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        assert read(bytes(text)) == careful(bytes(text))


class TestReader:
    """A reader of many scenarios gives what a new one gives for each."""

    @given(st.lists(scenario_documents() | changed_documents(), min_size=1, max_size=4), st.data())
    def test_it_reads_each_like_a_new_one(self, documents: list[Document], data: st.DataObject) -> None:
        """Whatever it read before, and whether that was refused or not."""
        reader = ScenarioReader()
        for _ in range(6):
            text = json.dumps(data.draw(st.sampled_from(documents)))
            try:
                found: Facts | str = reader.read(text)
            except WireError as error:
                found = str(error)
            assert found == read(text)

    def test_a_plan_that_repeats_is_made_once(self) -> None:
        """The same plan just before is the very same value; another one between is not."""
        reader = ScenarioReader()
        first, again = reader.read(EXAMPLE), reader.read(EXAMPLE.replace('Sequence": 0', 'Sequence": 1'))
        assert again.plan is first.plan
        assert again.request != first.request
        other = reader.read(EXAMPLE.replace("Marts.Revenue", "Marts.Churn"))
        assert other.plan != first.plan
        assert reader.read(EXAMPLE).plan is not first.plan


class TestNames:
    """What a name may be is the same in core, in the reader and in the schema."""

    def test_blank_is_what_python_calls_space(self) -> None:
        """The schema's class of blank characters is exactly that of `str.isspace`."""
        blank = re.compile(f"[{BLANK}]")
        points = [chr(point) for point in range(0x110000)]
        assert {c for c in points if blank.match(c)} == {c for c in points if c.isspace()}

    @given(st.text(st.sampled_from(list(". a\t\u2003\U0001f600"))))
    def test_the_pattern_of_a_step_is_what_parse_accepts(self, text: str) -> None:
        """`Step.parse` reads just the texts that the schema's pattern matches."""
        try:
            step = Step.parse(text)
        except ValueError:
            step = None
        assert (re.search(STEP_PATTERN, text) is not None) == (step is not None)
        assert step is None or str(step) == text
