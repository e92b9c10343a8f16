"""What the tests of programs as subjects are given."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from conformance.programs import PRELUDE, Program, gone, until


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """Makes the command of a small program; when the test is over, none of those that ran is left."""

    def made(code: str) -> list[str]:
        place = tmp_path / "program.py"
        place.write_text(PRELUDE + code, encoding="utf-8")
        return [sys.executable, "-I", "-S", str(place)]

    yield made
    for noted in tmp_path.glob("pid-*"):
        until(partial(gone, int(noted.name[4:])))
