"""From the tables to the files: what is allowed is what the reference says, under each profile."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any, Final

from restart_engine.conformance.profile import Profile
from restart_engine.conformance.reference import Allowed, Rejected, by_answer
from restart_engine.conformance.situations import rules_of
from restart_engine.conformance.vectors import (
    FILES,
    cases_chains,
    cases_consequences,
    cases_edges,
    cases_freedoms,
    cases_names,
    cases_rejections,
    cases_starts,
    cases_steps,
    cases_together,
    cases_written,
)
from restart_engine.conformance.vectors.builders import Document, Row
from restart_engine.conformance.vectors.marks import source_of
from restart_engine.conformance.vectors.partial import smallest
from restart_engine.core.rule_table import RULES
from restart_engine.core.rules import Facts
from restart_engine.wire import decode_scenario

TABLES: Final = (
    cases_rejections,
    cases_starts,
    cases_consequences,
    cases_steps,
    cases_together,
    cases_freedoms,
    cases_chains,
    cases_edges,
    cases_names,
    cases_written,
)
_ABOUT: Final = {
    "pairs": "two rules or more reject at once, and an implementation names any of them",
    "freedoms": "the source is silent, and implementations may answer in more than one way",
    "chains": "the latest execution is a restart itself, with the steps that it skipped",
    "edges": "values at the edge of what is legal, and the same facts written otherwise",
}


def rows() -> list[Row]:
    """Every row of the tables, by file and in the order of its table."""
    found = [row for table in TABLES for row in table.rows()]
    return sorted(found, key=lambda row: FILES.index(_file(row)))


def texts() -> dict[str, str]:
    """The text of each file of cases, by its name."""
    by_file = {file: list(of_file) for file, of_file in groupby(rows(), key=_file)}
    return {f"{file}.json": _text(file, by_file.get(file, [])) for file in FILES}


def _file(row: Row) -> str:
    return row.id.partition("/")[0]


def _text(file: str, of_file: list[Row]) -> str:
    """The file, with a line for each member of a case and for each answer allowed."""
    about = RULES[file].sentence if file in RULES else _ABOUT[file]
    cases = ",\n".join(_case_text(case(row)) for row in of_file)
    return f'{{"format": 1, "file": {_json(file)}, "about": {_json(about)}, "cases": [\n{cases}\n]}}\n'


def _case_text(case: Document) -> str:
    answers = ",\n".join(f"    {_json(answer)}" for answer in case["allowed"])
    lines = [f'"{name}": {_json(value)}' for name, value in case.items() if name != "allowed"]
    return " {" + ",\n  ".join(lines) + f',\n  "allowed": [\n{answers}]}}'


def _json(value: object) -> str:
    """In ASCII, so that no editor and no checkout changes a name."""
    return json.dumps(value)


def case(row: Row) -> Document:
    """The case as it stands in its file."""
    facts = decode_scenario(json.dumps(row.scenario))
    return {
        "id": row.id,
        "why": row.why,
        "rules": exercised_rules(facts),
        "source": "ours" if row.ours else source_of(facts),
        "scenario": row.scenario,
        "allowed": [
            {"answer": answer, "profiles": smallest(profiles)} for answer, profiles in allowed_answers(facts)
        ],
    }


def exercised_rules(facts: Facts) -> list[str]:
    """The rules and consequences that decide, under whichever profile."""
    named = set(rules_of(facts))
    for answers in by_answer(facts):
        for answer in answers:
            named.update(answer.rules if isinstance(answer, Rejected) else (answer.rule or "S1",))
    return [rule for rule in RULES if rule in named]


def allowed_answers(facts: Facts) -> list[tuple[Document, frozenset[Profile]]]:
    """Each answer that is allowed and the profiles that allow it, ours first."""
    found: dict[str, set[Profile]] = {}
    for answers, profiles in by_answer(facts).items():
        for answer in answers:
            found.setdefault(_json(_document(facts, answer)), set()).update(profiles)
    return [(json.loads(text), frozenset(profiles)) for text, profiles in found.items()]


def _document(facts: Facts, answer: Allowed) -> dict[str, Any]:
    if isinstance(answer, Rejected):
        return {"decision": "rejected", "rules": list(answer.rules)}
    names = next(group.names for group in facts.plan.groups if group.sequence == answer.start)
    start = {
        "sequence": answer.start,
        "run": [name for name in names if name in answer.run],
        "skip": [name for name in names if name in answer.skip],
    }
    return {"decision": "planned", "start": start, "after": list(answer.after)}
