"""The gates around the decision, still pure: a call and what the host knows in, one reply or a start out.

No I/O, no web framework, no clock. Gate ids (H1 to H12) are those of docs/endpoint.md.
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
from restart_engine.endpoint.gates import Start, answer_start, answer_status, refused_by_token
from restart_engine.endpoint.lookups import (
    Access,
    Bearer,
    ExecutionSeen,
    HostLookups,
    SchemaSeen,
    Snapshot,
    User,
)
from restart_engine.endpoint.replies import Reply, started

__all__ = [
    "Access",
    "Bearer",
    "Call",
    "ExecuteCall",
    "ExecutionSeen",
    "HostLookups",
    "Reply",
    "RestartCall",
    "SchemaSeen",
    "Snapshot",
    "Start",
    "StartCall",
    "StatusCall",
    "User",
    "answer_start",
    "answer_status",
    "id_asked",
    "plan_asked",
    "refused_by_token",
    "started",
    "token_in",
]
