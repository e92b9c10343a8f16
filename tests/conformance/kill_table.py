"""The table of docs/faults.md: which planted faults are found by what.

Run with `PYTHONPATH=tests python tests/conformance/kill_table.py > docs/faults.md`; it takes some minutes.
Drawing is measured without the cases, which every run begins with and which alone find every fault.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

from conformance.faults import FAULTS, Fault
from hypothesis import HealthCheck, Phase, given, seed, settings

from restart_engine.conformance import check
from restart_engine.conformance.judge import Judge, Question
from restart_engine.conformance.questions import drawn, of_case
from restart_engine.conformance.run import EXAMPLES
from restart_engine.conformance.subject import SubjectRaised, over_lines
from restart_engine.conformance.vectors import cases

SEEDS = range(10)
HEAD = """# Planted faults

Engines that are wrong in one way each, as people get it wrong (`tests/conformance/faults.py`). Each is found
by every run of the conformance kit, whatever the seed, because the cases of the vectors come first. The
table says how many of the {cases} cases find it; in how many of ten seeds {examples:,} drawn scenarios find
it without the cases, and after how many at the median; and how many groups the plan has in the smallest
scenario that a run reports.

Made by `PYTHONPATH=tests python tests/conformance/kill_table.py`.

| fault | what is wrong | breaks | cases | seeds of 10 | drawn until found | groups |
|---|---|---|---|---|---|---|
"""


class Row(NamedTuple):
    """What finds one fault."""

    cases: int
    until: list[int]
    groups: int


class _Found(Exception):
    """A drawn scenario shows the fault."""


def shows(fault: Fault, judge: Judge, question: Question) -> bool:
    """Whether the fault's answer to this question, after those before, is a fault."""
    try:
        answer = over_lines(fault.subject)(question.line).decode()
    except SubjectRaised:
        return True
    return judge.judge(question, answer) is not None


def drawn_until_found(fault: Fault, number: int) -> int | None:
    """How many scenarios of this seed are drawn until one shows the fault."""
    judge, count = Judge(), 0

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn())
    def draw(question: Question) -> None:
        nonlocal count
        count += 1
        if shows(fault, judge, question):
            raise _Found

    try:
        draw()
    except _Found:
        return count
    return None


def row(fault: Fault) -> Row:
    """What finds this fault."""
    judge = Judge()
    found = sum(shows(fault, judge, of_case(case)) for case in cases())
    until = [count for number in SEEDS if (count := drawn_until_found(fault, number)) is not None]
    report = check(fault.subject, examples=EXAMPLES // 5)
    groups = max(len(shown.shown.question.facts.plan.groups) for shown in report.faults)
    return Row(found, sorted(until), groups)


def main() -> None:
    """Print the page, fault by fault."""
    sys.stdout.write(HEAD.format(cases=len(cases()), examples=EXAMPLES))
    for fault in FAULTS:
        result = row(fault)
        median = f"{result.until[len(result.until) // 2]:,}" if result.until else "never"
        sys.stdout.write(
            f"| {fault.name} | {fault.why.rstrip('.')} | {', '.join(fault.rules)} | {result.cases} |"
            f" {len(result.until)} | {median} | {result.groups} |\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
