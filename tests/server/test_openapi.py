"""The OpenAPI document: valid, the same every time, and true to the code in both directions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from server.serving import serving
from starlette.routing import Route

from restart_engine.conformance.strategies import executions, load_plans
from restart_engine.core.execution import Execution
from restart_engine.core.plan import LoadPlan
from restart_engine.endpoint import GATES, ExecuteCall, ExecutionSeen, GateId, RestartCall
from restart_engine.endpoint.calls import UnfitMember, asked_of
from restart_engine.endpoint.replies import gates_of
from restart_engine.endpoint.status import LEVELS, status_body
from restart_engine.server import Settings, SigningKey, create_app
from restart_engine.server import answer_shapes as shapes
from restart_engine.server.openapi import document
from restart_engine.server.openapi_examples import example, example_body, status_example
from restart_engine.server.openapi_responses import OF_HTTP
from restart_engine.wire import WireError
from restart_engine.wire.reading import read_value

_METHODS: Final = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def _document(*, control: bool = True) -> Any:
    return json.loads(document(control=control))


def _operations(*, control: bool = True) -> dict[tuple[str, str], Any]:
    found = {}
    for path, item in _document(control=control)["paths"].items():
        for method in item.keys() & _METHODS:
            found[path, method] = item[method]
    return found


def _routes(tmp_path: Path, *, control: bool) -> set[tuple[str, str]]:
    key = SigningKey(b"k" * 32)
    settings = Settings(database=f"sqlite:///{tmp_path}/none.db", key=key, control=control)
    app = create_app(settings)
    found: set[tuple[str, str]] = set()
    for route in app.routes:
        assert isinstance(route, Route)
        # HEAD comes with every GET, as the document says once
        found |= {(route.path, method.lower()) for method in (route.methods or set()) - {"HEAD"}}
    app.state.service.database.close()
    return found


def _schema(name: str) -> Draft202012Validator:
    components = _document()["components"]
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


class TestDocument:
    """The document as such."""

    @pytest.mark.slow
    @pytest.mark.parametrize("control", [True, False])
    def test_it_is_openapi(self, control: bool) -> None:
        """It is what the meta-schema of OpenAPI 3.1 asks for."""
        from schemathesis.specs.openapi import definitions  # noqa: PLC0415  # only the full depth has it

        assert list(definitions.OPENAPI_31_VALIDATOR.iter_errors(_document(control=control))) == []

    def test_each_schema_is_one(self) -> None:
        """It is what JSON Schema asks for."""
        made = _document()
        for schema in made["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def test_it_is_the_same_every_time(self) -> None:
        """It is made once, and would be the same if it were made again."""
        assert document() is document()
        assert document.__wrapped__() == document()

    def test_every_reference_leads_somewhere(self) -> None:
        """Nothing is referred to that is not there, and nothing is there that nobody refers to."""
        made = _document()
        components = {
            f"#/components/{kind}/{name}"
            for kind in ("schemas", "responses", "headers")
            for name in made["components"][kind]
        }
        found = {value for name, value in _members(made) if name == "$ref"}
        assert found == components

    def test_no_two_shapes_share_a_name(self) -> None:
        """Every shape has a schema of its own: the suffix that is left out of names tells none apart."""
        kept = [name for name, value in vars(shapes).items() if isinstance(value, type(msgspec.Struct))]
        titles = [schema["title"] for schema in _document()["components"]["schemas"].values()]
        assert len(set(titles)) == len(titles)
        bases = {"OpenShape", "Shape", "Struct"}
        assert {name.removesuffix("Shape") for name in kept if name not in bases} <= set(titles)

    def test_examples_are_of_their_schemas(self) -> None:
        """Each example of a body is one."""
        made = _document()
        for content in _contents(made):
            values = [each["value"] for each in content.get("examples", {}).values()]
            values += [content["example"]] if "example" in content else []
            validator = Draft202012Validator(content["schema"] | {"components": made["components"]})
            for value in values:
                validator.validate(value)


class TestRoutes:
    """The document beside the application."""

    @pytest.mark.parametrize("control", [True, False])
    def test_routes_and_paths_are_the_same(self, tmp_path: Path, control: bool) -> None:
        """Each route is documented, and each operation has a route; the control API where it is there."""
        assert set(_operations(control=control)) == _routes(tmp_path, control=control)

    def test_tokens(self) -> None:
        """The endpoint asks for an access token, the control API for its own, and nothing else for any."""
        for (path, _), operation in _operations().items():
            schemes = {"/incorta": ["accessToken"], "/control": ["controlToken"]}
            expected = next((schemes[start] for start in schemes if path.startswith(start)), [])
            assert [name for each in operation["security"] for name in each] == expected

    def test_it_is_served(self, tmp_path: Path) -> None:
        """The server gives it as it is, with what it has itself."""
        with serving(tmp_path, {"tenants": []}, control=False) as server:
            answer = server.ask(b"GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n")
        assert answer.headers["content-type"] == "application/json"
        assert answer.body == document(control=False)


def _asked_of(operation: Any) -> set[GateId]:
    """The gates of a call; of an operation that is none of the endpoint's, none."""
    if operation["operationId"] in {"restart", "execute"}:
        return {gate.id for gate in gates_of("start")}
    return {gate.id for gate in gates_of("status")} if operation["operationId"] == "status" else set()


