"""The laws of the gates, over any call and anything that a host may know.

What the gates are is written here a second time, from the table of the rules and not from the code.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, cast

import pytest
from attrs import evolve
from endpoint.calls import Situation, hostile, situations, starts, statuses
from hypothesis import Phase, given, settings

from restart_engine import RestartPlan, RestartRequest, plan_restart
from restart_engine.endpoint import (
    GATES,
    Access,
    ExecuteCall,
    GateId,
    HostLookups,
    Reply,
    Snapshot,
    Start,
    StatusCall,
    admitted_by_token,
    answer_start,
    answer_status,
    started,
)
from restart_engine.endpoint.lookups import lookups_of

QUESTIONS: Final = (
    "bearer", "tenant_open", "user", "plan", "execution", "schemas", "latest", "loader_available",
)  # fmt: skip
"""What a host is asked, in this order; a snapshot has the answers under the same names."""


class Row(NamedTuple):
    """A row of the table: the gate, the question that it is the first to ask, and whether it refuses."""

    gate: GateId
    asks: str
    refuses: bool


def table(situation: Situation) -> Iterator[Row]:
    """The rows, each looked at only when none before refuses."""
    call, known, _ = situation
    header = call.authorization or ""
    yield Row("H1", "", header[:7].lower() != "bearer " or not header[7:].strip())
    yield Row("H1", "bearer", known.bearer is None)
    yield Row("H2", "", known.bearer is not None and known.bearer.tenant != call.tenant)
    yield Row("H3", "tenant_open", not known.tenant_open)
    yield Row("H1", "user", known.user is None)
    yield from of_status(situation) if isinstance(call, StatusCall) else of_start(situation)


def of_start(situation: Situation) -> Iterator[Row]:
    """The rest of the table for a restart and an execution."""
    call, known, body = situation
    assert body is not None
    yield Row("H4", "body", not body.object)
    needed = {"loadPlanName"} if isinstance(call, ExecuteCall) else {*body.unfit}
    yield Row("H5", "", bool(body.unfit & needed))
    plan, latest = known.plan, known.latest
    yield Row("H6", "plan", plan is None or plan.name != body.name)
    yield Row("H7", "", not may_start(known))
    assert plan is not None
    steps = [step for group in plan.groups for step in group.steps]
    yield Row("H8", "schemas", any(known.schemas[step.schema].access is not Access.EDIT for step in steps))
    yield Row("H9", "latest", latest is not None and latest.status in ("In Progress", "In Queue"))
    yield Row("H10", "", not isinstance(plan_restart(plan, asked(situation), latest), RestartPlan))
    yield Row("H11", "loader_available", not known.loader_available)
    yield Row("H12", "", refuses=True)


def of_status(situation: Situation) -> Iterator[Row]:
    """The rest of the table for a status."""
    call, known, _ = situation
    assert isinstance(call, StatusCall)
    yield Row("V1", "", call.level not in (None, "1", "2", "3", "4"))
    seen = known.execution
    yield Row("V2", "execution", seen is None or call.execution_id.lstrip("0") != str(seen.execution.id))
    assert seen is not None
    steps = [step for group in seen.plan.groups for step in group.steps]
    may_view = [known.schemas[step.schema].access is not Access.NONE for step in steps]
    yield Row("V3", "schemas", not (any(may_view) if may_view else may_start(known)))
    yield Row("V4", "", refuses=True)


def may_start(known: Snapshot) -> bool:
    """Whether the user is one of the three kinds that may."""
    user = known.user
    return user is not None and (
        user.super_user or "SuperRole" in user.roles or "Schema Manager" in user.roles
    )


def asked(situation: Situation) -> RestartRequest:
    """The request that the call makes: an execution is one from the beginning."""
    assert situation.body is not None
    return RestartRequest(0) if isinstance(situation.call, ExecuteCall) else situation.body.request


def answering(situation: Situation) -> tuple[GateId, list[str]]:
    """The gate that has to answer, and the questions that may have been asked by then."""
    questions = []
    for row in table(situation):
        questions.append(row.asks)
        if row.refuses:
            return row.gate, [question for question in questions if question]
    raise AssertionError("the last row of the table answers always")


class Listening:
    """What a host knows, each question once and in order; any other than these fails."""

    def __init__(self, known: Snapshot, questions: list[str]) -> None:
        self.known = lookups_of(known)
        self.left = [question for question in questions if question in QUESTIONS]

    def __getattr__(self, question: str) -> Any:
        assert question in self.left, f"{question} is asked, of {self.left}"
        self.left = self.left[self.left.index(question) + 1 :]
        return getattr(self.known, question)


def answered(situation: Situation, known: HostLookups | None = None) -> Reply:
    """The reply; of what is started as the execution 99."""
    call, told = situation.call, situation.known if known is None else known
    if isinstance(call, StatusCall):
        return answer_status(call, told)
    outcome = answer_start(call, told)
    return started(99) if isinstance(outcome, Start) else outcome


class TestReach:
    """The strategies meet every gate."""

    @pytest.mark.slow
    def test_each_is_met_several_times(self) -> None:
        """Also the user who is gone, by whom H1 answers a second time."""
        counts: Counter[str] = Counter()

        @settings(max_examples=2_000, derandomize=True, database=None, phases=[Phase.generate])
        @given(situations())
        def count(situation: Situation) -> None:
            gate, questions = answering(situation)
            counts[f"{gate} {questions[-1]}" if gate == "H1" and questions else gate] += 1

        count()
        assert {what for what in (*GATES, "H1 bearer", "H1 user") if counts[what] < 5} == set()


class TestTheFirstThatRefusesAnswers:
    """Of the gates in their order, the first that refuses; no later one has a say."""

    @settings(max_examples=10 * settings().max_examples)
    @given(situations())
    def test_it_is_that_of_the_table(self, situation: Situation) -> None:
        """Row by row, as the rules have it."""
        assert answered(situation).gate == answering(situation)[0]

    @given(starts())
    def test_what_passes_all_is_started_as_the_rules_decide(self, situation: Situation) -> None:
        """And nothing else is: the restart is the one of `plan_restart`, of the same facts."""
        call, known = situation.call, situation.known
        assert not isinstance(call, StatusCall)
        outcome = answer_start(call, known)
        assert isinstance(outcome, Start) == (answering(situation)[0] == "H12")
        if isinstance(outcome, Start):
            assert known.plan is not None
            assert outcome.restart == plan_restart(known.plan, asked(situation), known.latest)
            assert outcome.bearer == known.bearer
            assert outcome.restart.precondition.holds(known.plan, known.latest)


class TestNobodyLearnsWhatALaterGateKnows:
    """A caller who is refused at a gate learns nothing of what only a later gate looks at."""

    @settings(max_examples=3 * settings().max_examples)
    @given(situations())
    def test_it_is_not_even_asked(self, situation: Situation) -> None:
        """Each question once at most, in their order, and none that is a later gate's."""
        known = cast("HostLookups", Listening(situation.known, answering(situation)[1]))
        assert answered(situation, known) == answered(situation)

    @settings(max_examples=3 * settings().max_examples)
    @given(situations(), situations())
    def test_whatever_it_is_the_reply_is_the_same(self, situation: Situation, other: Situation) -> None:
        """To the byte; the body too, where it was not yet read."""
        _, questions = answering(situation)
        later = {each: getattr(other.known, each) for each in QUESTIONS if each not in questions}
        call = situation.call
        if not isinstance(call, StatusCall) and other.body is not None and "body" not in questions:
            call = evolve(call, body=other.body.text)
        changed = Situation(call, evolve(situation.known, **later), situation.body)
        assert answered(changed) == answered(situation)

    @given(situations())
    def test_the_token_is_told_beforehand_as_it_is_told_then(self, situation: Situation) -> None:
        """`admitted_by_token` is the refusal of H1 and H2; whom they let pass it gives back."""
        _, questions = answering(situation)
        bearer = situation.known.bearer
        expected = bearer if "tenant_open" in questions else answered(situation)
        assert admitted_by_token(situation.call, bearer) == expected


