"""A load plan's run failed: what exactly does a restart run?

`plan_restart` answers, from immutable facts and nothing else: a `RestartPlan` or a `Rejection`. Rule ids
(R1 to R5, S1 to S4) are those of docs/rules.md.
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
    "explain",
    "plan_drift",
    "plan_restart",
    "progress",
    "recommended",
    "restart_options",
]
