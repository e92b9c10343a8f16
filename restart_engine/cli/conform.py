"""The commands of the conformance kit. What they need is loaded only when one of them runs."""

from __future__ import annotations

import sys
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from restart_engine.cli.ending import cause
from restart_engine.cli.extras import needing
from restart_engine.cli.page import Page, write

if TYPE_CHECKING:
    from collections.abc import Generator

    from restart_engine.conformance.judge import Question
    from restart_engine.conformance.report import Report
    from restart_engine.conformance.run import OnProgress

_STYLES: Final = {"": "", "good": "green", "bad": "bold red", "title": "bold", "dim": "dim"}


def needing_conformance() -> None:
    """Raise a one-line error where the extra is not installed."""
    needing("conformance", "restart_engine.conformance.run")


def judge_subject(options: dict[str, Any], on_progress: OnProgress) -> Report:
    """The report on the subject that the options name."""
    from restart_engine.conformance import run, subject  # noqa: PLC0415  # an extra

    if options["command"] is not None:
        judge = partial(run.check_command, options["command"], timeout=options["timeout"])
    else:
        name = options["python"]
        sys.path.insert(0, "")  # the current folder first
        try:
            judge = partial(run.judged, subject.over_lines(subject.imported(name)), name=name)
        except ImportError as error:
            raise click.ClickException(str(error)) from error
    with redirect_stdout(sys.stderr):  # what a function prints is not part of the report
        return judge(
            seed=options["seed"],
            examples=options["examples"],
            seconds=options["seconds"],
            exhaustive=options["exhaustive"],
            replay=None if options["replay"] is None else _replayed(options["replay"]),
            on_progress=on_progress,
        )


def _replayed(file: str) -> tuple[Question, ...]:
    """What the faults of a JSON report were shown by."""
    from restart_engine.conformance.documents import questions_of  # noqa: PLC0415  # an extra

    try:
        return questions_of(Path(file).read_bytes())
    except OSError as error:
        raise click.ClickException(f"cannot read `{file}`: {cause(error)}") from error
    except ValueError as error:
        raise click.ClickException(f"`{file}`: {error}") from error


def write_report(report: Report, options: dict[str, Any]) -> int:
    """Write the report where the options say, and give its exit status."""
    from restart_engine.conformance import documents, html, plain  # noqa: PLC0415  # an extra
    from restart_engine.conformance.report import EXIT_STATUS  # noqa: PLC0415  # an extra

    for file, text in ((options["junit"], documents.junit_text), (options["html"], html.html_text)):
        if file is not None:
            try:
                Path(file).write_text(text(report), encoding="utf-8")
            except OSError as error:
                raise click.ClickException(f"cannot write `{file}`: {cause(error)}") from error
    if options["as_json"]:
        sys.stdout.write(documents.json_text(report) + "\n")
    else:
        page = Page.of_standard_output()
        lines = plain.report_lines(report, page.width)
        write((Text(page.plain(line.text), _STYLES[line.style]) for line in lines), options["color"])
    return EXIT_STATUS[report.verdict]


@contextmanager
def shown_progress() -> Generator[OnProgress]:
    """Progress on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def on_progress(stage: str, asked: int, total: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=asked, total=total)

        yield on_progress


def write_vectors_into(folder: str) -> None:
    """Write the vectors and their manual, and say how many."""
    from restart_engine.conformance.vectors import write_vectors  # noqa: PLC0415  # an extra

    try:
        count = write_vectors(Path(folder))
    except OSError as error:
        raise click.ClickException(f"cannot write `{folder}`: {cause(error)}") from error
    sys.stdout.write(f"{count} cases written to {folder}; start with README.md there\n")