class TestEveryReplyIsInTheTable:
    """A status of the table, one JSON object in ASCII, and of an error its text alone."""

    @given(situations() | hostile())
    def test_whatever_is_sent(self, situation: Situation) -> None:
        """Any text, any bytes: nothing raises, and what comes back can be parsed as the table says."""
        reply = answered(situation)
        assert reply.status == GATES[reply.gate].status
        assert reply.body.isascii()
        assert "\n" not in reply.body
        value = json.loads(reply.body)
        assert isinstance(value, dict)
        if not GATES[reply.gate].refuses:
            assert "message" not in value
            return
        assert list(value) == ["message"]
        text = value["message"]
        assert re.match(r"INC_\d{8}: \S", text) or not text.startswith("INC_")
        assert bool(re.match(r"INC_\d+: ", text)) == (GATES[reply.gate].code is not None)
        assert not text.endswith(" ")

    @given(statuses())
    def test_a_status_is_of_the_execution_asked_for(self, situation: Situation) -> None:
        """Its id, and as many members as the level has."""
        reply, call = answered(situation), situation.call
        if reply.gate == "V4":
            assert isinstance(call, StatusCall)
            value = json.loads(reply.body)
            assert value["loadPlanExecutionId"] == int(call.execution_id)
            assert ("groups" in value) == (call.level not in (None, "1"))
