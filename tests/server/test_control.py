"""What tests change from outside: back to the start, another world, how steps fail, what users may do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from server.serving import Served, serving
from sqlalchemy import delete, update

from restart_engine.server.tables import executions, group_outcomes, step_outcomes

_PLAN: Final = {"name": "Nightly", "groups": [{"sequence": 1, "steps": ["Sales.Orders", "Sales.Lines"]}]}
_FAILED: Final = {
    "id": 12,
    "status": "Failed",
    "groups": [
        {"sequence": 1, "status": "Failed", "steps": {"Sales.Orders": "Succeeded", "Sales.Lines": "Failed"}}
    ],
}
_TENANT: Final[dict[str, Any]] = {
    "name": "acme",
    "schemas": [{"id": 1, "name": "Sales"}, {"id": 2, "name": "Stock"}],
    "users": [{"name": "ann", "roles": ["SuperRole"], "everySchema": "edit"}, {"name": "bob"}],
    "loadPlans": [_PLAN | {"executions": [_FAILED]}],
    "loading": {"seconds": 10},
}
WORLD: Final = {"tenants": [_TENANT]}
RESTART: Final = {"loadPlanName": "Nightly", "groupSequence": 1, "recentLoadPlanExecution": 12}


class Asker:
    """Asks a server as ann, and changes it."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self._http = httpx.Client(base_url=server.address)

    def call(self, path: str, body: object = None, *, user: str = "ann") -> tuple[int, Any]:
        """The status and the body of an answer of the endpoint."""
        headers = {"authorization": f"Bearer {self.server.token('acme', user)}"}
        url = f"/incorta/api/v2/acme/load-plan/{path}"
        method = "GET" if body is None else "POST"
        answer = self._http.request(method, url, json=body, headers=headers, timeout=10)
        return answer.status_code, answer.json()

    def restart(self, *, user: str = "ann") -> tuple[int, Any]:
        """The restart of execution 12."""
        return self.call("restart", RESTART, user=user)

    def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status and the body of an answer of the control API."""
        headers = {"authorization": f"Bearer {self.server.token('acme', 'kit', use='control')}"}
        content = None if body is None else json.dumps(body)
        answer = self._http.request(method, f"/control/{path}", content=content, headers=headers)
        return answer.status_code, answer.json()

    def statuses(self, execution_id: int) -> Any:
        """The statuses of the steps, once the execution is over."""
        self.control("POST", "advance", {"seconds": 100})
        _, body = self.call(f"status/{execution_id}?level=4")
        return {each["name"]: each["status"] for each in body["groups"][0]["schemas"][0]["objects"]}

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


@pytest.fixture
def asker(tmp_path: Path) -> Iterator[Asker]:
    """On SQLite."""
    with serving(tmp_path, WORLD) as server:
        asker = Asker(server)
        yield asker
        asker.close()


@pytest.fixture
def asker_anywhere(tmp_path: Path, database_url: str) -> Iterator[Asker]:
    """On each database in turn."""
    with serving(tmp_path, WORLD, database=database_url) as server:
        asker = Asker(server)
        yield asker
        asker.close()


class TestReset:
    """Back to the start."""

    def test_ids_come_again(self, asker_anywhere: Asker) -> None:
        """The world is what it was, what was loaded beside it is gone, and the next execution has its id."""
        asker = asker_anywhere
        before = asker.control("GET", "world")
        for _ in range(2):
            assert asker.restart() == (200, {"loadPlanExecutionId": 13})
            asker.statuses(13)
            assert asker.call("execute", {"loadPlanName": "Nightly"}) == (200, {"loadPlanExecutionId": 14})
            assert asker.control("POST", "world", {"tenants": [{"name": "other"}]})[0] == 200
            assert asker.control("POST", "reset") == (200, {"nextExecutionId": 13})
            assert asker.control("GET", "world") == before

    def test_gaps_stay(self, asker_anywhere: Asker, tmp_path: Path) -> None:
        """Where the database had given ids that it no longer holds, they are not given again."""
        asker = asker_anywhere
        asker.restart()
        asker.control("POST", "advance", {"seconds": 100})
        with asker.server.service.database.writing() as connection:
            for table in (step_outcomes, group_outcomes):
                connection.execute(delete(table).where(table.c.execution_id == 13))
            connection.execute(delete(executions).where(executions.c.id == 13))
        url = asker.server.service.settings.database
        with serving(tmp_path, {"tenants": []}, database=url) as again:
            other = Asker(again)
            assert other.control("POST", "reset") == (200, {"nextExecutionId": 14})
            started = other.call("execute", {"loadPlanName": "Nightly"})
            other.close()
            assert started == (200, {"loadPlanExecutionId": 14})

    def test_what_runs_is_dropped(self, asker_anywhere: Asker) -> None:
        """Its steps are cancelled, and nothing of it is written into the execution that gets its id."""
        asker = asker_anywhere
        asker.restart()
        asker.control("POST", "advance", {"seconds": 5})
        assert asker.server.service.runner.running == 1
        asker.control("POST", "reset")
        assert asker.server.service.runner.running == 0
        assert asker.restart() == (200, {"loadPlanExecutionId": 13})
        asker.control("POST", "advance", {"seconds": 9})
        assert asker.call("status/13")[1]["status"] == "In Progress"
        assert asker.statuses(13) == {"Orders": "Skipped", "Lines": "Succeeded"}

    def test_what_another_process_runs_is_left(self, asker_anywhere: Asker) -> None:
        """It is refused, and nothing is changed."""
        asker = asker_anywhere
        asker.restart()
        asker.statuses(13)
        with asker.server.service.database.writing() as connection:
            of_another = update(executions).where(executions.c.id == 13)
            connection.execute(of_another.values(status="In Progress", process="another"))
        refused = (409, {"message": "another server process runs the execution 13"})
        assert asker.control("POST", "reset") == refused
        assert asker.control("PUT", "world", {"tenants": []}) == refused
        assert asker.call("status/13")[0] == 200

    def test_faults_are_cleared(self, asker: Asker) -> None:
        """None is left."""
        asker.control("PUT", "faults", [{"status": 500}])
        asker.control("POST", "reset")
        assert asker.control("GET", "faults") == (200, [])
        assert asker.restart()[0] == 200

    @pytest.mark.parametrize(("method", "path"), [("POST", "reset"), ("GET", "world"), ("POST", "world")])
    def test_a_query_is_refused(self, asker: Asker, method: str, path: str) -> None:
        """What is asked for there is not ignored."""
        refused = (422, {"message": "the query has a member `replace`, accepted is none"})
        assert asker.control(method, f"{path}?replace=true", {"tenants": []}) == refused
        asker.restart()
        assert asker.control(method, f"{path}?replace=true", {"tenants": []}) == refused
        assert asker.call("status/13")[0] == 200


class TestReplace:
    """Another world."""

    def test_it_is_the_whole_world(self, asker_anywhere: Asker) -> None:
        """What was there is gone, what runs is dropped, ids go on after the world's; a reset undoes it."""
        asker = asker_anywhere
        asker.restart()
        plan = _PLAN | {"executions": [_FAILED | {"id": 40}]}
        world = {"tenants": [_TENANT | {"loadPlans": [plan]}]}
        assert asker.control("PUT", "world", world) == (200, {"tenants": ["acme"]})
        assert asker.server.service.runner.running == 0
        assert asker.call("status/12")[0] == 404
        assert asker.call("restart", RESTART | {"recentLoadPlanExecution": 40})[1] == {
            "loadPlanExecutionId": 41
        }
        asker.control("POST", "reset")
        assert asker.restart() == (200, {"loadPlanExecutionId": 13})

    def test_without_executions_ids_begin_at_1(self, asker_anywhere: Asker) -> None:
        """As in an empty database."""
        asker = asker_anywhere
        asker.control("PUT", "world", {"tenants": [_TENANT | {"loadPlans": [_PLAN]}]})
        assert asker.call("execute", {"loadPlanName": "Nightly"}) == (200, {"loadPlanExecutionId": 1})

    def test_a_world_that_is_none_changes_nothing(self, asker: Asker) -> None:
        """Not even what runs."""
        asker.restart()
        assert asker.control("PUT", "world", {"tenants": 1})[0] == 422
        assert asker.server.service.runner.running == 1


