"""Subjects that conform, each in its own way, and the lines that tests ask."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from restart_engine.conformance.profile import Profile
from restart_engine.conformance.reference import Planned, Rejected, allowed
from restart_engine.core.rules import Facts
from restart_engine.wire import decode_scenario

Answer = dict[str, Any]
Chooser = Callable[[tuple[str, ...]], str]


def facts_of(scenario: dict[str, Any]) -> Facts:
    """The facts of a scenario's JSON object."""
    return decode_scenario(json.dumps(scenario))


def first(rules: tuple[str, ...]) -> str:
    """The rule of the highest precedence."""
    return rules[0]


def of_profile(
    profile: Profile, choose: Chooser = first, *, literal: bool = False
) -> Callable[[Answer], Answer]:
    """An engine that uses its freedoms like this, and names the rule that is chosen.

    Where the rules leave two answers open it gives the second one if it is literal.
    """

    def subject(scenario: Answer) -> Answer:
        answer = allowed(facts_of(scenario), profile)[-1 if literal else 0]
        match answer:
            case Rejected():
                return {"decision": "rejected", "rule": choose(answer.rules), "message": "Nein!"}
            case Planned():
                start = {
                    "sequence": answer.start,
                    "run": sorted(answer.run, reverse=True),
                    "skip": [*answer.skip],
                }
                return {
                    "decision": "planned",
                    "start": start,
                    "after": [*answer.after],
                    "notes": [{"note": "?"}],
                }

    return subject
