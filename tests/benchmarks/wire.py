"""From a line of text to a line of answer: ratios of times within this run.

Run with `PYTHONPATH=tests python tests/benchmarks/wire.py`. The unit is `json.loads` of the same line. The
candidates that wire was chosen from are measured beside it: each reads the line to values of the same
shape, without the checks of `core` and without seeing a member that stands twice.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import cattrs
import msgspec
from benchmarks.decide import facts, time_of

from restart_engine import Facts, RestartRequest, Status, plan_restart
from restart_engine.wire import Oracle, answer, decode_scenario, encode_decision, encode_scenario
from restart_engine.wire.shapes import ScenarioShape

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"


@attrs.frozen
class Group:
    """For cattrs."""

    sequence: int
    steps: list[str]


@attrs.frozen
class Plan:
    """For cattrs."""

    name: str
    groups: list[Group]


@attrs.frozen
class Outcome:
    """For cattrs."""

    sequence: int
    status: Status
    steps: dict[str, Status] | None


@attrs.frozen
class Latest:
    """For cattrs."""

    id: int
    status: Status
    groups: list[Outcome]


@attrs.frozen
class Scenario:
    """For cattrs."""

    plan: Plan
    request: dict[str, Any]
    latest: Latest | None = None


def lines() -> dict[str, bytes]:
    """Scenarios from one step to 100,000."""
    nightly = json.dumps(json.loads(NIGHTLY.read_text(encoding="utf-8"))).encode()
    request = RestartRequest(0, execution_id=12)
    sizes = {1: 1, 10: 2, 1_000: 10, 30_000: 30, 100_000: 50}
    return {"nightly, 40 steps": nightly} | {
        f"{steps:,} steps": encode_scenario(Facts(plan, request, latest))
        for steps, (plan, latest) in ((steps, facts(steps, groups)) for steps, groups in sizes.items())
    }


def main() -> None:
    """Print the table."""
    read_typed = msgspec.json.Decoder(ScenarioShape).decode
    convert = cattrs.Converter(forbid_extra_keys=True)
    convert.register_structure_hook(Status, lambda value, _: Status(value))
    print("times json.loads of the line: line to answer with the plan of the line before, with a new")
    print("plan, reading a new plan to facts, deciding and writing;")
    print("candidates for reading: msgspec to shapes, json.loads and cattrs to shapes")
    for name, line in lines().items():
        text = line.decode()
        unit = time_of(lambda: json.loads(text))  # noqa: B023  # called at once
        found = decode_scenario(line)
        oracle = Oracle()
        ratios = [
            time_of(action) / unit
            for action in (
                lambda: oracle.answer(line),  # noqa: B023  # called at once
                lambda: answer(line),  # noqa: B023  # likewise
                lambda: decode_scenario(line),  # noqa: B023  # likewise
                lambda: encode_decision(plan_restart(found.plan, found.request, found.latest)),  # noqa: B023  # likewise
                lambda: read_typed(line),  # noqa: B023  # likewise
                lambda: convert.structure(json.loads(text), Scenario),  # noqa: B023  # likewise
            )
        ]
        print(f"{name:20} {unit * 1e6:10.1f} us", *(f"{ratio:6.2f}" for ratio in ratios))


if __name__ == "__main__":
    main()
