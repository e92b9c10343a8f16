"""What is asked of the plan: that it is there, that the caller may load it, and that it may start now."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve
from core.builders import F, P, Q, S, execution, plan
from endpoint.house import FAILED, GRANTED, MANAGER, NOBODY, PLAN, body, execute, refused, restart, text_of

from restart_engine import Execution, LoadGroup, LoadPlan, RestartRequest, Status, plan_restart
from restart_engine.endpoint import Access, Reply, SchemaSeen, Snapshot, Start, User, started

Ask = Callable[..., Reply | Start]
BOTH = pytest.mark.parametrize("ask", [restart, execute])
FORBIDDEN = "INC_02010000: You are neither a Super User nor have the SuperRole or Schema Manager role."

LOST = (
    "R5: the step history of group 2 in execution 12 is unavailable; detailed load jobs tracking has to be on"
    " while a plan runs"
)


def granted(**access: Access) -> Snapshot:
    """The house, with another access to these schemas."""
    seen = {name: SchemaSeen(GRANTED.schemas[name].id, given) for name, given in access.items()}
    return evolve(GRANTED, schemas={**GRANTED.schemas, **seen})


def at_work(status: Status) -> Execution:
    """The plan's latest execution, with this status."""
    return evolve(FAILED, status=status)


@BOTH
class TestH6:
    """H6: a load plan that the tenant does not have under exactly this name is not found."""

    @pytest.mark.parametrize("name", ["nightly", "NIGHTLY", "Nightly ", " Nightly", "SALES"])
    def test_names_are_compared_letter_by_letter(self, ask: Ask, name: str) -> None:
        """Upper case and blanks count."""
        expected = f'{{"message": "INC_05290503: The [{name}] LOAD_PLAN cannot be found."}}'
        assert refused(ask(text=body(loadPlanName=name))) == ("H6", 404, expected)

    def test_a_name_of_any_text_is_named(self, ask: Ask) -> None:
        """Escaped, so that the body stays one object in ASCII."""
        expected = r'{"message": "INC_05290503: The [\u05dc\"\n] LOAD_PLAN cannot be found."}'
        assert refused(ask(text=body(loadPlanName='\u05dc"\n'))) == ("H6", 404, expected)

    def test_who_may_not_start_is_told_no_less(self, ask: Ask) -> None:
        """The role is asked for later."""
        assert refused(ask(evolve(GRANTED, plan=None, user=NOBODY)))[0] == "H6"


@BOTH
class TestH7:
    """H7: a Super User, a user with SuperRole or one with Schema Manager may start plans, and nobody else."""

    @pytest.mark.parametrize(
        "user",
        [
            User(super_user=True, roles=frozenset()),
            User(super_user=False, roles=frozenset({"SuperRole"})),
            User(super_user=False, roles=frozenset({"Schema Manager"})),
            User(super_user=False, roles=frozenset({"Analyst", "Schema Manager"})),
        ],
    )
    def test_any_one_of_the_three_is_enough(self, ask: Ask, user: User) -> None:
        """Each of them alone."""
        assert isinstance(ask(evolve(GRANTED, user=user)), Start)

    @pytest.mark.parametrize(
        "roles", [set[str](), {"Analyst"}, {"superrole", "schema manager"}, {"SchemaManager", "Super User"}]
    )
    def test_without_any_the_caller_is_refused(self, ask: Ask, roles: set[str]) -> None:
        """Roles are compared letter by letter."""
        known = evolve(GRANTED, user=User(super_user=False, roles=frozenset(roles)))
        assert refused(ask(known)) == ("H7", 403, f'{{"message": "{FORBIDDEN}"}}')


