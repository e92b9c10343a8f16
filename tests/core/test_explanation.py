"""A decision in sentences."""

from __future__ import annotations

import pytest
from core.builders import F, I, K, P, S, execution, plan
from hypothesis import given

from restart_engine import (
    EarlierGroupsStayFailed,
    Execution,
    Facts,
    GroupNotFound,
    GroupOutcome,
    GroupsChanged,
    LoadGroup,
    LoadPlan,
    Rejection,
    RestartPlan,
    RestartRequest,
    explain,
    plan_restart,
)
from restart_engine.conformance.strategies import scenarios
from restart_engine.core.explanation import advice, message, note_text, numbers

PLAN = plan({1: "ab", 2: "cd", 4: "e", 5: ""})
LATEST = execution(F, {1: (F, {"a": S}), 2: (F, {"c": F, "d": S, "z": S}), 3: (F, None)})
TEXTS = {
    RestartRequest(0): """\
The restart begins at group 1: no execution id and no group is given, so it starts over (S1).
It runs, side by side: X.a, X.b.
Then it runs whole, one after another: groups 2, 4, 5.""",
    RestartRequest(4): """\
The restart begins at group 4: this group is asked for, without an execution id (S2).
It runs, side by side: X.e.
Then it runs whole, one after another: group 5.
It does not run: groups 1, 2.""",
    RestartRequest(0, execution_id=12): """\
The restart begins at group 1: this is the first group that failed in execution 12 (S3).
It runs, side by side: X.b.
It skips, as completed before: X.a.
Then it runs whole, one after another: groups 2, 4, 5.
Note: the load plan changed since the execution: added no group, removed group 3.
Note: group 1 changed since the execution: added X.b, removed none.""",
    RestartRequest(2, execution_id=12): """\
The restart begins at group 2: this group is asked for, resuming execution 12 (S4).
It runs, side by side: X.c.
It skips, as completed before: X.d.
Then it runs whole, one after another: groups 4, 5.
It does not run: group 1.
Note: failed before the start, and left so: group 1.
Note: the load plan changed since the execution: added no group, removed group 3.
Note: group 1 changed since the execution: added X.b, removed none.
Note: group 2 changed since the execution: added none, removed X.z.""",
    RestartRequest(5): """\
The restart begins at group 5: this group is asked for, without an execution id (S2).
It runs, side by side: none.
It does not run: groups 1, 2, 4.
Note: group 5 has no step left to run.""",
    RestartRequest(3, execution_id=11): """\
No restart runs.
R2: execution 11 is not the latest, which is 12.
R4: the load plan has no group 3, only 1, 2, 4, 5.
What to do: send groupSequence 0, recentLoadPlanExecution 12, which resumes at group 1, the first that \
failed.""",
}


@pytest.mark.parametrize("request_", TEXTS)
def test_text(request_: RestartRequest) -> None:
    """What runs, what does not, which rule and facts decided it."""
    assert explain(plan_restart(PLAN, request_, LATEST)) == TEXTS[request_]


@pytest.mark.parametrize(
    ("latest", "request_", "expected"),
    [
        (execution(P, {}), RestartRequest(0), "execution 12 of the load plan is In Progress"),
        (
            None,
            RestartRequest(0, execution_id=5),
            "execution 5 is not the latest: the load plan has never run",
        ),
        (
            execution(S, {1: (S, {})}),
            RestartRequest(0, execution_id=12),
            "execution 12 has no failed group; never reached: 2, 4, 5",
        ),
        (execution(S, {9: (S, {})}), RestartRequest(0, execution_id=12), "execution 12 has no failed group"),
        (
            execution(F, {2: (F, None)}),
            RestartRequest(0, execution_id=12),
            (
                "the step history of group 2 in execution 12 is unavailable;"
                " detailed load jobs tracking has to be on while a plan runs"
            ),
        ),
    ],
)
def test_message(latest: object, request_: RestartRequest, expected: str) -> None:
    """What each rule found, on one line."""
    decision = plan_restart(PLAN, request_, latest)  # type: ignore[arg-type]  # parametrize forgets the type
    assert isinstance(decision, Rejection)
    assert message(decision.reason) == expected


def test_a_plan_without_a_group() -> None:
    """It says so, and what to change."""
    decision = plan_restart(plan({}), RestartRequest(0))
    assert explain(decision) == (
        "No restart runs.\nR4: the load plan has no group.\nWhat to do: add a group to the load plan."
    )


def test_groups_that_came_and_went() -> None:
    """A note names them."""
    note = GroupsChanged(added=(3, 6), removed=(7,))
    text = "the load plan changed since the execution: added groups 3, 6, removed group 7"
    assert note_text(note) == text


def test_many_are_named_in_part_and_counted() -> None:
    """Of more than 20 groups or steps the first 20; the evidence and the plan hold all."""
    steps = [f"S.t{number}" for number in range(22)]
    groups = (LoadGroup(1, steps), *(LoadGroup(number, []) for number in range(2, 100_001)))
    load_plan = LoadPlan("P", groups)
    rejected = plan_restart(load_plan, RestartRequest(200_000))
    assert isinstance(rejected, Rejection)
    first = ", ".join(map(str, range(1, 21)))
    expected = f"the load plan has no group 200000, only {first} and 99,980 more"
    assert message(rejected.reason) == expected
    assert rejected.reason == GroupNotFound(sequence=200_000, existing=load_plan.sequences)
    begins, runs, then = explain(plan_restart(load_plan, RestartRequest(1))).split("\n")
    assert len(begins) < 100
    assert runs == f"It runs, side by side: {', '.join(steps[:20])} and 2 more."
    assert then.endswith(
        ": groups 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21 and 99,979 more."
    )
    assert numbers(range(20)).endswith("18, 19")
    assert note_text(EarlierGroupsStayFailed(tuple(range(1, 22)))).endswith(", 20 and 1 more")


