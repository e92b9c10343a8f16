"""A summary as a JSON object, and back."""

from __future__ import annotations

from typing import Any

from restart_engine.core.rule_table import START_RULE_IDS
from restart_engine.fleet.counts import HELPS, Noted, Rejected, Started
from restart_engine.fleet.summary import Summary


def document_of(summary: Summary) -> dict[str, Any]:
    """The summary, and what follows from it."""
    rejected: dict[str, dict[str, int]] = {}
    for each in summary.rejected:
        rejected.setdefault(each.rule, {})[each.helps] = each.scenarios
    return {
        "scenarios": summary.scenarios,
        "planned": {
            each.rule: {
                "scenarios": each.scenarios,
                "stepsInPlan": each.steps_in_plan,
                "stepsToRun": each.steps_to_run,
            }
            for each in summary.started
        },
        "rejected": rejected,
        "errors": summary.errors,
        "resumed": summary.resumed,
        "helps": {helps: summary.helped_by(helps) for helps in HELPS},
        "notes": {each.note: each.scenarios for each in summary.notes},
        "stepsInPlan": summary.steps_in_plan,
        "stepsToRun": summary.steps_to_run,
        "stepsSaved": summary.steps_saved,
    }


def summary_of(document: dict[str, Any]) -> Summary:
    """The summary that such a document was made of.

    Raises `LookupError`, `TypeError`, `AttributeError` or `InvalidValue` for what is no such document.
    """
    started = [(rule, document["planned"][rule]) for rule in START_RULE_IDS]
    return Summary(
        started=tuple(
            Started(rule, each["scenarios"], each["stepsInPlan"], each["stepsToRun"])
            for rule, each in started
        ),
        rejected=tuple(
            Rejected(rule, helps, count)
            for rule, by_help in document["rejected"].items()
            for helps, count in by_help.items()
        ),
        notes=tuple(Noted(note, count) for note, count in document["notes"].items()),
        errors=document["errors"],
    )
