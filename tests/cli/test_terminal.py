"""On a terminal: colour and width."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from cli.processes import NIGHTLY, nightly, on_terminal, shown

START = "\x1b[1;32m>>> group 30"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
DECIDE = ("decide", str(NIGHTLY))


def test_a_terminal_gets_colour() -> None:
    """The start stands out; without the colour it is the text that a pipe gets."""
    coloured = on_terminal(*DECIDE)
    assert START in coloured
    assert ESCAPES.sub("", coloured) == shown("decide", nightly())


@pytest.mark.parametrize(
    "printed",
    [
        lambda: on_terminal(*DECIDE, "--color", "never"),
        lambda: on_terminal(*DECIDE, NO_COLOR="1"),
        lambda: on_terminal(*DECIDE, TERM="dumb"),
    ],
    ids=["never", "NO_COLOR", "dumb"],
)
def test_who_wants_no_colour_gets_the_words_alone(printed: Callable[[], str]) -> None:
    """Not bold either: no escape at all."""
    assert printed() == shown("decide", nightly())


def test_an_empty_no_color_says_nothing() -> None:
    """As its convention has it."""
    assert START in on_terminal(*DECIDE, NO_COLOR="")


def test_without_a_terminal_colour_has_to_be_asked_for() -> None:
    """On the command line, which counts for more than the environment."""
    assert "\x1b" not in shown("decide", nightly(), FORCE_COLOR="1", CLICOLOR_FORCE="1")
    assert START in shown("decide", nightly(), "--color", "always", TERM="dumb")
    assert START in shown("decide", nightly(), "--color", "always", NO_COLOR="1")
    assert "\x1b[2m   send groupSequence" in shown("options", nightly(), "--color", "always")


def test_without_a_terminal_the_width_is_80() -> None:
    """Whatever the environment says, so that a pipe gets the same everywhere."""
    assert shown("decide", nightly(), COLUMNS="200") == shown("decide", nightly(), COLUMNS="20")


def test_a_narrow_terminal_wraps_the_request_to_send() -> None:
    """Nothing of what is to be copied is left out; the lines below each other are indented alike."""
    printed = on_terminal("options", str(NIGHTLY), "--color", "never", columns=40)
    assert (
        "\n   send groupSequence 30,\n   recentLoadPlanExecution none\n   runs 24 steps, 8 of them there"
        in printed
    )


@pytest.mark.parametrize(
    ("columns", "least", "most"), [(60, 55, 60), (90, 85, 90), (300, 95, 100), (1, 35, 40)]
)
def test_a_terminal_is_filled_up_to_100_columns(columns: int, least: int, most: int) -> None:
    """The lines fill what there is; one of less than 40 columns breaks them itself."""
    lines = on_terminal(*DECIDE, "--color", "never", columns=columns).splitlines()
    assert least <= max(map(len, lines)) <= most
