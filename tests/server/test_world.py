"""The world file: read and refused, loaded and dumped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from server.worlds import as_dumped, worlds
from sqlalchemy import Connection, create_engine, event, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool
from wire.documents import changed

import restart_engine.server
from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.plan import Step
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status
from restart_engine.server.loading import outcome
from restart_engine.server.plans import save_plan
from restart_engine.server.tables import executions, load_plans, metadata, tenants
from restart_engine.server.world import (
    Form,
    Loading,
    Schema,
    Tenant,
    World,
    WorldPlan,
    WorldUser,
    made_world_schema,
    read_world,
    world_of,
    world_schema,
    world_text,
    write_world_schema,
)
from restart_engine.server.world_dump import dump_world
from restart_engine.server.world_load import WorldConflict, load_world
from restart_engine.wire import MAX_BYTES, WireError

FORMS: list[Form] = ["json", "yaml"]
DEMO = Path(restart_engine.server.__file__).parent / "demo.yaml"


def demo() -> World:
    """The world that ships with the server."""
    return read_world(DEMO.read_bytes(), name=DEMO.name)


@contextmanager
def rolled_back(url: str) -> Iterator[Connection]:
    """A connection to an empty database with its tables, nothing of which stays."""
    in_memory = {"poolclass": StaticPool} if url == "sqlite://" else {}
    engine = create_engine(url, **in_memory)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=ON"))
    try:
        with engine.connect() as connection, connection.begin() as transaction:
            metadata.create_all(connection)
            yield connection
            transaction.rollback()
    finally:
        engine.dispose()


class TestText:
    """A world is written and read without loss."""

    @given(worlds(), st.sampled_from(FORMS))
    def test_text_and_back(self, world: World, form: Form) -> None:
        """The text of a world is read as the same world, and that has the same text."""
        text = world_text(world, form)
        read = read_world(text, name=f"world.{form}")
        assert read == world
        assert world_text(read, form) == text

    @given(worlds())
    def test_the_yaml_says_the_same_to_other_readers(self, world: World) -> None:
        """A reader of YAML 1.1 finds the same values, each text a text."""
        assert yaml.safe_load(world_text(world, "yaml")) == json.loads(world_text(world, "json"))

    @pytest.mark.parametrize("name", ["WORLD.JSON", "body", ""])
    def test_a_brace_begins_json_unless_the_name_says_otherwise(self, name: str) -> None:
        """What YAML would take and JSON does not is refused there, and taken in a YAML file."""
        text = b"{tenants: []}"
        assert read_world(text, name="w.yml") == World(())
        assert read_world(b'\n {"tenants": []}', name=name) == World(())
        with pytest.raises(WireError, match="not JSON"):
            read_world(text, name=name)

    @pytest.mark.parametrize(
        "word", ["no", "on", "Yes", "012", "1_000", "0x1f", "12:30", "2026-11-24", ".inf", "1."]
    )
    def test_a_word_that_json_gives_no_meaning_is_a_text(self, word: str) -> None:
        """Where others read a truth, a time or a number, the text that stands there is meant."""
        assert read_world(f"tenants: [name: {word}]".encode(), name="w.yaml").tenants[0].name == word

    @pytest.mark.parametrize("word", ["null", "~", "", "true", "false", "12", "-1", "1e5", "0.5"])
    def test_a_word_that_json_gives_a_meaning_is_no_text(self, word: str) -> None:
        """To be one it has to stand between quotes."""
        with pytest.raises(WireError) as raised:
            read_world(f"tenants: [name: {word}]".encode(), name="w.yaml")
        assert raised.value.path == "tenants[0].name"
        assert read_world(f"tenants: [name: 'x{word}']".encode(), name="w.yaml").tenants[0].name == f"x{word}"


VALID = """
tenants:
- name: t
  schemas:
  - {id: 1, name: A}
  - {id: 2, name: B}
  users:
  - {name: u, view: [A], edit: [B]}
  - {name: v}
  loadPlans:
  - name: P
    groups:
    - {sequence: 2, steps: [A.x, B.y]}
    - {sequence: 1, steps: [A.x]}
    executions:
    - {id: 5, status: Failed, groups: [{sequence: 1, status: Failed, steps: {A.x: Failed}}],
       startedAt: 2026-11-24T21:05:00Z, times: [{sequence: 1, step: A.x, beganAt: 2026-11-24T21:05:00.5Z}]}
    - {id: 6, status: In Progress, groups: []}
  - {name: Q, groups: [], executions: [{id: 7, status: Failed, groups: []}]}
  loading: {secondsOf: {A.x: 3}, failures: [{step: A.x, attempts: [1]}]}
