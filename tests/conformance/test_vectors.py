"""The test vectors: minted, complete, and enough to judge by, as their manual says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from restart_engine import plan_restart
from restart_engine.conformance.profile import OURS, STATELESS, Profile, members
from restart_engine.conformance.reference import allowed, by_answer, compared, explaining
from restart_engine.conformance.situations import EVERY, PAIRS, exercised
from restart_engine.conformance.vectors import BESIDE, FILES, FOLDER, Case, cases, minted, write_vectors
from restart_engine.conformance.vectors.__main__ import main
from restart_engine.conformance.vectors.partial import expanded, smallest
from restart_engine.core.notes import NOTE_LABELS
from restart_engine.core.rule_table import RULES
from restart_engine.core.rules import Facts
from restart_engine.wire import answer, decode_scenario

Document = dict[str, Any]
FACTS: dict[str, Facts] = {case.id: decode_scenario(case.scenario) for case in cases()}


def shipped() -> dict[str, Document]:
    """Each file of cases that is shipped, read."""
    return {file: json.loads((FOLDER / f"{file}.json").read_text(encoding="utf-8")) for file in FILES}


def written_cases() -> Iterator[Document]:
    """Every case as it stands in its file."""
    for document in shipped().values():
        yield from document["cases"]


class TestFiles:
    """What is shipped."""

    def test_they_are_what_the_tool_mints(self) -> None:
        """After a change of the tables or the reference, `python -m restart_engine.conformance.vectors`."""
        assert {
            f"{file}.json": (FOLDER / f"{file}.json").read_text(encoding="utf-8") for file in FILES
        } == minted()

    def test_nothing_else_is_there(self) -> None:
        """The folder holds the files of cases, the manual and the schema."""
        assert {path.name for path in FOLDER.iterdir()} == {*(f"{file}.json" for file in FILES), *BESIDE}

    def test_the_schema_describes_them(self) -> None:
        """Each file is valid, and the schema is one."""
        schema = json.loads((FOLDER / "vectors.schema.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for file, document in shipped().items():
            assert [error.message for error in validator.iter_errors(document)] == [], file
            assert document["file"] == file

    @pytest.mark.parametrize(
        ("member", "value"),
        [("id", "R1/3 "), ("rules", ["R9"]), ("source", "both"), ("scenario", {}), ("allowed", [])],
    )
    def test_the_schema_refuses_what_is_none(self, member: str, value: object) -> None:
        """A case with a member of another shape is no case."""
        schema = json.loads((FOLDER / "vectors.schema.json").read_text(encoding="utf-8"))
        document = shipped()["S1"]
        document["cases"][0][member] = value
        assert not jsonschema.Draft202012Validator(schema).is_valid(document)

    def test_writing_them_gives_the_same_bytes(self, tmp_path: Path) -> None:
        """A folder is made if need be; every file goes into it, and writing again changes nothing."""
        for _ in range(2):
            assert write_vectors(tmp_path / "a" / "b") == len(cases())
        assert {path.name: path.read_bytes() for path in (tmp_path / "a" / "b").iterdir()} == {
            path.name: path.read_bytes() for path in FOLDER.iterdir()
        }

    def test_minting_loses_no_id_silently(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A case that the tables no longer have is refused, unless it is named as meant to go."""
        write_vectors(tmp_path)
        first = tmp_path / "R1.json"
        first.write_text(
            first.read_text(encoding="utf-8").replace('"R1/in-queue-is-active"', '"R1/old"'), encoding="utf-8"
        )
        monkeypatch.setattr("restart_engine.conformance.vectors.__main__.FOLDER", tmp_path)
        assert main([]) == 1
        assert "R1/old" in capsys.readouterr().err
        assert "R1/old" in first.read_text(encoding="utf-8")
        assert main(["--retire", "R1/old"]) == 0
        assert capsys.readouterr().out == f"{len(cases())} cases, 1 new, 1 retired\n"
        assert first.read_text(encoding="utf-8") == minted()["R1.json"]


