"""Reading and writing scenarios."""

from __future__ import annotations

import json
import re
from itertools import count
from unittest.mock import patch

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
from restart_engine.wire import ScenarioReader, WireError, decode_scenario, encode_scenario, scenario
from restart_engine.wire.kept import Kept
from restart_engine.wire.scenario import facts_read_carefully
from restart_engine.wire.shapes import BLANK, STEP_PATTERN

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
        return facts_read_carefully(text)
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
                    GroupOutcome(
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
        """A valid text holds just the strings that it was read from, however they are escaped."""
        text = json.dumps(document, ensure_ascii=ascii_only).encode()
        with patch.object(scenario, "facts_read_carefully", side_effect=AssertionError(text)):
            decode_scenario(text)

    @pytest.mark.parametrize(
        "member", ['"name": "Nightly"', '"status": "Failed"', '"sequence": 4', '"id": 12']
    )
    def test_a_member_that_stands_twice_alike_is_seen(self, member: str) -> None:
        """The fast reader would take the last; its strings are counted."""
        with pytest.raises(WireError, match="there more than once"):
            decode_scenario(EXAMPLE.replace(member, f"{member}, {member}", 1))

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

    def test_plans_that_repeat_are_made_once(self) -> None:
        """The same text of a plan gives the very same value, also when others came between."""
        reader = ScenarioReader()
        first, again = reader.read(EXAMPLE), reader.read(EXAMPLE.replace('Sequence": 0', 'Sequence": 1'))
        assert again.plan is first.plan
        assert again.request != first.request
        other = reader.read(EXAMPLE.replace("Marts.Revenue", "Marts.Churn"))
        assert other.plan != first.plan
        assert reader.read(EXAMPLE).plan is first.plan

    def test_groups_that_ended_alike_are_made_once(self) -> None:
        """The same text of a recorded group gives the very same value, in whatever execution it stands."""
        reader = ScenarioReader()
        first = reader.read(EXAMPLE).latest
        again = reader.read(EXAMPLE.replace('"id": 12', '"id": 13').replace("Rates", "Taxes")).latest
        assert first is not None
        assert again is not None
        assert again.groups[0] is first.groups[0]
        assert again.groups[1] != first.groups[1]

    def test_what_was_refused_is_not_kept(self) -> None:
        """A part that is wrong is wrong again."""
        reader = ScenarioReader()
        for _ in range(2):
            with pytest.raises(WireError, match=r"latest.groups\[0\]"):
                reader.read(EXAMPLE.replace('"Finance.Ledger": "Failed"', '"Finance.Ledger": "Fine"'))
            with pytest.raises(WireError, match=r"there more than once"):
                reader.read(EXAMPLE.replace('"name": "Nightly"', '"name": "Nightly", "name": "Nightly"'))


class TestKept:
    """What was made from a part is kept for the next that is the same."""

    def test_the_oldest_go_when_the_parts_are_too_long(self) -> None:
        """What is kept is bounded by the size of its parts."""
        numbers_made = count(1)
        kept = Kept[bytes, int](lambda _: next(numbers_made), len, most=7)
        numbers = [kept.of(text) for text in (b"aaa", b"bbb", b"aaa", b"ccc", b"bbb", b"ccc", b"aaa")]
        assert numbers == [1, 2, 1, 3, 2, 3, 4]

    def test_what_is_longer_than_all_that_may_be_kept_is_not(self) -> None:
        """It is read all the same."""
        numbers_made = count(1)
        kept = Kept[bytes, int](lambda _: next(numbers_made), len, most=2)
        assert [kept.of(text) for text in (b"aaa", b"aaa", b"b", b"b")] == [1, 2, 3, 3]


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
