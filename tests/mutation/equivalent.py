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

CAREFUL = "where the counts differ for nothing the careful reader gives the same"
UTF_8 = "another name of UTF-8, or the default where the tests run"
AT_ONCE = "another way to cut gives the same integer"
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
    Equivalent("core/plan.py", "_names", "kind = ", SHORT_CUT),
    Equivalent("core/execution.py", "_checked", "found, None)", "what is refused there is no status at all"),
    Equivalent("core/options.py", "_first_undone", "[:2]", "the lowest of ascending numbers is the first"),
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
    Equivalent("wire/contradictions.py", "check_decision", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent(
        "wire/contradictions.py",
        "_check_rejected",
        "following <= place",
        "one that stands twice is refused before",
    ),
    Equivalent("wire/decision.py", "decision_shape", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent("wire/decision.py", "_note", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent("wire/decision.py", "_enter", "assert_never(", FOR_TYPE_CHECKERS),
    Equivalent(
        "wire/lines.py",
        "lines_from",
        "passed <= span",
        "no other line begins within the span",
    ),
    Equivalent(
        "wire/reading.py",
        "_compare",
        "_compare(name, None, path)",
        "a name is a text in either case",
    ),
    Equivalent("wire/reading.py", "_compare_held", "cast(", CAST),
    Equivalent("wire/reading.py", "_meant", "cast(", CAST),
    Equivalent("wire/reading.py", "_object", "cast(", CAST),
    Equivalent("wire/reading.py", "_array", "cast(", CAST),
    Equivalent("wire/scenario.py", "_count_strings", "replace(", CAREFUL),
    Equivalent("wire/scenario.py", "_count_strings", "in text", CAREFUL),
    Equivalent("wire/scenario.py", "_count_strings", "/ 2", "both counts are halved"),
    Equivalent("wire/schema.py", "schema_text", "encoding=", UTF_8),
    Equivalent("wire/schema.py", "write_schemas", "encoding=", UTF_8),
    Equivalent("wire/schema.py", "schema_of", "[shape], )", "the template is the default one"),
    Equivalent("wire/shapes.py", "_check_step", "indexed=None", FALSE_TOO),
    Equivalent("wire/writing.py", "write_json", "None", "no member's way begins with the empty one"),
    Equivalent("wire/writing.py", "_writable", "cast(", CAST),
    Equivalent("strict_json.py", "read_integer", "< _DIGITS_AT_ONCE", AT_ONCE),
    Equivalent("strict_json.py", "read_integer", "// 3", AT_ONCE),
    Equivalent("strict_json.py", "write_integer", "format(", "an integer has no exponent"),
    Equivalent("strict_json.py", "_decimal", "< _DIGITS_AT_ONCE", AT_ONCE),
    Equivalent("strict_json.py", "_decimal", "// 3", AT_ONCE),
    Equivalent("strict_json.py", "Objects.check", "or True", SHORT_CUT),
    Equivalent("strict_json.py", "Objects.check", "cast(", CAST),
)