@BOTH
class TestH8:
    """H8: the caller may edit every schema of the whole plan; the first lacking, in plan order, is named."""

    @pytest.mark.parametrize("access", [Access.NONE, Access.VIEW])
    def test_viewing_is_not_enough(self, ask: Ask, access: Access) -> None:
        """The schema is named with its id, as the source's example has it."""
        expected = (
            '{"message": "INC_02010000: You are not authorized to EDIT the OnlineStore SCHEMADEFINITION'
            ' of ID [185]."}'
        )
        assert refused(ask(granted(OnlineStore=access))) == ("H8", 403, expected)

    def test_the_first_in_the_plans_order_is_named(self, ask: Ask) -> None:
        """By group, then by the steps' order in it; not by name or id."""
        assert "the Sales SCHEMA" in text_of(ask(granted(Sales=Access.NONE, Finance=Access.NONE)))
        assert "the Finance SCHEMA" in text_of(ask(granted(OnlineStore=Access.NONE, Finance=Access.NONE)))

    def test_groups_run_in_order_of_their_sequence(self, ask: Ask) -> None:
        """So the first is that of the lowest sequence, wherever it stands."""
        late_first = LoadPlan("Nightly", (LoadGroup(9, ["A.a"]), LoadGroup(2, ["Z.z", "B.b"])))
        access = {name: SchemaSeen(1, Access.NONE) for name in "ABZ"}
        assert "the Z SCHEMA" in text_of(ask(evolve(GRANTED, plan=late_first, schemas=access, latest=None)))

    def test_a_super_user_needs_it_too(self, ask: Ask) -> None:
        """What a host grants to Super Users it says as access."""
        known = evolve(granted(Finance=Access.VIEW), user=User(super_user=True, roles=frozenset()))
        assert refused(ask(known))[0] == "H8"

    def test_a_plan_without_steps_needs_none(self, ask: Ask) -> None:
        """No schema is asked for."""
        known = evolve(GRANTED, plan=LoadPlan("Nightly", (LoadGroup(1, ()),)), schemas={}, latest=None)
        assert isinstance(ask(known, body(recentLoadPlanExecution=None)), Start)


class TestH8OfGroupsThatWillNotRun:
    """H8: the schemas are those of the whole plan, not of the groups that this restart runs."""

    @pytest.mark.parametrize("schema", ["Sales", "Finance"])
    def test_a_group_before_the_start_counts(self, schema: str) -> None:
        """Started at group 4, the plan loads OnlineStore alone."""
        text = body(groupSequence=4)
        assert isinstance(restart(GRANTED, text), Start)
        reply = restart(granted(**{schema: Access.VIEW}), text)
        assert f"to EDIT the {schema} SCHEMADEFINITION" in text_of(reply)

    def test_a_completed_step_counts(self) -> None:
        """Of group 2 only Finance.Ledger would run, and Sales is loaded nowhere."""
        two = LoadPlan("Nightly", PLAN.groups[1:])
        reply = restart(evolve(granted(Sales=Access.VIEW), plan=two))
        assert "to EDIT the Sales SCHEMADEFINITION of ID [183]." in text_of(reply)

    def test_a_schema_is_what_stands_before_the_first_dot(self) -> None:
        """An object's name may have dots of its own."""
        dotted = evolve(GRANTED, plan=LoadPlan("Nightly", (LoadGroup(1, ["A.b.c"]),)), latest=None)
        known = evolve(dotted, schemas={"A": SchemaSeen(7, Access.VIEW)})
        assert "the A SCHEMADEFINITION of ID [7]" in text_of(restart(known))


@BOTH
class TestH9:
    """H9: while the plan's latest execution is active, nothing is started, whatever is asked."""

    @pytest.mark.parametrize("status", [P, Q])
    def test_the_words_are_the_sources(self, ask: Ask, status: Status) -> None:
        """In the queue is running too."""
        expected = (
            '{"message": "INC_05290501: A load job cannot be started as another job of the same load plan is'
            ' being executed."}'
        )
        assert refused(ask(evolve(GRANTED, latest=at_work(status)))) == ("H9", 400, expected)

    def test_it_is_told_before_everything_else_that_is_wrong(self, ask: Ask) -> None:
        """Another id, a group that there is not, no loader."""
        known = evolve(GRANTED, latest=at_work(P), loader_available=False)
        assert refused(ask(known, body(recentLoadPlanExecution=11, groupSequence=3)))[0] == "H9"

    def test_who_may_not_edit_learns_nothing_of_it(self, ask: Ask) -> None:
        """The schemas are asked for first."""
        assert refused(ask(evolve(granted(Sales=Access.VIEW), latest=at_work(P))))[0] == "H8"


