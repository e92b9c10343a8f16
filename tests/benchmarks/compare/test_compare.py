"""What needs no tool: ours and the loop choose what is expected, and the table says how many times ours."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from benchmarks.compare import loop_run, restart_engine_run, shape
from benchmarks.compare.__main__ import check, sizes
from benchmarks.compare.environment import Unavailable
from benchmarks.compare.figures import Figures, duration, table, times
from benchmarks.compare.measured import Clock, Prepare, Way
from benchmarks.compare.tools import TOOLS

WAYS = {
    "text to decision": (restart_engine_run.prepare, restart_engine_run.line_to_decision),
    "decision alone": (restart_engine_run.prepare, restart_engine_run.decision_alone),
    "loop": (loop_run.prepare, loop_run.loop),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("steps", [10, 100])
def test_ours_and_the_loop_choose_what_is_expected(way: str, steps: int, tmp_path: Path) -> None:
    """The step that failed and all groups after it, and no gate: both know groups."""
    prepare: Prepare
    measure: Way
    prepare, measure = WAYS[way]
    prepare(tmp_path, steps)
    clock = Clock()
    assert check(list(measure(tmp_path, steps, clock)), steps) == 0
    assert "select" in clock.seconds


def test_the_failed_run_is_whole() -> None:
    """Each step and gate either succeeded or is to run again."""
    everything = {name for group in shape.SEQUENCES for name in shape.names_in(group, 50)} | set(
        shape.gates()
    )
    succeeded, again = set(shape.succeeded(50)), {*shape.to_run_again(50), *shape.waiting_gates()}
    assert succeeded | again == everything
    assert not succeeded & again
    assert shape.failed_step(50) in shape.names_in(shape.FAILED, 50)


def test_another_choice_is_refused() -> None:
    """A step too few, a step too many, a gate without the others, or a step twice ends the comparison."""
    expected, gates = shape.to_run_again(100), shape.waiting_gates()
    assert check([*expected, *gates], 100) == len(gates)
    for wrong in (expected[1:], [*expected, "g1_s0"], [*expected, gates[0]], [*expected, expected[0]]):
        with pytest.raises(Unavailable, match="were expected"):
            check(wrong, 100)


def test_sizes_are_multiples_of_ten() -> None:
    """Each group has as many steps as another, and at least one."""
    assert sizes("100,10000") == [100, 10_000]
    for wrong in ("105", "0"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"`{wrong}`"):
            sizes(wrong)


def test_every_tool_has_a_script() -> None:
    """Each tool of the table has a script of its name, which offers the ways that the table asks for."""
    folder = Path(shape.__file__).parent
    for tool in TOOLS:
        script = (folder / f"{tool.name}_run.py").read_text(encoding="utf-8")
        offered = script[script.rindex("run(prepare, {") :]
        assert all(f'"{way}": ' in offered for way in tool.ways)


def test_the_table_gives_times_ours() -> None:
    """Beside each figure stands what it is in times ours; a phase that a way has not is a dash."""

    def figures(tool: str, way: str, *seconds: dict[str, float]) -> Figures:
        return Figures(
            tool=tool, way=way, steps=100, seconds=seconds, elapsed=(), peak_bytes=(2**20,), selected_gates=0
        )

    ours = figures(
        "restart_engine",
        "text to decision",
        {"start": 0.1, "load": 0.002, "select": 0.001},
        {"start": 0.2, "load": 0.001, "select": 0.003},
        {"start": 0.3, "load": 0.003, "select": 0.004},
    )
    other = figures("doit", "list --status", {"start": 0.1, "select": 0.06})
    lines = table([ours, other]).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[4:9]] == [
        "100 ms (x1)",
        "1 ms (x1)",
        "1 ms (x1)",
        "3 ms (x1)",
        "4 ms (x1)",
    ]
    assert [cell.strip() for cell in lines[3].split("|")[4:9]] == [
        "100 ms (x1)",
        "-",
        "60 ms (x60)",
        "60 ms (x20)",
        "60 ms (x15)",
    ]


def test_figures_are_short() -> None:
    """A duration has three figures and a unit that suits it, a ratio two figures or none after the point."""
    assert [duration(seconds) for seconds in (93.42, 0.0123456, 0.0000345)] == [
        "93.4 s",
        "12.3 ms",
        "34.5 µs",
    ]
    assert [times(ratio) for ratio in (20123.4, 12.7, 1.234, 0.0123)] == ["20,123", "13", "1.2", "0.012"]
