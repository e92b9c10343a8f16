"""Faults on purpose, over real connections: which calls meet them, and what those calls have done."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from server.listening import events
from server.serving import Served, serving
from server.test_control import RESTART, WORLD, Asker

from restart_engine.server import Settings, SigningKey, create_app
from restart_engine.server.faults import Injected

_STARTED: Final = {"loadPlanExecutionId": 13}
_FAULT: Final = {"message": "a fault on purpose: status 503"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server, reset before each test."""
    with serving(tmp_path_factory.mktemp("faults"), WORLD) as served:
        yield served


@pytest.fixture
def asker(server: Served) -> Iterator[Asker]:
    """As the world was at the start."""
    asker = Asker(server)
    asker.control("POST", "reset")
    yield asker
    asker.close()


def _inject(asker: Asker, *faults: dict[str, Any]) -> None:
    status, said = asker.control("PUT", "faults", faults)
    assert status == 200, said
    assert [each["used"] for each in said] == [0] * len(faults)


class TestWhich:
    """Which calls meet which rule."""

    def test_every_call_of_the_endpoint(self, asker: Asker) -> None:
        """A rule without members decides about all of them, and about nothing else."""
        _inject(asker, {})
        assert asker.restart() == (503, _FAULT)
        assert asker.call("status/12") == (503, _FAULT)
        assert asker.call("execute", {}) == (503, _FAULT)
        assert asker.call("none", {}) == (404, {"message": "there is nothing at this path"})
        assert httpx.get(f"{asker.server.address}/health/ready").status_code == 200
        assert asker.control("GET", "faults") == (200, [{"used": 3}])

    def test_the_first_decides(self, asker: Asker) -> None:
        """A rule of another operation or tenant is passed by, and so is one that is used up."""
        _inject(
            asker,
            {"tenant": "other", "status": 500},
            {"operation": "status", "status": 504},
            {"status": 502, "times": 1},
            {"status": 429, "times": 1},
        )
        assert [asker.restart()[0] for _ in range(3)] == [502, 429, 200]
        assert asker.call("status/13")[0] == 504
        assert [each["used"] for each in asker.control("GET", "faults")[1]] == [0, 1, 1, 1]

    def test_a_share_is_drawn_alike(self, asker: Asker) -> None:
        """The same seed hits the same calls; what it misses goes on to the next rule."""

        def statuses(seed: int) -> list[int]:
            rules = ({"probability": 0.5, "seed": seed}, {"status": 500})
            _inject(asker, *rules)
            return [asker.call("status/12")[0] for _ in range(20)]

        first = statuses(1)
        assert set(first) == {503, 500}
        assert statuses(1) == first
        assert statuses(2) != first

    def test_of_two_tenants(self, asker: Asker) -> None:
        """The tenant is that of the path, also where nobody is let in."""
        _inject(asker, {"tenant": "acme"})
        answer = httpx.get(f"{asker.server.address}/incorta/api/v2/acme/load-plan/status/12")
        assert answer.status_code == 503
        answer = httpx.get(f"{asker.server.address}/incorta/api/v2/other/load-plan/status/12")
        assert answer.status_code == 401


