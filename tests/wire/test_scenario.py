"""Reading and writing scenarios."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import inspect
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
from restart_engine.conformance.strategies import scenarios
from restart_engine.wire import (
    ScenarioReader,
    WireError,
    decode_execution,
    decode_plan,
    decode_scenario,
    encode_scenario,
    scenario,
)
from restart_engine.wire.cache import BoundedCache
from restart_engine.wire.scenario import execution_of, plan_of, read_facts_carefully
from restart_engine.wire.shapes import (
    BLANK,
    STEP_PATTERN,
    ExecutionShape,
    GroupShape,
    OutcomeShape,
    PlanShape,
    ScenarioShape,
)

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
        return read_facts_carefully(text)
    except WireError as error:
        return str(error)


def read(text: bytes | str) -> Facts | str:
    """What the decoder makes of a text."""
    try:
        return decode_scenario(text)
    except WireError as error:
        return str(error)


def optional_members(shape: inspect.Type, value: Any) -> Iterator[tuple[Document, str]]:
    """The members of this value that may be left out, those inside others first.

    The value has to have every member that its shape has.
    """
    match shape:
        case inspect.Metadata(type=kind):
            yield from optional_members(kind, value)
        case inspect.UnionType(types=kinds):
            yield from optional_members(kinds[0], value)
        case inspect.ListType(item_type=kind):
            for item in value:
                yield from optional_members(kind, item)
        case inspect.StructType(fields=fields):
            assert {field.encode_name for field in fields} == set(value)
            for field in fields:
                yield from optional_members(field.type, value[field.encode_name])
            for field in fields:
                if not field.required:
                    yield value, field.encode_name
        case _:
            return


def read_every_way(document: Document) -> None:
    """As a scenario, and as far as they are there as a plan and an execution."""
    decode_scenario(json.dumps(document))
    ScenarioReader().read(json.dumps(document))
    decode_plan(json.dumps(document["plan"]))
    if "latest" in document:
        decode_execution(json.dumps(document["latest"]))


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

    @given(scenarios())
    def test_every_scenario_is_written_and_read_back(self, facts: Facts) -> None:
        """Nothing that a plan, an execution or a request holds is lost on the way."""
        assert decode_scenario(encode_scenario(facts)) == facts

    @given(scenario_documents() | changed_documents(), st.booleans())
    def test_the_fast_reader_agrees_with_the_careful_one(self, document: Document, ascii_only: bool) -> None:
        """Both give the same facts, or refuse with the same words."""
        text = json.dumps(document, ensure_ascii=ascii_only).encode(errors="surrogatepass")
        assert read(text) == careful(text)

    @given(scenario_documents(), st.booleans())
    def test_the_fast_reader_alone_reads_what_is_valid(self, document: Document, ascii_only: bool) -> None:
        """A valid text holds just the strings that it was read from, however they are escaped."""
        text = json.dumps(document, ensure_ascii=ascii_only).encode()
        with patch.object(scenario, "read_facts_carefully", side_effect=AssertionError(text)):
            decode_scenario(text)

    def test_each_member_of_a_shape_is_read_fast(self) -> None:
        """Given or left out, none makes the fast reader give way to the careful one: nor one added later."""
        document = json.loads(EXAMPLE)
        optional = list(optional_members(inspect.type_info(ScenarioShape), document))
        assert {name for _, name in optional} >= {"latest", "recentLoadPlanExecution"}
        with (
            patch.object(scenario, "read_facts_carefully", side_effect=AssertionError),
            patch.object(scenario, "read_carefully", side_effect=AssertionError),
        ):
            read_every_way(document)
            for holder, name in optional:
                del holder[name]
                read_every_way(document)

    def test_what_core_refuses_has_its_place(self) -> None:
        """Also where the shape was made by hand, and no reader saw it."""
        twice = PlanShape("N", [GroupShape(1, []), GroupShape(1, [])])
        for make, path in (
            (lambda: plan_of(PlanShape("", [])), "name"),
            (
                lambda: plan_of(twice, "p."),
                "p.groups[1].sequence",
            ),
            (lambda: plan_of(PlanShape("N", [GroupShape(1, ["A.b", "x"])]), "p."), "p.groups[0].steps[1]"),
            (lambda: execution_of(ExecutionShape(0, Status.FAILED, [])), "id"),
            (
                lambda: execution_of(
                    ExecutionShape(1, Status.FAILED, [OutcomeShape(1, Status.SKIPPED, None)]), "e."
                ),
                "e.groups[0].status",
            ),
        ):
            with pytest.raises(WireError) as refused:
                make()
            assert refused.value.path == path

    @pytest.mark.parametrize(
        "member", ['"name": "Nightly"', '"status": "Failed"', '"sequence": 4', '"id": 12']
    )
    def test_a_member_that_stands_twice_alike_is_seen(self, member: str) -> None:
        """The fast reader would take the last; written again it has fewer strings."""
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


class TestBoundedCache:
    """What was made from a part is kept for the next that is the same."""

    def test_the_oldest_go_when_the_parts_are_too_long(self) -> None:
        """What is kept is bounded by the size of its parts."""
        numbers_made = count(1)
        cache = BoundedCache[bytes, int](lambda _: next(numbers_made), len, limit=7)
        numbers = [cache.get(text) for text in (b"aaa", b"bbb", b"aaa", b"ccc", b"bbb", b"ccc", b"aaa")]
        assert numbers == [1, 2, 1, 3, 2, 3, 4]

    def test_what_is_longer_than_all_that_may_be_kept_is_not(self) -> None:
        """It is read all the same."""
        numbers_made = count(1)
        cache = BoundedCache[bytes, int](lambda _: next(numbers_made), len, limit=2)
        assert [cache.get(text) for text in (b"aaa", b"aaa", b"b", b"b")] == [1, 2, 3, 3]


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
