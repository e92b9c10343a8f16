"""A load plan's run failed: what exactly does a restart run?

`plan_restart` answers, from immutable facts and nothing else: a `RestartPlan` or a `Rejection`. Rule ids
(R1 to R5, S1 to S4) are those of docs/rules.md.
"""

from restart_engine.core import progress
from restart_engine.core.decision import Decision, Rejection, RestartPlan, plan_restart
from restart_engine.core.drift import Drift, plan_drift
from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome, StepOutcome
from restart_engine.core.explanation import explain
from restart_engine.core.facts import Facts
from restart_engine.core.notes import (
    EarlierGroupsStayFailed,
    GroupsChanged,
    Note,
    NothingToRun,
    StepsChanged,
)
from restart_engine.core.options import restart_options
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.precondition import LatestSeen, Precondition
from restart_engine.core.remedies import AddGroup, Remedy, SeeOptions, SendRequest, WaitUntilOver
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import (
    AlreadyRunning,
    GroupNotFound,
    HistoryUnavailable,
    NoFailedGroup,
    NotMostRecent,
    Reason,
)
from restart_engine.core.status import Status

__all__ = [
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
    "SeeOptions",
    "SendRequest",
    "Status",
    "Step",
    "StepOutcome",
    "StepsChanged",
    "WaitUntilOver",
    "explain",
    "plan_drift",
    "plan_restart",
    "progress",
    "restart_options",
]
