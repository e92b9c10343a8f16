"""Fleets that an engine is given: every scenario of the vectors, and rows that are none."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pyarrow as pa

from restart_engine.conformance.vectors import cases
from restart_engine.fleet import SCENARIO_COLUMNS, SCENARIO_TEXT, decide_batches

EXAMPLES: Final = Path(__file__).parents[2] / "docs" / "examples" / "fleet"
_KEY: Final = pa.field("row", pa.int64())
_BAD_TEXTS: Final = (None, "", "{", "[1]", "null", '{"plan": null}', '{"a": 1, "a": 2}')
_HIGHEST: Final = 2**63 - 1


def example(name: str) -> ModuleType:
    """The module of an example, which is no package."""
    spec = importlib.util.spec_from_file_location(f"fleet_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def texts(rows: int) -> pa.Table:
    """So many rows with the number of each, and its scenario as text; some are none."""
    found = [*(case.scenario for case in cases()), *_BAD_TEXTS]
    schema = pa.schema([_KEY, *SCENARIO_TEXT])
    return pa.table([range(rows), list(islice(cycle(found), rows))], schema=schema)


def nested(rows: int) -> pa.Table:
    """The same with nested columns, as far as these hold them, and with other rows that are none."""
    found = [document for case in cases() if _fits(document := case.document)]
    found += [_changed(found[0], change) for change in _BAD_CHANGES]
    columns = [[_column(document, name) for document in found] for name in SCENARIO_COLUMNS.names]
    one = pa.table(columns, schema=SCENARIO_COLUMNS)
    many = one.take([number % len(found) for number in range(rows)])
    return many.add_column(0, _KEY, pa.array(range(rows))).combine_chunks()


_BAD_CHANGES: Final[tuple[dict[str, Any], ...]] = (
    {"plan": None},
    {"request": None},
    {"plan": {"name": None, "groups": []}},
    {"plan": {"name": "P", "groups": None}},
    {"plan": {"name": "P", "groups": [None]}},
    {"plan": {"name": "P", "groups": [{"sequence": 1, "steps": None}]}},
    {"plan": {"name": "P", "groups": [{"sequence": 1, "steps": ["no dot"]}]}},
    {"plan": {"name": "P", "groups": [{"sequence": -1, "steps": []}]}},
    {"latest": {"id": 1, "status": "Broken", "groups": []}},
    {"latest": {"id": None, "status": "Failed", "groups": []}},
    {
        "latest": {
            "id": 1,
            "status": "Failed",
            "groups": [{"sequence": 1, "status": "Failed", "steps": {"A.a": None}}],
        }
    },
    {"request": {"loadPlanName": "another", "groupSequence": 0}},
    {"request": {"loadPlanName": None, "groupSequence": None}},
)


def _changed(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    return document | change


def _fits(value: object) -> bool:
    """Whether its integers have 64 bits."""
    if isinstance(value, dict | list):
        return all(map(_fits, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int) or -_HIGHEST - 1 <= value <= _HIGHEST


def _column(document: dict[str, Any], name: str) -> Any:
    """A member as Arrow takes it: an object of steps as pairs."""
    value = document.get(name)
    if name != "latest" or value is None:
        return value
    groups = [
        group | {"steps": None if group["steps"] is None else list(group["steps"].items())}
        for group in value["groups"]
    ]
    return value | {"groups": groups}


def expected(scenarios: pa.Table) -> list[dict[str, Any]]:
    """The rows of the decisions, made in this process and in one stream."""
    rows = rows_of(decide_batches(scenarios.to_batches()))
    assert {row["decision"] for row in rows} == {"planned", "rejected", "error"}
    return rows


def rows_of(batches: Iterable[pa.RecordBatch]) -> list[dict[str, Any]]:
    """Batches, row by row."""
    return [row for batch in batches for row in batch.to_pylist()]


def table_printed(text: str) -> list[tuple[str, ...]]:
    """The cells of a table that was drawn with lines, each row that has a rule or a number."""
    rows = [
        tuple(cell.strip() for cell in line.strip("│| ").replace("┆", "|").replace("│", "|").split("|"))
        for line in text.splitlines()
        if any(word in line for word in ("planned", "rejected", "error"))
    ]
    return [tuple("" if cell in {"null", "NULL"} else cell for cell in row) for row in rows]


def counted_by_rule(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Decision, rule and how many, as the examples print them."""
    found = [(row["decision"], row["rule"] or "") for row in rows]
    return [(*key, str(found.count(key))) for key in sorted(set(found))]


def output_of(name: str, *arguments: str) -> tuple[str, str]:
    """What an example prints, run as it stands with warnings as errors, and what it complains of."""
    done = subprocess.run(  # noqa: S603  # our own example
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *arguments],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def write_lines(fleet: pa.Table, file: Path) -> pa.Table:
    """A fleet of texts, without the keys, as a file of lines; null cannot be told from a blank line."""
    texts_of_it = [text or "" for text in fleet["scenario"].to_pylist()]
    file.write_text("".join(f"{text}\n" for text in texts_of_it), "utf-8", newline="")
    return pa.table({"scenario": texts_of_it})


FORMS: Final = {"text": texts, "nested": nested}
SMALL: Final[list[tuple[str, ...]]] = [
    ("error", "", "250"),
    ("planned", "S3", "250"),
    ("rejected", "R1", "250"),
    ("rejected", "R2", "250"),
]
"""What the examples print of their small fleets: decision, rule, plans."""
