"""What a subject answers, read: of a decision only what is compared is required."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from restart_engine.conformance.reference import Allowed, Planned, Rejected
from restart_engine.core.rule_table import RuleId
from restart_engine.strict_json import quote
from restart_engine.wire import WireError
from restart_engine.wire.reading import read_carefully


class StartShape(Struct):
    """Where the restart begins."""

    sequence: Annotated[int, Meta(ge=1)]
    run: list[str]
    skip: list[str]


class PlannedShape(Struct, tag_field="decision", tag="planned"):
    """An accepted restart."""

    start: StartShape
    after: list[Annotated[int, Meta(ge=1)]]


class RejectedShape(Struct, tag_field="decision", tag="rejected"):
    """No restart, by this rule."""

    rule: RuleId


AnswerShape: TypeAlias = PlannedShape | RejectedShape


def read_answer(text: str | bytes) -> Allowed:
    """The answer that a line of JSON states; raises `WireError` for any other text.

    Required are `decision`, and with it `start` and `after`, or `rule`; other members are passed over.
    """
    answer: AnswerShape = read_carefully(text, AnswerShape)
    if isinstance(answer, RejectedShape):
        return Rejected((answer.rule,))
    start = answer.start
    (name, times), *_ = Counter([*start.run, *start.skip]).most_common(1) or [("", 0)]
    if times > 1:
        raise WireError("start", f"holding `{quote(name)}` {times} times", "each step once, run or skipped")
    return Planned(start.sequence, frozenset(start.run), frozenset(start.skip), tuple(answer.after))
