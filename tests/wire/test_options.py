"""Writing the restarts that are possible."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from wire.documents import Document, scenario_documents

from restart_engine import (
    Execution,
    GroupOutcome,
    InvalidValue,
    LoadGroup,
    LoadPlan,
    Rejection,
    Status,
    restart_options,
)
from restart_engine.wire import answer, decode_scenario, encode_decision, encode_options
from restart_engine.wire.reading import read_carefully
from restart_engine.wire.shapes import OptionsShape
from restart_engine.wire.writing import write_json


def possible(groups: int, factor: int = 1) -> tuple[LoadPlan, Execution]:
    """A plan of so many groups, each of which has failed with one of its two steps completed."""
    steps = {"A.b": Status.SUCCEEDED, "A.c": Status.FAILED}
    sequences = [factor * number for number in range(1, groups + 1)]
    plan = LoadPlan("N", tuple(LoadGroup(sequence, list(steps)) for sequence in sequences))
    outcomes = tuple(GroupOutcome(sequence, Status.FAILED, steps) for sequence in sequences)
    return plan, Execution(7, Status.FAILED, outcomes)


def test_options_are_written_so() -> None:
    """What all share stands once; each has its request, its rule, its start and what it leaves failed."""
    expected: dict[str, Any] = {
        "loadPlanName": "N",
        "failed": [1, 2],
        "options": [
            {
                "request": {"groupSequence": sequence, "recentLoadPlanExecution": execution},
                "rule": rule,
                "start": {"sequence": start, "run": run, "skip": skip},
                "leavesFailed": start - 1,
            }
            | ({"recommended": True} if rule == "S3" else {})
            for sequence, execution, rule, start, run, skip in (
                (0, 7, "S3", 1, ["A.c"], ["A.b"]),
                (0, None, "S1", 1, ["A.b", "A.c"], []),
                (2, 7, "S4", 2, ["A.c"], ["A.b"]),
                (2, None, "S2", 2, ["A.b", "A.c"], []),
            )
        ],
    }
    line = encode_options(restart_options(*possible(2)))
    assert line == json.dumps(expected, separators=(",", ":")).encode()


@given(scenario_documents())
def test_asking_for_an_option_gives_it(document: Document) -> None:
    """A request that stands there gets what stands beside it; where none is possible stands why."""
    facts = decode_scenario(json.dumps(document))
    options = restart_options(facts.plan, facts.latest)
    line = encode_options(options)
    if isinstance(options, Rejection):
        assert line == encode_decision(options)
        return
    assert write_json(read_carefully(line, OptionsShape)) == line
    found = json.loads(line)
    assert len(found["options"]) == len(options)
    for restart, option in zip(options, found["options"], strict=True):
        request = {"loadPlanName": found["loadPlanName"]} | option["request"]
        decision = json.loads(answer(json.dumps(document | {"request": request})))
        assert {name: decision[name] for name in ("rule", "start")}.items() <= option.items()
        assert tuple(found["failed"][: option["leavesFailed"]]) == restart.left_failed


def test_the_text_grows_with_the_plan_and_no_faster() -> None:
    """Twice the groups make twice the options, none of them longer."""
    small, large = (
        len(encode_options(restart_options(*possible(groups, factor))))
        for groups, factor in ((1_000, 2), (2_000, 1))
    )
    assert large < 2.1 * small


def test_an_integer_of_any_size_is_written() -> None:
    """Also of more digits than Python writes by itself."""
    line = encode_options(restart_options(*possible(1, 10**5_000)))
    assert line.startswith(b'{"loadPlanName":"N","failed":[1' + b"0" * 5_000 + b"],")


def test_no_option_is_none_that_there_could_be() -> None:
    """`restart_options` gives one or more, or the rejection."""
    with pytest.raises(InvalidValue, match="`options` is `\\(\\)`, accepted is what `restart_options` gives"):
        encode_options(())
