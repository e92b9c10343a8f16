"""What cannot be made, and what its error says."""

from __future__ import annotations

import pickle
from collections import namedtuple
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import pytest
from core.builders import F, K, P, S, plan
from hypothesis import given

from restart_engine import (
    AlreadyRunning,
    Drift,
    EarlierGroupsStayFailed,
    Execution,
    Facts,
    GroupNotFound,
    GroupOutcome,
    GroupsChanged,
    HistoryUnavailable,
    InvalidValue,
    LatestSeen,
    LoadGroup,
    LoadPlan,
    NoFailedGroup,
    NothingToRun,
    NotMostRecent,
    Precondition,
    Rejection,
    RestartPlan,
    RestartRequest,
    SendRequest,
    SkippedElsewhere,
    Step,
    StepOutcome,
    StepsChanged,
    StepStatuses,
    WaitUntilOver,
    decide,
    execution_from_rows,
    explain,
    plan_drift,
    plan_from_rows,
    plan_restart,
    progress,
    restart_options,
    status_of_steps,
    status_of_word,
)
from restart_engine.conformance.strategies import scenarios
from restart_engine.core.checks import Sealed, check_kind
from restart_engine.core.errors import shown, visible
from restart_engine.core.options import recommended

A, B = Step("S", "a"), Step("S", "b")
PLAN = plan({1: "ab", 2: "c"})
DIGEST = PLAN.digest
SEEN = Precondition(latest=None, plan_digest=DIGEST)
CHANGED = StepsChanged(sequence=2, added=(A,), removed=())
CHANGE = "at least one, where none is removed"


class AnInt(int):
    """An integer of its own mind."""


class AnEnum(IntEnum):
    """An integer by another name."""

    ONE = 1


class AText(str):
    """A text of its own mind."""

    __slots__ = ()


class AList(list[Step]):
    """A list of its own mind."""


