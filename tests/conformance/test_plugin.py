"""The pytest plugin: a test for each rule, only where it is loaded by name and given a subject."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from restart_engine.core.rule_table import RULES

SUBJECTS = """
from restart_engine.conformance import reference

def decide(scenario):
    return reference(scenario)

def faulty(scenario):
    answer = dict(reference(scenario))
    if answer["decision"] == "rejected" and answer["rule"] == "R5":
        answer = {"decision": "rejected", "rule": "R2"}
    return answer
"""

WITHOUT = ("-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:xdist")


def outcome(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest in a folder of its own."""
    (folder / "mine.py").write_text(SUBJECTS)
    (folder / "test_other.py").write_text("def test_other():\n    pass\n")
    return subprocess.run(  # noqa: S603  # the command is the tests' own
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTEST_ADDOPTS": ""},
    )


PLUGIN = ("-p", "restart_engine.conformance.plugin", "--conformance-examples", "50")


@pytest.mark.slow
def test_each_rule_is_a_test_of_its_own(tmp_path: Path) -> None:
    """And one more has the verdict; other tests run beside them."""
    done = outcome(tmp_path, *PLUGIN, "-v", "--conformance-subject", "mine:decide")
    assert done.returncode == 0, done.stdout
    assert f"{len(RULES) + 2} passed" in done.stdout
    for name in (*RULES, "verdict"):
        assert f"{name} PASSED" in done.stdout


def test_a_broken_rule_fails_its_test_with_the_fault_alone(tmp_path: Path) -> None:
    """No traceback of the kit, and the rules that hold pass."""
    done = outcome(tmp_path, *PLUGIN, "--conformance-subject", "mine:faulty", "--conformance-seed", "3")
    assert done.returncode == 1
    assert f"2 failed, {len(RULES)} passed" in done.stdout
    assert "R5: resuming is rejected when the group to start at failed" in done.stdout
    assert "rejects by another rule, which does not hold" in done.stdout
    assert "mine:faulty does not conform" in " ".join(done.stdout.split()) or "faulty does not" in done.stdout
    assert "Traceback" not in done.stdout
    assert "plugin.py" not in done.stdout


def test_a_subject_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """In one line, and no test is run."""
    done = outcome(tmp_path, *PLUGIN, "--conformance-subject", "mine:missing")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "ERROR: --conformance-subject: cannot import `mine:missing`: module 'mine' has no" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [(), PLUGIN])
def test_without_being_asked_it_adds_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Not loaded, or loaded without a subject."""
    done = outcome(tmp_path, *arguments)
    assert done.returncode == 0
    assert "1 passed" in done.stdout
