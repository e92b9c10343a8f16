"""What stands around the gates of the application as it is served: its paths, and what its log says."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import pytest
from server.listening import Answer, events, head
from server.serving import Served, serving

from restart_engine.server import SigningKey, issue_token

DECOMPOSED: Final = "Zu\u0308rich"
NAMES: Final = (
    "a/b",
    "a%2Fb",
    "Z\u00fcrich",
    DECOMPOSED,
    "z\u00fcrich",
    "a b",
    "a?b",
    "a#b",
    "a;b",
    "/",
    "a//b",
    "..",
)
_FAILED: Final = {
    "status": "Failed",
    "groups": [{"sequence": 1, "status": "Failed", "steps": {"S.a": "Failed"}}],
}


def _tenant(name: str, number: int) -> dict[str, Any]:
    """Every tenant has every name as a plan; its plan of its own name has run."""
    return {
        "name": name,
        "schemas": [{"id": 1, "name": "S"}],
        "users": [{"name": "ada", "superUser": True, "everySchema": "edit"}],
        "loadPlans": [
            {
                "name": plan,
                "groups": [{"sequence": 1, "steps": ["S.a"]}],
                "executions": [{"id": number, **_FAILED}] if plan == name else [],
            }
            for plan in NAMES
        ],
    }


WORLD: Final = {"tenants": [_tenant(name, number) for number, name in enumerate(NAMES, 1)]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with names that are hard to put into a path, below a path of a proxy."""
    with serving(tmp_path_factory.mktemp("app"), WORLD, root_path="/night/runs") as here:
        yield here


def ask(server: Served, target: str, token: str = "", method: str = "GET", body: str = "") -> Answer:
    """What is answered to a bearer of this token."""
    headers = {"authorization": f"Bearer {token}", "content-length": len(body)}
    return server.ask(head(target, method, **headers) + body.encode())


class TestNames:
    """Each name is reached by its own percent-encoding, and by no other name's."""

    @pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES, 1)), ids=ascii)
    def test_a_tenant(self, server: Served, number: int, name: str) -> None:
        """Its execution is its own, and no other tenant's token opens it."""
        path = f"/incorta/api/v2/{quote(name, safe='')}/load-plan/status/{number}"
        assert json.loads(ask(server, path, server.token(name, "ada")).body)["loadPlanName"] == name
        for other in NAMES:
            if other != name:
                assert ask(server, path, server.token(other, "ada")).status == 401

    @pytest.mark.parametrize(("number", "name"), list(enumerate(NAMES, 1)), ids=ascii)
    def test_a_load_plan(self, server: Served, number: int, name: str) -> None:
        """The control API shows the plan of this very name: the one that ran."""
        encoded = quote(name, safe="")
        path = f"/control/tenants/{encoded}/load-plans/{encoded}"
        shown = json.loads(ask(server, path, server.token(name, "kit", use="control")).body)
        assert shown["latest"]["id"] == number

    def test_what_is_sent_in_another_spelling(self, server: Served) -> None:
        """Letters that need no encoding may have it; a slash that is not encoded ends a name."""
        token = server.token("a b", "ada")
        assert ask(server, "/incorta/api/v2/%61%20b/load%2Dplan/status/6", token).status == 200
        assert ask(server, "/incorta/api/v2/a/b/load-plan/status/1", server.token("a/b", "ada")).status == 404


class TestRootPath:
    """A path that a proxy puts before ours."""

    @pytest.mark.parametrize("before", ["", "/night/runs"])
    def test_the_proxy_may_take_it_off(self, server: Served, before: str) -> None:
        """With it and without it a path leads to the same."""
        assert ask(server, f"{before}/health/live").status == 200
        path = f"{before}/incorta/api/v2/a%2Fb/load-plan/status/1"
        assert ask(server, path, server.token("a/b", "ada")).status == 200

    @pytest.mark.parametrize(
        "path", ["/night/health/live", "/night/runs/night/runs/health/live", "/night/runshealth/live"]
    )
    def test_nothing_else_is(self, server: Served, path: str) -> None:
        """Half of it, or twice, is another path."""
        assert ask(server, path).status == 404

    def test_the_document_knows_it(self, server: Served) -> None:
        """Clients made from it call below it."""
        assert json.loads(ask(server, "/openapi.json").body)["servers"] == [{"url": "/night/runs"}]

    def test_the_page_knows_it(self, server: Served) -> None:
        """Its link is relative, and what it tells to try is below it."""
        page = ask(server, "/docs").body.decode()
        assert 'href="openapi.json"' in page
        assert "SERVER=http://127.0.0.1:8080/night/runs " in page

    def test_the_log_has_the_path_that_was_sent(self, server: Served) -> None:
        """As the proxy sent it."""
        ask(server, "/night/runs/health/live")
        ask(server, "/health/live")
        assert [event["path"] for event in events(server.log)[-2:]] == [
            "/night/runs/health/live",
            "/health/live",
        ]


class TestReasons:
    """A 401 says to the log why, and to nobody else."""

    def test_each(self, server: Served) -> None:
        """With the client's address, and no token."""
        now = time.time()
        other = SigningKey(secrets.token_bytes(32))
        tokens = {
            "no token": "",
            "malformed": "abcde12345",
            "expired": server.token("a b", "ada", issued=now - 7200, lifetime=3600),
            "not yet valid": server.token("a b", "ada", issued=now + 3600),
            "signed by another key": issue_token(other, tenant="a b", user="ada", now=now, lifetime=60),
            "for another use": server.token("a b", "ada", use="control"),
            "for another tenant": server.token("a/b", "ada"),
            "the user is gone": server.token("a b", "gone"),
        }
        for reason, token in tokens.items():
            for target, method in (("status/6", "GET"), ("restart", "POST")):
                body = '{"loadPlanName": "a b", "groupSequence": 1}' if method == "POST" else ""
                answer = ask(server, f"/incorta/api/v2/a%20b/load-plan/{target}", token, method, body)
                assert answer.status == 401
                assert answer.message.endswith(
                    f" Invalid authentication header. Invalid Token [{shown(token)}]"
                )
                event = events(server.log)[-1]
                assert (event["reason"], event["client"]) == (reason, "127.0.0.1")
        assert [token for token in tokens.values() if token and token[:-4] in server.log.getvalue()] == []

    def test_of_the_control_api(self, server: Served) -> None:
        """Likewise."""
        assert ask(server, "/control/world", server.token("a b", "ada")).status == 401
        event = events(server.log)[-1]
        assert (event["reason"], event["client"]) == ("for another use", "127.0.0.1")

    def test_others_have_none(self, server: Served) -> None:
        """An event of a valid token names no address."""
        assert ask(server, "/control/world", server.token("a b", "kit", use="control")).status == 200
        assert {"reason", "client"} & events(server.log)[-1].keys() == set()


def shown(token: str) -> str:
    """What an answer shows of a token."""
    return f"******{token[-4:]}" if token else ""
