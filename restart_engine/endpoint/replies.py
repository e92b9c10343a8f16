"""The table of the gates, and what each replies: an HTTP status, and a text with its code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_text
from restart_engine.core.errors import InvalidValue
from restart_engine.core.rule_table import complete_table

GateId: TypeAlias = Literal[
    "H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "H10", "H11", "H12", "V1", "V2", "V3", "V4"
]  # fmt: skip
GATE_IDS: Final[tuple[GateId, ...]] = get_args(GateId)


@final
@frozen
class Gate(Sealed):
    """A row of `GATES`."""

    id: GateId
    asked_of: Literal["any call", "start", "status"]
    """A start is a restart or an execution."""
    status: int
    """The HTTP status of the reply."""
    code: str | None
    """What stands before the text of the reply, none where nothing does."""
    source: Literal["documented", "ours"]
    """Whether the gate is in the vendor's documentation, or was decided here."""
    label: str
    """What is wrong, in a word or a few."""
    sentence: str
    """When it is this gate that replies."""

    @property
    def refuses(self) -> bool:
        """Whether the reply is an error; the last gate of a call refuses nobody."""
        return self.status >= 400  # noqa: PLR2004  # HTTP's own


_ROWS: Final = (
    Gate("H1", "any call", 401, "INC_09030108", "documented", "invalid token",
         "the token is missing, malformed, forged or expired, or its user is gone"),
    Gate("H2", "any call", 401, "INC_09030108", "documented", "token of another tenant",
         "the tenant in the path is not the token's"),
    Gate("H3", "any call", 404, None, "documented", "no such tenant",
         "the tenant does not exist, or is disabled"),
    Gate("H4", "start", 400, None, "ours", "no JSON object",
         "the body is not JSON, or not an object"),
    Gate("H5", "start", 422, "INC_01210000", "documented", "unfit member",
         "a member of the body is missing, null, blank or of the wrong type"),
    Gate("H6", "start", 404, "INC_05290503", "documented", "no such load plan",
         "the tenant has no load plan of this name"),
    Gate("H7", "start", 403, "INC_02010000", "documented", "no role to start",
         "the user is no Super User, and has neither the SuperRole nor the Schema Manager role"),
    Gate("H8", "start", 403, "INC_02010000", "documented", "no edit access",
         "the user may not edit a schema of the plan, be it of a group that will not run; "
         "the first is named"),
    Gate("H9", "start", 400, "INC_05290501", "documented", "already running",
         "an execution of the load plan is active (R1)"),
    Gate("H10", "start", 400, None, "documented", "rejected",
         "another rule of restarting rejects; the text says which, and what to do"),
    Gate("H11", "start", 500, "INC_05150402", "documented", "no loader service",
         "no loader service is available for the tenant"),
    Gate("H12", "start", 200, None, "documented", "started",
         "nothing refuses: the execution is started"),
    Gate("V1", "status", 422, None, "ours", "no such level",
         "the level is not 1, 2, 3 or 4"),
    Gate("V2", "status", 404, None, "ours", "no such execution",
         "the tenant has no execution of this id"),
    Gate("V3", "status", 403, "INC_02010000", "documented", "no view access",
         "the user may view no schema of the plan; the id asked for is named, never the plan"),
    Gate("V4", "status", 200, None, "documented", "status",
         "nothing refuses: the status, as the level asks"),
)  # fmt: skip
GATES: Final = complete_table(GATE_IDS, {gate.id: gate for gate in _ROWS})
"""Every gate, in the order in which they are asked."""

_VISIBLE: Final = 4
"""Characters of a token that a reply shows, its last ones."""


def gates_of(call: Literal["start", "status"]) -> tuple[Gate, ...]:
    """The gates of a call, in order; the last of them refuses nobody."""
    return tuple(gate for gate in GATES.values() if gate.asked_of in ("any call", call))


@final
@frozen
class Reply(Sealed):
    """One answer: the gate that gives it, the HTTP status and the JSON of the body."""

    gate: GateId
    body: str
    """One JSON object on one line, in ASCII."""

    def __attrs_post_init__(self) -> None:
        if self.gate not in GATES:
            raise InvalidValue("gate", self.gate, "the id of a gate")
        check_text("body", self.body)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return GATES[self.gate].status


def body_of(value: Mapping[str, Any]) -> str:
    """The JSON of a body, as every body of the endpoint is written."""
    return json.dumps(value)


def message_body(text: str) -> str:
    """The body of an error."""
    return body_of({"message": text})


def refusal(gate: GateId, text: str) -> Reply:
    """What this gate replies to whom it refuses: the text, with the gate's code before it if it has one."""
    code = GATES[gate].code
    return Reply(gate, message_body(text if code is None else f"{code}: {text}"))


def started(execution_id: int) -> Reply:
    """H12: the host has started what was accepted, as the execution of this id."""
    check_integer("execution_id", execution_id, minimum=1)
    return Reply("H12", body_of({"loadPlanExecutionId": execution_id}))


def last_four_shown(token: str) -> str:
    """The token's last four characters, and all before them as one row of stars, six at the most."""
    hidden = token[:-_VISIBLE]
    return f"{'*' * min(len(hidden), 6)}{token[len(hidden) :]}"
