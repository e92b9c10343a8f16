"""A host of the conformance kit that is a server: its endpoint restarts, its control API does all else."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
from server.processes import ServerProcess, token_of

from restart_engine.conformance.host import Json

_NUMBERS: Final = itertools.count(1)
_R1: Final = "INC_05290501: "


class HttpHost:
    """One load plan in a tenant of its own; its requests go to the servers in turn."""

    def __init__(self, servers: Sequence[ServerProcess], key_file: Path) -> None:
        self._clients = cycle([server.client for server in servers])
        self._tenant = f"host {next(_NUMBERS)}"
        self._plan = "none yet"
        self._control = {"authorization": f"Bearer {token_of(key_file, self._tenant, 'kit', use='control')}"}
        self._caller = {"authorization": f"Bearer {token_of(key_file, self._tenant, 'operator')}"}
        user = {"name": "operator", "roles": ["SuperRole"], "everySchema": "edit"}
        tenant = {"name": self._tenant, "users": [user], "loading": {"byHand": True}}
        self._control_call("POST", "/control/world", {"tenants": [tenant]})

    def save_plan(self, plan: Json, /) -> None:
        """Over the control API."""
        self._plan = plan["name"]
        self._control_call("PUT", self._plan_path(), {"groups": plan["groups"]})

    def execute(self) -> Json:
        """`POST …/execute`."""
        return self._start("execute", {"loadPlanName": self._plan})

    def restart(self, request: Json, /) -> Json:
        """`POST …/restart`, with the very request."""
        return self._start("restart", dict(request))

    def latest(self) -> Json | None:
        """Over the control API."""
        record: Json | None = self._seen()["latest"]
        return record

    def waiting(self) -> Sequence[tuple[int, str]]:
        """Likewise."""
        return [(sequence, step) for sequence, step in self._seen()["waiting"]]

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """Likewise."""
        report = {"sequence": sequence, "step": step, "status": status}
        self._control_call("POST", f"{self._plan_path()}/end-step", report)

    def cut_off(self) -> None:
        """Likewise."""
        self._control_call("POST", f"{self._plan_path()}/cut-off")

    def lose_history(self) -> bool:
        """Likewise."""
        self._control_call("POST", f"{self._plan_path()}/lose-history")
        return True

    def close(self) -> None:
        """The servers go on."""

    def _plan_path(self) -> str:
        return f"/control/tenants/{quote(self._tenant, safe='')}/load-plans/{quote(self._plan, safe='')}"

    def _seen(self) -> Any:
        return self._control_call("GET", self._plan_path())

    def _control_call(self, method: str, path: str, body: object = None) -> Any:
        content = None if body is None else json.dumps(body)
        answer = next(self._clients).request(method, path, content=content, headers=self._control)
        return _body(answer, {200})

    def _start(self, call: str, body: dict[str, Any]) -> Json:
        path = f"/incorta/api/v2/{quote(self._tenant, safe='')}/load-plan/{call}"
        headers = self._caller | {"content-type": "application/json"}
        answer = next(self._clients).post(path, content=json.dumps(body), headers=headers)
        said = _body(answer, {200, 400})
        if answer.status_code == 200:  # HTTP's OK
            return {"execution": said["loadPlanExecutionId"]}
        message: str = said["message"]
        return {"rule": "R1" if message.startswith(_R1) else message.partition(":")[0]}


def _body(answer: httpx.Response, accepted: set[int]) -> Any:
    if answer.status_code not in accepted:
        raise RuntimeError(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
    return answer.json()