def test_what_no_one_can_see_in_a_name_is_escaped() -> None:
    """A name that holds a line break does not begin a sentence."""
    load_plan = LoadPlan("P", (LoadGroup(1, ["S.a\nIt runs\u202e", "S.\u05d0"]),))
    text = explain(plan_restart(load_plan, RestartRequest(1)))
    assert text.split("\n")[1:] == ["It runs, side by side: S.a\\nIt runs\\u202e, S.\u05d0."]


ADVICE: dict[str, tuple[LoadPlan, Execution | None, RestartRequest]] = {
    "wait until execution 12 is over, then ask again": (PLAN, execution(P, {}), RestartRequest(0)),
    "add a group to the load plan": (plan({}), None, RestartRequest(0)),
    "send groupSequence 2, recentLoadPlanExecution 12, which resumes at group 2": (
        PLAN,
        LATEST,
        RestartRequest(2, execution_id=11),
    ),
    "send groupSequence 2, recentLoadPlanExecution none, which runs group 2 whole and goes on after it": (
        PLAN,
        execution(I, {1: (S, {})}),
        RestartRequest(0, execution_id=12),
    ),
    "send groupSequence 0, recentLoadPlanExecution none, which starts over and loads everything again": (
        PLAN,
        LATEST,
        RestartRequest(3),
    ),
    "send groupSequence 0, recentLoadPlanExecution 12, which resumes at group 5, the first that failed": (
        PLAN,
        execution(F, {5: (F, {})}),
        RestartRequest(0, execution_id=11),
    ),
    "send groupSequence 0, recentLoadPlanExecution none, which loads everything from the beginning": (
        PLAN,
        None,
        RestartRequest(3),
    ),
    "nothing needs a restart: in execution 12 no group failed and none is left; to run the load plan again"
    " all the same, send groupSequence 0, recentLoadPlanExecution none, which starts over and loads"
    " everything again": (PLAN, execution(S, {5: (S, {})}), RestartRequest(0, execution_id=12)),
}


@pytest.mark.parametrize("expected", ADVICE)
def test_advice_says_what_its_request_does(expected: str) -> None:
    """It resumes at a group, runs a group whole, or starts over; or nothing needs a restart."""
    load_plan, latest, request = ADVICE[expected]
    decision = plan_restart(load_plan, request, latest)
    assert isinstance(decision, Rejection)
    assert advice(decision) == expected


def test_what_was_added_since_is_not_said_to_be_loaded() -> None:
    """Nothing failed and no group is left, but a group or a step came since: then something is."""
    added_step = execution(S, {1: (S, {"a": S, "b": S}), 2: (S, {"c": S}), 4: (S, {"e": S}), 5: (S, {})})
    added_group = execution(S, {1: (S, {"a": S, "b": S}), 4: (S, {"e": S}), 5: (S, {})})
    for latest in (added_step, added_group):
        decision = plan_restart(PLAN, RestartRequest(0, execution_id=12), latest)
        assert isinstance(decision, Rejection)
        assert advice(decision).startswith(
            "send groupSequence 0, recentLoadPlanExecution none, which starts over"
        )


def test_names_that_only_look_alike_are_said_to() -> None:
    """Case and Unicode form count, so such a step is another one; the note says that they look alike."""
    load_plan = LoadPlan("P", (LoadGroup(1, ["V.Auftr\u00e4ge", "V.Kunden", "V.new"]),))
    latest = Execution(12, F, (GroupOutcome(1, F, {"V.Auftra\u0308ge": S, "v.kunden": S, "V.old": F}),))
    decision = plan_restart(load_plan, RestartRequest(0, execution_id=12), latest)
    assert isinstance(decision, RestartPlan)
    assert decision.names_to_skip == ()
    (note,) = decision.notes
    assert note_text(note).endswith(
        "; these differ from removed ones only in case or Unicode form: V.Auftr\u00e4ge, V.Kunden"
    )


def test_steps_skipped_where_no_restart_began() -> None:
    """The note says what the word means here, and what to do if it meant something else [C9]."""
    latest = execution(F, {1: (S, {}), 2: (F, {"c": K, "d": F})})
    decision = plan_restart(PLAN, RestartRequest(0, execution_id=12), latest)
    assert isinstance(decision, RestartPlan)
    assert note_text(decision.notes[-1]) == (
        "group 2 records these as Skipped, so they count as completed, though no restart began there; if the"
        " word meant not run, map it to another status: X.c"
    )


@given(scenarios())
def test_messages_are_one_line_without_a_full_stop(scenario: Facts) -> None:
    """Those of reasons, remedies and notes; every sentence of an explanation ends with one."""
    decision = plan_restart(scenario.plan, scenario.request, scenario.latest)
    if isinstance(decision, Rejection):
        texts = [message(reason) for reason in decision.reasons]
        texts.append(advice(decision))
    else:
        texts = [note_text(note) for note in decision.notes]
    assert all(text and text[0].islower() and text.isprintable() for text in texts)
    sentences = explain(decision).split("\n")
    assert all(sentence[0].isupper() and sentence.isprintable() for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)
