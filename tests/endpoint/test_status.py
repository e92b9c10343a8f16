"""What a question after an execution's status is answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from attrs import evolve
from core.builders import F, I, K, P, Q, S
from endpoint.house import FAILED, GRANTED, MANAGER, NOBODY, PLAN, refused, status
from hypothesis import given
from hypothesis import strategies as st

from restart_engine import Execution, GroupOutcome, LoadPlan
from restart_engine.conformance.strategies import executions, load_plans
from restart_engine.endpoint import Access, ExecutionSeen, SchemaSeen, Snapshot

RUN = Execution(
    13,
    P,
    (
        GroupOutcome(1, S, None),
        GroupOutcome(2, P, {"Sales.Returns": K, "Finance.Rates": P, "Finance.Ledger": F, "Finance.a.b": Q}),
        GroupOutcome(4, Q, {}),
    ),
)


def showing(execution: Execution, plan: LoadPlan = PLAN) -> Snapshot:
    """The house, in which this execution is asked for."""
    return evolve(GRANTED, execution=ExecutionSeen(plan, execution))


def shown(execution: Execution, level: int) -> dict[str, Any]:
    """The status at a level."""
    reply = status(showing(execution, LoadPlan("Nightly", ())), str(execution.id), str(level))
    assert (reply.gate, reply.status) == ("V4", 200)
    value: dict[str, Any] = json.loads(reply.body)
    return value


class TestV1:
    """V1: the level is 1, 2, 3 or 4, or absent."""

    @pytest.mark.parametrize(
        "level", ["", "0", "5", " 1", "01", "1.0", "-1", "one", "\uff11", "\u00b2", "1,2"]
    )
    def test_any_other_is_refused(self, level: str) -> None:
        """It is shown as it was sent."""
        text = json.dumps({"message": f"The level [{level}] is none of 1, 2, 3 and 4."})
        assert refused(status(level=level)) == ("V1", 422, text)

    def test_it_is_told_before_anything_of_the_execution(self) -> None:
        """Also where there is none."""
        assert status(evolve(GRANTED, execution=None), level="5").gate == "V1"

    @pytest.mark.parametrize(("level", "same"), [(None, "1"), ("1", "1"), ("2", "2"), ("3", "3"), ("4", "4")])
    def test_each_level_is_answered_and_the_first_is_meant_by_none(
        self, level: str | None, same: str
    ) -> None:
        """Four levels, four answers."""
        assert status(level=level) == status(level=same)
        assert status(level=level).gate == "V4"


class TestV2:
    """V2: an execution that the tenant does not have is not found."""

    @pytest.mark.parametrize(
        "execution_id",
        [
            "", "11", "0", "-12", "+12", "12.0", "1e1", " 12", "12 ", "1_2", "0x0c", "\uff11\uff12", "\u00b2",
            "x", "9" * 5_000,
        ],
    )  # fmt: skip
    def test_what_is_no_execution_s_id_is_named_as_it_was_sent(self, execution_id: str) -> None:
        """A number that none has, or no number at all."""
        text = json.dumps({"message": f"The [{execution_id}] load plan execution cannot be found."})
        assert refused(status(execution_id=execution_id)) == ("V2", 404, text)

    def test_the_host_is_asked_for_numbers_alone(self) -> None:
        """Leading zeros change no number."""
        assert status(execution_id="0012") == status(execution_id="12")

    @pytest.mark.parametrize("id_", [1, 2**63, 2**64 + 1, 10**40])
    def test_whatever_id_the_host_gave_is_found(self, id_: int) -> None:
        """As long as it may be."""
        assert (
            json.loads(status(showing(evolve(FAILED, id=id_)), str(id_)).body)["loadPlanExecutionId"] == id_
        )


class TestV3:
    """V3: the caller may view a schema of the plan, any one; the role counts for nothing."""

    FORBIDDEN = (
        '{"message": "INC_02010000: You are not authorized to VIEW a schema of the load plan execution'
        ' of ID [12]."}'
    )

    @pytest.mark.parametrize("access", [Access.VIEW, Access.EDIT])
    @pytest.mark.parametrize("schema", ["Sales", "Finance", "OnlineStore"])
    def test_any_one_schema_is_enough(self, schema: str, access: Access) -> None:
        """To edit it is to view it."""
        seen = dict.fromkeys(GRANTED.schemas, SchemaSeen(1, Access.NONE)) | {schema: SchemaSeen(2, access)}
        assert status(evolve(GRANTED, schemas=seen, user=NOBODY)).gate == "V4"

    def test_without_any_the_caller_is_refused(self) -> None:
        """A Schema Manager too."""
        seen = dict.fromkeys(GRANTED.schemas, SchemaSeen(1, Access.NONE))
        known = evolve(GRANTED, schemas=seen, user=MANAGER)
        assert refused(status(known)) == ("V3", 403, self.FORBIDDEN)

    @pytest.mark.parametrize("execution_id", ["12", "0012"])
    def test_the_id_asked_for_is_named_and_the_plan_is_not(self, execution_id: str) -> None:
        """As it was sent: who may not see the plan does not learn its name from the number of a run."""
        seen = dict.fromkeys(GRANTED.schemas, SchemaSeen(1, Access.NONE))
        reply = status(evolve(GRANTED, schemas=seen), execution_id)
        assert refused(reply) == ("V3", 403, self.FORBIDDEN.replace("[12]", f"[{execution_id}]"))
        assert PLAN.name not in reply.body

    def test_a_plan_without_a_schema_is_seen_by_who_may_start_plans(self) -> None:
        """There is no schema to view, and not everybody is to see it."""
        known = showing(FAILED, LoadPlan("Nightly", ()))
        assert status(evolve(known, user=MANAGER)).gate == "V4"
        assert refused(status(evolve(known, user=NOBODY))) == ("V3", 403, self.FORBIDDEN)

    def test_whether_it_is_there_is_told_first(self) -> None:
        """As the load plan is, to who may not start it."""
        assert status(evolve(GRANTED, execution=None, user=NOBODY)).gate == "V2"


class TestV4:
    """V4: the execution, its groups, their schemas, their objects, by level."""

    def test_the_first_is_the_execution(self) -> None:
        """Its id, its plan and its status."""
        expected = '{"loadPlanExecutionId": 13, "loadPlanName": "Nightly", "status": "In Progress"}'
        assert status(showing(RUN), "13").body == expected

    def test_the_second_adds_groups(self) -> None:
        """Those that the execution has, ascending."""
        expected = (
            '{"loadPlanExecutionId": 13, "loadPlanName": "Nightly", "status": "In Progress", "groups": ['
            '{"sequence": 1, "status": "Succeeded"}, {"sequence": 2, "status": "In Progress"},'
            ' {"sequence": 4, "status": "In Queue"}]}'
        )
        assert status(showing(RUN), "13", "2").body == expected

    def test_the_third_adds_schemas(self) -> None:
        """How many of its objects have which status; null where the history of the steps is unavailable."""
        expected = (
            '{"loadPlanExecutionId": 13, "loadPlanName": "Nightly", "status": "In Progress", "groups": ['
            '{"sequence": 1, "status": "Succeeded", "schemas": null},'
            ' {"sequence": 2, "status": "In Progress", "schemas": ['
            '{"name": "Finance", "statuses": {"Failed": 1, "In Progress": 1, "In Queue": 1}},'
            ' {"name": "Sales", "statuses": {"Skipped": 1}}]},'
            ' {"sequence": 4, "status": "In Queue", "schemas": []}]}'
        )
        assert status(showing(RUN), "13", "3").body == expected

    def test_the_fourth_adds_objects(self) -> None:
        """Each with its status, ascending by name; a dot in it is its own."""
        expected = (
            '{"loadPlanExecutionId": 13, "loadPlanName": "Nightly", "status": "In Progress", "groups": ['
            '{"sequence": 1, "status": "Succeeded", "schemas": null},'
            ' {"sequence": 2, "status": "In Progress", "schemas": ['
            '{"name": "Finance", "statuses": {"Failed": 1, "In Progress": 1, "In Queue": 1}, "objects": ['
            '{"name": "Ledger", "status": "Failed"}, {"name": "Rates", "status": "In Progress"},'
            ' {"name": "a.b", "status": "In Queue"}]},'
            ' {"name": "Sales", "statuses": {"Skipped": 1}, "objects": ['
            '{"name": "Returns", "status": "Skipped"}]}]},'
            ' {"sequence": 4, "status": "In Queue", "schemas": []}]}'
        )
        assert status(showing(RUN), "13", "4").body == expected

    def test_the_status_is_the_hosts_fact(self) -> None:
        """It is not derived from what the groups and steps have."""
        odd = Execution(1, S, (GroupOutcome(1, I, {"A.a": S}),))
        assert shown(odd, 2)["status"] == "Succeeded"
        assert shown(odd, 2)["groups"] == [{"sequence": 1, "status": "Interrupted"}]

    @given(load_plans().flatmap(executions), st.integers(1, 3))
    def test_each_level_has_all_that_the_one_before_has(self, execution: Execution, level: int) -> None:
        """Member for member, at every depth."""
        less, more = shown(execution, level), shown(execution, level + 1)
        assert within(less, more)
        assert less != more or not execution.groups or level > 1

    @given(load_plans().flatmap(executions))
    def test_counts_add_up(self, execution: Execution) -> None:
        """Every recorded step is one object of one schema, and is counted once, under its status."""
        groups = shown(execution, 4)["groups"]
        assert [group["sequence"] for group in groups] == sorted(execution.sequences)
        for group in groups:
            outcome = execution.outcome(group["sequence"])
            assert outcome is not None
            assert group["status"] == outcome.status.value
            if group["schemas"] is None or outcome.statuses is None:
                assert group["schemas"] is outcome.statuses
                continue
            objects = [
                (f"{schema['name']}.{item['name']}", item["status"])
                for schema in group["schemas"]
                for item in schema["objects"]
            ]
            assert sorted(objects) == sorted(
                (name, of_step.value) for name, of_step in outcome.recorded.items()
            )
            for schema in group["schemas"]:
                statuses = [item["status"] for item in schema["objects"]]
                assert schema["statuses"] == {label: statuses.count(label) for label in statuses}


def within(less: Any, more: Any) -> bool:
    """Whether one value has all that the other has; lists are as long, and in the same order."""
    if isinstance(less, dict):
        return all(name in more and within(value, more[name]) for name, value in less.items())
    if isinstance(less, list):
        return len(less) == len(more) and all(map(within, less, more))
    return bool(less == more)
