"""A summary says of a fleet what its decisions say one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from fleet.fleet_files import BAD, GOOD, expected
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from restart_engine.conformance.strategies import scenarios
from restart_engine.core.decision import Rejection, RestartPlan, plan_restart
from restart_engine.core.errors import InvalidValue
from restart_engine.core.notes import NOTE_LABELS
from restart_engine.core.remedies import AddGroup, SendRequest, WaitUntilOver
from restart_engine.core.rule_table import RULE_IDS
from restart_engine.core.rules import Facts
from restart_engine.fleet import decide_batches
from restart_engine.fleet.answering import answered_lines
from restart_engine.fleet.counts import Noted, Rejected, Started
from restart_engine.fleet.documents import document_of, summary_of
from restart_engine.fleet.marks import Mistake
from restart_engine.fleet.picture import draw_summary
from restart_engine.fleet.plain import summary_lines
from restart_engine.fleet.summary import COUNTED, Summary
from restart_engine.fleet.tally import Tally
from restart_engine.wire import encode_scenario


def decided(lines: list[bytes]) -> pa.Table:
    """The decisions on these lines."""
    return pa.Table.from_batches(decide_batches([batch_of(lines)])) if lines else empty()


def empty() -> pa.Table:
    """No decisions."""
    return decided([b""]).slice(0, 0)


def batch_of(lines: list[bytes]) -> pa.RecordBatch:
    """These lines as a column."""
    return pa.RecordBatch.from_pydict({"scenario": pa.array(lines, pa.binary())})


def need(facts: Facts) -> str | None:
    """What a rejected scenario needs, said by the engine's own remedy; none where it is accepted."""
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    if isinstance(decision, RestartPlan):
        return None
    match decision.remedy:
        case SendRequest(request=request):
            if request.execution_id is not None:
                return "sendResume"
            return "sendFromGroup" if request.group_sequence > 0 else "sendFromBeginning"
        case WaitUntilOver():
            return "waitUntilOver"
        case AddGroup():
            return "addGroup"
        case _:
            raise AssertionError(decision.remedy)


def tallied(lines: list[bytes]) -> Summary:
    """The summary of the answers to these lines, in which a number may have any size."""
    tally = Tally()
    assert b"".join(answered_lines([batch_of(lines)], tally)) == expected(lines, ".jsonl")
    return tally.summary


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(scenarios(), max_size=8))
def test_it_counts_what_the_engine_decides(fleet: list[Facts]) -> None:
    """Rules, what helps, notes and steps, each as the decisions themselves have them."""
    summary = tallied(list(map(encode_scenario, fleet)))
    decisions = [plan_restart(facts.plan, facts.request, facts.latest) for facts in fleet]
    plans = [decision for decision in decisions if isinstance(decision, RestartPlan)]
    accepted = {each.rule: each.scenarios for each in summary.started if each.scenarios}
    assert accepted == Counter(plan.rule for plan in plans)
    assert {(each.rule, each.helps): each.scenarios for each in summary.rejected} == Counter(
        (decision.rules[0], need(decision.facts)) for decision in decisions if isinstance(decision, Rejection)
    )
    kinds = Counter(note.note for plan in plans for note in plan.notes)
    assert {each.note: each.scenarios for each in summary.notes} == kinds
    before_and_skipped = sum(
        len(plan.names_to_skip) + sum(len(group.names) for group in plan.groups_before) for plan in plans
    )
    assert summary.steps_saved == before_and_skipped
    assert summary.steps_in_plan == sum(
        len(group.names) for plan in plans for group in plan.facts.plan.groups
    )
    assert (summary.scenarios, summary.errors) == (len(fleet), 0)


LINES = st.lists(scenarios().map(encode_scenario) | st.sampled_from(BAD), max_size=8)


