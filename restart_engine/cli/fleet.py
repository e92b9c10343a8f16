"""The command for whole fleets. What it needs is loaded only when it runs."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from restart_engine.cli.ending import INTERRUPTED, cause, complain, interruptible
from restart_engine.cli.extras import needing
from restart_engine.cli.page import Color, Page, write

if TYPE_CHECKING:
    from restart_engine.fleet.running import OnProgress, Outcome
    from restart_engine.fleet.running import Progress as Reached

_PICTURES: Final = (".svg", ".png", ".pdf")
_STYLES: Final = {"": "", "title": "bold", "bad": "bold red", "dim": "dim"}
_ERRORS: Final = 2


def _picture_file(context: click.Context, option: click.Parameter, value: str | None) -> Path | None:
    if value is None:
        return None
    if Path(value).suffix.lower() not in _PICTURES:
        raise click.BadParameter(f"`{value}` ends in none of {', '.join(_PICTURES)}", context, option)
    if not Path(value).parent.is_dir():
        raise click.BadParameter(f"`{value}` stands in no folder that is there", context, option)
    return Path(value)


@click.command(short_help="Decide a whole file of scenarios into another one, on every core.")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--jobs", type=click.IntRange(1, 1024), help="Processes; else as many as there are cores.")
@click.option("--overwrite", is_flag=True, help="Replace OUT where it is there already.")
@click.option("--restart", is_flag=True, help="Throw away what an earlier run of the same OUT has left.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON instead, on one line.")
@click.option("--picture", metavar="FILE", callback=_picture_file, help="Draw it, too: .svg, .png or .pdf.")
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: only on a terminal and without NO_COLOR (auto), always or never.",
)
def fleet(source: Path, target: Path, **options: Any) -> int:
    """Decide all scenarios of a file, in their order, and sum up what the whole fleet needs.

    IN and OUT are what their endings say: .jsonl holds a scenario a line in and a decision a line out, as
    `oracle` has them; .parquet and .arrow hold columns (docs/fleet.md). What is done is kept in OUT.parts
    until all of it is: after whatever ends a run, the same command goes on.

    Exit status: 0 when every row was a scenario, else 2.
    """
    needing("fleet", "restart_engine.fleet.running")
    if options["picture"] is not None:
        needing("fleet", "restart_engine.fleet.picture")
    from restart_engine.fleet.failures import FleetFailure  # noqa: PLC0415  # an extra
    from restart_engine.fleet.running import run_fleet  # noqa: PLC0415  # an extra

    flags = {name: options[name] for name in ("jobs", "overwrite", "restart")}
    try:
        with interruptible(), _broken_pipes_told(), _shown_progress() as on_progress:
            try:
                outcome = run_fleet(source, target, **flags, on_progress=on_progress)
            except KeyboardInterrupt:
                complain("interrupted; the same command goes on from what is done")
                return INTERRUPTED
    except FleetFailure as failure:
        raise click.ClickException(str(failure)) from failure
    _write_summary(outcome, as_json=options["as_json"], color=options["color"])
    if options["picture"] is not None:
        _draw(outcome, options["picture"])
    return _ERRORS if outcome.summary.errors else 0


def _write_summary(outcome: Outcome, *, as_json: bool, color: Color) -> None:
    from restart_engine.fleet import documents, plain  # noqa: PLC0415  # an extra

    if as_json:
        first = [{"row": mistake.row, "message": mistake.message} for mistake in outcome.mistakes]
        document = documents.document_of(outcome.summary) | {"firstErrors": first}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        return
    page = Page.of_standard_output()
    lines = plain.summary_lines(outcome.summary, outcome.mistakes)
    write((Text(page.plain(line.text), _STYLES[line.style]) for line in lines), color)


def _draw(outcome: Outcome, file: Path) -> None:
    from restart_engine.fleet.picture import draw_summary  # noqa: PLC0415  # an extra

    try:
        draw_summary(outcome.summary, file)
    except OSError as error:
        raise click.ClickException(f"cannot write `{file}`: {cause(error)}") from error


@contextmanager
def _broken_pipes_told() -> Generator[None]:
    """A process that has died, and no longer reads, is an error in here and does not end the program."""
    if not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before)


@contextmanager
def _shown_progress() -> Generator[OnProgress]:
    """Progress on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}
        begun = monotonic()

        def on_progress(reached: Reached) -> None:
            rate = f"{reached.rows / max(monotonic() - begun, 0.001):,.0f} rows/s" if reached.rows else ""
            if reached.stage not in tasks:
                tasks[reached.stage] = progress.add_task(
                    reached.stage, total=reached.total, completed=reached.done, rate=rate
                )
            progress.update(tasks[reached.stage], completed=reached.done, rate=rate)

        yield on_progress