class TestReplies:
    """The table of the gates in the document."""

    @pytest.mark.parametrize("gate", GATES)
    def test_each_gate_is_there(self, gate: GateId) -> None:
        """Its status is a response of a call that asks it, and names it with what it really says."""
        status = str(GATES[gate].status)
        assert example(gate).gate == gate
        for operation in _operations().values():
            if gate in _asked_of(operation):
                response = operation["responses"][status]
                assert f"{gate}: {GATES[gate].sentence}" in response["description"]
                content = response["content"]["application/json"]
                shown = [content["example"]] if "example" in content else []
                shown += [each["value"] for each in content.get("examples", {}).values()]
                assert example_body(gate) in shown

    def test_no_other_gate_is_there(self) -> None:
        """A call names the gates that it asks, and no other."""
        for operation in _operations().values():
            said = json.dumps(operation["responses"])
            asked = {gate for gate in GATES if f'"{gate}"' in said or f"{gate}: " in said}
            assert asked == _asked_of(operation)

    def test_what_http_answers_is_everywhere(self) -> None:
        """Each call documents what HTTP itself may answer."""
        for operation in _operations().values():
            assert {str(status) for status in OF_HTTP} <= operation["responses"].keys()


class TestStatuses:
    """The shapes of a status."""

    @given(execution=load_plans().flatmap(executions), level=st.sampled_from(LEVELS))
    def test_a_status_is_of_its_shape(self, execution: Execution, level: str) -> None:
        """What the endpoint gives at a level is of that level's shape, and of the schema published for it."""
        seen = ExecutionSeen(LoadPlan("Plan", ()), execution)
        body = json.loads(json.dumps(status_body(seen, int(level))))
        shape = shapes.STATUS_AT[level]
        assert msgspec.to_builtins(msgspec.convert(body, shape)) == body
        _schema(shape.__name__.removesuffix("Shape")).validate(body)

    @pytest.mark.parametrize("level", LEVELS)
    def test_a_level_is_no_other(self, level: str) -> None:
        """The body of one level is of no other level's shape."""
        for other in LEVELS:
            name = shapes.STATUS_AT[other].__name__.removesuffix("Shape")
            if other == level:
                _schema(name).validate(status_example(level))
            else:
                with pytest.raises(jsonschema.ValidationError):
                    _schema(name).validate(status_example(level))


_members_asked: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "loadPlanName": st.none() | st.text(max_size=3) | st.integers(),
        "groupSequence": st.none() | st.integers() | st.booleans() | st.just("1") | st.just(1.5),
        "recentLoadPlanExecution": st.none() | st.integers() | st.booleans() | st.just([]),
        "more": st.none() | st.text(),
    },
)


class TestBodies:
    """The shapes of what is asked, beside the gate that reads it."""

    @given(members=_members_asked)
    def test_a_body_is_taken_as_the_schema_says(self, members: dict[str, Any]) -> None:
        """H5 lets pass what the published schema does, and what the shape reads, and nothing else."""
        for call, shape, name in (
            (RestartCall, shapes.RestartShape, "Restart"),
            (ExecuteCall, shapes.ExecuteShape, "Execute"),
        ):
            try:
                asked_of(call(tenant="t", authorization=None, body=b""), members)
            except UnfitMember:
                taken = False
            else:
                taken = True
            assert _schema(name).is_valid(members) == taken
            if taken:
                read_value(members, shape)
            else:
                with pytest.raises(WireError):
                    read_value(members, shape)

    def test_an_integer_of_any_size(self) -> None:
        """No integer is too large for the schema."""
        asked = {"loadPlanName": "a", "groupSequence": -(10**400), "recentLoadPlanExecution": 10**400}
        _schema("Restart").validate(asked)


def _members(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [*value.items(), *(pair for each in value.values() for pair in _members(each))]
    return [pair for each in value for pair in _members(each)] if isinstance(value, list) else []


def _contents(made: Any) -> list[Any]:
    return [content for name, value in _members(made) if name == "content" for content in value.values()]
