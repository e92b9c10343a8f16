"""How steps are loaded: times, failures, and what is drawn."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.worlds import ODD_TEXTS, loadings_of, names, sequences, steps_of

from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.luck import drawn
from restart_engine.server.loading import loading_text, outcome, read_loading, seconds, within
from restart_engine.server.world import (
    Failure,
    Loading,
    Place,
    PlanGroup,
    WorldPlan,
    check_loading,
    place_of,
    world_of,
)
from restart_engine.wire import WireError

ORDERS, LINES, LEDGER = map(Step.parse, ("Sales.Orders", "Sales.Lines", "Finance.Ledger"))
PLAN = WorldPlan(
    name="Nightly",
    groups=[
        PlanGroup(1, ["Sales.Orders", "Sales.Lines"]),
        PlanGroup(2, ["Finance.Ledger", "Sales.Orders"]),
    ],
)
steps = steps_of(["Sales", "Finance"])
attempts = st.integers(1, 10**6)
places = st.builds(place_of, names, sequences, steps)


def ends(loading: Loading, place: Place, attempt: int) -> Status:
    """How this attempt at the step of this place ends."""
    return outcome(loading, place.load_plan, place.sequence, Step.parse(place.step), attempt)


class TestOutcome:
    """`outcome` says how an attempt at a step ends."""

    @given(places, attempts)
    def test_without_failures_everything_succeeds(self, place: Place, attempt: int) -> None:
        """A step that no failure selects succeeds at every attempt."""
        assert ends(Loading(), place, attempt) is Status.SUCCEEDED

    @given(st.frozensets(attempts, min_size=1), attempts)
    def test_a_list_of_attempts_is_exact(self, listed: frozenset[int], attempt: int) -> None:
        """Exactly the attempts that are listed fail."""
        loading = Loading(failures=(Failure(step=str(ORDERS), attempts=tuple(listed)),))
        for asked in (attempt, *listed):
            failed = outcome(loading, "Nightly", 1, ORDERS, asked) is Status.FAILED
            assert failed == (asked in listed)
        assert outcome(loading, "Nightly", 1, LINES, attempt) is Status.SUCCEEDED

    @given(places, attempts)
    def test_all_attempts_fail_where_the_word_says_so(self, place: Place, attempt: int) -> None:
        """`attempts: all` is what `share: 1` is, whatever the seed."""
        for failure in (Failure(attempts="all"), Failure(share=1.0), Failure(share=1, seed=3)):
            assert ends(Loading(failures=[failure]), place, attempt) is Status.FAILED
        elsewhere = Failure(load_plan=f"not {place.load_plan}", attempts="all")
        assert ends(Loading(failures=[elsewhere]), place, attempt) is Status.SUCCEEDED

    @pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.9, 1.0])
    @pytest.mark.parametrize("seed", [0, 7])
    def test_a_share_converges(self, share: float, seed: int) -> None:
        """Of many attempts about the share fails, and of no share none, and of all all."""
        loading = Loading(failures=(Failure(share=share, seed=seed),))
        ends = [outcome(loading, "N", 1, ORDERS, attempt) for attempt in range(1, 4001)]
        assert ends.count(Status.FAILED) / 4000 == pytest.approx(share, abs=0.03)
        if share in (0.0, 1.0):
            assert set(ends) == {Status.FAILED if share else Status.SUCCEEDED}

    @given(st.lists(st.tuples(places, attempts), max_size=8), st.randoms(use_true_random=False))
    def test_the_order_of_asking_does_not_matter(
        self, asked: list[tuple[Place, int]], shuffling: random.Random
    ) -> None:
        """What is drawn depends on nothing that was drawn before."""
        loading = Loading(failures=(Failure(share=0.5, seed=1),))
        first = {(place, attempt): ends(loading, place, attempt) for place, attempt in asked}
        shuffling.shuffle(asked)
        assert {(place, attempt): ends(loading, place, attempt) for place, attempt in asked} == first

    @given(places, attempts, st.floats(0, 1), st.floats(0, 1))
    def test_a_larger_share_fails_what_a_smaller_does(
        self, place: Place, attempt: int, one: float, other: float
    ) -> None:
        """With one seed, an attempt that fails at a share fails at every larger one."""
        smaller, larger = (Failure(share=share, seed=3) for share in sorted((one, other)))
        assert larger.hits(place, attempt) or not smaller.hits(place, attempt)

    def test_the_first_that_hits_decides(self) -> None:
        """A failure that does not hit leaves the attempt to the next."""
        loading = Loading(
            failures=(
                Failure(step=str(ORDERS), attempts=(2,), status=Status.INTERRUPTED),
                Failure(schema="Sales", share=0.0),
                Failure(load_plan="Nightly", sequence=1, share=1.0, status=Status.FINISHED_WITH_ERRORS),
            )
        )
        assert outcome(loading, "Nightly", 1, ORDERS, 2) is Status.INTERRUPTED
        assert outcome(loading, "Nightly", 1, ORDERS, 1) is Status.FINISHED_WITH_ERRORS
        assert outcome(loading, "Nightly", 2, ORDERS, 1) is Status.SUCCEEDED
        assert outcome(loading, "nightly", 1, ORDERS, 1) is Status.SUCCEEDED


class TestDrawn:
    """`drawn` is the same everywhere."""

    def test_known_draws(self) -> None:
        """These numbers are part of what a world file means: a client's tests rely on them."""
        assert drawn(0, "Nightly", 1, "Sales.Orders", 1) == 0.7849960192287756
        assert drawn(7, "N\u00e4chtlich", 10**30, "S.a.b", 2) == 0.5614086387279459

    def test_a_failure_draws_for_its_seed_and_the_attempt(self) -> None:
        """From the seed, the plan, the group, the step and the number of the attempt."""
        number = drawn(7, "Nightly", 1, "Sales.Orders", 2)
        place = place_of("Nightly", 1, "Sales.Orders")
        assert not Failure(share=number, seed=7).hits(place, 2)
        assert Failure(share=math.nextafter(number, 1), seed=7).hits(place, 2)

    def test_it_is_spread_evenly_between_0_and_1(self) -> None:
        """So a share of 1 fails every attempt and one of 0 none; as many numbers lie in each tenth."""
        numbers = [drawn(3, 5, "x", index) for index in range(10_000)]
        assert all(0 < number < 1 for number in numbers)
        tenths = [sum(tenth / 10 <= number < (tenth + 1) / 10 for number in numbers) for tenth in range(10)]
        assert all(900 < count < 1100 for count in tenths)

    def test_each_part_counts(self) -> None:
        """Another text or integer at any place draws another number."""
        parts = itertools.product((0, 1), ("a", "b"), (1, 2), ("A.x", "A.y"), (1, 2))
        assert len({drawn(*part) for part in parts}) == 32
        assert len({drawn(seed, night, "x") for seed in range(30) for night in range(30)}) == 900
        assert drawn("a", "b") != drawn('a","b') != drawn("a,b")


