"""The commands, as docs/wire.md and the README promise them."""

from __future__ import annotations

import sys
from math import isfinite
from typing import Any, Final, get_args

import click

from restart_engine.cli import conform as kit
from restart_engine.cli.ending import interruptible
from restart_engine.cli.fleet import fleet
from restart_engine.cli.page import Color, Page, write
from restart_engine.cli.reading import read_scenario, scenario_lines
from restart_engine.cli.report import decided, explained, optional
from restart_engine.cli.serve import serve, token, world
from restart_engine.cli.simulate import simulate
from restart_engine.core.decision import Decision, Rejection, plan_restart
from restart_engine.core.options import restart_options
from restart_engine.wire import (
    Oracle,
    WireError,
    encode_decision,
    encode_options,
    error_line,
    schema_text,
)
from restart_engine.wire.schema import SchemaName

PLANNED: Final = 0
REJECTED: Final = 1
BAD_LINES: Final = 2

color_option = click.option(
    "--color",
    type=click.Choice(get_args(Color)),
    default="auto",
    help="Colour: only on a terminal and without NO_COLOR (auto), always or never.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead, on one line.")
scenario_argument = click.argument("file", type=click.Path(allow_dash=True))


class _Seconds(click.FloatRange):
    """A time above 0 that ends: `nan` is no time, though it is above and below nothing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, or wrong usage."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is no time", param, ctx)
        return number


_SECONDS: Final = _Seconds(min=0, min_open=True)
_COMPLETION: Final = (
    'Completion: eval "$(_RESTART_ENGINE_COMPLETE=bash_source restart-engine)" (or zsh_source, fish_source).'
)


@click.group(no_args_is_help=False, epilog=_COMPLETION)
@click.version_option(package_name="restart-engine", message="%(prog)s %(version)s")
def commands() -> None:
    """A load plan's run failed: what exactly does a restart run?

    FILE is one scenario as JSON, `-` is standard input.

    Exit status: 0 planned, 1 rejected, 2 bad input or usage; 130 after Ctrl-C, 141 where the reader of the
    output has gone, 70 for a defect of this program.
    """


@commands.command(short_help="Decide one restart, and show it as a picture.")
@scenario_argument
@json_option
@color_option
def decide(file: str, *, as_json: bool, color: Color) -> int:
    """Decide one restart, and show it as a picture."""
    facts = read_scenario(file)
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    if as_json:
        write_line(encode_decision(decision))
    else:
        write(decided(facts, decision, Page.of_standard_output()), color)
    return status(decision)


@commands.command(name="explain", short_help="Say in sentences what is decided, and why.")
@scenario_argument
def explain_command(file: str) -> int:
    """Say in sentences what is decided, and why."""
    facts = read_scenario(file)
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    for sentence in explained(decision, Page.of_standard_output()):
        sys.stdout.write(f"{sentence}\n")
    return status(decision)


@commands.command(short_help="Show every restart that is possible now.")
@scenario_argument
@json_option
@color_option
def options(file: str, *, as_json: bool, color: Color) -> int:
    """Show every restart that is possible now; the request in FILE is not looked at."""
    facts = read_scenario(file)
    possible = restart_options(facts.plan, facts.latest)
    if as_json:
        write_line(encode_options(possible))
    else:
        write(optional(facts, possible, Page.of_standard_output()), color)
    return REJECTED if isinstance(possible, Rejection) else PLANNED


@commands.command(short_help="Answer scenarios, one a line, until input ends.")
def oracle() -> int:
    """Answer scenarios, one a line from standard input to standard output, until it ends.

    A line that is not a scenario is answered with {"error": {"path": ..., "message": ...}}, and the rest
    goes on. Exit status: 0 when every line was a scenario, else 2.
    """
    exit_status, answering = PLANNED, Oracle()
    for line in scenario_lines():
        try:
            write_line(answering.answer(line))
        except WireError as error:
            write_line(error_line(error))
            exit_status = BAD_LINES
    return exit_status


@commands.command(short_help="Print the JSON Schema of a scenario, a decision, a plan or an execution.")
@click.argument("name", type=click.Choice(get_args(SchemaName)))
def schema(name: SchemaName) -> int:
    """Print the JSON Schema of a scenario, a decision, a plan or an execution."""
    write_line(schema_text(name).rstrip().encode())
    return PLANNED


@commands.command(short_help="Judge an implementation of the decision, in any language.")
@click.option("--command", help="The implementation: a program that answers a scenario a line on its pipes.")
@click.option("--python", metavar="MODULE:FUNCTION", help="The implementation: a function of JSON objects.")
@click.option("--timeout", default=5.0, type=_SECONDS, help="Seconds for each answer of a program.")
@click.option("--seed", default=0, help="The same seed draws the same scenarios.")
@click.option("--examples", default=3_000, type=click.IntRange(min=0), help="Scenarios to draw.")
@click.option("--seconds", type=_SECONDS, help="Seconds for the whole run.")
@click.option("--exhaustive", is_flag=True, help="Ask every one of 3.8 million small scenarios, too.")
@click.option("--replay", metavar="REPORT", help="Ask only what the faults of a JSON report were shown by.")
@click.option("--junit", metavar="FILE", help="Write the report as JUnit XML, too.")
@click.option("--html", metavar="FILE", help="Write the report as one HTML file, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole report as JSON instead.")
@color_option
def conform(**options: Any) -> int:
    """Judge an implementation of the decision, in any language: does it decide as the rules say?

    Asked are the cases of the vectors and then drawn scenarios. Give --command or --python.

    Exit status: 0 conforms, 1 does not, 2 could not be judged.
    """
    if (options["command"] is None) == (options["python"] is None):
        raise click.UsageError("give either --command or --python", click.get_current_context())
    kit.needing_conformance()
    with interruptible(), kit.shown_progress() as on_progress:
        report = kit.judge_subject(options, on_progress)
    return kit.write_report(report, options)


@commands.command(short_help="Write the conformance vectors, for a runner in any language.")
@click.argument("folder", type=click.Path(file_okay=False))
def vectors(folder: str) -> int:
    """Write the conformance vectors into FOLDER, with the manual for a runner and their JSON Schema."""
    kit.needing_conformance()
    kit.write_vectors_into(folder)
    return PLANNED


commands.add_command(fleet)
commands.add_command(serve)
commands.add_command(simulate)
commands.add_command(token)
commands.add_command(world)


def status(decision: Decision) -> int:
    """The exit status that a decision has."""
    return REJECTED if isinstance(decision, Rejection) else PLANNED


def write_line(line: bytes) -> None:
    """One line on standard output, at once: whoever reads need not wait for the next."""
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
