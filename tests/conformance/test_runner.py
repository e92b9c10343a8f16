"""A runner written from the manual that is shipped with the vectors: no line of it is the kit's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from exhaustive import naive

from restart_engine.conformance.profile import OURS, members
from restart_engine.conformance.vectors import FILES, FOLDER
from restart_engine.core.rule_table import RULES

Document = dict[str, Any]
Answer = Callable[[Document], Document]


def matched(answer: Document, given: Document) -> bool:
    """Section 3."""
    if answer["decision"] != given["decision"]:
        return False
    if answer["decision"] == "rejected":
        return given["rule"] in answer["rules"]
    ours, theirs = answer["start"], given["start"]
    if len(set(theirs["run"]) | set(theirs["skip"])) != len(theirs["run"]) + len(theirs["skip"]):
        return False
    return (
        ours["sequence"] == theirs["sequence"]
        and set(ours["run"]) == set(theirs["run"])
        and set(ours["skip"]) == set(theirs["skip"])
        and answer["after"] == given["after"]
    )


def run(folder: Path, subject: Answer) -> tuple[list[str], list[str], int]:
    """The ids that failed, those that contradict others, and how many profiles remain."""
    names = ("interruptedFails", "finishedWithErrorsFails", "zeroIsNoId", "historyOfAnyStart")
    kept = [dict(zip(names, values, strict=True)) for values in product((True, False), repeat=4)]
    failed, contradicting = [], []
    for path in sorted(folder.glob("*.json")):
        if path.name == "vectors.schema.json":
            continue
        document = json.loads(path.read_text(encoding="utf-8"))
        assert document["format"] == 1
        for case in document["cases"]:
            given = subject(case["scenario"])
            terms = [
                term
                for entry in case["allowed"]
                if matched(entry["answer"], given)
                for term in entry["profiles"]
            ]
            explained = [
                profile for profile in kept if any(term.items() <= profile.items() for term in terms)
            ]
            if not terms:
                failed.append(case["id"])
            elif not explained:
                contradicting.append(case["id"])
            else:
                kept = explained
    return failed, contradicting, len(kept)


def answer_of(scenario: Document) -> Document:
    """The naive definition's answer."""
    request = scenario["request"]
    asked, given = request["groupSequence"], request.get("recentLoadPlanExecution")
    decision = naive.decide(scenario["plan"], scenario.get("latest"), asked, given)
    return {**decision, "rule": decision["rules"][-1]} if decision["decision"] == "rejected" else decision


def plain(case: Document) -> Document:
    """The scenario of a case."""
    scenario: Document = case["scenario"]
    return scenario


def skipping_everywhere(scenario: Document) -> Document:
    """A fault: later groups of which everything succeeded are left out."""
    answer = answer_of(scenario)
    if answer["decision"] == "planned" and answer["basedOn"] is not None:
        done = {g["sequence"] for g in scenario["latest"]["groups"] if g["status"] == "Succeeded"}
        answer["after"] = [sequence for sequence in answer["after"] if sequence not in done]
    return answer


def taking_0_for_none_in_plans(scenario: Document) -> Document:
    """A fault: the id 0 means none where the plan has run, and is an id where it has not."""
    request = scenario["request"]
    if request.get("recentLoadPlanExecution") == 0 and scenario.get("latest") is not None:
        request = {**request, "recentLoadPlanExecution": None}
    return answer_of({**scenario, "request": request})


def with_floats(scenario: Document) -> Document:
    """A fault: ids are compared as floats."""
    latest, given = scenario.get("latest"), scenario["request"].get("recentLoadPlanExecution")
    if latest is not None and given is not None and float(given) == float(latest["id"]):
        return answer_of(
            {**scenario, "request": {**scenario["request"], "recentLoadPlanExecution": latest["id"]}}
        )
    return answer_of(scenario)


def interrupted_is_no_failure(scenario: Document) -> Document:
    """No fault: another profile."""
    latest = scenario.get("latest")
    if latest is None:
        return answer_of(scenario)
    groups = [{**g, "status": "In Queue"} if g["status"] == "Interrupted" else g for g in latest["groups"]]
    return answer_of({**scenario, "latest": {**latest, "groups": groups}})


class TestRunner:
    """The manual is enough to judge by."""

    def test_the_naive_definition_conforms(self) -> None:
        """It names the last rule that holds where ours names the first, and one profile remains."""
        assert run(FOLDER, answer_of) == ([], [], 1)

    def test_another_profile_conforms(self) -> None:
        """What a freedom allows is no fault."""
        assert run(FOLDER, interrupted_is_no_failure) == ([], [], 1)

    def test_a_fault_fails(self) -> None:
        """An engine that skips in later groups does not conform."""
        failed, contradicting, _ = run(FOLDER, skipping_everywhere)
        assert "C1/two-later-groups-succeeded" in failed
        assert contradicting == []

    def test_a_float_fails(self) -> None:
        """An engine that compares ids as floats is found by the ids that differ by 1."""
        assert {"edges/id-2-to-53-given-one-more", "edges/id-10-to-30-is-one-less"} <= set(
            run(FOLDER, with_floats)[0]
        )

    def test_a_contradiction_is_found(self) -> None:
        """An engine that uses a freedom in two ways fails no case, and does not conform."""
        failed, contradicting, kept = run(FOLDER, taking_0_for_none_in_plans)
        assert failed == []
        assert contradicting
        assert kept == 1


class TestManual:
    """README.md, beside the files."""

    TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")

    def test_its_example_is_a_case(self) -> None:
        """As it stands in its file."""
        match = re.search(r"```json\n(.*?)```", self.TEXT, re.DOTALL)
        assert match is not None
        example = json.loads(match[1])
        written = [json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.json")]
        assert any(example in file.get("cases", ()) for file in written)

    def test_it_says_what_each_rule_says(self) -> None:
        """In the words that a verdict cites."""
        for text in RULES.values():
            assert f"| {text.id} | {text.sentence} |" in self.TEXT

    def test_it_names_every_freedom_and_file(self) -> None:
        """The one that no single answer shows among them."""
        for name in members(OURS):
            assert f"`{name}`" in self.TEXT
        for file in FILES:
            assert f"`{file}.json`" in self.TEXT or file[0] in "RSC"
