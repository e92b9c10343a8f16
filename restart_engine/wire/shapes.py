"""The JSON shapes of docs/wire.md, each stated once: read, written and published from these classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from restart_engine.core.checks import check_sequences, check_text, check_unique
from restart_engine.core.errors import InvalidValue
from restart_engine.core.plan import step_names
from restart_engine.core.rule_table import RuleId, StartRuleId
from restart_engine.core.status import ACTIVE, OF_RUN, Status

BLANK: Final = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The characters that make a text blank, as a regular expression's class."""
STEP_PATTERN: Final = rf"^[{BLANK}]*[^.{BLANK}][^.]*\.[{BLANK}]*[^{BLANK}]"


def held_to(check: Callable[[str, Any], None], **schema: object) -> Meta:
    """The check that decides about a value, and what the published schema says of it.

    The check is given the path and a value of the type (of an enum, any value), and raises `InvalidValue`.
    The careful reader asks it; the fast one does not: the constructors of `core` ask the same once more.
    """
    return Meta(extra_json_schema=schema, extra={"check": check})


def matching(description: str, pattern: str, **schema: object) -> Meta:
    """A text that this pattern describes to its end, where `core` has no check for it."""

    def check(path: str, value: str) -> None:
        if re.fullmatch(pattern, value) is None:
            raise InvalidValue(path, value, description)

    return held_to(check, description=description, pattern=f"^{pattern}$", **schema)


def one_of(statuses: Collection[Status]) -> Meta:
    """One of the labels of these statuses."""
    labels = [str(status) for status in Status if status in statuses]

    def check(path: str, value: object) -> None:
        if value not in labels:
            raise InvalidValue(path, value, f"one of {', '.join(labels)}")

    return held_to(check, enum=labels)


def keyed_by(names: Meta) -> Meta:
    """An object whose members' names are held to this."""
    assert names.extra is not None
    assert names.extra_json_schema is not None
    check_name = names.extra["check"]

    def check(path: str, value: dict[str, object]) -> None:
        for name in value:
            check_name(path, name)

    return held_to(check, propertyNames={"type": "string"} | names.extra_json_schema)


def _check_step(path: str, value: Any) -> None:
    step_names(path, [value], indexed=False)


def _check_ascending(path: str, value: list[int]) -> None:
    check_sequences(path, tuple(value))


UNIQUE: Final = held_to(check_unique, uniqueItems=True)
STEP: Final = held_to(
    _check_step,
    description="`Schema.Object`, split at the first dot, neither part blank",
    pattern=STEP_PATTERN,
)
Positive: TypeAlias = Annotated[int, Meta(ge=1)]
Name: TypeAlias = Annotated[
    str, held_to(check_text, description="text that is not blank", pattern=f"[^{BLANK}]")
]
StepName: TypeAlias = Annotated[str, STEP]
StepNames: TypeAlias = Annotated[list[StepName], UNIQUE]
Sequences: TypeAlias = Annotated[list[Positive], held_to(_check_ascending)]
RunStatus: TypeAlias = Annotated[Status, one_of(OF_RUN)]
ActiveStatus: TypeAlias = Annotated[Status, one_of(ACTIVE)]
OverStatus: TypeAlias = Annotated[Status, one_of(OF_RUN - ACTIVE)]
Digest: TypeAlias = Annotated[str, matching("64 lower-case hexadecimal digits", "[0-9a-f]{64}", maxLength=64)]


class Shape(Struct, forbid_unknown_fields=True, rename="camel"):
    """One JSON object: every member named, none unknown."""


class GroupShape(Shape):
    """A load group of the plan as it stands now."""

    sequence: Positive
    steps: StepNames


class PlanShape(Shape):
    """A load plan; its groups may come in any order."""

    name: Name
    groups: list[GroupShape]


class OutcomeShape(Shape):
    """What became of a group; `steps` is null when the step history is unavailable."""

    sequence: Positive
    status: RunStatus
    steps: Annotated[dict[str, Status], keyed_by(STEP)] | None


class ExecutionShape(Shape):
    """The latest execution; a group that was never reached does not appear."""

    id: Positive
    status: RunStatus
    groups: list[OutcomeShape]


class RequestShape(Shape):
    """What is asked for, under the names that the endpoint documents."""

    load_plan_name: Annotated[str, Meta(description="equal to the plan's name")]
    group_sequence: int
    recent_load_plan_execution: int | UnsetType | None = UNSET


