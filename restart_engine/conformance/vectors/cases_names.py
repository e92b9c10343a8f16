"""Names: compared code point by code point, and split nowhere but at the first dot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from restart_engine.conformance.vectors.builders import Row, ask, outcome, plan_of, ran_of, resume

_ALIKE: Final = {
    "case-of-the-object": ("Sales.Orders", "Sales.orders"),
    "case-of-the-schema": ("Sales.Orders", "SALES.Orders"),
    "composed-and-decomposed": (
        "Caf\N{LATIN SMALL LETTER E WITH ACUTE}.X",
        "Cafe\N{COMBINING ACUTE ACCENT}.X",
    ),
    "order-of-combining-marks": (
        "X.a\N{COMBINING DOT BELOW}\N{COMBINING DOT ABOVE}",
        "X.a\N{COMBINING DOT ABOVE}\N{COMBINING DOT BELOW}",
    ),
    "ligature": ("X.file", "X.\N{LATIN SMALL LIGATURE FI}le"),
    "full-width": ("X.A", "X.\N{FULLWIDTH LATIN CAPITAL LETTER A}"),
    "sharp-s": ("X.STRASSE", "X.STRA\N{LATIN SMALL LETTER SHARP S}E"),
    "dotted-i": ("X.I", "X.\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
    "latin-and-cyrillic": ("X.a", "X.\N{CYRILLIC SMALL LETTER A}"),
    "kelvin": ("X.K", "X.\N{KELVIN SIGN}"),
    "emoji-with-and-without-selector": (
        "X.\N{HEAVY BLACK HEART}",
        "X.\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}",
    ),
    "emoji": ("X.\N{GRINNING FACE}", "X.\N{GRINNING FACE WITH SMILING EYES}"),
    "right-to-left": (
        "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}.\N{HEBREW LETTER GIMEL}",
        "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}.\N{HEBREW LETTER DALET}",
    ),
    "right-to-left-mark": ("X.a", "X.a\N{RIGHT-TO-LEFT MARK}"),
    "zero-width-space": ("X.ab", "X.a\N{ZERO WIDTH SPACE}b"),
    "trailing-space": ("X.a", "X.a "),
    "leading-space": ("X.a", "X. a"),
    "space-before-the-dot": ("X.a", "X .a"),
    "inner-spaces": ("X.a b", "X.a  b"),
    "no-break-space": ("X.a b", "X.a\N{NO-BREAK SPACE}b"),
    "newline": ("X.a b", "X.a\nb"),
    "null": ("X.a", "X.a\0"),
    "second-dot": ("X.a.b", "X.a.c"),
    "dots-at-the-end": ("X.a.", "X.a.."),
    "dots-in-a-row": ("X..a", "X...a"),
    "object-is-a-prefix": ("X.a", "X.a.b"),
    "same-object-in-two-schemas": ("X.a", "Y.a"),
    "schema-and-object-exchanged": ("X.Y", "Y.X"),
    "numbers-that-are-equal": ("1.5", "1.50"),
    "quotes": ('X."a"', "X.'a'"),
    "backslashes": ("X.a\\b", "X.a\\\\b"),
    "slashes": ("X.a/b", "X.a\\/b"),
    "members-of-objects": ("constructor.name", "__proto__.name"),
    "long": (f"X.{'a' * 1_000}b", f"X.{'a' * 1_000}c"),
}
"""Two names that some way of comparing takes for one."""
_PLANS: Final = {
    "spaces": "Nightly load  of 2 ",
    "emoji": "\N{CRESCENT MOON}\N{VARIATION SELECTOR-16}",
    "right-to-left": "\N{ARABIC LETTER LAM}\N{ARABIC LETTER YEH}\N{ARABIC LETTER LAM}",
    "decomposed": "Cafe\N{COMBINING ACUTE ACCENT}",
    "quotes": '"Nightly" \\ load',
    "dot": "Nightly.Load",
}


def rows() -> Iterator[Row]:
    """All of them."""
    for name, (done, left) in _ALIKE.items():
        steps = {done: "S", left: "F"}
        yield Row(
            f"edges/names-{name}",
            "names are compared code point by code point: these are two steps, and one of them is done",
            resume(
                plan_of({1: ["X.first"], 2: [left, done]}),
                ran_of("F", [outcome(1, "S", {"X.first": "S"}), outcome(2, "F", steps)]),
            ),
            ours=True,
        )
    for name, text in _PLANS.items():
        yield Row(
            f"edges/plan-name-{name}",
            "a plan's name is any text, and says nothing of what runs",
            ask(plan_of({1: ["X.a"], 2: ["X.b"]}, text), None, 2),
        )
    yield Row(
        "edges/names-renamed-in-case",
        "a step that the plan now spells with other capitals is another one, and runs",
        resume(
            plan_of({1: ["Sales.Orders", "Sales.lines"]}),
            ran_of("F", [outcome(1, "F", {"Sales.orders": "S", "Sales.lines": "S"})]),
        ),
        ours=True,
    )
    yield Row(
        "edges/names-renamed-in-normal-form",
        "a step that the plan now spells in another normal form is another one, and runs",
        resume(
            plan_of({1: ["X.Cafe\N{COMBINING ACUTE ACCENT}", "X.b"]}),
            ran_of("F", [outcome(1, "F", {"X.Caf\N{LATIN SMALL LETTER E WITH ACUTE}": "S", "X.b": "F"})]),
        ),
        ours=True,
    )
