"""Scenarios as questions: every case of the vectors, drawn ones, and every one of a small scope."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final, TypeAlias

from hypothesis import strategies as st

from restart_engine.conformance import scope
from restart_engine.conformance.judge import Question
from restart_engine.conformance.strategies import scenarios
from restart_engine.conformance.vectors import Case, cases
from restart_engine.core.rules import Facts
from restart_engine.wire import ScenarioReader, encode_scenario

Document: TypeAlias = dict[str, Any]


def of_document(document: Document, origin: str, reader: ScenarioReader | None = None) -> Question:
    """The question that a scenario's JSON object asks."""
    line = json.dumps(document, ensure_ascii=False).encode()
    return Question((reader or ScenarioReader()).read(line), line, origin)


def _descending(document: Document) -> None:
    """Groups and recorded steps the other way round, which means the same."""
    document["plan"]["groups"].reverse()
    if document["latest"] is not None:
        document["latest"]["groups"].reverse()
        for group in document["latest"]["groups"]:
            if group["steps"] is not None:
                group["steps"] = dict(reversed(group["steps"].items()))


def _rotated(document: Document) -> None:
    """The first group last."""
    document["plan"]["groups"] = [*document["plan"]["groups"][1:], *document["plan"]["groups"][:1]]


def _without_nulls(document: Document) -> None:
    """Nothing where null would say the same."""
    if document["latest"] is None:
        del document["latest"]
    if document["request"]["recentLoadPlanExecution"] is None:
        del document["request"]["recentLoadPlanExecution"]


_WRITTEN: Final[tuple[Callable[[Document], None], ...]] = (
    lambda _: None,
    _descending,
    _rotated,
    _without_nulls,
)


def written(facts: Facts, way: Callable[[Document], None], origin: str) -> Question:
    """The question with its JSON written in one of the ways that mean the same."""
    document = json.loads(encode_scenario(facts))
    way(document)
    return Question(facts, json.dumps(document, ensure_ascii=False).encode(), origin)


def of_case(case: Case) -> Question:
    """The question that a case of the vectors asks."""
    return of_document(case.document, case.id)


@cache
def of_cases() -> tuple[Question, ...]:
    """The questions of all the cases, made once."""
    return tuple(map(of_case, cases()))


def drawn() -> st.SearchStrategy[Question]:
    """A drawn scenario, its JSON written one way or another."""
    return st.builds(written, scenarios(), st.sampled_from(_WRITTEN), st.just("drawn"))


def enumerated() -> Iterator[Question]:
    """Every scenario of the small scope."""
    reader = ScenarioReader()
    for document in scope.documents():
        yield of_document(document, "enumerated", reader)
