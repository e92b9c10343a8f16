"""What the tests of the stateful check ask for, and read in what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restart_engine.conformance.host_report import HostReport
from restart_engine.conformance.profile import Profile

AS_SUCCEEDED = Profile(records_skipped=False)
PLAN = {"name": "P", "groups": [{"sequence": 1, "steps": ["A.a", "A.b"]}, {"sequence": 3, "steps": []}]}
FEW = 4
BEFORE = (
    "before it showed execution 1 Failed: group 1 Failed (A.a Succeeded, A.b Failed);"
    " group 3 In Queue (A.a In Queue, B.c In Queue)"
)
SHOWN = (
    "it shows execution 2 In Queue: group 1 In Queue (A.b In Queue);"
    " group 3 In Queue (A.a In Queue, B.c In Queue)"
)


def restart(sequence: int = 0, execution_id: int | None = None) -> Mapping[str, Any]:
    """A request for a restart."""
    return {"loadPlanName": "P", "groupSequence": sequence, "recentLoadPlanExecution": execution_id}


def cited(report: HostReport) -> set[str]:
    """The rules and laws that the faults break."""
    return {fault.rule for fault in report.faults}


def told(report: HostReport) -> list[str]:
    """What the faults say, for an assertion that fails."""
    return [f"{fault.rule} {fault.kind} {fault.detail} {fault.story}" for fault in report.faults]
