"""The tools that are compared: what is installed for each, and the ways of each that are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from attrs import frozen

ROOT: Final = Path(__file__).parents[3]


@frozen(kw_only=True)
class Tool:
    """A tool with an environment of its own."""

    name: str
    requirements: tuple[str, ...] = ()
    """For pip, pinned; what these need is not."""
    ways: tuple[str, ...]
    """As the tool's script names them."""

    @property
    def module(self) -> str:
        """The script that runs in the tool's environment."""
        return f"benchmarks.compare.{self.name}_run"


OURS: Final = Tool(
    name="restart_engine", requirements=(f"{ROOT}[wire]",), ways=("text to decision", "decision alone")
)
"""Measured first, always: the others' figures are given as times its own."""
UNIT: Final = OURS.ways[0]
"""The way of ours that is the unit."""
TOOLS: Final = (
    OURS,
    Tool(name="loop", ways=("loop",)),
    # dbt-core 1.12 needs a parser that is not on the package registry, only built elsewhere and downloaded
    Tool(
        name="dbt",
        requirements=("dbt-core==1.11.16", "dbt-duckdb==1.11.1"),
        ways=("retry, its choice", "retry, as the command"),
    ),
    Tool(name="dagster", requirements=("dagster==1.13.29",), ways=("from failure", "from failure, planned")),
    Tool(
        name="airflow",
        requirements=("apache-airflow==3.3.2",),
        ways=("clear only failed", "clear with downstream"),
    ),
    Tool(
        name="kedro",
        requirements=("kedro==1.7.0", "kedro-datasets==9.6.0"),
        ways=("suggested resume", "only missing outputs"),
    ),
    Tool(name="luigi", requirements=("luigi==3.8.1",), ways=("worker's walk",)),
    Tool(name="doit", requirements=("doit==0.37.0",), ways=("list --status",)),
)