def test_a_step_takes_its_own_time_or_the_common_one() -> None:
    """`secondsOf` stands over `seconds`."""
    loading = Loading(seconds=2.5, seconds_of={"Sales.Orders": 30})
    assert (seconds(loading, ORDERS), seconds(loading, LINES)) == (30.0, 2.5)


@given(st.data())
def test_text_and_back(data: st.DataObject) -> None:
    """What the database keeps of a loading is read as the same."""
    loading = data.draw(loadings_of([PLAN]))
    assert read_loading(loading_text(loading)) == loading


@settings(max_examples=settings().max_examples // 5)
@given(st.data())
def test_what_names_nothing_is_left_out(data: st.DataObject) -> None:
    """`within` keeps what some step of the plans could meet; the rest is right."""
    loading = data.draw(loadings_of([PLAN]))
    smaller = WorldPlan(name="Nightly", groups=[PlanGroup(1, ["Sales.Orders"])])
    check_loading(loading, [PLAN])
    assert within(loading, [PLAN]) == loading
    left = within(loading, [smaller])
    check_loading(left, [smaller])
    for attempt in (1, 2):
        assert outcome(left, "Nightly", 1, ORDERS, attempt) is outcome(loading, "Nightly", 1, ORDERS, attempt)
    assert seconds(left, ORDERS) == seconds(loading, ORDERS)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "share` is `null`, accepted is a share where no `attempts` are given"),
        ({"share": 0.5, "attempts": [1]}, "share` is `0.5`"),
        ({"share": 0.5, "attempts": "all"}, "share` is `0.5`"),
        ({"share": 1.5}, "share` is `1.5`, accepted is a number from 0 to 1"),
        ({"share": -0.1}, "share` is `-0.1`"),
        ({"share": "1"}, 'share` is `"1"`'),
        ({"attempts": [0]}, "attempts[0]` is `0`"),
        ({"attempts": [1, 2, 1]}, "attempts[2]` is `1`"),
        ({"attempts": 1}, "attempts` is `1`, accepted is an array, or all"),
        ({"attempts": "every"}, 'attempts` is `"every"`, accepted is an array, or all'),
        ({"attempts": {}}, "attempts` is an object, accepted is an array, or all"),
        ({"attempts": [1], "seed": 3}, "seed` is `3`"),
        ({"attempts": "all", "seed": 3}, "seed` is `3`"),
        ({"share": 1, "status": "Succeeded"}, 'status` is `"Succeeded"`'),
        ({"share": 1, "status": "Skipped"}, 'status` is `"Skipped"`'),
        ({"share": 1, "sequence": 0}, "sequence` is `0`"),
        ({"share": 1, "schema": " "}, 'schema` is `" "`'),
        ({"share": 1, "loadPlan": ""}, 'loadPlan` is `""`'),
        ({"share": 1, "step": "Orders"}, 'step` is `"Orders"`'),
    ],
)
def test_a_failure_that_says_nothing_clear_is_refused(wrong: dict[str, Any], said: str) -> None:
    """A failure has either attempts or a share, and each member a value that means something."""
    tenant = {"name": "t", "schemas": [{"id": 1, "name": "Sales"}, {"id": 2, "name": "Finance"}]}
    with pytest.raises(WireError) as raised:
        world_of({"tenants": [tenant | {"loadPlans": [PLAN], "loading": {"failures": [wrong]}}]})
    assert str(raised.value).startswith(f"`tenants[0].loading.failures[0].{said}")


