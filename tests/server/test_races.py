"""Restarts of one plan at the same moment, on two servers: a small version of `harness/races.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from server.faulty_server import program
from server.harness.races import race
from server.harness.stage import Stage

pytestmark = pytest.mark.thorough

ROUNDS = 10
MIXED = 2
RESTARTS = 50


def test_one_of_many_is_started(database_url: str, tmp_path: Path) -> None:
    """Exactly one restart of each round is answered 200 and is the latest; H9 answers all the others."""
    with Stage(database_url, tmp_path) as stage:
        races = race(stage, rounds=ROUNDS, mixed=MIXED, restarts=RESTARTS)
        said = stage.logs()
    assert races.wrong == []
    assert races.figures["started"] == races.figures["rounds"] == ROUNDS + 3 * MIXED
    assert races.figures["5xx, or no answer"] == races.figures["anything else"] == 0
    assert "Traceback" not in said


def test_the_harness_finds_two_that_are_started(database_url: str, tmp_path: Path) -> None:
    """Servers that decide in one transaction and start in another are found out."""
    with Stage(database_url, tmp_path, program=program("two transactions")) as stage:
        races = race(stage, rounds=3, mixed=0, restarts=RESTARTS)
    assert any("are started" in wrong for wrong in races.wrong)
