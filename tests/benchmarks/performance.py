"""How fast: `PYTHONPATH=tests python -m benchmarks.performance` prints the figures of docs/performance.md.

`--write` puts them there. `--quick` runs every part on small sizes: what it prints says nothing about speed,
that it ends well says that all parts work and that what they time is right.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Final, TypeAlias

import pyperf  # type: ignore[import-untyped]  # it publishes no types
from benchmarks.chains import chain_tables
from benchmarks.decide import decision_tables
from benchmarks.fleet import fleet_tables
from benchmarks.growth import growth_tables
from benchmarks.machine import description, load
from benchmarks.making import making_tables
from benchmarks.measuring import QUICK, THOROUGH, Effort, Measurer, Spread
from benchmarks.picture import draw
from benchmarks.pipes import pipe_tables
from benchmarks.tables import PAGE, Table, percent, places_in, shown_in, with_texts
from benchmarks.wire import wire_tables

Part: TypeAlias = Callable[[Measurer], Iterator[Table]]
PARTS: Final[dict[str, Part]] = {
    "decision": decision_tables,
    "making": making_tables,
    "chains": chain_tables,
    "wire": wire_tables,
    "pipes": pipe_tables,
    "fleet": fleet_tables,
    "growth": growth_tables,
}


def measured(name: str, effort: Effort) -> tuple[Measurer, list[Table], str]:
    """A part, its tables, and a sentence on what it was measured under."""
    measurer, before, begun = Measurer(effort), load(), perf_counter()
    tables = list(PARTS[name](measurer))
    took = f"{perf_counter() - begun:.0f} s, load {before:.1f} before and {load():.1f} after"
    noise = Spread.of(measurer.of_fixed_work)
    most = max(measurer.of_fixed_work) / min(measurer.of_fixed_work) - 1
    spread = (noise.high - noise.low) / noise.middle
    runs = len(measurer.of_fixed_work)
    return (
        measurer,
        tables,
        (
            f"{took}; the same work {runs} times in between:"
            f" middle half within {percent(spread)}, slowest to fastest {percent(most)}."
        ),
    )


def kept(measurer: Measurer, part: str) -> Iterator[pyperf.Benchmark]:
    """Every time of a part, for `pyperf`."""
    for name, rounds in measurer.kept.items():
        metadata = {"name": f"{part}: {name}", "unit": "second"}
        yield pyperf.Benchmark(
            [pyperf.Run(times.seconds, metadata=metadata, collect_metadata=False) for times in rounds]
        )


def options_given() -> argparse.Namespace:
    """What is asked for; ends with wrong usage where it contradicts itself."""
    parser = argparse.ArgumentParser(prog="benchmarks.performance", description="How fast, measured.")
    parser.add_argument("--quick", action="store_true", help="small sizes: only whether all of it runs")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every time, for pyperf's compare_to")
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("what --quick measures is not to be written")
    if options.write and options.only and shown_in(PAGE.read_text("utf-8"), "machine") != description():
        parser.error("the page was measured on another machine: write all of it, without --only")
    return options


def main() -> None:
    """Print the tables, and put them where the options say."""
    options, times = options_given(), list[pyperf.Benchmark]()
    names: list[str] = options.only or list(PARTS)
    given = {"machine": description()}
    print(given["machine"], flush=True)
    for name in names:
        measurer, tables, under = measured(name, QUICK if options.quick else THOROUGH)
        print(f"\n== {name}", *(table.text() for table in tables), under, sep="\n\n", flush=True)
        times += kept(measurer, name)
        given |= {table.name: table.text() for table in tables} | {f"{name}: noise": under}
        page = with_texts(PAGE.read_text("utf-8"), given)
        if options.write:
            PAGE.write_text(page, encoding="utf-8")
            if name == "growth":
                draw(measurer.kept)
        if options.json is not None:
            pyperf.BenchmarkSuite(times).dump(str(options.json), replace=True)
    assert options.only or set(given) == set(places_in(page)), "each place of the page has its figures"


if __name__ == "__main__":
    main()
