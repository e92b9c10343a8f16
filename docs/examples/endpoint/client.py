"""Runs a load plan to its end: execute it, follow it, restart it from its failed steps, and give up in time.

A call that was answered 503, or not at all, may have started an execution all the same. To ask again could
run everything twice: so this client first finds out which execution is the latest.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx

ACTIVE = {"In Queue", "In Progress"}
TRY_AGAIN = {429, 502, 503, 504}
"""The statuses of an answer after which nothing is known of what was asked for."""
RUNNING = "INC_05290501:"
LATEST = re.compile(r"R2: execution 0 is not the latest, which is (\d+)")


class Refused(Exception):
    """The endpoint will not do it, however often it is asked."""


class RunFailed(Exception):
    """The load plan did not succeed in as many executions as it was given."""


class LoadPlanRunner:
    """Runs one load plan. `http` has the base URL of its tenant's load plans, a token and a timeout."""

    def __init__(
        self, http: httpx.Client, plan: str, *, first_pause: float = 1.0, longest_pause: float = 30.0
    ) -> None:
        self._http = http
        self._plan = plan
        self._first_pause = first_pause
        self._longest_pause = longest_pause

    def run(self, executions: int = 3) -> list[int]:
        """Run the plan until it succeeds, in so many executions at most; gives their ids."""
        begun = [self._start("execute", {})]
        while self._end_of(begun[-1]) != "Succeeded":
            if len(begun) == executions:
                raise RunFailed(f"{self._plan} did not succeed in the executions {begun}")
            failed = {"groupSequence": 0, "recentLoadPlanExecution": begun[-1]}
            begun.append(self._start("restart", failed))
        return begun

    def _start(self, call: str, members: dict[str, Any]) -> int:
        """Start an execution, once; its id."""
        before = self._latest()
        pauses = self._pauses()
        while (answer := self._ask("POST", call, members)) is None:
            time.sleep(next(pauses))
            latest = self._latest()
            if latest is not None and latest != before:
                return latest  # it was started, only we were not told
        started: int = self._told(answer)["loadPlanExecutionId"]
        return started

    def _end_of(self, execution: int) -> str:
        """Follow the execution until it is over; its status."""
        pauses = self._pauses()
        status = "In Queue"
        while status in ACTIVE:
            time.sleep(next(pauses))
            answer = self._ask("GET", f"status/{execution}")
            if answer is not None:
                status = self._told(answer)["status"]
        return status

    def _latest(self) -> int | None:
        """The latest execution, once it is over; none where the plan never ran.

        No execution has the id 0, so a restart from it starts nothing, and the refusal names the latest.
        """
        pauses = self._pauses()
        while True:
            answer = self._ask("POST", "restart", {"groupSequence": 0, "recentLoadPlanExecution": 0})
            message = RUNNING if answer is None else answer.json()["message"]
            if not message.startswith(RUNNING):
                break
            time.sleep(next(pauses))
        if not message.startswith("R2:"):
            raise Refused(message)
        found = LATEST.match(message)
        return None if found is None else int(found[1])

    def _ask(self, method: str, path: str, members: dict[str, Any] | None = None) -> httpx.Response | None:
        """The answer; none where it says nothing of what was asked for, or does not come."""
        body = None if members is None else {"loadPlanName": self._plan, **members}
        try:
            answer = self._http.request(method, path, json=body)
        except httpx.TransportError:
            return None
        return None if answer.status_code in TRY_AGAIN else answer

    def _told(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json()
        raise Refused(answer.json()["message"])

    def _pauses(self) -> Iterator[float]:
        """Seconds to wait, twice as many each time."""
        pause = self._first_pause
        while True:
            yield pause
            pause = min(2 * pause, self._longest_pause)
