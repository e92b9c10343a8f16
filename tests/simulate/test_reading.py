from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from simulate.files import EXAMPLE, SMALL, changed, read, without
from simulate.worlds import HOUR, MINUTE

from restart_engine.core.plan import Step
from restart_engine.core.status import Status
from restart_engine.simulate import (
    Constant,
    Hours,
    Independent,
    Lognormal,
    Observed,
    Outage,
    Persistent,
    Where,
)
from restart_engine.simulate.reading import read_simulation
from restart_engine.simulate.shapes import (
    made_simulation_schema,
    simulation_schema,
    write_simulation_schema,
)
from restart_engine.wire import WireError

OUTAGE = {
    "kind": "outage",
    "share": 0.1,
    "begins": {"from": "01:00", "to": "02:00"},
    "lasts": {"kind": "constant", "seconds": 60},
}
PERSISTENT = {"kind": "persistent", "share": 0.1}


def test_what_the_file_says_is_simulated() -> None:
    """Names, times and shares are what stands there; what does not is at its default."""
    world = read(SMALL)
    assert world.plan.name == "Small"
    assert (world.start, world.deadline, world.slots, world.hours) == (22 * HOUR, 30 * HOUR, 8, 24.0)
    assert (world.past_failures, world.detailed_tracking) == (False, True)
    assert world.failures == (Independent(share=0.1),)
    assert world.duration(Step("A", "x")) == Constant(300.0)
    (policy,) = world.policies
    assert policy.name == "again"


def test_every_kind_of_failure_is_read() -> None:
    """With all that it may say."""
    file = changed(
        "failures",
        to=[
            {
                "kind": "independent",
                "name": "late",
                "share": 1,
                "hours": {"from": "23:00", "to": "01:30"},
                "attempts": [1, 2],
                "takes": 1,
                "status": "Interrupted",
                "schema": "A",
                "sequence": 1,
                "step": "A.x",
            },
            {**OUTAGE, "schema": "B"},
            {**PERSISTENT, "breaks": "schema", "mendedAfterMinutes": 90},
            {**PERSISTENT, "name": "rows", "mendedAt": "07:30"},
        ],
    )
    assert read(file).failures == (
        Independent(
            name="late",
            share=1.0,
            hours=Hours(23 * HOUR, 1.5 * HOUR),
            attempts=(1, 2),
            takes=1.0,
            status=Status.INTERRUPTED,
            where=Where(schema="A", sequence=1, step=Step("A", "x")),
        ),
        Outage(
            name="B is down",
            share=0.1,
            where=Where(schema="B"),
            begins=Hours(HOUR, 2 * HOUR),
            lasts=Constant(60.0),
        ),
        Persistent(name="a schema is broken", share=0.1, breaks="schema", mended_after=90 * MINUTE),
        Persistent(name="rows", share=0.1, mended_at=7.5 * HOUR),
    )


def test_a_step_s_own_duration_counts_before_its_schema_s_and_the_default() -> None:
    """In this order."""
    file = changed(
        "durations",
        to={
            "default": {"kind": "constant", "seconds": 1},
            "schemas": {"A": {"kind": "lognormal", "median": 2, "spread": 0.5}},
            "steps": {"A.y": {"kind": "observed", "seconds": [3, 4]}},
        },
    )
    world = read(file)
    assert world.duration(Step("A", "y")) == Observed((3.0, 4.0))
    assert world.duration(Step("A", "x")) == Lognormal(2.0, 0.5)
    assert world.duration(Step("B", "x")) == Constant(1.0)


