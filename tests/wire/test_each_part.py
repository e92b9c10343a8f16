"""The parts of the room, each asked by itself for what only some of the shapes ask of it."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated

import pytest
from msgspec import Meta

from restart_engine import InvalidValue
from restart_engine.wire import WireError, decode_execution
from restart_engine.wire.cache import BoundedCache
from restart_engine.wire.contradictions import check_decision
from restart_engine.wire.lines import lines_from
from restart_engine.wire.reading import invalid, read_value
from restart_engine.wire.scenario import read_facts_carefully
from restart_engine.wire.shapes import PlannedShape, PreconditionShape, Shape, StartShape
from restart_engine.wire.writing import write_json


class Measured(Shape):
    """A number between two others, and a choice of two."""

    share: Annotated[float, Meta(ge=0, le=1)]
    on: bool


class Outer(Shape):
    """A text that is not at the top."""

    inner: list[dict[str, str]]


@pytest.mark.parametrize("share", [0, 0.5, 1, 1.0])
def test_a_number_within_its_limits_is_read(share: float) -> None:
    """Whole or not, the limits among them."""
    assert read_value({"share": share, "on": True}, Measured) == Measured(share, True)


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        ({"share": 1.5, "on": True}, ("share", "`1.5`", "a number from 0 to 1")),
        ({"share": -1, "on": True}, ("share", "`-1`", "a number from 0 to 1")),
        ({"share": True, "on": True}, ("share", "`true`", "a number from 0 to 1")),
        ({"share": "0", "on": True}, ("share", '`"0"`', "a number from 0 to 1")),
        ({"share": 0, "on": 1}, ("on", "`1`", "true or false")),
    ],
)
def test_any_other_is_refused(value: object, refused: tuple[str, str, str]) -> None:
    """With its place, what stands there and what is accepted."""
    with pytest.raises(WireError) as error:
        read_value(value, Measured)
    assert error.value.args == refused


def test_a_member_of_an_object_that_may_be_null_is_unknown_whatever_its_name() -> None:
    """There is no tag to take it for."""
    value = {"latest": {"id": 1, "status": "Failed", "None": 1}, "planDigest": "0" * 64}
    with pytest.raises(WireError) as error:
        read_value(value, PreconditionShape)
    assert error.value.args == ("latest.None", "an unknown member", "id, status")


def test_of_the_groups_before_the_start_the_last_is_looked_at() -> None:
    """They ascend; the error names it and its place."""
    seen = PreconditionShape(None, "0" * 64)
    planned = PlannedShape("S2", None, [1, 2, 9], StartShape(5, [], []), [], [], seen)
    with pytest.raises(WireError) as error:
        check_decision(planned)
    assert error.value.args == ("before[2]", "`9`", "a group before the start")


def test_what_core_refuses_keeps_its_field() -> None:
    """Inside of nothing."""
    assert invalid(InvalidValue("id", 0, "1 or more")).args == ("id", "`0`", "1 or more")


def test_the_careful_reader_reads_integers_of_any_size() -> None:
    """Also beyond what Python reads at once."""
    digits = "9" * 5_000
    request = f'{{"loadPlanName": "N", "groupSequence": {digits}}}'
    text = f'{{"plan": {{"name": "N", "groups": []}}, "request": {request}}}'
    assert read_facts_carefully(text.encode()).request.group_sequence == 10**5_000 - 1


@pytest.mark.parametrize("steps", range(4))
def test_a_member_twice_is_seen_however_many_strings_there_are(steps: int) -> None:
    """The fast reader counts them."""
    names = ", ".join(f'"A.{number}": "Failed"' for number in range(steps))
    groups = f'[{{"sequence": 1, "status": "Failed", "steps": {{{names}}}}}]'
    with pytest.raises(WireError, match=r"^`id` is there more than once"):
        decode_execution(f'{{"id": 1, "id": 1, "status": "Failed", "groups": {groups}}}')


def test_an_error_of_writing_has_the_whole_way_to_the_text() -> None:
    """Through lists and objects."""
    with pytest.raises(WireError) as error:
        write_json(Outer([{"a": "b"}, {"c": "\ud800"}]))
    assert error.value.path == "inner[1].c"


def test_a_cache_holds_as_much_as_its_limit() -> None:
    """One more and the oldest goes."""
    made: list[str] = []

    def make(part: str) -> str:
        made.append(part)
        return part

    cache = BoundedCache(make, len, limit=4)
    for part in ("ab", "cd", "ab", "cd", "e", "cd", "ab"):
        assert cache.get(part) == part
    assert made == ["ab", "cd", "e", "ab"]


def test_a_stream_is_asked_for_so_many_bytes_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for the rest of a line that is too long, which nobody keeps."""
    monkeypatch.setattr("restart_engine.wire.lines.MAX_BYTES", 4)
    monkeypatch.setattr("restart_engine.wire.lines._CHUNK", 2)
    stream, sizes = BytesIO(b"1234567890\n"), set[int]()

    def readline(size: int) -> bytes:
        sizes.add(size)
        return stream.readline(size)

    assert list(lines_from(readline)) == [b"123456"]
    assert sizes == {6, 2}