class TestLoading:
    """How steps fail."""

    def test_it_holds_from_now_on(self, asker: Asker) -> None:
        """For the steps that begin afterwards; it is given back as it is kept."""
        loading = {"seconds": 1.0, "failures": [{"step": "Sales.Lines", "share": 1.0}]}
        assert asker.control("PUT", "tenants/acme/loading", loading) == (200, loading)
        asker.restart()
        assert asker.statuses(13) == {"Orders": "Skipped", "Lines": "Failed"}
        assert asker.control("PUT", "tenants/acme/loading", {}) == (200, {})
        asker.call("restart", RESTART | {"recentLoadPlanExecution": 13})
        assert asker.statuses(14) == {"Orders": "Skipped", "Lines": "Succeeded"}

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"second": 1}, "`second` is an unknown member, accepted is byHand, .*"),
            ({"failures": [{"schema": "Stock", "share": 1.0}]}, r"`failures\[0\].schema` is `\"Stock\"`, .*"),
            ([], "the text is an array, accepted is an object"),
        ],
    )
    def test_what_cannot_be_is_refused(self, asker: Asker, body: object, message: str) -> None:
        """In a line that names the place in what was sent."""
        status, said = asker.control("PUT", "tenants/acme/loading", body)
        assert status == 422
        assert re.fullmatch(message, said["message"])

    def test_a_tenant_that_is_not_there(self, asker: Asker) -> None:
        """It is not made."""
        assert asker.control("PUT", "tenants/none/loading", {}) == (
            404,
            {"message": "there is no tenant `none`"},
        )


