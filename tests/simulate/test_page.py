"""docs/simulator.md tells the truth: its table and its pictures are what the command makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli.processes import run
from simulate.files import EXAMPLE, ROOT

from restart_engine.simulate import Independent, Outage, Persistent, check_night, run_night
from restart_engine.simulate.reading import read_simulation

PAGE = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
PICTURES = ROOT / "docs" / "pictures"


def written(file: Path) -> list[str]:
    """The texts of a picture, which stand beside their outlines as comments."""
    return re.findall(r"<!-- (.*?) -->", file.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_the_page_shows_what_the_command_prints_and_draws(tmp_path: Path) -> None:
    """The table to the letter; the pictures by all that is written in them.

    To draw them anew: this command, with docs/pictures/simulator.svg and docs/pictures/simulator-night.svg.
    """
    (block,) = re.findall(r"```text\n\$ restart-engine (.*?)\n(.*?)```", PAGE, re.DOTALL)
    command, table = block
    report, night = tmp_path / "simulator.svg", tmp_path / "simulator-night.svg"
    beside = ("--policy", "from the beginning", "--policy", "from failed steps")
    arguments = [str(ROOT / part) if part.startswith("docs/") else part for part in command.split()]
    done = run(*arguments, "--picture", report, "--gantt", night, *beside)
    assert done.stdout.decode() == table
    for drawn in (report, night):
        assert written(drawn) == written(PICTURES / drawn.name)


def test_the_example_is_a_night_as_the_page_says() -> None:
    """Eight groups, forty steps, failures of every kind; and every law holds in its nights."""
    world = read_simulation(EXAMPLE.read_bytes(), name=EXAMPLE.name)
    assert (len(world.plan.groups), len(world.places)) == (8, 40)
    assert {type(failure) for failure in world.failures} == {Independent, Outage, Persistent}
    for night in range(1, 31):
        for policy in world.policies:
            assert check_night(world, run_night(world, policy, night)) == []


@pytest.mark.slow
def test_a_policy_of_one_s_own_runs_beside_those_of_the_file() -> None:
    """It prints a line for each."""
    example = ROOT / "docs" / "examples" / "simulator" / "own_policy.py"
    done = subprocess.run(  # noqa: S603  # our own example
        [sys.executable, str(example), "40"], capture_output=True, check=True, text=True
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert re.fullmatch(r"on call +ready by six: +\d+\.\d%, restarts: \d\.\d\d", lines[0])


def test_every_member_of_a_simulation_file_is_on_the_page() -> None:
    """By its name."""
    from restart_engine.simulate.shapes import simulation_schema  # noqa: PLC0415  # for this alone

    for name in re.findall(r'^ {8}"(\w+)": \{', simulation_schema(), re.MULTILINE):
        assert name in PAGE, name
