"""A virtual environment for each tool, and the tool's script run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from benchmarks.compare.tools import OURS, ROOT, Tool

QUIET: Final = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "KEDRO_DISABLE_TELEMETRY": "1",
}


class Unavailable(Exception):
    """A tool cannot be installed, or does not run here."""


@frozen
class Environment:
    """Where a tool is installed."""

    tool: Tool
    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that finds the tool."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"

    def install(self) -> None:
        """Makes the environment, unless one is there that the same requirements were installed in.

        Raises `Unavailable` with what pip says last.
        """
        marker = self.folder / "installed.json"
        wanted = json.dumps(self.tool.requirements)
        if self.tool is not OURS and marker.exists() and marker.read_text(encoding="utf-8") == wanted:
            return
        venv.create(self.folder, with_pip=True, clear=True)
        if self.tool.requirements:
            self._run(
                "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *self.tool.requirements
            )
        marker.write_text(wanted, encoding="utf-8")

    def versions(self) -> dict[str, str]:
        """The versions of all that is installed."""
        listed = json.loads(self._run("-m", "pip", "list", "--format=json", "--disable-pip-version-check"))
        return {each["name"]: each["version"] for each in listed}

    def prepare(self, place: Path, steps: int) -> None:
        """Has the tool's script write the failed run into a new folder."""
        place.mkdir(parents=True)
        self._run("-m", self.tool.module, "prepare", str(place), str(steps), place=place)

    def measure(self, place: Path, steps: int, way: str) -> dict[str, Any]:
        """What the tool's script measures, once, in a process of its own."""
        answer = self._run("-m", self.tool.module, "measure", str(place), str(steps), way, place=place)
        measured: dict[str, Any] = json.loads(answer.splitlines()[-1])
        return measured

    def _run(self, *arguments: str, place: Path | None = None) -> str:
        """The standard output of the environment's Python with these arguments."""
        home = (
            {"AIRFLOW_HOME": str(place), "PYTHONPATH": str(ROOT / "tests")} if place else {"PYTHONPATH": ""}
        )
        done = subprocess.run(  # noqa: S603  # the tools of the table, which is ours
            [str(self.python), *arguments],
            cwd=place,
            env=os.environ | QUIET | home,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            raise Unavailable("\n".join(said[-12:]) or f"ended with {done.returncode}")
        return done.stdout