class ScenarioShape(Shape, kw_only=True):
    """The facts of one decision; `latest` is null or absent when the plan never ran."""

    plan: PlanShape
    latest: ExecutionShape | UnsetType | None = UNSET
    request: RequestShape


class StartShape(Shape):
    """The group where the restart begins; its steps in the plan's order."""

    sequence: Positive
    run: StepNames
    skip: StepNames


class SeenShape(Shape):
    """The latest execution as it was seen: over, or nothing would be planned."""

    id: Positive
    status: OverStatus


class PreconditionShape(Shape):
    """What must still hold when the restart is started."""

    latest: SeenShape | None
    plan_digest: Digest


class EarlierGroupsStayFailedShape(Shape, tag_field="note", tag="earlierGroupsStayFailed"):
    """Groups before the start that failed and are not run."""

    sequences: Sequences


class GroupsChangedShape(Shape, tag_field="note", tag="groupsChanged"):
    """Groups added to or removed from the plan since the execution resumed."""

    added: Sequences
    removed: Sequences


class StepsChangedShape(Shape, tag_field="note", tag="stepsChanged"):
    """Steps added to or removed from the start group, or one before it, since the execution resumed."""

    sequence: Positive
    added: StepNames
    removed: StepNames


class SkippedElsewhereShape(Shape, tag_field="note", tag="skippedElsewhere"):
    """Steps skipped because they are recorded as Skipped, in a group where no restart began."""

    sequence: Positive
    steps: StepNames


class NothingToRunShape(Shape, tag_field="note", tag="nothingToRun"):
    """The start group has no step left to run."""

    sequence: Positive


NoteShape: TypeAlias = (
    EarlierGroupsStayFailedShape
    | GroupsChangedShape
    | StepsChangedShape
    | SkippedElsewhereShape
    | NothingToRunShape
)


class PlannedShape(Shape, tag_field="decision", tag="planned"):
    """An accepted restart; `basedOn` is the id of the execution resumed, null for S1 and S2."""

    rule: StartRuleId
    based_on: Positive | None
    before: Sequences
    start: StartShape
    after: Sequences
    notes: list[NoteShape]
    precondition: PreconditionShape


class R1Shape(Shape):
    """The execution that is active."""

    execution: Positive
    status: ActiveStatus


class R2Shape(Shape):
    """The id given, and the latest execution's, null before any run."""

    given: int
    latest: Positive | None


class R3Shape(Shape):
    """The latest execution, and the plan's groups that it never reached."""

    latest: Positive
    never_reached: Sequences


class R4Shape(Shape):
    """The sequence missed, 0 when none was named, and those that exist."""

    sequence: Annotated[int, Meta(ge=0)]
    existing: Sequences


class R5Shape(Shape):
    """The execution and group without step history, and what has to be on while a plan runs."""

    execution: Positive
    group: Positive
    requires: Literal["Enable detailed load jobs tracking"] = "Enable detailed load jobs tracking"


class EvidenceShape(Shape, rename=str.upper, omit_defaults=True):
    """One member for each rule that rejects."""

    r1: R1Shape | UnsetType = UNSET
    r2: R2Shape | UnsetType = UNSET
    r3: R3Shape | UnsetType = UNSET
    r4: R4Shape | UnsetType = UNSET
    r5: R5Shape | UnsetType = UNSET


class RejectedShape(Shape, tag_field="decision", tag="rejected"):
    """No restart: `rules` are all that reject, in order of precedence, `rule` the first of them."""

    rule: RuleId
    rules: Annotated[list[RuleId], Meta(min_length=1), UNIQUE]
    message: str
    remedy: str
    evidence: EvidenceShape


DecisionShape: TypeAlias = PlannedShape | RejectedShape


class AskedShape(Shape):
    """What to ask for, beside the plan's name."""

    group_sequence: int
    recent_load_plan_execution: int | None


class OptionShape(Shape, omit_defaults=True):
    """A restart that is possible; it leaves the first `leavesFailed` of the failed groups as they are."""

    request: AskedShape
    rule: StartRuleId
    start: StartShape
    leaves_failed: Annotated[int, Meta(ge=0)]
    recommended: bool = False


class OptionsShape(Shape):
    """Every restart that is possible now; what they share, the name and the failed groups, stands once."""

    load_plan_name: Name
    failed: Sequences
    options: list[OptionShape]