class TestH10:
    """H10: every rule of R2 to R5 that rejects is named, and what to do; the text is ours and has no code."""

    @pytest.mark.parametrize(
        ("members", "newest", "found", "to_send", "does"),
        [
            (
                {"recentLoadPlanExecution": 11},
                FAILED,
                ["R2: execution 11 is not the latest, which is 12"],
                "groupSequence 0, recentLoadPlanExecution 12",
                "resumes at group 2, the first that failed",
            ),
            (
                {"recentLoadPlanExecution": 12},
                None,
                ["R2: execution 12 is not the latest: the load plan has never run"],
                "groupSequence 0, recentLoadPlanExecution none",
                "loads everything from the beginning",
            ),
            (
                {"recentLoadPlanExecution": 12},
                execution(S, {1: (S, {})}),
                ["R3: execution 12 has no failed group; never reached: 2, 4"],
                "groupSequence 2, recentLoadPlanExecution none",
                "runs group 2 whole and goes on after it",
            ),
            (
                {"groupSequence": 3, "recentLoadPlanExecution": None},
                None,
                ["R4: the load plan has no group 3, only 1, 2, 4"],
                "groupSequence 0, recentLoadPlanExecution none",
                "loads everything from the beginning",
            ),
            (
                {"groupSequence": 2},
                execution(F, {2: (F, None)}),
                [LOST],
                "groupSequence 2, recentLoadPlanExecution none",
                "runs group 2 whole and goes on after it",
            ),
            (
                {"groupSequence": 3, "recentLoadPlanExecution": 11},
                FAILED,
                [
                    "R2: execution 11 is not the latest, which is 12",
                    "R4: the load plan has no group 3, only 1, 2, 4",
                ],
                "groupSequence 0, recentLoadPlanExecution 12",
                "resumes at group 2, the first that failed",
            ),
            (
                {"groupSequence": 3},
                execution(S, {}),
                [
                    "R3: execution 12 has no failed group; never reached: 1, 2, 4",
                    "R4: the load plan has no group 3, only 1, 2, 4",
                ],
                "groupSequence 1, recentLoadPlanExecution none",
                "runs group 1 whole and goes on after it",
            ),
        ],
    )
    def test_each_rule_and_what_to_do(
        self,
        members: dict[str, int | None],
        newest: Execution | None,
        found: list[str],
        to_send: str,
        does: str,
    ) -> None:
        """The first is the reason; what to do is against that, and says what it does."""
        reply = restart(evolve(GRANTED, latest=newest), body(**members))
        text = f"{'; '.join(found)}; what to do: send {to_send}, which {does}"
        assert refused(reply) == ("H10", 400, f'{{"message": "{text}"}}')

    def test_an_execution_of_a_plan_without_a_group(self) -> None:
        """The one rule that can reject one, beside R1."""
        reply = execute(evolve(GRANTED, plan=plan({}), latest=None))
        text = "R4: the load plan has no group; what to do: add a group to the load plan"
        assert refused(reply) == ("H10", 400, f'{{"message": "{text}"}}')

    def test_a_number_too_long_to_show_is_told_so(self) -> None:
        """It is compared in full all the same."""
        text = f'{{"loadPlanName": "Nightly", "groupSequence": {"9" * 5_000}}}'.encode()
        assert text_of(restart(text=text)).startswith(
            "R4: the load plan has no group <int that cannot be shown>"
        )


@BOTH
class TestH11:
    """H11: without a loader service nothing is started, and that is told only of what would start."""

    def test_the_words_are_the_sources(self, ask: Ask) -> None:
        """With the status of the server's fault."""
        expected = '{"message": "INC_05150402: No loader services are currently available for this tenant."}'
        assert refused(ask(evolve(GRANTED, loader_available=False))) == ("H11", 500, expected)

    def test_what_is_rejected_is_told_first(self, ask: Ask) -> None:
        """Both by R1 and by the other rules."""
        assert refused(ask(evolve(GRANTED, loader_available=False, latest=at_work(Q))))[0] == "H9"
        known = evolve(GRANTED, loader_available=False, plan=plan({}))
        assert refused(ask(known))[0] == "H10"


class TestH12:
    """H12: what passes every gate is started, and answered with the id of the new execution."""

    @pytest.mark.parametrize(
        "request_", [RestartRequest(0, execution_id=12), RestartRequest(4), RestartRequest(0)]
    )
    def test_the_restart_is_the_decision_of_the_rules(self, request_: RestartRequest) -> None:
        """The same plan, with who starts it."""
        text = body(groupSequence=request_.group_sequence, recentLoadPlanExecution=request_.execution_id)
        outcome = restart(text=text)
        assert isinstance(outcome, Start)
        assert outcome.restart == plan_restart(PLAN, request_, FAILED)
        assert outcome.bearer == GRANTED.bearer

    def test_an_execution_starts_from_the_beginning(self) -> None:
        """It resumes nothing, also where the latest execution failed."""
        outcome = execute()
        assert isinstance(outcome, Start)
        assert (outcome.restart.rule, outcome.restart.start.sequence) == ("S1", 1)

    def test_the_answer_is_the_sources(self) -> None:
        """With the id that the host gave it."""
        reply = started(3)
        assert (reply.gate, reply.status, reply.body) == ("H12", 200, '{"loadPlanExecutionId": 3}')

    def test_a_schema_manager_starts_what_a_super_user_starts(self) -> None:
        """Who starts changes nothing in what is started."""
        outcomes = [
            restart(evolve(GRANTED, user=user))
            for user in (MANAGER, User(super_user=True, roles=frozenset()))
        ]
        assert outcomes[0] == outcomes[1]
