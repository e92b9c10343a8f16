"""Clients that restart, execute and follow load plans as fast as they are answered, whatever happens."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from random import Random
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from server.harness.ledger import Ledger, Started, View
from server.harness.stage import Stage, api_path, plan_path, schemas_of

TENANT: Final = "night"
UNTRACKED: Final = "day"
"""Its tenant does not keep step history once an execution is over."""
PLANS: Final = 10
STEPS: Final = [f"{schema}.{name}" for schema in ("Sales", "Web") for name in ("A", "B")]
GROUPS: Final[list[dict[str, Any]]] = [{"sequence": number, "steps": STEPS} for number in (10, 20, 30)]
SEQUENCES: Final = [group["sequence"] for group in GROUPS]
STEP_SECONDS: Final = 0.15
SPEED: Final = ("--speed", "10")
_PATIENCE: Final = 45.0
_THINKING: Final = 0.02
_H9: Final = "INC_05290501"


def tenants(*, share: float = 0.12, seconds: float = STEP_SECONDS) -> list[dict[str, Any]]:
    """Two tenants with plans whose steps fail now and then."""
    plans = [{"name": f"Plan {number}", "groups": GROUPS} for number in range(PLANS)]
    loading = {
        "seconds": seconds * float(SPEED[1]),
        "failures": [
            {"share": share, "seed": 7, "status": "Failed"},
            {"share": share / 3, "seed": 8, "status": "Interrupted", "schema": "Web"},
        ],
    }
    tracked = {"name": TENANT, "schemas": schemas_of(STEPS), "loadPlans": plans, "loading": loading}
    return [tracked, {**tracked, "name": UNTRACKED, "detailedTracking": False, "loadPlans": plans[:2]}]


def plans() -> list[tuple[str, str]]:
    """The tenant and the name of each plan."""
    return [(TENANT, f"Plan {n}") for n in range(PLANS)] + [(UNTRACKED, f"Plan {n}") for n in range(2)]


class Caller:
    """One client's connections: a call answers with a status and JSON, or not at all."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._open: dict[str, http.client.HTTPConnection] = {}
        self._tokens = {tenant: stage.token(tenant) for tenant in (TENANT, UNTRACKED)}
        self._control = stage.token("any", use="control")

    def call(
        self, address: str, method: str, tenant: str, path: str, body: object = None
    ) -> tuple[int, Any] | None:
        """None where the connection broke: what became of the call is not known."""
        token = self._control if path.startswith("/control/") else self._tokens[tenant]
        connection = self._open.get(address)
        if connection is None:
            parts = urlsplit(address)
            connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=_PATIENCE)
            self._open[address] = connection
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException):
            connection.close()
            del self._open[address]
            return None

    def close(self) -> None:
        """No connection is left."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()


class Crowd:
    """So many clients, until the end of the `with`; what they see is in the ledger."""

    def __init__(
        self, stage: Stage, ledger: Ledger, *, clients: int = 6, seed: int = 0, statuses: Sequence[int] = ()
    ) -> None:
        """`statuses` are those that may be answered beside 200 and 400: 503 where the database goes away."""
        self.stage = stage
        self.ledger = ledger
        self.statuses = set(statuses)
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._be_client, args=(Random(f"{seed} {n}"),), daemon=True)  # noqa: S311  # a load
            for n in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _be_client(self, random: Random) -> None:
        caller = Caller(self.stage)
        try:
            while not self._ending.wait(_THINKING):
                visit = Visit(self, caller, random, *random.choice(plans()))
                visit.make()
        except Exception as error:  # noqa: BLE001  # a client that falls silent would hide everything
            self.ledger.wrong(f"a client stops: {error!r}")
        finally:
            caller.close()


class Visit:
    """A client looks at a plan, and starts it where it is over."""

    def __init__(self, crowd: Crowd, caller: Caller, random: Random, tenant: str, plan: str) -> None:
        self._crowd = crowd
        self._ledger = crowd.ledger
        self._caller = caller
        self._random = random
        self._tenant = tenant
        self._plan = plan
        self._name = f"{tenant}/{plan}"

    def make(self) -> None:
        """Follow the latest execution, and now and then do as if nobody had."""
        latest = self._ledger.latest(self._name)
        if latest is not None:
            view = self._follow(latest)
            if view is None or (view.active and self._random.random() > 0.1):
                return
        self._start(latest)

    def _follow(self, execution: int) -> View | None:
        asked = self._ledger.asks(self._name)
        body = self._ask("GET", api_path(self._tenant, f"status/{execution}?level=4"), (200,))
        if body is None:
            return None
        view = View.read(body)
        self._ledger.shown(self._name, execution, view, asked, tracked=self._tenant == TENANT)
        return view

    def _start(self, latest: int | None) -> None:
        kind = self._random.choice(["resume"] * 6 + ["group of latest", "group", "whole", "execute"])
        based_on = latest if kind in {"resume", "group of latest"} else None
        sequence = self._random.choice(SEQUENCES) if "group" in kind else 0
        call = "execute" if kind == "execute" else "restart"
        body: dict[str, Any] = {"loadPlanName": self._plan}
        if call == "restart":
            body |= {"groupSequence": sequence, "recentLoadPlanExecution": based_on}
        said = self._ask("POST", api_path(self._tenant, call), (200, 400), body)
        if said is None:
            return
        if "loadPlanExecutionId" in said:
            started = Started(plan=self._name, call=call, sequence=sequence, based_on=based_on)
            self._ledger.answered(said["loadPlanExecutionId"], started)
            return
        message = said["message"]
        self._ledger.count("refused: running" if message.startswith(_H9) else f"refused: {message[:2]}")
        if message.startswith("R2"):
            self._find_latest()
        elif not message.startswith(_H9) and kind == "resume":
            self._start(None)  # nothing failed in it, or it is not known what: start over

    def _find_latest(self) -> None:
        """Another's start was not answered: ask which is the latest."""
        seen = self._ask("GET", f"/control/{plan_path(self._tenant, self._plan)}", (200,))
        if seen is not None and seen["latest"] is not None:
            self._ledger.is_latest(self._name, seen["latest"]["id"])

    def _ask(self, method: str, path: str, accepted: tuple[int, ...], body: object = None) -> Any:
        """The answer's JSON; none where there is none that says anything."""
        address = self._random.choice(self._crowd.stage.addresses)
        began = time.monotonic()
        answer = self._caller.call(address, method, self._tenant, path, body)
        if time.monotonic() - began > _PATIENCE - 1:
            self._ledger.count("waited too long")
        if answer is None:
            self._ledger.count("connections broken")
            time.sleep(self._random.random() * 0.1)
            return None
        self._ledger.count("calls answered")
        status, said = answer
        if status in accepted:
            return said
        self._ledger.count(f"answered {status}")
        if status not in self._crowd.statuses:
            self._ledger.wrong(f"{method} {path} is answered {status} {said}")
        return None