- name: other
"""
REFUSED: dict[str, tuple[str, str, str]] = {
    "tenant twice": ("name: other", "name: t", "tenants[1].name"),
    "blank tenant": ("name: other", "name: ' '", "tenants[1].name"),
    "surrogate": ("name: other", 'name: "\\ud800"', ""),
    "unknown member": ("name: other", "name: other, enabld: true", ""),
    "unknown member in JSON's way": ("- name: other", "- {name: other, enabld: true}", "tenants[1].enabld"),
    "member twice": ("name: other", "name: other\n  name: other", "tenants[1].name"),
    "yes is no truth": ("name: other", "name: other\n  enabled: yes", "tenants[1].enabled"),
    "no loader less than none": (
        "name: other",
        "name: other\n  loaderServices: -1",
        "tenants[1].loaderServices",
    ),
    "more loaders than kept": (
        "name: other",
        f"name: other\n  loaderServices: {2**31}",
        "tenants[1].loaderServices",
    ),
    "schema id twice": ("id: 2", "id: 1", "tenants[0].schemas[1].id"),
    "schema id too high": ("id: 2", f"id: {2**63}", "tenants[0].schemas[1].id"),
    "schema name twice": ("name: B", "name: A", "tenants[0].schemas[1].name"),
    "schema name with a dot": ("name: B", "name: B.C", "tenants[0].schemas[1].name"),
    "user twice": ("name: v", "name: u", "tenants[0].users[1].name"),
    "unknown access": ("name: v", "name: v, everySchema: all", "tenants[0].users[1].everySchema"),
    "role twice": ("name: v", "name: v, roles: [a, a]", "tenants[0].users[1].roles[1]"),
    "view and edit": ("view: [A]", "view: [A, B]", "tenants[0].users[0].view[1]"),
    "unknown schema in a grant": ("edit: [B]", "edit: [b]", "tenants[0].users[0].edit[0]"),
    "unlisted schema in a plan": ("[A.x, B.y]", "[A.x, C.y]", "tenants[0].loadPlans[0].groups[0].steps[1]"),
    "no step": ("[A.x, B.y]", "[A.x, By]", "tenants[0].loadPlans[0].groups[0].steps[1]"),
    "sequence twice": ("sequence: 2", "sequence: 1", "tenants[0].loadPlans[0].groups[1].sequence"),
    "plan twice": ("name: Q", "name: P", "tenants[0].loadPlans[1].name"),
    "execution id twice": ("id: 7", "id: 5", "tenants[0].loadPlans[1].executions[0].id"),
    "execution id of nothing": ("id: 7", "id: 0", "tenants[0].loadPlans[1].executions[0].id"),
    "execution id too high": ("id: 7", f"id: {2**63 - 1}", "tenants[0].loadPlans[1].executions[0].id"),
    "an earlier one active": (
        "id: 5, status: Failed",
        "id: 5, status: In Queue",
        "tenants[0].loadPlans[0].executions[0].status",
    ),
    "no such day": (
        "2026-11-24T21:05:00Z",
        "2026-11-31T21:05:00Z",
        "tenants[0].loadPlans[0].executions[0].startedAt",
    ),
    "no zone": (
        "2026-11-24T21:05:00Z",
        "2026-11-24T21:05:00",
        "tenants[0].loadPlans[0].executions[0].startedAt",
    ),
    "time of another group": (
        "times: [{sequence: 1",
        "times: [{sequence: 2",
        "tenants[0].loadPlans[0].executions[0].times[0].sequence",
    ),
    "time of no step": (
        "step: A.x, beganAt",
        "step: A.z, beganAt",
        "tenants[0].loadPlans[0].executions[0].times[0].step",
    ),
    "times without any": (
        ", beganAt: 2026-11-24T21:05:00.5Z",
        "",
        "tenants[0].loadPlans[0].executions[0].times[0].beganAt",
    ),
    "a run that ends before it begins": (
        "startedAt: 2026-11-24T21:05:00Z",
        "startedAt: 2026-11-24T21:05:00Z, endedAt: 2026-11-24T21:04:59.999Z",
        "tenants[0].loadPlans[0].executions[0].endedAt",
    ),
    "a step that ends before it begins": (
        "beganAt: 2026-11-24T21:05:00.5Z",
        "beganAt: 2026-11-24T21:05:00.5Z, endedAt: 2026-11-24T21:05:00.45Z",
        "tenants[0].loadPlans[0].executions[0].times[0].endedAt",
    ),
    "history of one that is over": (
        "id: 5,",
        "id: 5, keepsHistory: false,",
        "tenants[0].loadPlans[0].executions[0].keepsHistory",
    ),
    "unknown rule": ("id: 5,", "id: 5, rule: R1,", "tenants[0].loadPlans[0].executions[0].rule"),
    "based on too high": (
        "id: 5,",
        f"id: 5, basedOn: {2**63},",
        "tenants[0].loadPlans[0].executions[0].basedOn",
    ),
    "attempts twice": (
        "name: Q,",
        "name: Q, attempts: [{sequence: 1, step: A.x, count: 1}, {sequence: 1, step: A.x, count: 2}],",
        "tenants[0].loadPlans[1].attempts[1]",
    ),
    "negative seconds": ("{A.x: 3}", "{A.x: -1}", 'tenants[0].loading.secondsOf["A.x"]'),
    "endless seconds": ("{A.x: 3}", "{A.x: 1e999}", 'tenants[0].loading.secondsOf["A.x"]'),
    "seconds of no step": ("{A.x: 3}", "{A.X: 3}", 'tenants[0].loading.secondsOf["A.X"]'),
    "share above 1": ("attempts: [1]", "share: 1.01", "tenants[0].loading.failures[0].share"),
    "share and attempts": (
        "attempts: [1]",
        "attempts: [1], share: 1",
        "tenants[0].loading.failures[0].share",
    ),
    "neither": (", attempts: [1]", "", "tenants[0].loading.failures[0].share"),
    "failure of no step": ("{step: A.x", "{step: A.y", "tenants[0].loading.failures[0].step"),
    "failure of no plan": (
        "{step: A.x",
        "{step: A.x, loadPlan: p",
        "tenants[0].loading.failures[0].loadPlan",
    ),
    "failure of no schema": ("{step: A.x", "{schema: C", "tenants[0].loading.failures[0].schema"),
    "failure that succeeds": (
        "attempts: [1]",
        "attempts: [1], status: Succeeded",
        "tenants[0].loading.failures[0].status",
    ),
}


class TestRefusals:
    """What no server could hold, or nobody can have meant, is refused at its place."""

    def test_the_text_that_they_change_is_a_world(self) -> None:
        """Nothing else is wrong with it; what has an order may stand in any."""
        world = read_world(VALID.encode(), name="w.yaml")
        plan = world.tenants[0].load_plans[0]
        assert [group.sequence for group in plan.groups] == [2, 1]
        assert plan.plan.sequences == (1, 2)

    @pytest.mark.parametrize("case", REFUSED)
    def test_each_names_its_place(self, case: str) -> None:
        """The error leads to what is wrong, and of two that clash to the second."""
        before, after, path = REFUSED[case]
        assert VALID.count(before) == 1
        with pytest.raises(WireError) as raised:
            read_world(VALID.replace(before, after).encode(), name="w.yaml")
        assert raised.value.path == path
        assert "\n" not in str(raised.value)

    def test_what_ends_before_it_begins_is_named_by_its_run(self) -> None:
        """With the moment that it cannot be before, in which it may end."""
        run, step = REFUSED["a run that ends before it begins"], REFUSED["a step that ends before it begins"]
        for (before, after, _), said in (
            (run, "a time from 2026-11-24T21:05:00Z on, when execution 5 began"),
            (step, 'a time from 2026-11-24T21:05:00.5Z on, when the step "A.x" of execution 5 began'),
        ):
            with pytest.raises(WireError) as raised:
                read_world(VALID.replace(before, after).encode(), name="w.yaml")
            assert raised.value.accepted == said
            at_once = re.sub("endedAt: [^},]*", f"endedAt: {said.split()[3]}", after)
            read_world(VALID.replace(before, at_once).encode(), name="w.yaml")

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("tenants: [", "no YAML: "),
            ("tenants:\n\t- a", "at line 2 column 1"),
            ("a: b: c", "no YAML: mapping values are not allowed in this context at line 1 column 5"),
            ("tenants: &a [*a]", "holding an alias at line 1 column 14"),
            ("tenants: !!python/name:os.system []", "holding a tag at line 1 column 10"),
            ("tenants: ! []", "holding a tag at line 1 column 10"),
            ("? [a]\n: 1", "holding a member whose name is no text at line 1 column 3"),
            ("tenants: []\n---\na: 1", "holding a second document at line 2 column 1"),
            ("[" * 30 + "]" * 30, "nested too deeply at line 1 column 12"),
            ("{a: " * 5000, "nest"),
            ("[" * 100_000, "nest"),
            (f"tenants: {'9' * 5000}", "holding an integer of too many digits at line 1 column 10"),
            ("tenants: \x01", "no YAML: "),
            ("", "`null`"),
            ("# nothing\n", "`null`"),
            ("--- a", '`"a"`'),
        ],
    )
    def test_yaml_that_is_none_says_where(self, text: str, found: str) -> None:
        """Line and column, in the file as people count them."""
        with pytest.raises(WireError) as raised:
            read_world(text.encode(), name="w.yaml")
        assert found in raised.value.found
        assert raised.value.path == ""

    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            ("name: B", "name: A", "`tenants[0].schemas[1].name` (line 6) is "),
            ("name: other", "enabled: true", "`tenants[1].name` (line 21) is missing"),
            ("id: 7, ", "", "`tenants[0].loadPlans[1].executions[0].id` (line 19) is missing"),
            ("{A.x: 3}", "{A.x: x}", '`tenants[0].loading.secondsOf["A.x"]` (line 20) is '),
            ("{A.x: 3}", "{A.x: 3, A.z: 3}", '`tenants[0].loading.secondsOf["A.z"]` (line 20) is '),
            ("- {name: v}", "- name: v\n    view: [B,\n     x.y]", "`tenants[0].users[1].view[1]` (line 11)"),
            ("name: other", "name: x\n  name: y", "`tenants[1].name` (line 22) is there more than once"),
        ],
    )
    def test_yaml_that_is_no_world_says_in_which_line(self, before: str, after: str, said: str) -> None:
        """Of what is missing, the line in which its object begins; in JSON the path is all there is."""
        with pytest.raises(WireError) as raised:
            read_world(VALID.replace(before, after).encode(), name="w.yaml")
        assert str(raised.value).startswith(said)
        with pytest.raises(WireError, match=r"`tenants` is `5`"):
            read_world(b'{"tenants": 5}', name="w.json")

    @pytest.mark.parametrize("form", FORMS)
    def test_bytes_that_are_no_text(self, form: Form) -> None:
        """Neither is taken in any encoding but UTF-8, nor without end."""
        for text in (b"\xff", b'{"tenants": []}'.decode().encode("utf-16"), b" " * (MAX_BYTES + 1)):
            with pytest.raises(WireError):
                read_world(text, name=f"w.{form}")

    def test_json_is_read_strictly(self) -> None:
        """As everything in JSON is here."""
        for text in ('{"tenants": [], "tenants": []}', '{"tenants": [],}', "[" * 100_000, '{"a": NaN}'):
            with pytest.raises(WireError):
                read_world(text.encode(), name="w.json")

    @given(worlds())
    def test_a_world_of_values_is_checked_as_a_file_is(self, world: World) -> None:
        """What is legal stays the same; arrays may be lists, and objects as a file has them."""
        assert world_of(world) == world
        assert world_of({"tenants": [json.loads(world_text(world, "json")), *world.tenants][1:]}) == world

    def test_a_world_does_not_change(self) -> None:
        """Whoever gave a list may go on with it; no member is set anew."""
        tenants = [Tenant(name="a")]
        world = World(tenants)
        tenants.append(Tenant(name="b"))
        assert world == World((Tenant(name="a"),))
        with pytest.raises(AttributeError, match="immutable"):
            world.tenants = ()  # type: ignore[misc]  # what is tried

    @pytest.mark.parametrize(
        ("tenants", "said"),
        [
            ([Tenant(name="a"), Tenant(name="a")], '`tenants[1].name` is `"a"`'),
            ([Tenant(name=" ")], "`tenants[0].name` is"),
            ([Tenant(name="\ud800")], "`tenants[0].name` is"),
            ([Tenant(name="a", enabled=1)], "`tenants[0].enabled` is `1`"),  # type: ignore[arg-type]  # what is tried
            ([Tenant(name="a", users="ada")], "`tenants[0].users` is"),  # type: ignore[arg-type]  # likewise
            ([Tenant(name="a", users=[WorldUser(name="a", view=["A"])])], "`tenants[0].users[0].view[0]` is"),
            ([{"name": "a", "plans": []}], "`tenants[0].plans` is an unknown member"),
        ],
    )
    def test_values_that_are_no_world_are_refused(self, tenants: Any, said: str) -> None:
        """With the place and the words of a file's errors."""
        with pytest.raises(WireError) as raised:
            world_of(World(tenants))
        assert str(raised.value).startswith(said)


