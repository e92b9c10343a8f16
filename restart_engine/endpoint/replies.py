"""The reply table: every answer that a gate may give, once, with its status and its text [H1 to H12].

A text with a code reads `INC_<digits>: text`; one without is ours or has none in the source.
"""

from __future__ import annotations

import json
from typing import Any, Final, Literal, TypeAlias, final, get_args

from attrs import frozen

from restart_engine.core.checks import Sealed, check_integer, check_text
from restart_engine.core.errors import InvalidValue

GateId: TypeAlias = Literal[
    "H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9", "H10", "H11", "H12", "V1", "V2", "V3", "V4"
]  # fmt: skip
"""H1 to H12 are those of a start, in order; V1 to V4 those of a status after H1 to H3, which it shares."""
GATE_IDS: Final[tuple[GateId, ...]] = get_args(GateId)

STATUS_OF: Final[dict[GateId, int]] = {
    "H1": 401,
    "H2": 401,
    "H3": 404,
    "H4": 400,
    "H5": 422,
    "H6": 404,
    "H7": 403,
    "H8": 403,
    "H9": 400,
    "H10": 400,
    "H11": 500,
    "H12": 200,
    "V1": 422,
    "V2": 404,
    "V3": 403,
    "V4": 200,
}
"""The HTTP status of what each gate answers."""

_VISIBLE: Final = 4
"""Characters of a token that an answer shows, its last ones."""


@final
@frozen
class Reply(Sealed):
    """One answer: the gate that gives it, the HTTP status and the JSON of the body."""

    gate: GateId
    body: str
    """One JSON object on one line, in ASCII."""

    def __attrs_post_init__(self) -> None:
        if self.gate not in STATUS_OF:
            raise InvalidValue("gate", self.gate, "the id of a gate")
        check_text("body", self.body)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS_OF[self.gate]


def body_of(value: dict[str, Any]) -> str:
    """The JSON of a body, as every body of the endpoint is written."""
    return json.dumps(value)


def message_body(text: str) -> str:
    """The body of an error."""
    return body_of({"message": text})


def _refusal(gate: GateId, text: str) -> Reply:
    return Reply(gate, message_body(text))


def redacted(token: str) -> str:
    """The token as an answer may show it: its last four characters, all before them one row of stars."""
    hidden = token[:-_VISIBLE]
    return f"{'*' * min(len(hidden), 6)}{token[len(hidden) :]}"


def invalid_token(gate: Literal["H1", "H2"], token: str) -> Reply:
    """H1, and H2 with the same words: whoever holds no token of the tenant is not told which it was."""
    return _refusal(gate, f"INC_09030108: Invalid authentication header. Invalid Token [{redacted(token)}]")


def no_tenant(tenant: str) -> Reply:
    """H3."""
    return _refusal("H3", f"Invalid [{tenant}] tenant in resource path")


def not_an_object(why: str) -> Reply:
    """H4; the text is ours."""
    return _refusal("H4", why)


def unfit_member(why: str) -> Reply:
    """H5."""
    return _refusal("H5", f"INC_01210000: {why}")


def no_plan(name: str) -> Reply:
    """H6."""
    return _refusal("H6", f"INC_05290503: The [{name}] LOAD_PLAN cannot be found.")


def no_role() -> Reply:
    """H7; the text is ours."""
    return _refusal(
        "H7", "INC_02010000: You are neither a Super User nor have the SuperRole or Schema Manager role."
    )


def may_not_edit(schema: str, schema_id: int) -> Reply:
    """H8."""
    return _refusal(
        "H8",
        f"INC_02010000: You are not authorized to EDIT the {schema} SCHEMADEFINITION of ID [{schema_id}].",
    )


def already_running() -> Reply:
    """H9, which is R1."""
    return _refusal(
        "H9",
        "INC_05290501: A load job cannot be started as another job of the same load plan is being executed.",
    )


def rejected(text: str) -> Reply:
    """H10, which is R2 to R5; the text is ours."""
    return _refusal("H10", text)


def no_loader() -> Reply:
    """H11."""
    return _refusal("H11", "INC_05150402: No loader services are currently available for this tenant.")


def started(execution_id: int) -> Reply:
    """H12: the host has started what was accepted, as the execution of this id."""
    check_integer("execution_id", execution_id, minimum=1)
    return Reply("H12", body_of({"loadPlanExecutionId": execution_id}))


def no_level(level: str) -> Reply:
    """V1; the text is ours."""
    return _refusal("V1", f"The level [{level}] is none of 1, 2, 3 and 4.")


def no_execution(execution_id: str) -> Reply:
    """V2; the text is ours."""
    return _refusal("V2", f"The [{execution_id}] load plan execution cannot be found.")


def may_not_view(plan: str) -> Reply:
    """V3; the text is ours."""
    return _refusal("V3", f"INC_02010000: You are not authorized to VIEW a schema of the {plan} load plan.")


def seen(body: dict[str, Any]) -> Reply:
    """V4: the status asked for."""
    return Reply("V4", body_of(body))