class TestCases:
    """Their ids, scenarios and what they exercise."""

    def test_ids_are_slugs_and_unique(self) -> None:
        """An id is its file, a slash and words; each stands once, and there are enough."""
        ids = [case.id for case in cases()]
        assert len(ids) == len(set(ids)) >= 300
        files = "|".join(FILES)
        assert [id_ for id_ in ids if not re.fullmatch(rf"({files})/[a-z0-9]+(-[a-z0-9]+)*", id_)] == []

    def test_no_two_have_the_same_scenario(self) -> None:
        """Cases of the same facts differ at least in how these are written."""
        assert [
            scenario for scenario, count in Counter(case.scenario for case in cases()).items() if count > 1
        ] == []

    def test_the_document_is_the_scenario(self) -> None:
        """It is made anew each time, so that nobody changes a case."""
        case = cases()[0]
        case.document["plan"] = None
        assert case.document == json.loads(case.scenario)

    @pytest.mark.parametrize("what", EVERY)
    def test_everything_is_exercised(self, what: str) -> None:
        """Each rule, consequence, pair of rules and freedom by three cases or more."""
        assert sum(what in exercised(facts) for facts in FACTS.values()) >= 3

    @pytest.mark.parametrize(
        ("first", "second"),
        list(combinations(["interruptedFails", "finishedWithErrorsFails", "historyOfAnyStart"], 2)),
    )
    def test_freedoms_that_can_meet_do(self, first: str, second: str) -> None:
        """The id 0 meets no other freedom, because it keeps the latest execution from being looked at."""
        assert sum({first, second} <= exercised(facts) for facts in FACTS.values()) >= 3

    def test_a_file_of_a_rule_is_of_that_rule(self) -> None:
        """And where the rule rejects, it is alone with us; pairs are of pairs."""
        for case in cases():
            file = case.id.partition("/")[0]
            if file in RULES:
                assert file in case.rules, case.id
            if file[0] == "R":
                assert not exercised(FACTS[case.id]) & {*RULES, *PAIRS} - {file, "C2", "C3"}, case.id
            if file == "pairs":
                assert exercised(FACTS[case.id]) & set(PAIRS), case.id

    def test_they_say_whose_decision_they_are(self) -> None:
        """Where a freedom decides it is ours, and each source has its share."""
        for case in cases():
            if len(by_answer(FACTS[case.id])) > 1:
                assert case.source == "ours", case.id
        assert min(Counter(case.source for case in cases()).values()) >= 100

    def test_the_marks_of_the_rules_say_so(self) -> None:
        """As docs/rules.md marks what decides each of these."""
        source = {case.id: case.source for case in cases()}
        documented = (
            "R2/id-before R4/in-the-gap R5/first-failed-0 S1/after-a-failure S3/failed-at-2 C4/never-reached"
            " chains/failed-again-recorded-as-succeeded edges/id-1"
        )
        ours = (
            "R2/never-ran R4/no-group-in-the-plan R4/first-failed-gone-between R5/cut-off-at-group"
            " C3/id-minus-1 C4/succeeded-lost-history C6/step-added C7/only-group chains/failed-again"
            " edges/no-step-after edges/step-in-two-groups-succeeded-before-failed-here edges/names-kelvin"
        )
        assert [id_ for id_ in documented.split() if source[id_] != "documented"] == []
        assert [id_ for id_ in ours.split() if source[id_] != "ours"] == []


