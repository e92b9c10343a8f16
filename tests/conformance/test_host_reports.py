"""The verdict on a host as a person reads it."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from conformance.hosts import ForgetsSkips, WaversBetweenHosts

from restart_engine.conformance import ReferenceHost, assert_host_conforms, check_host, host_report_text
from restart_engine.conformance.host_report import HostFailure


def test_one_that_conforms_has_its_freedoms_named() -> None:
    """The verdict first, then what was exercised, then each freedom."""
    lines = host_report_text(check_host(ReferenceHost, examples=0)).split("\n")
    assert lines[0].startswith("conforms (")
    assert "S3 " in lines[1]
    assert "recordsSkipped: skipped steps are recorded as Skipped" in lines


def test_a_fault_has_its_law_and_its_story() -> None:
    """And what was allowed instead."""
    text = host_report_text(check_host(ForgetsSkips, examples=0))
    assert text.startswith("does not conform: ")
    assert "\n1. record [ours]: the record of a restart follows from its plan" in text
    assert "\n   execute: execution 1\n" in text
    assert "\n   allowed: " in text


def test_a_contradiction_has_both_its_stories() -> None:
    """One host did it this way, another that."""
    text = host_report_text(check_host(WaversBetweenHosts, examples=0))
    assert "one profile [ours]" in text
    assert "\n   and in another story:\n" in text


def test_one_that_could_not_be_judged_says_why() -> None:
    """With the story so far, and what was not exercised."""
    report = evolve(
        check_host(ReferenceHost, examples=0),
        failure=HostFailure(cause="save_plan raises KeyError", story=("save the plan",)),
        not_exercised=("race",),
    )
    text = host_report_text(report)
    assert text.startswith("could not be judged (")
    assert (
        "\nthe check ended early: save_plan raises KeyError\n   save the plan\nnot exercised: race\n" in text
    )


@pytest.mark.slow
def test_the_one_line_for_a_test() -> None:
    """Silent where all is well, and the report where it is not."""
    assert_host_conforms(ReferenceHost)

    class Empty(ReferenceHost):
        def latest(self) -> Any:
            return None

    with pytest.raises(AssertionError, match="does not conform"):
        assert_host_conforms(Empty)
