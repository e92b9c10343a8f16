"""Rows and words of other systems, to values and back."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from core.builders import F, I, K, P, Q, S, W, execution, plan
from hypothesis import given

from restart_engine import (
    Execution,
    Facts,
    InvalidValue,
    Status,
    execution_from_rows,
    execution_rows,
    plan_from_rows,
    plan_rows,
    status_of_steps,
    status_of_word,
)
from restart_engine.conformance.strategies import scenarios


class TestRows:
    """A row for each step says what the value says, but for groups without a step."""

    @given(scenarios())
    def test_a_plan_is_its_rows(self, scenario: Facts) -> None:
        """There and back it is the same plan, without the groups that have no step."""
        groups = tuple(group for group in scenario.plan.groups if group.names)
        again = plan_from_rows(scenario.plan.name, plan_rows(scenario.plan))
        assert again == attrs.evolve(scenario.plan, groups=groups)

    @given(scenarios())
    def test_an_execution_is_its_rows_and_its_groups_statuses(self, scenario: Facts) -> None:
        """There and back it is the same, but a group recorded without a step has no history then."""
        latest = scenario.latest
        if latest is None:
            return
        statuses = {group.sequence: group.status for group in latest.groups}
        again = execution_from_rows(latest.id, latest.status, list(execution_rows(latest))[::-1], statuses)
        groups = tuple(attrs.evolve(g, steps=g.statuses or None) for g in latest.groups)
        assert again == Execution(latest.id, latest.status, groups)

    def test_rows(self) -> None:
        """Groups ascend; the steps of a plan keep their order, those of an execution ascend."""
        assert list(plan_rows(plan({2: "ba", 1: "c"}))) == [(1, "X", "c"), (2, "X", "b"), (2, "X", "a")]
        latest = execution(F, {2: (F, {"b": F, "a": S}), 1: (S, None)})
        assert list(execution_rows(latest)) == [(2, "X", "a", S), (2, "X", "b", F)]

    @pytest.mark.parametrize(
        ("statuses", "expected"),
        [
            ([S, K, S], S),
            ([S, W, F, I], F),
            ([S, W, I], W),
            ([S, I], I),
            ([F, P], P),
            ([F, Q], P),
            ([S, Q], P),
            ([Q, Q], Q),
            ([K, Q], Q),
            ([K, K], S),
        ],
    )
    def test_the_status_of_a_group_whose_host_keeps_none(
        self, statuses: list[Status], expected: Status
    ) -> None:
        """In Queue before anything began, In Progress until all is over, then the worst."""
        assert status_of_steps(statuses) is expected
        rows = [(1, "X", str(number), status) for number, status in enumerate(statuses)]
        assert execution_from_rows(12, F, rows).groups[0].status is expected

    def test_the_status_of_nothing_is_refused(self) -> None:
        """Nor is a word or a text taken for a status."""
        for statuses in ([], ["FAILED"], "Failed"):
            with pytest.raises(InvalidValue, match=r"^`statuses(\[0\])?` is "):
                status_of_steps(statuses)  # type: ignore[arg-type]  # refused at run time too

    def test_what_cannot_be_is_refused(self) -> None:
        """A step twice, a group without a status, a row that is no row."""
        rows: list[Any] = [(1, "X", "a", S), (1, "X", "b", S), (1, "X", "a", F)]
        with pytest.raises(
            InvalidValue, match=r"^`rows\[2\]` is `'X\.a'`, accepted is a step that its group"
        ):
            execution_from_rows(12, F, rows)
        with pytest.raises(
            InvalidValue,
            match=r"^`group_statuses` is `{2: .*}`, accepted is a status for group 1 too",
        ):
            execution_from_rows(12, F, rows[:1], {2: S})
        with pytest.raises(InvalidValue, match=r"^`rows\[0\]\.sequence` is `'1'`"):
            plan_from_rows("P", [("1", "X", "a")])  # type: ignore[list-item]  # refused at run time too
        with pytest.raises(InvalidValue, match=r"^`rows\[0\]\.sequence` is `0`"):
            execution_from_rows(12, F, [(0, "X", "a", S)])
        with pytest.raises(InvalidValue, match=r"^`plan` is `None`, accepted is a LoadPlan$"):
            list(plan_rows(None))  # type: ignore[arg-type]  # likewise
        with pytest.raises(InvalidValue, match=r"^`execution` is `None`, accepted is an Execution$"):
            list(execution_rows(None))  # type: ignore[arg-type]  # likewise


WORDS = {"success": S, "failed": F, "upstream_failed": Q, "skipped": Q}


class TestWords:
    """A word means what the map says."""

    def test_a_mapped_word(self) -> None:
        """Also where our own label would be another."""
        assert {word: status_of_word(word, WORDS) for word in WORDS} == WORDS

    @pytest.mark.parametrize(
        ("word", "accepted"),
        [
            ("Failed", "one of failed, skipped, success, upstream_failed"),
            ("SUCCESS", "one of success, failed, skipped, upstream_failed"),
            ("stream_failed", "one of upstream_failed, failed, skipped, success"),
            ("new", "one of failed, skipped, success, upstream_failed"),
            (" ", "a text that is not blank and has no lone surrogate"),
        ],
    )
    def test_any_other_is_refused_and_the_nearest_named_first(self, word: str, accepted: str) -> None:
        """Never guessed, not even by case."""
        with pytest.raises(InvalidValue) as refused:
            status_of_word(word, WORDS)
        assert (refused.value.field, refused.value.value) == ("word", word)
        assert refused.value.accepted == accepted

    def test_a_map_to_anything_but_a_status_is_refused(self) -> None:
        """The text of a status is none."""
        with pytest.raises(InvalidValue, match=r"^`words\[ok\]` is `'Succeeded'`, accepted is a Status"):
            status_of_word("ok", {"ok": "Succeeded"})  # type: ignore[dict-item]  # refused at run time too