class Rude:
    """An object that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError


ATuple = namedtuple("ATuple", "a")  # noqa: PYI024  # just the subclass of tuple that is refused

PLACED = "1 or more, above the one before it"
OTHER = "a sequence that is not among the existing"
INTEGER, POSITIVE = "an integer", "an integer of 1 or more"
TEXT = "a text that is not blank and has no lone surrogate"
STEPS = "a tuple or a list of steps"
OUTCOMES = "a mapping of steps to statuses, a tuple or a list of StepOutcome, or none"
NOT_BOOL = "an int, not its subclass bool"
STATUS = "a Status, such as Status.FAILED"
STEP = "a step as `Schema.Object`, neither part blank"
ONCE = "one that stands there only once"
RUN = "a status, one of Succeeded, Finished With Errors, Failed, Interrupted, In Progress, In Queue"
BAD: list[tuple[Callable[[], object], str, object, str]] = [
    (lambda: Step("", "a"), "schema", "", TEXT),
    (lambda: Step(" \u2003", "a"), "schema", " \u2003", TEXT),
    (lambda: Step("S", "\t\n"), "name", "\t\n", TEXT),
    (lambda: Step("S", "\ud800"), "name", "\ud800", TEXT),
    (lambda: Step("S.T", "a"), "schema", "S.T", "a schema's name, which has no dot"),
    (lambda: Step(AText("S"), "a"), "schema", "S", "a str, not its subclass AText"),
    (lambda: Step(1, "a"), "schema", 1, TEXT),  # type: ignore[arg-type]  # refused at run time too
    (lambda: Step("S", None), "name", None, TEXT),  # type: ignore[arg-type]  # likewise
    (lambda: Step.parse("Sa"), "text", "Sa", STEP),
    (lambda: Step.parse(".a"), "schema", "", TEXT),
    (lambda: Step.parse("S."), "name", "", TEXT),
    (lambda: Step.parse(b"S.a"), "text", b"S.a", STEP),  # type: ignore[arg-type]  # likewise
    (lambda: LoadGroup(0, ()), "sequence", 0, POSITIVE),
    (lambda: LoadGroup(-1, ()), "sequence", -1, POSITIVE),
    (lambda: LoadGroup(True, ()), "sequence", True, NOT_BOOL),
    (lambda: LoadGroup(AnInt(1), ()), "sequence", 1, "an int, not its subclass AnInt"),
    (lambda: LoadGroup(AnEnum.ONE, ()), "sequence", 1, "an int, not its subclass AnEnum"),
    (lambda: LoadGroup(1.0, ()), "sequence", 1.0, POSITIVE),  # type: ignore[arg-type]  # likewise
    (lambda: LoadGroup("1", ()), "sequence", "1", POSITIVE),  # type: ignore[arg-type]  # likewise
    (lambda: LoadGroup(1, "S.a"), "steps", "S.a", STEPS),
    (lambda: LoadGroup(1, ATuple(A)), "steps", (A,), "a tuple, not its subclass ATuple"),
    (lambda: LoadGroup(1, AList([A])), "steps", [A], "a list, not its subclass AList"),
    (lambda: LoadGroup(1, None), "steps", None, STEPS),  # type: ignore[arg-type]  # likewise
    (lambda: LoadGroup(1, {A}), "steps", {A}, STEPS),
    (lambda: LoadGroup(1, (A, 7)), "steps[1]", 7, STEP),  # type: ignore[arg-type]  # likewise
    (lambda: LoadGroup(1, (A, B, A)), "steps[2]", "S.a", ONCE),
    (lambda: LoadGroup(1, (A, "S.a")), "steps[1]", "S.a", ONCE),
    (lambda: LoadGroup(0, []), "sequence", 0, POSITIVE),
    (lambda: LoadGroup(1, ["S.a", "Sb"]), "steps[1]", "Sb", STEP),
    (lambda: LoadGroup(1, ["S.\ud800"]), "steps[0]", "S.\ud800", "text without lone surrogates"),
    (lambda: LoadGroup(1, [" .a"]), "steps[0]", " .a", STEP),
    (lambda: LoadGroup(1, ["S.\u3000"]), "steps[0]", "S.\u3000", STEP),
    (lambda: LoadGroup(1, [AText("S.a")]), "steps[0]", "S.a", "a str, not its subclass AText"),
    (lambda: LoadGroup(1, ["S.a", "S.b", "S.b"]), "steps[2]", "S.b", ONCE),
    (lambda: LoadGroup(1, ["S.a", AText("S.a")]), "steps[1]", "S.a", "a str, not its subclass AText"),
    (lambda: LoadPlan(" ", ()), "name", " ", TEXT),
    (lambda: LoadPlan("P", [LoadGroup(1, ())]), "groups", [LoadGroup(1, ())], "a tuple of LoadGroup"),  # type: ignore[arg-type]  # likewise
    (lambda: LoadPlan("P", (1,)), "groups[0]", 1, "a LoadGroup"),  # type: ignore[arg-type]  # likewise
    (lambda: LoadPlan("P", (LoadGroup(1, ()), 1)), "groups[1]", 1, "a LoadGroup"),  # type: ignore[arg-type]  # likewise
    (
        lambda: LoadPlan("P", (LoadGroup(2, ()), LoadGroup(1, ()), LoadGroup(2, (A,)))),
        "groups[2].sequence",
        2,
        ONCE,
    ),
    (lambda: StepOutcome("S.a", S), "step", "S.a", "a Step"),  # type: ignore[arg-type]  # likewise
    (lambda: StepOutcome(A, "Failed"), "status", "Failed", STATUS),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(0, S, None), "sequence", 0, POSITIVE),
    (lambda: GroupOutcome(1, K, None), "status", K, RUN),
    (lambda: GroupOutcome(1, "Failed", {}), "status", "Failed", STATUS),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, [], {}), "status", [], STATUS),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, S, "S.a"), "steps", "S.a", OUTCOMES),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, S, {StepOutcome(A, S)}), "steps", {StepOutcome(A, S)}, OUTCOMES),
    (lambda: GroupOutcome(1, S, (A,)), "steps[0]", A, "a StepOutcome"),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, S, (StepOutcome(A, S), StepOutcome(A, F))), "steps[1]", A, ONCE),
    (lambda: GroupOutcome(1, S, {A: S, "a": F}), "steps", "a", STEP),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, S, {A: S, "S.a": F}), "steps[1]", "S.a", ONCE),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(1, S, {AText("S.a"): S}), "steps", "S.a", "a str, not its subclass AText"),  # type: ignore[arg-type]  # likewise
    (lambda: GroupOutcome(0, S, {}), "sequence", 0, POSITIVE),
    (lambda: GroupOutcome(1, K, {}), "status", K, RUN),
    (lambda: GroupOutcome(1, S, {"a": S}), "steps", "a", STEP),
    (
        lambda: GroupOutcome(1, S, {"S.b": S, "S.a": "Failed"}),  # type: ignore[arg-type]  # likewise
        "steps[S.a]",
        "Failed",
        STATUS,
    ),
    (lambda: Execution(0, S, ()), "id", 0, POSITIVE),
    (lambda: Execution(True, S, ()), "id", True, NOT_BOOL),
    (lambda: Execution(1, K, ()), "status", K, RUN),
    (lambda: Execution(1, None, ()), "status", None, STATUS),  # type: ignore[arg-type]  # likewise
    (lambda: Execution(1, S, None), "groups", None, "a tuple of GroupOutcome"),  # type: ignore[arg-type]  # likewise
    (lambda: Execution(1, S, (GroupOutcome(1, S, None),) * 2), "groups[1].sequence", 1, ONCE),
    (lambda: RestartRequest(False), "group_sequence", False, NOT_BOOL),
    (lambda: RestartRequest("0"), "group_sequence", "0", INTEGER),  # type: ignore[arg-type]  # likewise
    (lambda: RestartRequest(0, execution_id=True), "execution_id", True, NOT_BOOL),
    (lambda: RestartRequest(0, execution_id=1.0), "execution_id", 1.0, INTEGER),  # type: ignore[arg-type]  # likewise
    (lambda: decide("x"), "facts", "x", "a Facts"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_restart(1, RestartRequest(0)), "plan", 1, "a LoadPlan"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_restart(PLAN, 0), "request", 0, "a RestartRequest"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_restart(PLAN, RestartRequest(0), 12), "latest", 12, "an Execution or none"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_drift("x", None), "plan", "x", "a LoadPlan"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_drift(PLAN, None), "execution", None, "an Execution"),  # type: ignore[arg-type]  # likewise
    (lambda: Precondition.seen("x", None), "plan", "x", "a LoadPlan"),  # type: ignore[arg-type]  # likewise
    (lambda: SEEN.holds("x", None), "plan", "x", "a LoadPlan"),  # type: ignore[arg-type]  # likewise
    (lambda: SEEN.holds(PLAN, 12), "latest", 12, "an Execution or none"),  # type: ignore[arg-type]  # likewise
    (lambda: explain(None), "decision", None, "a RestartPlan or a Rejection"),  # type: ignore[arg-type]  # likewise
    (lambda: restart_options("x"), "plan", "x", "a LoadPlan"),  # type: ignore[arg-type]  # likewise
    (lambda: restart_options(PLAN, 12), "latest", 12, "an Execution or none"),  # type: ignore[arg-type]  # likewise
    (lambda: AlreadyRunning(execution_id=0, status=P), "execution_id", 0, POSITIVE),
    (lambda: AlreadyRunning(execution_id=1, status=F), "status", F, "a status, one of In Progress, In Queue"),
    (lambda: NotMostRecent(given=True, latest=None), "given", True, NOT_BOOL),
    (lambda: NotMostRecent(given=1, latest=0), "latest", 0, POSITIVE),
    (lambda: NotMostRecent(given=5, latest=5), "given", 5, "an id that is not the latest"),
    (lambda: NoFailedGroup(latest=0, never_reached=()), "latest", 0, POSITIVE),
    (
        lambda: NoFailedGroup(latest=1, never_reached=(True,)),
        "never_reached[0]",
        True,
        NOT_BOOL,
    ),
    (lambda: NoFailedGroup(latest=5, never_reached=(0, -3, -3)), "never_reached[0]", 0, PLACED),
    (lambda: NoFailedGroup(latest=5, never_reached=(1, 3, 3)), "never_reached[2]", 3, PLACED),
    (lambda: NoFailedGroup(latest=5, never_reached=(1, 3, 2)), "never_reached[2]", 2, PLACED),
    (lambda: GroupNotFound(sequence=3, existing=(3, 3, -1)), "existing[1]", 3, PLACED),
    (lambda: GroupNotFound(sequence=3, existing=(-1, 3)), "existing[0]", -1, PLACED),
    (lambda: GroupNotFound(sequence=3, existing=(1, 3)), "sequence", 3, OTHER),
    (lambda: GroupNotFound(sequence=0, existing=(1, 3)), "sequence", 0, OTHER),
    (lambda: GroupNotFound(sequence=-1, existing=()), "sequence", -1, "an integer of 0 or more"),
    (lambda: GroupNotFound(sequence=1, existing=[1]), "existing", [1], "a tuple of integers"),  # type: ignore[arg-type]  # likewise
    (lambda: HistoryUnavailable(execution_id=0, sequence=1), "execution_id", 0, POSITIVE),
    (lambda: HistoryUnavailable(execution_id=1, sequence=0), "sequence", 0, POSITIVE),
    (lambda: SendRequest(None), "request", None, "a RestartRequest"),  # type: ignore[arg-type]  # likewise
    (lambda: WaitUntilOver(0), "execution_id", 0, POSITIVE),
    (lambda: EarlierGroupsStayFailed([1]), "sequences", [1], "a tuple of integers"),  # type: ignore[arg-type]  # likewise
    (lambda: EarlierGroupsStayFailed((-1, -1)), "sequences[0]", -1, PLACED),
    (lambda: EarlierGroupsStayFailed((2, 1)), "sequences[1]", 1, PLACED),
    (lambda: EarlierGroupsStayFailed(()), "sequences", (), "at least 1"),
    (lambda: NothingToRun(0), "sequence", 0, POSITIVE),
    (lambda: SkippedElsewhere(0, (A,)), "sequence", 0, POSITIVE),
    (lambda: SkippedElsewhere(2, ()), "steps", (), "at least one"),
    (lambda: SkippedElsewhere(2, (A, A)), "steps[1]", A, ONCE),
    (lambda: SkippedElsewhere(2, ("S.a",)), "steps[0]", "S.a", "a Step"),  # type: ignore[arg-type]  # likewise
    (lambda: GroupsChanged(added=("1",), removed=()), "added[0]", "1", "an integer"),  # type: ignore[arg-type]  # likewise
    (lambda: GroupsChanged(added=(), removed=None), "removed", None, "a tuple of integers"),  # type: ignore[arg-type]  # likewise
    (lambda: GroupsChanged(added=(2, 2), removed=()), "added[1]", 2, PLACED),
    (lambda: GroupsChanged(added=(), removed=(0,)), "removed[0]", 0, PLACED),
    (lambda: GroupsChanged(added=(), removed=()), "added", (), CHANGE),
    (lambda: GroupsChanged(added=(2, 3), removed=(1, 3)), "added and removed[3]", 3, ONCE),
    (lambda: StepsChanged(sequence=1, added=(), removed=()), "added", (), CHANGE),
    (lambda: StepsChanged(sequence=1, added=(A, B), removed=(B,)), "added and removed[2]", B, ONCE),
    (lambda: StepsChanged(sequence=1, added=(A, A), removed=()), "added and removed[1]", A, ONCE),
    (lambda: StepsChanged(sequence=1, added=(), removed=(A, B, A)), "added and removed[2]", A, ONCE),
    (lambda: StepsChanged(sequence=0, added=(), removed=()), "sequence", 0, POSITIVE),
    (lambda: StepsChanged(sequence=1, added=("a",), removed=()), "added[0]", "a", "a Step"),  # type: ignore[arg-type]  # likewise
    (lambda: StepsChanged(sequence=1, added=(), removed=("a",)), "removed[0]", "a", "a Step"),  # type: ignore[arg-type]  # likewise
    (lambda: Drift(groups=1, steps=()), "groups", 1, "a GroupsChanged or none"),  # type: ignore[arg-type]  # likewise
    (lambda: Drift(groups=None, steps=(1,)), "steps[0]", 1, "a StepsChanged"),  # type: ignore[arg-type]  # likewise
    (lambda: Drift(groups=None, steps=(CHANGED, CHANGED)), "steps[1].sequence", 2, PLACED),
    (
        lambda: Drift(groups=GroupsChanged(added=(2,), removed=()), steps=(CHANGED,)),
        "groups and steps[1]",
        2,
        ONCE,
    ),
    (
        lambda: Drift(groups=GroupsChanged(added=(), removed=(2,)), steps=(CHANGED,)),
        "groups and steps[1]",
        2,
        ONCE,
    ),
    (lambda: LatestSeen(0, S), "id", 0, POSITIVE),
    (lambda: LatestSeen(1, K), "status", K, RUN),
    (lambda: Precondition(latest=12, plan_digest=DIGEST), "latest", 12, "a LatestSeen or none"),  # type: ignore[arg-type]  # likewise
    (
        lambda: Precondition(latest=None, plan_digest="x"),
        "plan_digest",
        "x",
        "64 lower-case hexadecimal digits",
    ),
    (
        lambda: Precondition(latest=None, plan_digest=DIGEST[:-1] + "G"),
        "plan_digest",
        DIGEST[:-1] + "G",
        "64 lower-case hexadecimal digits",
    ),
    (
        lambda: Precondition(latest=None, plan_digest=None),  # type: ignore[arg-type]  # likewise
        "plan_digest",
        None,
        "64 lower-case hexadecimal digits",
    ),
    (lambda: recommended(()), "options", (), "what `restart_options` gives, one restart or more"),
    (lambda: status_of_steps(()), "statuses", (), "at least one"),
    (lambda: status_of_word("x", {}), "word", "x", "one of a map that has words"),
    (lambda: GroupOutcome.waiting(PLAN.groups[1], ("a",)), "skipped[0]", "a", STEP),
    (lambda: StepStatuses({A: S}).replaced(7, S), "step", 7, "a step that the group recorded"),  # type: ignore[arg-type]  # likewise
    (lambda: plan_from_rows("P", [(0, "X", "a")]), "rows[0].sequence", 0, POSITIVE),
    (lambda: execution_from_rows(1, F, [(1, "X", "a", "F")]), "rows[0].status", "F", STATUS),  # type: ignore[list-item]  # likewise
    (lambda: progress.ready(1), "execution", 1, "an Execution"),  # type: ignore[arg-type]  # likewise
    (lambda: progress.Ready(sequence=0, steps=()), "sequence", 0, POSITIVE),
    (lambda: progress.Ready(sequence=1, steps=(A, A)), "steps[1]", A, ONCE),
    (lambda: progress.Ready(sequence=1, steps=(1,)), "steps[0]", 1, "a Step"),  # type: ignore[arg-type]  # likewise
]


class TestRefusal:
    """What cannot be made raises one error, which names the field and the value."""

    @pytest.mark.parametrize("number", range(len(BAD)))
    def test_bad_value(self, number: int) -> None:
        """Field, value and what is accepted are those in the table; the text is one line with all three."""
        make, field, value, accepted = BAD[number]
        with pytest.raises(InvalidValue) as refused:
            make()
        error = refused.value
        assert (error.field, error.value, error.accepted) == error.args == (field, value, accepted)
        assert str(error) == f"`{field}` is `{error.value!r}`, accepted is {accepted}"
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
        assert str(again) == str(error)

    @given(scenarios())
    def test_a_decision_can_be_had_exactly_where_deciding_gives_it(self, facts: Facts) -> None:
        """Each kind is made from its facts, equal to what deciding gives, and refuses facts of the other."""
        made = plan_restart(facts.plan, facts.request, facts.latest)
        other, which = (Rejection, "a") if isinstance(made, RestartPlan) else (RestartPlan, "no")
        assert type(made)(facts) == made == decide(facts)
        with pytest.raises(InvalidValue) as refused:
            other(facts)
        assert refused.value.args == ("facts", facts, f"facts of which {which} rule rejects the request")
        for kind in (RestartPlan, Rejection):
            with pytest.raises(InvalidValue, match=r"^`facts` is `None`, accepted is a Facts$"):
                kind(None)  # type: ignore[arg-type]  # refused at run time too
            with pytest.raises(InvalidValue, match=r"^`facts` is `12`, accepted is a Facts$"):
                kind(12)  # type: ignore[arg-type]  # likewise

    def test_ids_and_pairs_are_named(self) -> None:
        """Where a position could be mistaken, only the name is taken."""
        for make in (
            lambda: RestartRequest(0, 12),  # type: ignore[call-arg]  # refused at run time too
            lambda: NotMostRecent(11, 12),  # type: ignore[call-arg]  # likewise
            lambda: HistoryUnavailable(12, 2),  # type: ignore[call-arg]  # likewise
        ):
            with pytest.raises(TypeError):
                make()

    def test_an_error_shows_any_value(self) -> None:
        """One that cannot be shown, one without end, one of many digits."""
        for value, text in (
            (Rude(), "<Rude that cannot be shown>"),
            ("x" * 1000, "'" + "x" * 199 + "... (1002 characters)"),
            ("x" * 198, repr("x" * 198)),
            ("x" * 199, "'" + "x" * 199 + "... (201 characters)"),
            (10**5000, "<int that cannot be shown>"),
        ):
            assert str(InvalidValue("name", value, "less")) == f"`name` is `{text}`, accepted is less"

    def test_a_name_is_shown_as_it_is_but_for_what_nobody_sees(self) -> None:
        """Only the characters that cannot be printed are escaped."""
        assert shown(type("Two", (), {"__repr__": lambda _: "a\nb"})()) == "a\\nb"
        assert visible("Ä.ö b") == "Ä.ö b"
        assert visible("Ä.\n\u200bö") == "Ä.\\n\\u200bö"

    def test_a_closed_class_has_no_class_below_it(self) -> None:
        """One that has only the base above it can be made, and then nothing derives from it."""
        closed = type("Xenial", (Sealed,), {})
        with pytest.raises(TypeError, match=r"^`Below` derives from a closed class, "):
            type("Below", (closed,), {})
        with pytest.raises(InvalidValue, match=r"^`field` is `1`, accepted is a Xenial$"):
            check_kind("field", 1, closed)

    def test_an_attribute_that_is_not_there_is_missed(self) -> None:
        """Making steps late gives no other attribute."""
        values: list[Any] = [LoadGroup(1, []), GroupOutcome(1, S, {})]
        for value in values:
            with pytest.raises(AttributeError, match=r"object has no attribute 'other'$"):
                _ = value.other
