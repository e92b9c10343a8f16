"""A load plan's run failed: what exactly does a restart run?

`plan_restart(plan, request, latest)` answers from immutable facts and nothing else. Rule ids (R1 to R5, S1 to
S4) are those of docs/rules.md.

Facts:      `LoadPlan` of `LoadGroup`s of `Step`s; `Execution` of `GroupOutcome`s of `StepOutcome`s; `Status`;
            `RestartRequest`. All three that a decision is made from are a `Facts`.
Decisions:  a `RestartPlan`, with its `Note`s, or a `Rejection`, with its `Reason`s and a `Remedy`.
            `explain` says one in sentences; `restart_options` are all that would be accepted, and
            `recommended` is the one that most people want.
Starting:   `Precondition` is what must still be true when a host starts a plan.
Running:    `progress` takes an execution from its opening record to its end, move by move.
Records:    `plan_from_rows`, `execution_from_rows` and `status_of_word` read what other systems keep.
Errors:     `InvalidValue` for a value that cannot be, `ImpossibleMove` for a move that cannot be made.

`help(LoadPlan)` and so on: each class says first what its fields mean.
"""

from restart_engine.core import progress
from restart_engine.core.decision import Decision, Rejection, RestartPlan, decide, plan_restart
from restart_engine.core.drift import Drift, plan_drift
from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome, StepOutcome, StepStatuses
from restart_engine.core.explanation import explain
from restart_engine.core.notes import (
    EarlierGroupsStayFailed,
    GroupsChanged,
    Note,
    NothingToRun,
    SkippedElsewhere,
    StepsChanged,
)
from restart_engine.core.options import recommended, restart_options
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.precondition import LatestSeen, Precondition
from restart_engine.core.records import (
    execution_from_rows,
    execution_rows,
    plan_from_rows,
    plan_rows,
    status_of_steps,
    status_of_word,
)
from restart_engine.core.remedies import AddGroup, Remedy, SendRequest, WaitUntilOver
from restart_engine.core.request import RestartRequest
from restart_engine.core.rule_table import RULES, RuleText
from restart_engine.core.rules import (
    AlreadyRunning,
    Facts,
    GroupNotFound,
    HistoryUnavailable,
    NoFailedGroup,
    NotMostRecent,
    Reason,
)
from restart_engine.core.status import Status

__all__ = [
    "RULES",
    "AddGroup",
    "AlreadyRunning",
    "Decision",
    "Drift",
    "EarlierGroupsStayFailed",
    "Execution",
    "Facts",
    "GroupNotFound",
    "GroupOutcome",
    "GroupsChanged",
    "HistoryUnavailable",
    "ImpossibleMove",
    "InvalidValue",
    "LatestSeen",
    "LoadGroup",
    "LoadPlan",
    "NoFailedGroup",
    "NotMostRecent",
    "Note",
    "NothingToRun",
    "Precondition",
    "Reason",
    "Rejection",
    "Remedy",
    "RestartPlan",
    "RestartRequest",
    "RuleText",
    "SendRequest",
    "SkippedElsewhere",
    "Status",
    "Step",
    "StepOutcome",
    "StepStatuses",
    "StepsChanged",
    "WaitUntilOver",
    "decide",
    "execution_from_rows",
    "execution_rows",
    "explain",
    "plan_drift",
    "plan_from_rows",
    "plan_restart",
    "plan_rows",
    "progress",
    "recommended",
    "restart_options",
    "status_of_steps",
    "status_of_word",
]
