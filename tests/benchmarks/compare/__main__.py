"""What a restart's choice costs in the tools that a team would pick instead, on the same failed run.

Run with `PYTHONPATH=tests python -m benchmarks.compare`. It installs each tool into an environment of its
own, has it keep the failed run in its own terms, and has it choose what to run again: each repeat in a
process of its own, one after the other. Every choice is compared with the one expected. It takes half an
hour, needs a package registry and 2 GB of disk, and is not run in CI.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.compare import shape
from benchmarks.compare.environment import Environment, Unavailable
from benchmarks.compare.figures import Figures, table
from benchmarks.compare.tools import OURS, TOOLS, Tool

REPEATS: Final = 15
PATIENCE: Final = 30.0
"""Seconds after which a way is not repeated again, once it was `AT_LEAST` often."""
AT_LEAST: Final = 2


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.compare", description=__doc__)
    names = [tool.name for tool in TOOLS]
    parser.add_argument(
        "--only",
        action="append",
        choices=names,
        metavar="TOOL",
        help=f"one of {', '.join(names)}; may be given again",
    )
    parser.add_argument("--sizes", type=sizes, default=[100, 10_000], help="numbers of steps (100,10000)")
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the environments here, and use those that are"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every repeat of every figure")
    return parser.parse_args()


def sizes(text: str) -> list[int]:
    """The numbers of steps that a text names; each makes ten groups of equal size."""
    found = [int(number) for number in text.split(",")]
    for steps in found:
        if steps < shape.GROUPS or steps % shape.GROUPS:
            raise argparse.ArgumentTypeError(f"`{steps}` is no multiple of {shape.GROUPS}")
    return found


def measured(environment: Environment, way: str, place: Path, steps: int) -> Figures:
    """The figures of a way; raises `Unavailable` where it does not choose what is expected."""
    began = time.monotonic()
    answers: list[dict[str, Any]] = []
    while len(answers) < REPEATS and (len(answers) < AT_LEAST or time.monotonic() - began < PATIENCE):
        answers.append(environment.measure(place, steps, way))
    gates = check(answers[0]["selected"], steps)
    for answer in answers[1:]:
        check(answer["selected"], steps)
    return Figures(
        tool=environment.tool.name,
        way=way,
        steps=steps,
        seconds=tuple(answer["seconds"] for answer in answers),
        elapsed=tuple(answer["elapsed"] for answer in answers),
        peak_bytes=tuple(answer["peak_bytes"] for answer in answers),
        selected_gates=gates,
    )


def check(selected: list[str], steps: int) -> int:
    """How many gates were chosen beside the steps expected; raises `Unavailable` for any other choice."""
    gates = set(shape.waiting_gates())
    chosen = set(selected)
    expected = set(shape.to_run_again(steps))
    missing, more = expected - chosen, chosen - expected - gates
    if missing or more or len(chosen) != len(selected) or chosen & gates not in (set(), gates):
        shown = f"missing {sorted(missing)[:5]}, more {sorted(more)[:5]}"
        raise Unavailable(f"chose {len(selected)} where {len(expected)} were expected: {shown}")
    return len(chosen & gates)


def compare(tool: Tool, chosen_sizes: list[int], environments: Path) -> tuple[list[Figures], dict[str, str]]:
    """All figures of a tool, and the versions installed for it."""
    environment = Environment(tool, environments / tool.name)
    say(f"{tool.name}: installing")
    environment.install()
    figures = []
    for steps in chosen_sizes:
        with tempfile.TemporaryDirectory(prefix=f"{tool.name}-", ignore_cleanup_errors=True) as folder:
            say(f"{tool.name}: preparing the failed run of {steps:,} steps")
            place = Path(folder) / "run"
            environment.prepare(place, steps)
            for way in tool.ways:
                say(f"{tool.name}: measuring `{way}` at {steps:,} steps")
                figures.append(measured(environment, way, place, steps))
    return figures, environment.versions()


def say(line: str) -> None:
    """Tells what is going on, apart from the table."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main() -> None:
    """Measures, prints the table and writes the JSON; exits with 1 where a tool could not be measured."""
    given = arguments()
    tools = [tool for tool in TOOLS if tool is OURS or not given.only or tool.name in given.only]
    figures: list[Figures] = []
    versions: dict[str, dict[str, str]] = {}
    failures: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="compare-") as temporary:
        environments = (given.keep or Path(temporary)).resolve()
        for tool in tools:
            try:
                of_tool, versions[tool.name] = compare(tool, given.sizes, environments)
                figures += of_tool
            except Unavailable as error:
                failures[tool.name] = str(error)
    figures.sort(key=lambda each: each.steps)
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    print(f"{machine}; processor time, best of the repeats, in brackets times `{OURS.name}`\n")
    if OURS.name not in failures:
        print(table(figures))
    for name, reason in failures.items():
        print(f"\n{name} could not be measured:\n{reason}")
    if given.json:
        document = {
            "machine": machine,
            "versions": versions,
            "failures": failures,
            "figures": [each.document() for each in figures],
        }
        given.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
