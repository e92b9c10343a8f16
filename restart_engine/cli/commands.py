"""The commands, as wire.md and the README promise them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

import click
from rich.console import Console
from rich.text import Text

from restart_engine.cli.picture import picture
from restart_engine.cli.texts import plain
from restart_engine.core.decision import Decision, Rejection, RestartPlan, plan_restart
from restart_engine.core.errors import shown
from restart_engine.core.explanation import (
    explain,
    groups_text,
    note_sentences,
    rejection_sentences,
    request_text,
    start_sentence,
)
from restart_engine.core.facts import Facts
from restart_engine.core.options import restart_options
from restart_engine.wire import (
    MAX_BYTES,
    WireError,
    answer,
    decode_scenario,
    encode_decision,
    encode_options,
    error_line,
    schema_text,
)
from restart_engine.wire.schema import SchemaName

PLANNED: Final = 0
REJECTED: Final = 1
BAD_LINES: Final = 2
_WIDTHS: Final = (80, 100)
"""The width without a terminal, and the widest that a terminal is filled."""

_CHOICES: Final = {
    "S1": "start over at group {}",
    "S2": "start at group {}, whole",
    "S3": "resume at the first failed group {}",
    "S4": "resume at group {}",
}

color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: only on a terminal and without NO_COLOR (auto), always or never.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead, on one line.")
scenario_argument = click.argument("file", type=click.Path(allow_dash=True))


_COMPLETION: Final = (
    'Completion: eval "$(_RESTART_ENGINE_COMPLETE=bash_source restart-engine)" (or zsh_source, fish_source).'
)


@click.group(
    no_args_is_help=False,
    epilog=_COMPLETION,
)
@click.version_option(package_name="restart-engine", message="%(prog)s %(version)s")
def commands() -> None:
    """A load plan's run failed: what exactly does a restart run?

    FILE is one scenario as JSON, `-` is standard input. Exit status: 0 planned, 1 rejected, 2 bad input.
    """


@commands.command()
@scenario_argument
@json_option
@color_option
def decide(file: str, *, as_json: bool, color: str) -> int:
    """Decide one restart, and show it as a picture."""
    facts = read_scenario(file)
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    if as_json:
        write_line(encode_decision(decision))
    else:
        console = terminal(color)
        show(console, decided(facts, decision, console.width))
    return status(decision)


@commands.command(name="explain")
@scenario_argument
def explain_command(file: str) -> int:
    """Say in sentences what is decided, and why."""
    facts = read_scenario(file)
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    for sentence in explain(decision).splitlines():
        sys.stdout.write(f"{plain(sentence)}\n")
    return status(decision)


@commands.command()
@scenario_argument
@json_option
@color_option
def options(file: str, *, as_json: bool, color: str) -> int:
    """Show every restart that is possible now; the request in FILE is not looked at."""
    facts = read_scenario(file)
    possible = restart_options(facts.plan, facts.latest)
    if as_json:
        write_line(encode_options(possible))
    else:
        console = terminal(color)
        show(console, optional(facts, possible, console.width))
    return REJECTED if isinstance(possible, Rejection) else PLANNED


@commands.command()
def oracle() -> int:
    """Answer scenarios, one a line from standard input to standard output, until it ends."""
    exit_status = PLANNED
    for line in scenario_lines():
        try:
            write_line(answer(line))
        except WireError as error:
            write_line(error_line(error))
            exit_status = BAD_LINES
    return exit_status


@commands.command()
@click.argument("name", type=click.Choice(get_args(SchemaName)))
def schema(name: SchemaName) -> int:
    """Print the JSON Schema of a scenario or a decision."""
    write_line(schema_text(name).rstrip().encode())
    return PLANNED


def status(decision: Decision) -> int:
    """The exit status that a decision has."""
    return REJECTED if isinstance(decision, Rejection) else PLANNED


def read_scenario(file: str) -> Facts:
    """The scenario of a file, of which no more is read than may be accepted."""
    try:
        if file == "-":
            return decode_scenario(sys.stdin.buffer.read(MAX_BYTES + 1))
        with Path(file).open("rb") as stream:
            return decode_scenario(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise click.ClickException(f"cannot read `{file}`: {error.strerror or error}") from error
    except WireError as error:
        raise click.ClickException(f"`{file}`: {error}") from error


def scenario_lines() -> Iterator[bytes]:
    """The lines of standard input; of one that is too long only as much as shows it."""
    read = sys.stdin.buffer.readline
    while line := read(MAX_BYTES + 2):
        rest = line
        while len(rest) == MAX_BYTES + 2 and not rest.endswith(b"\n"):
            rest = read(MAX_BYTES + 2)
        yield line.removesuffix(b"\n")


def write_line(line: bytes) -> None:
    """One line on standard output, at once: whoever reads need not wait for the next."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def terminal(color: str) -> Console:
    """Where people read: as wide as the terminal within limits, and in colour where that is wanted."""
    narrow, wide = _WIDTHS
    forced = {"auto": None, "always": True, "never": False}[color]
    console = Console(
        force_terminal=forced, no_color=color == "never" or None, highlight=False, markup=False, emoji=False
    )
    console.width = min(console.width, wide) if console.file.isatty() else narrow
    return console


def show(console: Console, lines: Iterator[Text]) -> None:
    """The lines, those that are too long wrapped between words."""
    for line in lines:
        for part in line.wrap(console, console.width) or [line]:
            part.rstrip()
            console.print(part, soft_wrap=True)


def decided(facts: Facts, decision: Decision, width: int) -> Iterator[Text]:
    """A decision as a person reads it: the verdict, the picture, what to note."""
    restart = decision if isinstance(decision, RestartPlan) else None
    if isinstance(decision, RestartPlan):
        yield Text(plain(start_sentence(decision)), style="bold")
        yield Text(f"It {amounts(decision)}.")
    else:
        for sentence in rejection_sentences(decision):
            yield Text(plain(sentence), style="bold red" if sentence == "No restart runs." else "")
    yield Text()
    yield from picture(facts, restart, width)
    if restart is not None and restart.notes:
        yield Text()
        for sentence in note_sentences(restart):
            yield Text(plain(sentence), style="yellow")


def optional(facts: Facts, possible: tuple[RestartPlan, ...] | Rejection, width: int) -> Iterator[Text]:
    """What happened, and the restarts to choose from."""
    yield from picture(facts, None, width)
    yield Text()
    if isinstance(possible, Rejection):
        for sentence in rejection_sentences(possible):
            yield Text(plain(sentence))
        return
    for number, restart in enumerate(possible, 1):
        what = _CHOICES[restart.rule].format(shown(restart.start.sequence))
        yield Text(f"{number}. {what} ({restart.rule})", style="bold")
        yield Text(f"   send {request_text(restart.request)}", style="dim")
        yield Text(f"   {amounts(restart)}")
        if restart.left_failed:
            yield Text(f"   leaves failed: {groups_text(restart.left_failed)}", style="yellow")


def amounts(restart: RestartPlan) -> str:
    """How much a restart runs and skips."""
    there = len(restart.step_names_to_run)
    later = sum(len(group.step_names) for group in restart.groups_after)
    skipped = len(restart.step_names_to_skip)
    return f"runs {steps(there + later)}, {there} of them there, and skips {skipped}"


def steps(count: int) -> str:
    """A number of steps in words."""
    return f"{count} step" if count == 1 else f"{count} steps"