VALIDATOR = jsonschema.Draft202012Validator(json.loads(world_schema()))
documents = worlds().map(lambda world: json.loads(world_text(world, "json")))


class TestSchema:
    """The published JSON Schema says what the reader takes."""

    def test_the_shipped_file_is_the_one_made_from_the_shapes(self, tmp_path: Path) -> None:
        """A change of the shapes shows in the file, which is a JSON Schema of 2020-12."""
        assert world_schema() == made_world_schema()
        write_world_schema(tmp_path / "s.json")
        assert (tmp_path / "s.json").read_text(encoding="utf-8") == world_schema()
        jsonschema.Draft202012Validator.check_schema(json.loads(world_schema()))

    @given(documents)
    def test_what_the_reader_takes_the_schema_does(self, document: Any) -> None:
        """Every world is valid, and the example with it."""
        assert VALIDATOR.is_valid(document)

    @given(changed(documents))
    def test_what_the_schema_refuses_the_reader_does(self, document: Any) -> None:
        """With one place changed, whatever is read is valid; the reader alone knows what clashes."""
        try:
            read_world(json.dumps(document).encode(), name="w.json")
        except WireError:
            return
        assert VALIDATOR.is_valid(document)


class TestDatabase:
    """A world goes into a database and comes out of it."""

    @settings(max_examples=settings().max_examples * 3 // 5)
    @given(worlds())
    def test_nothing_is_lost(self, world: World) -> None:
        """Loaded and dumped it is the same world, with the same text."""
        with rolled_back("sqlite://") as connection:
            load_world(connection, world)
            dumped = dump_world(connection)
            assert dumped == as_dumped(world)
            load_world(connection, dumped, replace=True)
            assert dump_world(connection) == dumped
            assert world_text(dump_world(connection)) == world_text(dumped)

    def test_nothing_is_lost_on_either_database(self, database_url: str) -> None:
        """The same for a few on each kind."""
        with rolled_back(database_url) as connection:

            @settings(max_examples=settings().max_examples // 4, database=None)
            @given(worlds())
            def check(world: World) -> None:
                nested = connection.begin_nested()
                load_world(connection, world)
                dumped = dump_world(connection)
                assert dumped == as_dumped(world)
                load_world(connection, dumped, replace=True)
                assert dump_world(connection) == dumped
                nested.rollback()

            check()

    def test_the_demo_on_either_database(self, database_url: str) -> None:
        """The world that ships is loaded and dumped, too."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            assert dump_world(connection) == as_dumped(demo())

    def test_the_next_execution_has_a_higher_id(self, database_url: str) -> None:
        """The database counts on from the highest id that was loaded."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            assert started(connection, "Forecast") == 13
            lower = b"tenants: [{name: t, loadPlans: [{name: P, groups: [], executions: [%s]}]}]"
            lower %= b"{id: 1, status: Failed, groups: []}"
            load_world(connection, read_world(lower, name="w.yaml"))
            assert started(connection, "Archive") == 14

    def test_nobody_starts_an_execution_meanwhile(self, postgresql_url: str) -> None:
        """On PostgreSQL a start waits for a world that is being loaded, and has an id above it."""
        engine = create_engine(postgresql_url)
        metadata.create_all(engine)
        with engine.begin() as connection:
            load_world(connection, demo())
        other = read_world(world_text(demo()).replace(b"name: idle", b"name: late"), name="w.yaml").tenants[
            -1
        ]
        late = replace(other, load_plans=[with_id(other.load_plans[0], 13)])
        with engine.connect() as loading, engine.connect() as starting:
            load_world(loading, World((late,)))
            starting.exec_driver_sql("SET lock_timeout = '20ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                started(starting, "Forecast")
            starting.rollback()
            loading.commit()
            assert started(starting, "Forecast") == 14
        engine.dispose()

    def test_a_tenant_that_is_there_is_a_conflict(self, database_url: str) -> None:
        """Nothing of a world is loaded where one of its tenants is there already."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            with pytest.raises(WorldConflict, match='tenant "idle" cannot be loaded: it is there already'):
                load_world(connection, World((Tenant(name="new"), Tenant(name="idle"))))
            assert dump_world(connection) == as_dumped(demo())

    def test_an_execution_id_of_another_tenant_is_a_conflict(self, database_url: str) -> None:
        """Ids are unique in the server, whoever has them."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            alike = replace(demo().tenants[0], name="alike")
            with pytest.raises(WorldConflict, match="there is an execution 5 already") as raised:
                load_world(connection, World((alike,)))
            assert raised.value.tenant == "alike"

    def test_replacing_takes_the_tenants_own_and_nothing_else(self, database_url: str) -> None:
        """What the tenant had is gone; its place and the other tenants stay."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            emptied = Tenant(name="demo", enabled=False)
            load_world(connection, World((emptied,)), replace=True)
            assert dump_world(connection) == World((emptied, *as_dumped(demo()).tenants[1:]))

    def test_a_tenant_whose_execution_a_process_runs_is_not_replaced(self, database_url: str) -> None:
        """Under the hands of whoever runs it nothing is taken away; what is nobody's may be."""
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            connection.execute(update(executions).where(executions.c.id == 10).values(process="p"))
            with pytest.raises(WorldConflict, match="a server process runs its execution 10"):
                load_world(connection, demo(), replace=True)
            connection.execute(update(executions).where(executions.c.id == 10).values(process=None))
            load_world(connection, demo(), replace=True)

    def test_a_database_in_use_is_dumped(self, database_url: str) -> None:
        """Plans that were edited since leave the loading's words of their old steps without meaning."""
        edited = read_world(EDITED.encode(), name="w.yaml").tenants[0].load_plans[0]
        with rolled_back(database_url) as connection:
            load_world(connection, demo())
            save_plan(connection, "demo", replace(edited, name="MyLoadPlan").plan)
            dumped = dump_world(connection)
            demo_tenant = dumped.tenants[0]
            assert demo_tenant.load_plans[0].groups == edited.groups
            assert demo_tenant.loading is not None
            assert [f.load_plan for f in demo_tenant.loading.failures] == ["Forecast", "Nightly"]
            assert Schema(186, "New") in demo_tenant.schemas
            assert read_world(world_text(dumped), name="w.yaml") == dumped


EDITED = """
tenants:
- name: t
  schemas: [{id: 1, name: New}]
  loadPlans: [{name: P, groups: [{sequence: 1, steps: [New.a]}]}]
"""


def with_id(plan: WorldPlan, execution_id: int) -> WorldPlan:
    """The plan whose one execution has this id."""
    (execution,) = plan.executions
    return replace(plan, executions=[replace(execution, id=execution_id)])


def started(connection: Connection, plan: str) -> int:
    """The id that the database gives to a new execution of the demo tenant's plan."""
    found = select(load_plans.c.id).join(tenants).where(load_plans.c.name == plan, tenants.c.name == "demo")
    row = {
        "plan_id": connection.execute(found).scalar_one(),
        "start_order": connection.execute(select(func.count()).select_from(executions)).scalar_one() + 1,
        "status": "Failed",
        "version": 1,
        "opened": "[]",
        "keeps_history": True,
    }
    given: int = connection.execute(insert(executions).returning(executions.c.id), row).scalar_one()
    return given


class TestDemo:
    """The world that ships tells the stories that its comments promise."""

    def decided(self, name: str, sequence: int, execution_id: int | None) -> Any:
        """What the engine decides of the demo tenant's plan."""
        plan = self.plan(name)
        latest = plan.executions[-1].record if plan.executions else None
        return plan_restart(plan.plan, RestartRequest(sequence, execution_id=execution_id), latest)

    def plan(self, name: str) -> WorldPlan:
        """The demo tenant's plan of this name."""
        (found,) = (plan for plan in demo().tenants[0].load_plans if plan.name == name)
        return found

    def test_the_sources_example_restarts_it(self) -> None:
        """Execution 12 is the latest and failed in group 1, whose completed steps are skipped."""
        planned = self.decided("MyLoadPlan", 1, 12)
        assert isinstance(planned, RestartPlan)
        assert set(planned.names_to_skip) == {
            "OnlineStore.Orders",
            "OnlineStore.Customers",
            "OnlineStore.Products",
        }
        assert planned.groups_after != ()

    def test_the_forecast_always_fails(self) -> None:
        """However often it is tried; the step beside it succeeds."""
        loading = demo().tenants[0].loading or Loading()
        for name, status in (("Pipeline", Status.SUCCEEDED), ("Forecast", Status.FAILED)):
            step = Step("Sales", name)
            assert {outcome(loading, "Forecast", 1, step, attempt) for attempt in range(1, 100)} == {status}

    def test_it_fails_once_more_and_then_succeeds(self) -> None:
        """The first attempt at Payments fails; at the second everything succeeds."""
        loading = demo().tenants[0].loading or Loading()
        for group in self.plan("MyLoadPlan").plan.groups:
            for step in group.steps:
                ends = [outcome(loading, "MyLoadPlan", group.sequence, step, n) for n in (1, 2, 3)]
                failed = str(step) == "OnlineStore.Payments"
                assert ends == [Status.FAILED if failed else Status.SUCCEEDED, *[Status.SUCCEEDED] * 2]

    @pytest.mark.parametrize(
        ("name", "sequence", "execution_id", "answer"),
        [
            ("Nightly", 0, 11, "S3"),
            ("LiveFeed", 0, None, "R1"),
            ("Archive", 1, 9, "R5"),
            ("Archive", 1, None, "S2"),
            ("MonthEnd", 0, 8, "R3"),
            ("MonthEnd", 2, None, "S2"),
            ("WarehouseDaily", 0, 7, "S3"),
            ("Forecast", 0, 1, "R2"),
            ("Forecast", 0, None, "S1"),
            ("MyLoadPlan", 9, 12, "R4"),
        ],
    )
    def test_each_plan_shows_an_answer(
        self, name: str, sequence: int, execution_id: int | None, answer: str
    ) -> None:
        """Every rule has a plan that shows it."""
        decision = self.decided(name, sequence, execution_id)
        assert (decision.rule if isinstance(decision, RestartPlan) else decision.rules[0]) == answer

    def test_who_may_do_what(self) -> None:
        """Sam may not edit OnlineStore, 185, and all that WarehouseDaily loads; no plan is called SALES."""
        tenant = demo().tenants[0]
        users = {user.name: user for user in tenant.users}
        assert {place.schema for place in self.plan("WarehouseDaily").places} <= set(users["sam"].edit)
        assert Schema(185, "OnlineStore") in tenant.schemas
        assert "OnlineStore" not in users["sam"].edit
        assert users["vic"].every_schema == "view"
        assert all(plan.name.lower() != "sales" for plan in tenant.load_plans)
        assert {t.name: (t.enabled, t.loader_services) for t in demo().tenants} == {
            "demo": (True, 1),
            "other": (True, 1),
            "closed": (False, 1),
            "idle": (True, 0),
        }
