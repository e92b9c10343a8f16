"""README and docs tell the truth: their code runs, their output is the output, their links lead somewhere."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec import inspect

from restart_engine import Status, conformance
from restart_engine.conformance import assert_conforms, check, check_host
from restart_engine.core.progress import MOVES
from restart_engine.core.rule_table import RULES, START_RULE_IDS
from restart_engine.endpoint import GATES
from restart_engine.wire import decode_decision, decode_scenario
from restart_engine.wire.shapes import (
    EvidenceShape,
    OptionsShape,
    PlannedShape,
    RejectedShape,
    ScenarioShape,
)

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
FEW = 20


class Block(NamedTuple):
    """A fenced block: its language, its text, and the block of output right behind it if there is one."""

    page: str
    language: str
    text: str
    output: str | None


def blocks() -> list[Block]:
    """Every block of every page."""
    fenced = re.compile(r"```(\w+)\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)
    return [
        Block(page.name, match[1], match[2], match[3])
        for page in PAGES
        for match in fenced.finditer(page.read_text(encoding="utf-8"))
    ]


def of(language: str) -> list[Block]:
    """The blocks in this language."""
    return [block for block in blocks() if block.language == language]


@pytest.mark.parametrize(
    "block",
    [
        # these libraries come with the extra dev
        pytest.param(block, marks=[pytest.mark.slow] if re.search("cattrs|duckdb|polars", block.text) else [])
        for block in of("python")
    ],
    ids=lambda block: block.page,
)
def test_python_runs_and_prints_what_stands_below(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of Python has its output right behind it; a few examples of the kit show the same as many."""
    few = FEW
    monkeypatch.setattr(conformance, "check", partial(check, examples=few))
    monkeypatch.setattr(conformance, "assert_conforms", partial(assert_conforms, examples=few))
    monkeypatch.setattr(conformance, "check_host", partial(check_host, examples=FEW))
    printed = io.StringIO()
    with redirect_stdout(printed):
        exec(compile(block.text, block.page, "exec"), {})  # noqa: S102  # our own documentation
    assert printed.getvalue() == (block.output or "")


@pytest.mark.parametrize("block", of("json"), ids=lambda block: block.page)
def test_json_is_a_scenario_or_a_decision(block: Block) -> None:
    """It is read as strictly as anybody's."""
    if "request" in json.loads(block.text):
        decode_scenario(block.text)
    else:
        decode_decision(block.text)


