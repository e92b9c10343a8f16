"""What a summary counts: scenarios that start by a rule, that a rule rejects, and that have a note."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, assert_never, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_text
from restart_engine.core.errors import InvalidValue
from restart_engine.core.remedies import AddGroup, Remedy, SendRequest, WaitUntilOver
from restart_engine.core.rule_table import RULE_IDS, START_RULE_IDS, complete_table
from restart_engine.core.rules import STARTS

RESUMING: Final = frozenset(start.rule for start in STARTS if start.resumes)
"""The starts that take up the latest execution; the others begin anew, at the first or at some group."""

Help: TypeAlias = Literal["sendResume", "sendFromGroup", "sendFromBeginning", "waitUntilOver", "addGroup"]
HELPS: Final = complete_table(
    get_args(Help),
    {
        "sendResume": "another request: resume",
        "sendFromGroup": "another request: start at a group",
        "sendFromBeginning": "another request: start over",
        "waitUntilOver": "waiting until the execution is over",
        "addGroup": "a group in the load plan",
    },
)
"""What a rejected scenario needs, by the name that it has in the JSON."""


def helping(remedy: Remedy) -> Help:
    """The name of what this remedy needs, one of `HELPS`."""
    match remedy:
        case SendRequest(request=request):
            if request.execution_id is not None:
                return "sendResume"
            return "sendFromGroup" if request.group_sequence > 0 else "sendFromBeginning"
        case WaitUntilOver():
            return "waitUntilOver"
        case AddGroup():
            return "addGroup"
        case _:
            assert_never(remedy)


@final
@frozen
class Started(Sealed):
    """The scenarios accepted by one of the starting rules, and their steps."""

    rule: str
    scenarios: int = 0
    steps_in_plan: int = 0
    steps_to_run: int = 0
    """Of the start group and of all groups after it."""

    def __attrs_post_init__(self) -> None:
        if self.rule not in START_RULE_IDS:
            raise InvalidValue("rule", self.rule, f"one of {', '.join(START_RULE_IDS)}")
        check_integer("scenarios", self.scenarios, minimum=0)
        check_integer("steps_in_plan", self.steps_in_plan, minimum=0)
        check_integer("steps_to_run", self.steps_to_run, minimum=0)
        if self.steps_to_run > self.steps_in_plan:
            raise InvalidValue("steps_to_run", self.steps_to_run, "no more than there are in the plans")

    @property
    def steps_saved(self) -> int:
        """How many steps fewer these run than if each plan started again from the beginning."""
        return self.steps_in_plan - self.steps_to_run

    def __add__(self, other: Started) -> Started:
        return Started(
            self.rule,
            self.scenarios + other.scenarios,
            self.steps_in_plan + other.steps_in_plan,
            self.steps_to_run + other.steps_to_run,
        )


@final
@frozen
class Rejected(Sealed):
    """The scenarios rejected by one rule, the first by precedence, that the same helps."""

    rule: str
    helps: str
    """One of `HELPS`."""
    scenarios: int

    def __attrs_post_init__(self) -> None:
        if self.rule not in RULE_IDS:
            raise InvalidValue("rule", self.rule, f"one of {', '.join(RULE_IDS)}")
        if self.helps not in HELPS:
            raise InvalidValue("helps", self.helps, f"one of {', '.join(HELPS)}")
        check_integer("scenarios", self.scenarios, minimum=1)


@final
@frozen
class Noted(Sealed):
    """How many accepted restarts have a note of this kind."""

    note: str
    scenarios: int

    def __attrs_post_init__(self) -> None:
        check_text("note", self.note)
        check_integer("scenarios", self.scenarios, minimum=1)
