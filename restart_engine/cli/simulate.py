"""The command of the simulator. What it needs is loaded only when it runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from restart_engine.cli.ending import cause, interruptible
from restart_engine.cli.extras import needing
from restart_engine.cli.page import Page, write
from restart_engine.core.errors import InvalidValue
from restart_engine.wire import WireError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from restart_engine.simulate.nights import OnProgress
    from restart_engine.simulate.simulation import Simulation
    from restart_engine.simulate.summary import Report

_STYLES: Final = {"plain": "", "title": "bold", "dim": "dim"}
_PICTURES: Final = (".svg", ".png", ".pdf")


def _time_of_day(context: click.Context, option: click.Parameter, value: str | None) -> str | None:
    """The time of the day, or wrong usage."""
    if value is not None and re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value) is None:
        found = f"`{value}` is no time of the day from 00:00 to 23:59"
        raise click.BadParameter(found, context, option)
    return value


def _picture_file(context: click.Context, option: click.Parameter, value: str | None) -> Path | None:
    """The file of a picture, or wrong usage; its ending says which kind of picture it is."""
    if value is None:
        return None
    if Path(value).suffix.lower() not in _PICTURES:
        raise click.BadParameter(f"`{value}` does not end in {', '.join(_PICTURES)}", context, option)
    if not Path(value).parent.is_dir():
        raise click.BadParameter(f"`{value}` stands in no folder that is there", context, option)
    return Path(value)


@click.command(short_help="Simulate nights: which way of restarting is ready in time, and what it costs.")
@click.argument("file", required=False)
@click.option("--nights", default=2_000, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same nights.")
@click.option("--deadline", metavar="HH:MM", callback=_time_of_day, help="Another deadline than the file's.")
@click.option("--baseline", metavar="POLICY", help="What the others are compared with; else the first.")
@click.option("--jobs", type=click.IntRange(1), help="Processes; else as many as there are cores.")
@click.option(
    "--picture", metavar="FILE", callback=_picture_file, help="Draw the report: .svg, .png or .pdf."
)
@click.option("--gantt", metavar="FILE", callback=_picture_file, help="Draw one night, step by step.")
@click.option("--night", type=click.IntRange(1), help="Which night --gantt draws; else one that tells much.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="POLICY",
    help="Whose night, side by side where given again; else the baseline's and the best one's.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, on one line.")
@click.option(
    "--schema", is_flag=True, help="Print the JSON Schema of a simulation file, and do nothing else."
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    help="Colour: only on a terminal and without NO_COLOR (auto), always or never.",
)
def simulate(**options: Any) -> int:
    """Simulate the nights of a load plan: which way of restarting is ready in time, and what does it cost?

    FILE says in YAML or JSON what is loaded, how long that takes, what fails, and how it is restarted
    (docs/simulator.md). Every policy gets the same nights.
    """
    context = click.get_current_context()
    if (options["file"] is None) == (not options["schema"]):
        raise click.UsageError("give either FILE or --schema", context)
    if options["gantt"] is None and (options["night"] is not None or options["policies"]):
        raise click.UsageError("--night and --policy go with --gantt", context)
    needing("simulate", "restart_engine.simulate.reading")
    from restart_engine.simulate import document, shapes  # noqa: PLC0415  # an extra

    if options["schema"]:
        sys.stdout.write(shapes.simulation_schema())
        return 0
    if options["picture"] or options["gantt"]:
        needing("simulate", "matplotlib")
    simulation = _simulation(options)
    with interruptible(), _shown_progress(options["nights"]) as on_progress:
        report = _report(simulation, options, on_progress)
    if options["as_json"]:
        sys.stdout.write(f"{document.report_json(report)}\n")
    else:
        _write_text(report, options["color"])
    _draw(report, options)
    return 0


def _simulation(options: dict[str, Any]) -> Simulation:
    """What the file says, with the deadline asked for; policies that are named are among its own."""
    from attrs import evolve  # noqa: PLC0415  # only this command needs it here

    from restart_engine.simulate.reading import read_simulation  # noqa: PLC0415  # an extra
    from restart_engine.simulate.times import seconds_of  # noqa: PLC0415  # an extra

    file = Path(options["file"])
    try:
        simulation = read_simulation(file.read_bytes(), name=file.name, folder=file.parent)
    except OSError as error:
        raise click.ClickException(f"cannot read `{file}`: {cause(error)}") from error
    except WireError as error:
        raise click.ClickException(f"`{file}`: {error}") from error
    try:
        if options["deadline"] is not None:
            simulation = evolve(simulation, deadline_at=seconds_of(options["deadline"]))
        for name in (*options["policies"], *filter(None, [options["baseline"]])):
            simulation.policy(name)
    except InvalidValue as error:
        raise click.ClickException(str(error)) from error
    return simulation


def _report(simulation: Simulation, options: dict[str, Any], on_progress: OnProgress) -> Report:
    from restart_engine.simulate.nights import cores, run_nights  # noqa: PLC0415  # an extra
    from restart_engine.simulate.summary import report_of  # noqa: PLC0415  # an extra

    seed, jobs = options["seed"], options["jobs"] or cores()
    results = run_nights(simulation, options["nights"], seed=seed, jobs=jobs, on_progress=on_progress)
    return report_of(simulation, results, seed=seed, baseline=options["baseline"])


def _write_text(report: Report, color: Any) -> None:
    from restart_engine.simulate.text import report_lines  # noqa: PLC0415  # an extra

    page = Page.of_standard_output()

    def cut(name: str, width: int) -> str:
        return page.cut(page.name(name), width)

    lines = report_lines(report, page.width, cut)
    write((Text(line.text, _STYLES[line.style]) for line in lines), color)


def _draw(report: Report, options: dict[str, Any]) -> None:
    """The pictures that are asked for."""
    if options["picture"] is not None:
        from restart_engine.simulate.picture import report_picture  # noqa: PLC0415  # an extra

        _save(report_picture(report), options["picture"])
    if options["gantt"] is not None:
        from restart_engine.simulate.gantt import night_picture  # noqa: PLC0415  # an extra
        from restart_engine.simulate.night import run_night  # noqa: PLC0415  # an extra

        simulation = report.simulation
        names = options["policies"] or tuple(dict.fromkeys((report.baseline, report.best.policy)))
        night = options["night"] or report.telling_night(names)
        stories = [run_night(simulation, simulation.policy(name), night, seed=report.seed) for name in names]
        _save(night_picture(simulation, stories), options["gantt"])


def _save(figure: Figure, file: Path) -> None:
    from restart_engine.simulate.drawing import save  # noqa: PLC0415  # an extra

    try:
        save(figure, file)
    except OSError as error:
        raise click.ClickException(f"cannot write `{file}`: {cause(error)}") from error


@contextmanager
def _shown_progress(nights: int) -> Generator[OnProgress]:
    """Progress on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("nights", total=nights)
        yield lambda done: progress.update(task, completed=done)
