"""Scenarios and decisions as plain JSON values: valid ones, and valid ones with one place changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from restart_engine.wire import answer

Document = dict[str, Any]
RUN_STATUSES = [
    "Succeeded",
    "Finished With Errors",
    "Failed",
    "Interrupted",
    "In Progress",
    "In Queue",
]
STEP_STATUSES = [*RUN_STATUSES, "Skipped"]
STEP_NAMES = ["Sales.Orders", "Sales.Lines", "A.b.c", "\u05d0.\u00e9e\u0301", "S p.\U0001f600", 'q".\\n\n']

sequences = st.sampled_from([1, 2, 3, 5, 10**30])
ids = st.sampled_from([1, 2, 12, 2**64])
names = st.lists(st.sampled_from(STEP_NAMES), unique=True, max_size=4)


@st.composite
def scenario_documents(draw: st.DrawFn) -> Document:
    """A scenario that wire.md accepts."""
    name = draw(st.sampled_from(["Nightly", "\u05dc\u05d9\u05dc\u05d4", " a\\", '"']))
    document: Document = {
        "plan": {
            "name": name,
            "groups": [
                {"sequence": sequence, "steps": draw(names)}
                for sequence in draw(st.lists(sequences, unique=True, max_size=4))
            ],
        },
        "request": {
            "loadPlanName": name,
            "groupSequence": draw(st.sampled_from([0, -1, -(2**63), 1, 2, 3, 10**30])),
        },
    }
    if draw(st.booleans()):
        document["request"]["recentLoadPlanExecution"] = draw(st.none() | st.integers(-1, 3) | ids)
    if draw(st.booleans()):
        document["latest"] = draw(st.none() | execution_documents())
    return document


@st.composite
def execution_documents(draw: st.DrawFn) -> Document:
    """A latest execution that wire.md accepts."""
    return {
        "id": draw(ids),
        "status": draw(st.sampled_from(RUN_STATUSES)),
        "groups": [
            {
                "sequence": sequence,
                "status": draw(st.sampled_from(RUN_STATUSES)),
                "steps": draw(
                    st.none()
                    | st.dictionaries(st.sampled_from(STEP_NAMES), st.sampled_from(STEP_STATUSES), max_size=4)
                ),
            }
            for sequence in draw(st.lists(sequences, unique=True, max_size=4))
        ],
    }


DIGEST = "654a719b70fdce03e6eb294ac6e46230b4ce875740ff8b8a610b213aae1ccf35"


def planned(rule: str, **changes: Any) -> Document:
    """The decision of the example, with these members changed."""
    return {
        "decision": "planned",
        "rule": rule,
        "basedOn": 12,
        "before": [1],
        "start": {"sequence": 2, "run": ["Finance.Ledger"], "skip": ["Finance.Rates"]},
        "after": [4],
        "notes": [],
        "precondition": {"latest": {"id": 12, "status": "Failed"}, "planDigest": DIGEST},
    } | changes


def rejected(message: str, remedy: str, evidence: Document) -> Document:
    """A rejection by these rules."""
    return {
        "decision": "rejected",
        "rule": next(iter(evidence), None),
        "rules": list(evidence),
        "message": message,
        "remedy": remedy,
        "evidence": evidence,
    }


@st.composite
def decision_documents(draw: st.DrawFn) -> Document:
    """A decision that the engine gives."""
    document: Document = json.loads(answer(json.dumps(draw(scenario_documents()))))
    return document


odd_values: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1, 1.0, 1.5, 10**40, "", " ", "1", "Failed", "Skipped", "Sales.Orders", ".", [], {}]
) | st.sampled_from(
    ["In Progress", "S.\ud800", "S1", "S3", "R2", ["R5"], ["A.b.c"], "f" * 64, "f" * 64 + "\n", 2, 12]
)
odd_names = st.sampled_from(["unknown", "Orders", " .x", "x. ", "latest", "a\nb", "S.\udfff", "R4"])


@st.composite
def changed(draw: st.DrawFn, documents: st.SearchStrategy[Document]) -> Document:
    """One of these with one value replaced, one member dropped, one added, or one item repeated or moved."""
    document = copy.deepcopy(draw(documents))
    holder = draw(
        st.sampled_from([value for value in nested(document) if value and isinstance(value, dict | list)])
    )
    place = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    match draw(st.sampled_from(["replace", "drop", "add"])):
        case "replace":
            holder[place] = draw(odd_values)
        case "drop":
            del holder[place]
        case _ if isinstance(holder, dict):
            holder[draw(odd_names)] = draw(odd_values)
        case _:
            holder.insert(draw(st.integers(0, len(holder))), copy.deepcopy(holder[place]))
    return document


def changed_documents() -> st.SearchStrategy[Document]:
    """A valid scenario with one place changed."""
    return changed(scenario_documents())


def nested(value: Any) -> Iterator[Any]:
    """The value and every value in it, names of members included."""
    yield value
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from nested(item)
    elif isinstance(value, list):
        for item in value:
            yield from nested(item)
