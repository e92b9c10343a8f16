"""Simulation files as tests write them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from restart_engine.simulate import Simulation
from restart_engine.simulate.reading import read_simulation

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "simulator" / "nightly.yaml"

SMALL: dict[str, Any] = {
    "plan": {
        "name": "Small",
        "groups": [
            {"sequence": 1, "steps": ["A.x", "A.y"]},
            {"sequence": 2, "steps": ["B.x"]},
        ],
    },
    "night": {"start": "22:00", "deadline": "06:00"},
    "failures": [{"kind": "independent", "share": 0.1}],
    "policies": [{"name": "again", "from": "beginning", "afterMinutes": [10]}],
}


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The small file with another value at this path; a list grows where the path leads behind its end."""
    file = copy.deepcopy(SMALL)
    inside: Any = file
    for part in path[:-1]:
        inside = inside[part]
    if isinstance(inside, list) and path[-1] == len(inside):
        inside.append(to)
    else:
        inside[path[-1]] = to
    return file


def without(name: str) -> dict[str, Any]:
    """The small file without this member."""
    return {member: value for member, value in SMALL.items() if member != name}


def read(file: Any, folder: Path = Path()) -> Simulation:
    """The simulation that it describes."""
    return read_simulation(json.dumps(file).encode(), name="small.json", folder=folder)
