"""The report as JSON."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from restart_engine.simulate.statistics import Estimate
from restart_engine.simulate.summary import Comparison, Report, Summary


def report_json(report: Report) -> str:
    """The figures as one line of JSON; times are seconds after the start of the night.

    An estimate is `value`, `low` and `high`; what never comes, and what no value bounds, is null.
    """
    simulation = report.simulation
    return json.dumps(
        {
            "loadPlan": simulation.plan.name,
            "nights": report.nights,
            "seed": report.seed,
            "deadline": simulation.deadline - simulation.start,
            "baseline": report.baseline,
            "policies": [_summary(each) for each in report.summaries],
            "differences": [_comparison(each) for each in report.comparisons],
        }
    )


def _summary(each: Summary) -> dict[str, Any]:
    return {
        "policy": each.policy,
        "ready": _estimate(each.ready),
        "median": _estimate(each.median),
        "nineInTen": _estimate(each.nine_in_ten),
        "mean": _estimate(each.mean),
        "restarts": _estimate(each.restarts),
        "stepsRun": _estimate(each.steps_run),
        "runAgain": _estimate(each.run_again),
        "runTwice": _estimate(each.run_twice),
        "saved": _estimate(each.saved),
        "givenUp": each.given_up,
        "rejected": dict(each.rejected),
    }


def _comparison(each: Comparison) -> dict[str, Any]:
    return {
        "policy": each.policy,
        "ready": _estimate(each.ready),
        "seconds": _estimate(each.seconds),
        "stepsRun": _estimate(each.steps_run),
        "runTwice": _estimate(each.run_twice),
    }


def _estimate(found: Estimate | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {"value": _finite(found.value), "low": _finite(found.low), "high": _finite(found.high)}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