@settings(max_examples=settings().max_examples // 2)
@given(LINES, LINES)
def test_the_summary_of_two_is_the_sum_of_theirs(some: list[bytes], others: list[bytes]) -> None:
    """So the parts of a fleet may be counted apart, and in any order."""
    both = Summary.of(decided(some + others))
    assert Summary.of(decided(some)) + Summary.of(decided(others)) == both
    assert Summary.total([Summary.of(decided(others)), Summary.of(decided(some))]) == both
    assert summary_of(json.loads(json.dumps(document_of(both)))) == both


@settings(max_examples=settings().max_examples // 2)
@given(LINES)
def test_text_is_counted_as_columns_are(lines: list[bytes]) -> None:
    """But for rows with a number that no column holds."""
    table = decided(lines)
    assume(not any("64 bits" in (message or "") for message in table.column("message").to_pylist()))
    assert tallied(lines) == Summary.of(table)


def test_every_help_and_note_is_counted_somewhere() -> None:
    """The vectors have them all."""
    summary = Summary.of(decided([*GOOD, *BAD]))
    document = document_of(summary)
    assert all(document["helps"].values())
    assert set(document["rejected"]) == set(RULE_IDS)
    assert all(each["scenarios"] for each in document["planned"].values())
    assert set(document["notes"]) == set(NOTE_LABELS)
    assert document["errors"] >= len(BAD)


def test_columns_that_other_engines_give_are_counted() -> None:
    """Text may be large, a view or a dictionary, and other columns may stand beside."""
    table = decided([*GOOD, *BAD])
    summary = Summary.of(table)
    notes = table.column("notes").cast(pa.large_list(pa.large_string()))
    large = table.set_column(table.schema.get_field_index("notes"), "notes", notes)
    assert Summary.of(large) == summary
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
        changed = table.append_column("tenant", pa.nulls(table.num_rows))
        for name in ("decision", "rule", "latestStatus"):
            place = changed.schema.get_field_index(name)
            changed = changed.set_column(place, name, changed.column(name).cast(kind))
        assert Summary.of(changed) == summary
    assert Summary.of(table.select(list(COUNTED))) == summary


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (lambda: Started("S9"), "rule"),
        (lambda: Started("S1", -1), "scenarios"),
        (lambda: Started("S1", 1, 2, 3), "steps_to_run"),
        (lambda: Rejected("S1", "addGroup", 1), "rule"),
        (lambda: Rejected("R1", "tea", 1), "helps"),
        (lambda: Rejected("R1", "addGroup", 0), "scenarios"),
        (lambda: Noted("", 1), "note"),
        (lambda: Summary(started=()), "started"),
        (lambda: Summary(errors=-1), "errors"),
        (lambda: Mistake(0, "bad"), "row"),
    ],
)
def test_it_cannot_be_nonsense(made: object, field: str) -> None:
    """What is made by hand is checked, too."""
    with pytest.raises(InvalidValue) as refused:
        made()  # type: ignore[operator]  # a function, for pytest's table any object
    assert refused.value.field == field


def shown(summary: Summary, *mistakes: Mistake) -> str:
    """The table, as text."""
    return "\n".join(line.text for line in summary_lines(summary, mistakes))


def test_the_table_says_what_there_is_and_no_more() -> None:
    """A fleet of one plan is one line of each."""
    summary = Summary(started=(Started("S1"), Started("S2"), Started("S3", 1, 8, 2), Started("S4")))
    assert shown(summary) == (
        "1 of 1 scenarios can resume (100%); the accepted restarts save 75% of their steps\n"
        "\n"
        "accepted                                       scenarios steps to run      saved\n"
        "  S3  resume at the first failed group                 1            2          6\n"
        "  together                                             1            2          6\n"
        "  of all scenarios; of the accepted's steps         100%          25%        75%"
    )
    assert shown(Summary()) == "no scenarios"


def test_the_table_names_what_helps_and_the_first_errors() -> None:
    """And counts the other ones; a share is 0% or 100% only where it is."""
    summary = Summary(
        started=(Started("S1"), Started("S2"), Started("S3", 1_000, 5, 5), Started("S4")),
        rejected=(Rejected("R3", "sendFromGroup", 1), Rejected("R3", "sendFromBeginning", 2)),
        notes=(Noted("later", 1), Noted("nothingToRun", 2)),
        errors=3,
    )
    lines = shown(summary, Mistake(4, "bad")).splitlines()
    assert lines[0].startswith("1,000 of 1,006 scenarios can resume (99%)")
    assert "  R3  no group failed in the latest execution          3" in lines
    assert "      another request: start over                      2" in lines
    assert "  later                                                1" in lines
    assert lines[-3:] == [
        "rows that are no scenarios                             3",
        "  row 4: bad",
        "  and 2 more",
    ]
    rare = Summary(started=(Started("S1", 999_999), *map(Started, ("S2",)), Started("S3", 1), Started("S4")))
    assert "(<1%)" in shown(rare)
    often = Summary(started=(Started("S1", 1), *map(Started, ("S2",)), Started("S3", 999_999), Started("S4")))
    assert "(>99%)" in shown(often)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".svg", ".png", ".pdf"])
@pytest.mark.parametrize(
    "lines", [[], [GOOD[0]], [BAD[0]], [*GOOD, *BAD]], ids=["none", "good", "bad", "all"]
)
def test_a_picture_is_the_same_each_time(lines: list[bytes], ending: str, tmp_path: Path) -> None:
    """Whatever is in the fleet, or nothing at all."""
    summary = Summary.of(decided(lines))
    drawn = []
    for name in ("one", "two"):
        draw_summary(summary, tmp_path / f"{name}{ending}")
        drawn.append((tmp_path / f"{name}{ending}").read_bytes())
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) > 1_000