def test_the_two_commands_are_one_line_each_and_show_their_output() -> None:
    """The first two blocks of shell set up and run; what the first prints stands behind it."""
    first, second = of("sh")[:2]
    assert first.page == second.page == "README.md"
    for block in (first, second):
        assert block.text.count("\n") == 1
        assert block.text.startswith("python3 -m venv .venv && .venv/bin/pip install -q ")
    command = first.text.strip().rpartition(" && ")[2].split()
    assert command[:2] == [".venv/bin/restart-engine", "decide"]
    done = subprocess.run(  # noqa: S603  # our own documentation
        [sys.executable, "-m", "restart_engine", *command[1:]],
        cwd=ROOT,
        capture_output=True,
        check=True,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert done.stdout.decode() == first.output


@pytest.mark.parametrize("block", of("console"), ids=lambda block: f"{block.page}:{block.text[2:40]}")
def test_a_console_shows_what_the_command_prints(block: Block) -> None:
    """Word by word, but for numbers; `...` stands for any lines. A few examples show as much as many."""
    prompt, _, expected = block.text.partition("\n")
    command = shlex.split(prompt.removeprefix("$ "))
    assert command[0] == "restart-engine"
    if command[1] == "conform" and "--examples" not in command:
        command += ["--examples", str(FEW)]
    if "node" in prompt and shutil.which("node") is None:
        pytest.skip("Node is not here; .ci/run installs it")
    done = subprocess.run(  # noqa: S603  # our own documentation
        [sys.executable, "-m", "restart_engine", *command[1:]],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env=os.environ | {"COLUMNS": "80"},
    )
    assert done.stderr == b""
    printed = unnumbered(done.stdout.decode())
    for part in filter(None, re.split(r"^\.\.\.\n", expected, flags=re.MULTILINE)):
        before, found, printed = printed.partition(unnumbered(part))
        assert found == unnumbered(part), before + printed


def unnumbered(text: str) -> str:
    """The words, without how many were drawn and where the line breaks for it."""
    return " ".join(re.sub(r"(?<!\w)\d[\d,]*", " 0 ", text).split())


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """Python, JSON, commands with their output, the README's two commands and testing.md's two, plain text.

    The endpoint's story and world are told in languages of their own, by tests/server/test_story.py; its
    grants are made by tests/server/test_opening.py.
    """
    told = {block.language for block in blocks() if block.page != "endpoint.md"}
    assert told == {"python", "json", "sh", "console", "text"}
    assert {block.language for block in blocks() if block.page == "endpoint.md"} == {"python", "sql", "yaml"}
    assert [block.page for block in of("sh")] == ["README.md", "README.md", "testing.md", "testing.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """To a file that exists, and to a heading that it has."""
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        file, _, heading = target.partition("#")
        linked = page.parent / file if file else page
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in slugs, target


def test_every_law_names_its_test() -> None:
    """Each row of laws.md ends in a test that exists."""
    rows = re.findall(
        r"^\| (?!law|---)(.+) \|$", (ROOT / "docs" / "laws.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) >= 25
    for row in rows:
        path, *names = row.rpartition("`")[0].rpartition("`")[2].split("::")
        scope: list[ast.stmt] = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        for name in names:
            matching = [node for node in scope if name in names_of(node)]
            assert matching, row
            scope = getattr(matching[0], "body", [])


def names_of(node: ast.stmt) -> list[str]:
    """What a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def test_every_rule_is_in_the_rules_and_no_other_is_named_in_the_code() -> None:
    """docs/rules.md says of each rule, consequence and gate whose it is, as the tables do."""
    rules = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for text in RULES.values():
        section = re.search(
            rf"^(?:### {text.id}:.*\n(?:.+\n)+|- \*\*{text.id}\*\* .+|\| {text.id} \|.+)", rules, re.MULTILINE
        )
        assert section, text.id
        assert f"[{text.source}]" in section[0] or text.id in START_RULE_IDS, text.id
    known = {*RULES, *GATES}
    assert all(re.search(rf"\b{rule}\b", rules) for rule in known)
    for source in (ROOT / "restart_engine").rglob("*.py"):
        named = set(re.findall(r"\b[RSCHV]\d{1,2}\b", source.read_text(encoding="utf-8")))
        assert named <= known, source


def test_a_range_of_rules_ends_with_the_last() -> None:
    """Whoever writes R1 to R5 means them all; the changelog means those of its day."""
    pages = [page for page in PAGES if page.name != "CHANGELOG.md"]
    written = [*pages, *(ROOT / "restart_engine").rglob("*.py")]
    for source in written:
        for kind, last in re.findall(r"\b([RS])1(?: to |-)[RS](\d+)\b", source.read_text(encoding="utf-8")):
            assert int(last) == max(int(rule[1:]) for rule in RULES if rule[0] == kind), source


def members(kind: inspect.Type) -> Iterator[str]:
    """The names of the members that a JSON of this type may have, in it and inside it."""
    match kind:
        case inspect.StructType(fields=fields):
            for field in fields:
                yield field.encode_name
                yield from members(field.type)
        case inspect.UnionType(types=kinds):
            for each in kinds:
                yield from members(each)
        case inspect.Metadata(type=inner) | inspect.ListType(item_type=inner):
            yield from members(inner)
        case _:
            return


def test_the_page_of_the_json_names_every_member() -> None:
    """Those of a scenario, a decision and the options; the evidence of each rule stands in its row."""
    page = (ROOT / "docs" / "wire.md").read_text(encoding="utf-8")
    for shape in (ScenarioShape, PlannedShape, RejectedShape, OptionsShape):
        for name in members(inspect.type_info(shape)):
            assert f'"{name}"' in page or f"`{name}`" in page or name in RULES, name
    rules = inspect.type_info(EvidenceShape)
    assert isinstance(rules, inspect.StructType)
    for rule in rules.fields:
        evidence = ", ".join(f"`{name}`[^,|]*" for name in members(rule.type))
        assert re.search(rf"^\| {rule.encode_name} \| {evidence} \|$", page, re.MULTILINE), rule.encode_name


def test_the_moves_are_those_of_the_table() -> None:
    """embedding.md shows `MOVES`, row for row."""
    page = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")

    def words(statuses: frozenset[Status]) -> str:
        return ", ".join(status for status in Status if status in statuses)

    rows = [f"| {m.name} | {m.of} | {words(m.before)} | {words(m.after)} |\n" for m in MOVES]
    assert "| move | of | from | to |\n|---|---|---|---|\n" + "".join(rows) + "\n" in page


def test_the_example_host_prints_its_story() -> None:
    """It fails, restarts, is killed, resumes, and is told that nothing needs a restart; the page shows it."""
    done = subprocess.run(  # noqa: S603  # our own example
        [sys.executable, str(ROOT / "docs" / "examples" / "embed.py")],
        capture_output=True,
        check=True,
        text=True,
    )
    assert any(block.text == done.stdout for block in of("text") if block.page == "embedding.md")
