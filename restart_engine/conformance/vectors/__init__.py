"""The test vectors: cases as JSON files by rule, for implementations in any language.

The files are made from the tables of the `cases_` modules and the reference, by
`python -m restart_engine.conformance.vectors`; they ship in the package, with the manual for a runner.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, final

from attrs import frozen

from restart_engine.conformance.vectors.marks import Source
from restart_engine.core.checks import Sealed
from restart_engine.core.rule_table import RULES

FOLDER: Final = Path(__file__).parent / "files"
"""Where the files are shipped."""
FILES: Final = (
    *RULES,
    "pairs",
    "freedoms",
    "chains",
    "edges",
)
"""The names of the files of cases, in the order in which they are read."""
BESIDE: Final = ("README.md", "vectors.schema.json")
"""What goes with them."""


@final
@frozen
class Case(Sealed):
    """A scenario to ask, and why it is worth asking."""

    id: str
    """Its file, a slash, and a slug; it stays the same for good."""
    why: str
    rules: tuple[str, ...]
    """The ids of the rules and consequences that it exercises."""
    source: Source
    scenario: str
    """The scenario's JSON, in one line."""

    @property
    def document(self) -> dict[str, Any]:
        """The scenario as a JSON object, made anew."""
        document: dict[str, Any] = json.loads(self.scenario)
        return document


@cache
def cases() -> tuple[Case, ...]:
    """Every case that is shipped, file by file."""
    return tuple(case for file in FILES for case in _read(FOLDER / f"{file}.json"))


def write_vectors(folder: Path) -> int:
    """Write the files into a folder, which is made if need be, and give the number of cases."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*(f"{file}.json" for file in FILES), *BESIDE):
        (folder / name).write_bytes((FOLDER / name).read_bytes())
    return len(cases())


def minted() -> dict[str, str]:
    """The text of each file of cases by its name, as the tables and the reference give it."""
    from restart_engine.conformance.vectors.mint import texts  # noqa: PLC0415  # only the tool needs the tables

    return texts()


def _read(path: Path) -> tuple[Case, ...]:
    return tuple(
        Case(
            id=case["id"],
            why=case["why"],
            rules=tuple(case["rules"]),
            source=case["source"],
            scenario=json.dumps(case["scenario"], ensure_ascii=False),
        )
        for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
    )