@pytest.mark.parametrize(
    ("failure", "field"),
    [
        (Failure(load_plan="nightly", share=1.0), "failures[0].loadPlan"),
        (Failure(sequence=3, share=1.0), "failures[0].sequence"),
        (Failure(sequence=1, schema="Finance", share=1.0), "failures[0].schema"),
        (Failure(schema="Sales", step=str(LEDGER), share=1.0), "failures[0].step"),
        (Failure(sequence=2, step=str(LINES), share=1.0), "failures[0].step"),
    ],
)
def test_a_failure_that_could_never_happen_is_named(failure: Failure, field: str) -> None:
    """The member that leaves no step is the one that the error names."""
    with pytest.raises(InvalidValue) as raised:
        check_loading(Loading(failures=[failure]), [PLAN])
    assert raised.value.field == field


def test_seconds_of_no_step_are_refused() -> None:
    """A time for a step that no plan has is a slip of the pen."""
    with pytest.raises(InvalidValue, match=r"Sales\.orders"):
        check_loading(Loading(seconds_of={"Sales.orders": 1.0}), [PLAN])


@pytest.mark.parametrize(
    "text", ["", "[]", '{"seconds": -1}', '{"seconds": "5"}', '{"byHand": 1}', *ODD_TEXTS]
)
def test_other_texts_are_no_loading(text: str) -> None:
    """What the database should never hold is refused when it is read."""
    with pytest.raises(WireError):
        read_loading(text)