@pytest.mark.parametrize("name", ["nightly.yaml", "nightly.YML", "nightly", "nightly.json"])
def test_yaml_and_json_say_the_same(name: str) -> None:
    """By the name's ending, and else by the first character."""
    text = EXAMPLE.read_bytes()
    if name.endswith("json"):
        # every time of the day is a text between quotes there
        text = json.dumps(yaml.load(text, yaml.BaseLoader)).encode()  # noqa: S506  # texts alone
        with pytest.raises(WireError, match=r"`plan.groups\[0\].sequence` is `\"10\"`"):
            read_simulation(text, name=name)
    else:
        world = read_simulation(text, name=name)
        assert len(world.places) == 40
        assert {type(failure) for failure in world.failures} == {Independent, Outage, Persistent}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (without("policies"), "`policies` is missing, accepted is a member of this name"),
        (changed("policies", to=[]), "`policies` is an array, accepted is an array of 1 or more"),
        (without("plan"), "`plan` is missing, accepted is a load plan here, or one that `past` names"),
        (changed("past", to={"world": "w", "tenant": "t", "loadPlan": "p"}), "`plan` is there beside `past`"),
        (changed("night", "start", to="24:00"), '`night.start` is `"24:00"`, accepted is a time of the day'),
        (changed("night", "deadline", to="22:00"), '`night.deadline` is `"22:00"`, accepted is another time'),
        (changed("night", "slots", to=0), "`night.slots` is `0`, accepted is an integer of 1 or more"),
        (changed("night", "loaders", to=1), "`night.loaders` is an unknown member"),
        (changed("plan", "groups", 1, "sequence", to=1), "`plan.groups[1].sequence` is `1`"),
        (
            changed("failures", 0, "kind", to="odd"),
            '`failures[0].kind` is `"odd"`, accepted is one of independent',
        ),
        (
            changed("failures", 0, "share", to=1.5),
            "`failures[0].share` is `1.5`, accepted is a number from 0 to 1",
        ),
        (changed("failures", 0, "status", to="Succeeded"), '`failures[0].status` is `"Succeeded"`'),
        (
            changed("failures", 0, "schema", to="C"),
            '`failures[0].schema` is `"C"`, accepted is a schema of the load',
        ),
        (
            changed("failures", 0, "step", to="A.z"),
            '`failures[0].step` is `"A.z"`, accepted is a step of the load',
        ),
        (
            changed("failures", 0, "sequence", to=3),
            "`failures[0].sequence` is `3`, accepted is a group of the load",
        ),
        (
            changed("failures", 0, "hours", to={"from": "01:00", "to": "01:00"}),
            '`failures[0].hours.to` is `"01:00"`',
        ),
        (
            changed("failures", 1, to={**OUTAGE, "lasts": {"kind": "constant"}}),
            "`failures[1].lasts.seconds` is miss",
        ),
        (
            changed("failures", 1, to=PERSISTENT),
            "`failures[1].mendedAt` is `null`, accepted is a time of the day",
        ),
        (
            changed("failures", 1, to={**PERSISTENT, "mendedAt": "07:00", "mendedAfterMinutes": 1}),
            '`failures[1].mendedAt` is `"07:00"`',
        ),
        (
            changed("durations", to={"steps": {"A.z": {"kind": "constant", "seconds": 1}}}),
            '`durations.steps["A.z"]`',
        ),
        (
            changed("durations", to={"schemas": {"C": {"kind": "constant", "seconds": 1}}}),
            "`durations.schemas.C`",
        ),
        (
            changed("durations", to={"steps": {"A": {"kind": "constant", "seconds": 1}}}),
            "`durations.steps` is `",
        ),
        (
            changed("durations", to={"default": {"kind": "observed", "seconds": []}}),
            "`durations.default.seconds` is an array, accepted is an array of 1 or more",
        ),
        (
            changed("policies", 0, "from", to="start"),
            '`policies[0].from` is `"start"`, accepted is one of beginning',
        ),
        (changed("policies", 0, "afterMinutes", to=[]), "`policies[0].afterMinutes` is `[]`"),
        (
            changed("policies", 0, "byHandAt", to=["07:00"]),
            "`policies[0].restarts` is `null`, accepted is a limit",
        ),
        (changed("policies", 1, to=SMALL["policies"][0]), '`policies[1].name` is `"again"`'),
    ],
)
def test_the_first_place_that_is_off_is_named(file: Any, said: str) -> None:
    """With what stands there, and what would be taken."""
    with pytest.raises(WireError) as refused:
        read(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_text_that_is_no_yaml_is_refused() -> None:
    """In one line."""
    with pytest.raises(WireError, match="no YAML"):
        read_simulation(b"plan: [", name="a.yaml")


def test_the_published_schema_is_that_of_the_shapes(tmp_path: Path) -> None:
    """It is made from them; `write_simulation_schema` writes it anew."""
    assert simulation_schema() == made_simulation_schema()
    write_simulation_schema(tmp_path / "schema.json")
    assert (tmp_path / "schema.json").read_text() == simulation_schema()


@pytest.mark.parametrize(
    "file",
    [
        SMALL,
        changed("night", "start", to="24:00"),
        changed("night", "slots", to=0),
        changed("failures", 0, "kind", to="odd"),
        changed("failures", 0, "share", to=1.5),
        changed("failures", 0, "status", to="Succeeded"),
        changed("failures", 1, to=OUTAGE),
        changed("failures", 1, to={**OUTAGE, "lasts": {"kind": "constant"}}),
        changed("durations", to={"steps": {"A": {"kind": "constant", "seconds": 1}}}),
        changed("durations", to={"schemas": {"A.b": {"kind": "constant", "seconds": 1}}}),
        changed("policies", to=[]),
        changed("policies", 0, "byHandAt", to=["07:00", "07:00"]),
        changed("night", "loaders", to=1),
    ],
)
def test_the_schema_and_the_reader_agree(file: Any) -> None:
    """On every text whose places are right or wrong each by itself."""
    schema = json.loads(simulation_schema())
    try:
        read(file)
    except WireError:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(file, schema)
    else:
        jsonschema.validate(file, schema)
