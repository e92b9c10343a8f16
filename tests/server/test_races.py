"""Restarts of one plan at the same moment, on two servers: a small version of `harness/races.py`."""

from __future__ import annotations

from pathlib import Path

import pytest
from server.faulty_server import program
from server.harness.races import race
from server.harness.stage import Stage

RESTARTS = 50


def race_is_won_once(url: str, folder: Path, *, rounds: int, mixed: int, restarts: int) -> None:
    """Exactly one restart of each round is answered 200 and is the latest; H9 answers all the others."""
    with Stage(url, folder) as stage:
        races = race(stage, rounds=rounds, mixed=mixed, restarts=restarts)
        said = stage.logs()
    assert races.wrong == []
    assert races.figures["started"] == races.figures["rounds"] == rounds + 3 * mixed
    assert races.figures["5xx, or no answer"] == races.figures["anything else"] == 0
    assert "Traceback" not in said


def test_one_of_some_is_started(sqlite_url: str, tmp_path: Path) -> None:
    """In a few rounds."""
    race_is_won_once(sqlite_url, tmp_path, rounds=2, mixed=1, restarts=20)


@pytest.mark.slow
def test_one_of_many_is_started(database_url: str, tmp_path: Path) -> None:
    """On either database."""
    race_is_won_once(database_url, tmp_path, rounds=10, mixed=2, restarts=RESTARTS)


@pytest.mark.slow
def test_the_harness_finds_two_that_are_started(database_url: str, tmp_path: Path) -> None:
    """Servers that decide in one transaction and start in another are found out."""
    with Stage(database_url, tmp_path, program=program("two transactions")) as stage:
        races = race(stage, rounds=3, mixed=0, restarts=RESTARTS)
    assert any("are started" in wrong for wrong in races.wrong)
