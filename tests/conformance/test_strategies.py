"""The strategies as a product: every outcome is reached, failures shrink small, drawing is quick."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from restart_engine import Execution, Facts, GroupOutcome, LoadGroup, RestartRequest, Status, progress
from restart_engine.conformance.questions import drawn
from restart_engine.conformance.run import EXAMPLES
from restart_engine.conformance.situations import EVERY, exercised, rules_of
from restart_engine.conformance.strategies import (
    Link,
    chains,
    executions,
    load_plans,
    requests,
    scenarios,
    steps,
)
from restart_engine.core.plan import LoadPlan
from restart_engine.wire import decode_scenario

DETERMINED = settings(
    derandomize=True, database=None, max_examples=5_000, suppress_health_check=list(HealthCheck)
)


def smallest(wanted: Callable[[Facts], bool]) -> Facts:
    """The first of five tries that shrinks to two groups and four steps, or the last.

    Where one try stops shrinking depends on which modules happen to be loaded, so no single one is a measure.
    """
    for seed in range(5):
        facts = find(scenarios(), wanted, settings=DETERMINED, random=Random(seed))  # noqa: S311  # no secret
        if len(facts.plan.groups) <= 2 and sum(len(group.names) for group in facts.plan.groups) <= 4:
            break
    return facts


class TestReach:
    """A default run meets everything that there is to get wrong."""

    @pytest.mark.slow
    def test_a_default_run_of_drawing_reaches_everything(self) -> None:
        """Each rule, pair, consequence and freedom, the rarest of them several times."""
        counts: Counter[str] = Counter()

        @settings(max_examples=EXAMPLES, derandomize=True, database=None, phases=[Phase.generate])
        @given(scenarios())
        def count(facts: Facts) -> None:
            counts.update(exercised(facts))

        count()
        assert {what for what in EVERY if counts[what] < 5} == set()

    @pytest.mark.slow
    @pytest.mark.parametrize("rule", [rule for rule in EVERY if rule[0] in "RSC" and rule[1].isdigit()])
    def test_each_shrinks_to_few_groups_and_steps(self, rule: str) -> None:
        """What shows a rule needs no more than two groups and four steps."""
        facts = smallest(lambda facts: rule in rules_of(facts))
        recorded = () if facts.latest is None else facts.latest.groups
        assert len(facts.plan.groups) <= 2
        assert len(recorded) <= 2
        assert sum(len(group.names) for group in facts.plan.groups) <= 4

    def test_the_smallest_of_all_is_empty(self) -> None:
        """Nothing is drawn that is not asked for."""
        facts = smallest(lambda _: True)
        assert (facts.plan.groups, facts.latest, facts.request.group_sequence) == ((), None, 0)

    def test_every_field_is_drawn_in_more_than_one_way(self) -> None:
        """So no property and no verdict holds only because nobody draws a field that came later."""
        drawn: dict[type, list[Any]] = defaultdict(list)

        @settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate])
        @given(scenarios(), load_plans())
        def collect(facts: Facts, plan: LoadPlan) -> None:
            latest = [] if facts.latest is None else [facts.latest, *facts.latest.groups]
            for value in (facts, facts.plan, *facts.plan.groups, facts.request, *latest):
                drawn[type(value)].append(value)
            alone.append(plan)

        alone: list[LoadPlan] = []
        collect()
        assert set(drawn) == {Facts, LoadPlan, LoadGroup, RestartRequest, Execution, GroupOutcome}
        for kind, values in [*drawn.items(), (LoadPlan, alone)]:
            for field in attrs.fields(kind):
                given_values = {getattr(value, field.name) for value in values} if field.init else {1, 2}
                assert len(given_values) > 1, (kind, field.name)

    def test_plans_are_as_small_as_is_asked(self) -> None:
        """Both sizes are limits, and are reached."""
        largest = Counter[str]()

        @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
        @given(load_plans(max_groups=2, max_steps=1))
        def measure(plan: LoadPlan) -> None:
            largest["groups"] = max(largest["groups"], len(plan.groups))
            largest["steps"] = max(largest["steps"], *(len(g.names) for g in plan.groups), 0)

        measure()
        assert largest == {"groups": 2, "steps": 1}

    def test_steps_stand_alone(self) -> None:
        """The smallest is the first of the common ones."""
        assert str(find(steps(), lambda _: True, settings=DETERMINED)) == "A.a"

    def test_requests_and_executions_stand_alone(self) -> None:
        """Drawn for a plan, and without a latest execution."""
        plan = find(load_plans(), lambda plan: len(plan.groups) > 1, settings=DETERMINED)
        run = find(executions(plan), lambda run: len(run.groups) > 1, settings=DETERMINED)
        assert isinstance(run, Execution)
        alone = find(requests(plan), lambda r: r.execution_id is not None, settings=DETERMINED)
        assert alone.execution_id == 0
        asked = find(requests(plan, run), lambda r: r.execution_id == run.id, settings=DETERMINED)
        assert asked.group_sequence == 0


class TestChains:
    """Chains are restarts that were accepted, each of the execution before."""

    @given(chains())
    def test_each_link_restarts_the_one_before(self, chain: tuple[Link, ...]) -> None:
        """And its execution is the restart's, over and with no step left running but where cut off."""
        latest: Execution | None = None
        for link in chain:
            assert link.restart.facts.latest == latest
            latest = link.execution
            opening = progress.opening_record(link.restart, latest.id)
            assert latest.sequences == opening.sequences
            assert not latest.active

    @pytest.mark.slow
    def test_long_chains_and_skipped_steps_are_reached(self) -> None:
        """A restart of a restart that skips what the first one skipped."""
        chain = find(
            chains(),
            lambda chain: len(chain) == 3 and bool(chain[2].restart.names_to_skip),
            settings=DETERMINED,
        )
        assert [link.restart.rule for link in chain] == ["S1", "S3", "S3"]
        statuses = {status for _, status in chain[2].execution.groups[0].recorded.items()}
        assert Status.SKIPPED in statuses


@settings(max_examples=2 * settings().max_examples)
@given(drawn())
def test_a_question_says_what_its_facts_are(question: object) -> None:
    """However its JSON is written, it is read back as the same facts."""
    line, facts = getattr(question, "line", b""), getattr(question, "facts", None)
    assert decode_scenario(line) == facts