class TestAllowed:
    """The answers."""

    def test_our_own_answer_is_allowed_to_us(self) -> None:
        """And stands first, under a profile that ours is."""
        for case in written_cases():
            facts = FACTS[case["id"]]
            first = case["allowed"][0]
            decision = plan_restart(facts.plan, facts.request, facts.latest)
            assert OURS in explaining(by_answer(facts), compared(decision)), case["id"]
            assert OURS in profiles_of(first), case["id"]

    def test_each_profile_is_allowed_what_the_reference_answers(self) -> None:
        """The partial profiles, spelled out, are for each answer exactly those that may give it."""
        for case in written_cases():
            facts = FACTS[case["id"]]
            listed = {
                (canonical(entry["answer"]), profile)
                for entry in case["allowed"]
                for profile in profiles_of(entry)
            }
            reference = {
                (canonical(document_of(answer)), profile)
                for profile in STATELESS
                for answer in allowed(facts, profile)
            }
            assert listed == reference, case["id"]

    def test_every_two_profiles_are_told_apart(self) -> None:
        """By a case to which nothing is a right answer of both."""
        apart = set[tuple[Profile, Profile]]()
        for case in written_cases():
            right = {
                profile: frozenset(
                    one
                    for entry in case["allowed"]
                    if profile in profiles_of(entry)
                    for one in entry["answer"].get("rules", [canonical(entry["answer"])])
                )
                for profile in STATELESS
            }
            apart.update(
                pair for pair in combinations(STATELESS, 2) if right[pair[0]].isdisjoint(right[pair[1]])
            )
        assert apart == set(combinations(STATELESS, 2))

    def test_partial_profiles_are_the_fewest(self) -> None:
        """Every set of profiles has a list of its own, no longer than it has to be."""
        assert smallest(frozenset(STATELESS)) == ({},)
        assert smallest(frozenset([OURS])) == (members_of_answers(OURS),)
        either = {profile for profile in STATELESS if profile.zero_is_no_id or profile.history_of_any_start}
        assert smallest(frozenset(either)) == ({"zeroIsNoId": True}, {"historyOfAnyStart": True})
        for profiles in ({*STATELESS[:7]}, {*STATELESS[3:12]}, {*STATELESS[1:]}):
            terms = smallest(frozenset(profiles))
            assert set().union(*map(expanded, terms)) == profiles
            assert len(terms) < len(profiles)
        with pytest.raises(AssertionError):
            smallest(frozenset())


def members_of_answers(profile: Profile) -> dict[str, bool]:
    """The profile without the freedom that no single answer shows."""
    return {name: value for name, value in members(profile).items() if name != "recordsSkipped"}


def profiles_of(entry: Document) -> frozenset[Profile]:
    """The profiles that an entry of `allowed` stands for, spelled out one by one."""
    return frozenset(
        profile
        for profile in STATELESS
        if any(
            all(members(profile)[name] is value for name, value in term.items()) for term in entry["profiles"]
        )
    )


def document_of(answer: Any) -> Document:
    """The reference's answer as the files write it."""
    if hasattr(answer, "rules"):
        return {"decision": "rejected", "rules": list(answer.rules)}
    start = {"sequence": answer.start, "run": list(answer.run), "skip": list(answer.skip)}
    return {"decision": "planned", "start": start, "after": list(answer.after)}


def canonical(answer: Document) -> str:
    """The same text for answers that mean the same."""
    if answer["decision"] == "planned":
        start = {
            **answer["start"],
            "run": sorted(answer["start"]["run"]),
            "skip": sorted(answer["start"]["skip"]),
        }
        answer = {**answer, "start": start}
    return json.dumps(answer, sort_keys=True)


def test_a_case_can_be_kept_in_sets() -> None:
    """Cases are values."""
    assert len(set(cases())) == len(cases())
    assert isinstance(cases()[0], Case)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node runs the example; .ci/run installs it")
def test_the_example_in_javascript_notes_what_this_engine_notes() -> None:
    """Notes are never compared by the kit; the example, written from the rules, has them all the same."""
    program = Path(__file__).parents[2] / "docs" / "examples" / "javascript" / "main.mjs"
    lines = "".join(f"{case.scenario}\n" for case in cases())
    done = subprocess.run(["node", program], input=lines.encode(), capture_output=True, check=True)  # noqa: S603, S607  # our own example
    kinds = set()
    for case, line in zip(cases(), done.stdout.splitlines(), strict=True):
        ours = json.loads(answer(case.scenario))
        assert json.loads(line).get("notes") == ours.get("notes"), case.id
        kinds |= {note["note"] for note in ours.get("notes", ())}
    assert kinds == set(NOTE_LABELS)
