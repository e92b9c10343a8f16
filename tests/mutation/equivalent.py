"""Mutants that nothing can find, each with its reason."""

from __future__ import annotations

from typing import NamedTuple


class Equivalent(NamedTuple):
    """All mutants of this function that have this text in a changed line."""

    file: str
    function: str
    text: str
    why: str


CAST = "a cast does nothing at run time"
FOR_TYPE_CHECKERS = "no value comes there: it is for type checkers"
SAME_LENGTH = "names and statuses are those of one mapping, so that there are as many"
SHORT_CUT = "what the short cut spares has the same outcome"
FALSE_TOO = "None is as false as False"

NOT_SHOWN = "a refused body's reply does not say how many levels are accepted"

EQUIVALENT: tuple[Equivalent, ...] = (
    Equivalent("core/checks.py", "check_tuple", "cast(", CAST),
    Equivalent("core/errors.py", "visible", "UNICODE_ESCAPE", "case makes no difference in a codec's name"),
    Equivalent("core/execution.py", "_checked", "type(None) is _Checked", SHORT_CUT),
    Equivalent("core/execution.py", "_checked", "cast(", CAST),
    Equivalent("core/execution.py", "_checked", "indexed=None", FALSE_TOO),
    Equivalent("core/execution.py", "_checked", "zip(", SAME_LENGTH),
    Equivalent("core/execution.py", "_statuses", "cast(", CAST),
    Equivalent("core/execution.py", "GroupOutcome.status_of", "indexed=None", FALSE_TOO),
    Equivalent("core/explanation.py", "message", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent("core/explanation.py", "advice", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent("core/explanation.py", "note_text", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent("core/plan.py", "step_names", "cast(", CAST),
    Equivalent("core/plan.py", "_names", "if kind is not tuple", SHORT_CUT),
    Equivalent("core/progress.py", "_move_step", "indexed=None", FALSE_TOO),
    Equivalent(
        "core/progress.py", "_move_step", ".join(move.before)", "either move of a step starts from one status"
    ),
    Equivalent(
        "core/rules.py",
        "NoFailedGroup.remedies",
        "facts.never_reached[:2]",
        "where the first of two is rejected the second is as well",
    ),
    Equivalent("endpoint/calls.py", "token_in", '"XXXX"', "it is not the word bearer either"),
    Equivalent("endpoint/calls.py", "members_of", "levels=", NOT_SHOWN),
    Equivalent("endpoint/calls.py", "members_of", "cast(", CAST),
)
