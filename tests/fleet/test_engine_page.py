"""docs/fleet_engines.md shows what the examples and the benchmark are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fleet.engine_rows import EXAMPLES

PAGE = (Path(__file__).parents[2] / "docs" / "fleet_engines.md").read_text("utf-8")
SHOWN = re.findall(
    r"\n\n```text\n(.*?)\n```",
    re.sub(r"```python.*?```\n\n```text.*?```", "", PAGE, flags=re.DOTALL),
    re.DOTALL,
)


def test_it_shows_code() -> None:
    """Three ways to read lines, and three functions."""
    assert len(SHOWN) == 6


@pytest.mark.parametrize("code", SHOWN, ids=lambda code: code.partition("\n")[0])
def test_what_it_shows_stands_in_an_example(code: str) -> None:
    """To the letter; its blocks of Python are run by tests/docs."""
    sources = [file.read_text("utf-8") for file in EXAMPLES.glob("*.py")]
    assert any(code in source for source in sources)


def test_it_names_every_example_of_an_engine() -> None:
    """And no other."""
    examples = {file.name for file in EXAMPLES.glob("[io]n_*.py")}
    assert set(re.findall(r"\(examples/fleet/(\w+\.py)\)", PAGE)) == examples


def test_what_its_python_defines_is_the_example() -> None:
    """The function of Polars is shown whole and run, and is the one of the example."""
    [shown] = re.findall(r"def decided\(scenarios: pl.*?\n\n\n", PAGE, re.DOTALL)
    assert shown in (EXAMPLES / "in_polars.py").read_text("utf-8")
