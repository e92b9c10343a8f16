"""The published JSON Schema files: made from the shapes, shipped beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from restart_engine.wire.shapes import DecisionShape, ExecutionShape, PlanShape, ScenarioShape

SchemaName: TypeAlias = Literal["scenario", "decision", "plan", "execution"]
_HERE: Final = Path(__file__).parent
_SHAPES: Final[dict[SchemaName, Any]] = {
    "scenario": ScenarioShape,
    "decision": DecisionShape,
    "plan": PlanShape,
    "execution": ExecutionShape,
}


def schema_text(name: SchemaName) -> str:
    """The JSON Schema (2020-12) of such a text, as the package ships it."""
    return (_HERE / f"{name}.schema.json").read_text(encoding="utf-8")


def made_schema(name: SchemaName) -> str:
    """The same, made from the shapes."""
    return schema_of(_SHAPES[name], name)


def schema_of(shape: Any, name: str) -> str:
    """The JSON Schema (2020-12) of any shape, under this name."""
    (schema,), definitions = msgspec.json.schema_components([shape], ref_template="#/$defs/{name}")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"restart_engine {name}",
        **schema,
        "$defs": definitions,
    }
    return json.dumps(document, indent=2).replace("Shape", "") + "\n"


def write_schemas(folder: Path = _HERE) -> None:
    """Write the files anew, after a change of the shapes."""
    for name in _SHAPES:
        (folder / f"{name}.schema.json").write_text(made_schema(name), encoding="utf-8")
