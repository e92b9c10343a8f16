"""The gates around the decision, still pure: a call and what the host knows in, one reply or a start out.

No I/O, no web framework, no clock. `GATES` is the table of the gates.
"""

from restart_engine.endpoint.calls import (
    Call,
    ExecuteCall,
    RestartCall,
    StartCall,
    StatusCall,
    id_asked,
    plan_asked,
    token_in,
)
from restart_engine.endpoint.gates import Start, admitted_by_token, answer_start, answer_status
from restart_engine.endpoint.lookups import (
    Access,
    Bearer,
    ExecutionSeen,
    HostLookups,
    SchemaSeen,
    Snapshot,
    User,
)
from restart_engine.endpoint.replies import GATES, Gate, GateId, Reply, started

__all__ = [
    "GATES",
    "Access",
    "Bearer",
    "Call",
    "ExecuteCall",
    "ExecutionSeen",
    "Gate",
    "GateId",
    "HostLookups",
    "Reply",
    "RestartCall",
    "SchemaSeen",
    "Snapshot",
    "Start",
    "StartCall",
    "StatusCall",
    "User",
    "admitted_by_token",
    "answer_start",
    "answer_status",
    "id_asked",
    "plan_asked",
    "started",
    "token_in",
]
