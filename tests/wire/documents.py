"""Scenario documents as plain JSON values: valid ones, and valid ones with one place changed."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

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


odd_values: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 1, 1.0, 1.5, 10**40, "", " ", "1", "Failed", "Skipped", "Sales.Orders", ".", [], {}]
)


@st.composite
def changed_documents(draw: st.DrawFn) -> Document:
    """A valid scenario with one value replaced, one member dropped, or one added."""
    document = copy.deepcopy(draw(scenario_documents()))
    holders: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict | list) and value:
            holders.append(value)
            for item in list(value.values()) if isinstance(value, dict) else value:
                walk(item)

    walk(document)
    holder = draw(st.sampled_from(holders))
    place = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
    match draw(st.sampled_from(["replace", "drop", "add"])):
        case "replace":
            holder[place] = draw(odd_values)
        case "drop":
            del holder[place]
        case _ if isinstance(holder, dict):
            holder[draw(st.sampled_from(["unknown", "Orders", " .x", "x. ", "latest", "a\nb"]))] = draw(
                odd_values
            )
        case _:
            holder.append(copy.deepcopy(holder[place]))
    return document