class TestWhat:
    """What a call meets."""

    def test_before_nothing_is_done(self, asker: Asker) -> None:
        """The answer is the rule's, with its header and a request's id, and nothing was started."""
        _inject(asker, {"retryAfter": 7, "times": 1})
        headers = {"authorization": f"Bearer {asker.server.token('acme', 'ann')}"}
        url = f"{asker.server.address}/incorta/api/v2/acme/load-plan/restart"
        answer = httpx.post(url, json=RESTART, headers=headers)
        assert (answer.status_code, answer.json()) == (503, _FAULT)
        assert answer.headers["retry-after"] == "7"
        assert answer.headers["x-request-id"]
        assert asker.restart() == (200, _STARTED)

    @pytest.mark.parametrize("fault", [{"status": 503}, {"drop": True}])
    def test_afterwards_it_is_done(self, asker: Asker, fault: dict[str, Any]) -> None:
        """The execution was started, though the client was told otherwise or nothing."""
        _inject(asker, {"operation": "restart", "before": False, "times": 1, **fault})
        if "drop" in fault:
            with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
                asker.restart()
        else:
            assert asker.restart() == (503, _FAULT)
        status, said = asker.restart()
        assert (status, said["message"][:13]) == (400, "INC_05290501:")
        assert asker.call("status/13")[0] == 200

    def test_dropped_before(self, asker: Asker) -> None:
        """The connection is closed without an answer, and nothing was started; the log has no error."""
        _inject(asker, {"drop": True, "times": 1})
        with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
            asker.restart()
        assert asker.restart() == (200, _STARTED)
        assert [each for each in events(asker.server.log) if each["level"] == "error"] == []

    @pytest.mark.parametrize("before", [True, False])
    def test_late_and_true(self, asker: Asker, before: bool) -> None:
        """Without a status of its own a rule makes the true answer late."""
        _inject(asker, {"status": None, "delaySeconds": 0.3, "before": before})
        began = time.monotonic()
        assert asker.restart() == (200, _STARTED)
        assert time.monotonic() - began >= 0.3

    @pytest.mark.parametrize("change", [("POST", "reset"), ("PUT", "faults")])
    def test_a_change_ends_the_delay(self, asker: Asker, change: tuple[str, str]) -> None:
        """Who is delayed is answered at once, and does not start anything in the test that follows."""
        _inject(asker, {"status": None, "delaySeconds": 60.0})
        other = Asker(asker.server)
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(other.restart)
            while not asker.control("GET", "faults")[1][0]["used"]:
                time.sleep(0.01)
            asker.control(*change, [])
            assert waiting.result(5) == (503, _FAULT)
        other.close()
        assert asker.restart() == (200, _STARTED)

    def test_they_are_answers_in_the_log(self, asker: Asker) -> None:
        """The log says that it was on purpose, and what the client had."""
        _inject(asker, {"status": 500, "times": 1})
        asker.restart()
        said = [each for each in events(asker.server.log) if each["event"] == "fault injected"][-1]
        assert (said["operation"], said["status"]) == ("restart", 500)
        answered = [each for each in events(asker.server.log) if each.get("request") == said["request"]]
        assert [each["status"] for each in answered if each["event"] == "answered"] == [500]


REFUSED: Final = [
    ({}, "the text is an object, accepted is an array"),
    ([{}, 1], r"`\[1\]` is `1`, accepted is an object"),
    ([{"opration": "restart"}], r"`\[0\].opration` is an unknown member, accepted is operation, tenant, .*"),
    ([{"operation": "start"}], r"`\[0\].operation` is `\"start\"`, accepted is one of .*"),
    ([{"status": 200}], r"`\[0\].status` is `200`, accepted is an integer from 400 to 599"),
    ([{"status": 600}], r"`\[0\].status` is `600`, accepted is an integer from 400 to 599"),
    ([{"drop": True, "status": 500}], r"`\[0\].status` is `500`, accepted is none where `drop` is"),
    ([{"drop": True, "status": None}], r"`\[0\].status` is `null`, accepted is none where `drop` is"),
    ([{"drop": True, "retryAfter": 1}], r"`\[0\].retryAfter` is `1`, accepted is none where there is no .*"),
    ([{"status": None, "retryAfter": 1}], r"`\[0\].retryAfter` is `1`, accepted is none where .*"),
    ([{"seed": 1}], r"`\[0\].seed` is `1`, accepted is none where there is no probability"),
    ([{"times": 0}], r"`\[0\].times` is `0`, accepted is an integer of 1 or more"),
    ([{"delaySeconds": -1}], r"`\[0\].delaySeconds` is `-1`, accepted is a number from 0 to 3600"),
    ([{"probability": 2}], r"`\[0\].probability` is `2`, accepted is a number from 0 to 1"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED)
def test_what_is_no_rule_is_refused(asker: Asker, body: Any, message: str) -> None:
    """In a line that names the place; the rules before it stay as they were."""
    asker.control("PUT", "faults", [{"status": 500}])
    status, said = asker.control("PUT", "faults", body)
    assert status == 422
    assert re.fullmatch(message, said["message"]), said
    assert asker.control("GET", "faults") == (200, [{"status": 500, "used": 0}])


@pytest.mark.parametrize("control", [True, False])
def test_only_with_the_control_api(tmp_path: Path, control: bool) -> None:
    """Nothing stands in the way of a call otherwise."""
    url = f"sqlite:///{tmp_path}/none.db"
    app = create_app(Settings(database=url, key=SigningKey(b"k" * 32), control=control))
    app.state.service.database.close()
    classes: list[Any] = [each.cls for each in app.user_middleware]
    assert (Injected in classes) is control
