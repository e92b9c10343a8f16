"""The table of the gates: none is left out, its order is the one asked in, and the docs say what it says."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Final, Literal

import pytest
from endpoint.calls import Body, Situation
from endpoint.house import GRANTED, HEADER, body
from endpoint.test_laws import table

from restart_engine import RestartRequest
from restart_engine.core.rule_table import complete_table
from restart_engine.endpoint import GATES, Call, Gate, GateId, RestartCall, StatusCall
from restart_engine.endpoint.replies import GATE_IDS, gates_of

DOCS: Final = Path(__file__).parents[2] / "docs"
RESTART: Final = RestartCall(tenant="demo", authorization=HEADER, body=body())
STATUS: Final = StatusCall(tenant="demo", authorization=HEADER, execution_id="12")


def rows(page: str) -> list[list[str]]:
    """The cells of each row of a page that begins with the id of a gate."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    return [row for row in cells if re.fullmatch(r"[HV]\d+", row[0]) or row[0] in GATES]


class TestTableOfEveryGate:
    """A table over the gates has every gate and nothing else."""

    def test_that_of_the_gates_itself(self) -> None:
        """Each under its own id."""
        assert tuple(GATES) == GATE_IDS
        assert all(gate.id == id_ for id_, gate in GATES.items())

    @pytest.mark.parametrize("gate", GATES)
    def test_one_that_leaves_a_gate_out_is_refused(self, gate: GateId) -> None:
        """Where it is made, which is where it is imported."""
        with pytest.raises(TypeError, match=f"no row for {gate}$"):
            complete_table(GATE_IDS, {each: 0 for each in GATES if each != gate})

    def test_no_two_gates_are_called_the_same(self) -> None:
        """Neither by their label nor by their sentence."""
        assert len({gate.label for gate in GATES.values()}) == len(GATES)
        assert len({gate.sentence for gate in GATES.values()}) == len(GATES)


@pytest.mark.parametrize(("call", "of"), [(RESTART, "start"), (STATUS, "status")])
def test_its_order_is_the_one_in_which_they_are_asked(call: Call, of: Literal["start", "status"]) -> None:
    """Of either call; the laws hold the gates to that order, and H1 stands where it is first asked."""
    known = Situation(call, GRANTED, Body(body(), True, frozenset(), "Nightly", RestartRequest(0)))
    asked = dict.fromkeys(row.gate for row in table(known))
    assert list(asked) == [gate.id for gate in gates_of(of)]
    assert [gate.refuses for gate in gates_of(of)] == [True] * (len(asked) - 1) + [False]


def test_the_rules_say_of_each_gate_what_the_table_says() -> None:
    """Its label, its sentence, its status and code and whose they are; remarks may follow."""
    found = {row[0]: row[1:] for row in rows("rules.md")}
    assert list(found) == list(GATES)
    for gate in GATES.values():
        label, sentence, answer = found[gate.id]
        assert (label, sentence) == (gate.label, gate.sentence)
        assert re.fullmatch(rf"{re.escape(answer_of(gate))}(; .+)?", answer)


def answer_of(gate: Gate) -> str:
    """The reply as the rules write it."""
    code = f", `{gate.code}`" if gate.code else ", no code" if gate.refuses else ""
    return f"{gate.status}{code} [{gate.source}]"


def test_the_page_of_the_endpoint_says_of_each_gate_what_the_table_says() -> None:
    """Its sentence and its status; H1 is asked twice, and each half of its sentence stands in its place."""
    sentences = defaultdict[str, list[str]](list)
    for gate, sentence, status, reply in rows("endpoint.md"):
        sentences[gate].append(sentence)
        row = GATES[gate]  # type: ignore[index]  # a gate, or the test fails
        assert int(status) == row.status
        assert reply.startswith('`{"message": ' if row.refuses else '`{"loadPlanExecutionId": ')
        assert row.code is None or f'"{row.code}: ' in reply
    assert list(sentences) == list(GATES)
    assert {gate: ", or ".join(halves) for gate, halves in sentences.items()} == {
        gate.id: gate.sentence for gate in GATES.values()
    }