class TestUsers:
    """What a user may do."""

    def test_rights_come_and_go(self, asker_anywhere: Asker) -> None:
        """The next call of the same token is decided by them."""
        asker = asker_anywhere
        assert asker.restart(user="bob")[0] == 403
        rights = {"roles": ["Schema Manager"], "view": ["Stock"], "edit": ["Sales"]}
        assert asker.control("PUT", "tenants/acme/users/bob", rights) == (200, rights)
        assert asker.restart(user="bob")[0] == 200
        assert asker.control("PUT", "tenants/acme/users/bob", {"view": ["Sales"]})[0] == 200
        assert asker.call("status/13", user="bob")[0] == 200
        assert asker.call("execute", {"loadPlanName": "Nightly"}, user="bob")[0] == 403

    def test_a_user_who_is_new(self, asker_anywhere: Asker) -> None:
        """It is made; until then its token was no token."""
        asker = asker_anywhere
        assert asker.restart(user="eve/2")[0] == 401
        rights = {"superUser": True, "everySchema": "edit"}
        assert asker.control("PUT", "tenants/acme/users/eve", rights) == (200, rights)
        assert asker.restart(user="eve")[0] == 200

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"edit": ["Nope"]}, '`edit.*` is `"Nope"`, accepted is a schema that the tenant\'s .*'),
            ({"name": "bob"}, "`name` is an unknown member, accepted is none: the path names the user"),
            ("x", 'the text is `"x"`, accepted is an object'),
        ],
    )
    def test_what_cannot_be_is_refused(self, asker: Asker, body: object, message: str) -> None:
        """In a line that names the place in what was sent."""
        status, said = asker.control("PUT", "tenants/acme/users/bob", body)
        assert status == 422
        assert re.fullmatch(message, said["message"])
