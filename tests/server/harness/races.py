"""Races: many restarts of one plan at the same moment, from several processes to several servers.

    PYTHONPATH=tests python tests/server/harness/races.py --database sqlite --rounds 1000 --restarts 200

A round: every client's connection is open and its request is made, then all are sent. Exactly one is
answered 200, all the others with the very bytes of H9; that execution is the plan's latest, and its record
is what `plan_restart` says of the facts before. Then it is ended by hand, and the next round begins. Mixed
rounds follow: restarts while the one that won is cut off; restarts against executes; restarts against a
plan that is saved with other content.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec
from server.harness.clients import Answers, Asked, Clients, request_bytes
from server.harness.stage import KINDS, USER, Stage, api_path, fresh_database, plan_path, schemas_of
from server.harness.table import progress, say, table

from restart_engine import RestartPlan, plan_restart
from restart_engine.core.progress import advance, opening_record
from restart_engine.server.openapi_examples import example
from restart_engine.wire import decode_scenario
from restart_engine.wire.scenario import execution_shape

TENANT: Final = "races"
PLAN: Final = "Nightly"
Groups = list[dict[str, Any]]
GROUPS: Final[Groups] = [
    {"sequence": 1, "steps": ["Sales.A", "Sales.B", "Sales.C"]},
    {"sequence": 2, "steps": ["Sales.D"]},
]
OTHER_GROUPS: Final[Groups] = [
    {"sequence": 1, "steps": ["Sales.B", "Sales.E"]},
    {"sequence": 3, "steps": ["Sales.F", "Sales.D"]},
]
FAILED: Final = {
    "id": 12,
    "status": "Failed",
    "groups": [
        {
            "sequence": 1,
            "status": "Failed",
            "steps": {"Sales.A": "Succeeded", "Sales.B": "Failed", "Sales.C": "Interrupted"},
        },
        {"sequence": 2, "status": "In Queue", "steps": {"Sales.D": "In Queue"}},
    ],
}
_RUNNING: Final = example("H9")
H9: Final = (_RUNNING.status, _RUNNING.body.encode())
CUTS: Final = 6
SAVES: Final = 3
SERVER_ERROR: Final = 500


def world() -> dict[str, Any]:
    """A tenant whose plan has failed, and whose steps are told by hand."""
    names = [name for groups in (GROUPS, OTHER_GROUPS) for group in groups for name in group["steps"]]
    return {
        "name": TENANT,
        "schemas": schemas_of(names),
        "loading": {"byHand": True},
        "loadPlans": [{"name": PLAN, "groups": GROUPS, "executions": [FAILED]}],
    }


class Races:
    """Rounds, and what was found wrong in them."""

    def __init__(self, stage: Stage, clients: Clients, restarts: int) -> None:
        self.figures: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.winners: list[int] = []
        self._stage = stage
        self._clients = clients
        self._restarts = restarts
        self._token = stage.token(TENANT)
        self._control_token = stage.token(TENANT, use="control")
        self._groups = GROUPS
        stage.load(world())
        self._latest: Any = self._seen()["latest"]

    def restart(self, number: int) -> None:
        """All ask for the same restart: with the latest id in every other round, without one in the rest."""
        body = self._body(resume=number % 2 == 0)
        answers = self._ask([("restart", self._start("restart", body))] * self._restarts)
        self._all_but_one_refused(answers)
        self._is_latest([self._opening(body, self._groups)])

    def restart_against_cut_off(self) -> None:
        """Restarts from one id, while whatever they start is cut off: no second one is started from it."""
        body = self._body(resume=True, sequence=1)
        cut = request_bytes("POST", f"/control/{plan_path(TENANT, PLAN)}/cut-off", self._control_token)
        asked: list[Asked] = [("restart", self._start("restart", body))] * (self._restarts - CUTS)
        between = len(asked) // CUTS
        for place in range(CUTS):
            asked.insert(place * (between + 1), ("cut off", cut))
        answers = self._ask(asked)
        started = self._started(answers)
        for kind, status, said in answers:
            if kind == "cut off":
                fits = status == 200 or (status == 409 and b"cannot cut off" in said)
            else:
                fits = (status, said) == H9 or _is_r2(status, said) or said in started
            self._check(fits, f"{kind} is answered {status} {said!r}")
        self._check(len(started) == 1, f"{len(started)} restarts from one id: {started}")
        self._is_latest([self._opening(body, self._groups)], cut=True)

    def restart_against_execute(self) -> None:
        """One of all is started, whichever it is."""
        restart = self._body(resume=False, sequence=self._groups[-1]["sequence"])
        execute = {"loadPlanName": PLAN}
        asked = [
            ("restart", self._start("restart", restart)),
            ("execute", self._start("execute", execute)),
        ] * (self._restarts // 2)
        answers = self._ask(asked)
        self._all_but_one_refused(answers)
        whole = self._body(resume=False, sequence=0)
        self._is_latest([self._opening(body, self._groups) for body in (restart, whole)])

    def restart_against_save(self) -> None:
        """What is started is the plan before or after, never some of each."""
        body = self._body(resume=True, sequence=1)
        other = OTHER_GROUPS if self._groups is GROUPS else GROUPS
        content = json.dumps({"groups": other}).encode()
        save = request_bytes("PUT", f"/control/{plan_path(TENANT, PLAN)}", self._control_token, content)
        asked: list[Asked] = [("restart", self._start("restart", body))] * (self._restarts - SAVES)
        asked[:0] = [("save", save)] * SAVES
        answers = self._ask(asked)
        saved = sum(count for (kind, status, _), count in answers.items() if (kind, status) == ("save", 200))
        self._check(saved == SAVES, f"{saved} of {SAVES} saves succeed")
        self._all_but_one_refused(
            Counter({answer: count for answer, count in answers.items() if answer[0] == "restart"})
        )
        before = self._opening(body, self._groups)
        self._groups, after = other, self._opening(body, other)
        found = self._is_latest([before, after])
        self.figures["saved before the start" if found == after else "saved after the start"] += 1

    def check_database(self) -> None:
        """The database has one execution for each that was answered 200, in that order, and no other."""
        found = [row[0] for row in self._stage.rows("select id from executions order by start_order")]
        expected = [FAILED["id"], *self.winners]
        self._check(found == expected, f"the database has executions {found[-20:]}, not {expected[-20:]}")

    def _ask(self, asked: list[Asked]) -> Answers:
        began = time.monotonic()
        answers = self._clients.ask(asked)
        took = int((time.monotonic() - began) * 1000)
        self.figures["rounds"] += 1
        self.figures["milliseconds"] += took
        self.figures["slowest"] = max(took, self.figures["slowest"])
        for (kind, status, said), count in answers.items():
            self.figures["requests"] += count
            if status == 200 and kind in {"restart", "execute"}:
                self.figures["started"] += count
            elif (status, said) == H9:
                self.figures[_RUNNING.gate] += count
            elif _is_r2(status, said):
                self.figures["H10, R2"] += count
            elif kind in {"restart", "execute"}:
                self.figures["anything else"] += count
            if status >= SERVER_ERROR or status == 0:
                self.figures["5xx, or no answer"] += count
                self.wrong.append(f"{kind} is answered {status} {said!r}")
        return answers

    def _all_but_one_refused(self, answers: Answers) -> None:
        started = self._started(answers)
        self._check(len(started) == 1, f"{len(started)} are started: {started}")
        others = {answer[1:] for answer in answers if answer[2] not in started}
        self._check(others <= {H9}, f"others are answered {sorted(others)}")

    def _started(self, answers: Answers) -> set[bytes]:
        """The bodies that say that something was started."""
        started: set[bytes] = set()
        for (kind, status, said), count in answers.items():
            if kind in {"restart", "execute"} and status == 200:
                self._check(count == 1, f"one id is answered {count} times: {said!r}")
                self.winners.append(json.loads(said)["loadPlanExecutionId"])
                started.add(said)
        return started

    def _is_latest(self, openings: list[Any], *, cut: bool = False) -> Any:
        """The one that won is the latest, with one of these records; it is ended, for the next round."""
        latest = self._seen()["latest"]
        winner = self.winners[-1] if self.winners else None
        self._check(latest["id"] == winner, f"the latest execution is {latest['id']}, started was {winner}")
        status = latest["status"]
        if cut and status == "Interrupted":
            latest["status"] = "In Queue"  # nothing had begun when it was cut off
        found = latest["status"], latest["groups"]
        fits = [opening for opening in openings if found == (opening["status"], opening["groups"])]
        self._check(bool(fits), f"the record of {winner} is {latest}, and none of {openings}")
        self._end(active=status == "In Queue")
        return fits[0] if fits else None

    def _end(self, *, active: bool) -> None:
        """The latest execution ends with group 1 failed, so that it can be resumed."""
        path = plan_path(TENANT, PLAN)
        if not active:
            self._stage.control("PUT", path, {"groups": self._groups})
            body = {"loadPlanName": PLAN, "groupSequence": 1}
            said = self._stage.servers[0].client.post(
                api_path(TENANT, "restart"), json=body, headers={"authorization": f"Bearer {self._token}"}
            )
            self.winners.append(said.json()["loadPlanExecutionId"])
        waiting = self._seen()["waiting"]
        sequence, step = waiting[-1]
        end = {"sequence": sequence, "step": step, "status": "Failed"}
        seen = self._stage.control("POST", f"{path}/end-step", end)
        if seen["latest"]["status"] == "In Progress":
            seen = self._stage.control("POST", f"{path}/cut-off", server=-1)
        self._latest = seen["latest"]

    def _opening(self, body: dict[str, Any], groups: Groups) -> Any:
        """The record that `core` opens for this restart of a plan with these groups."""
        scenario = {"plan": {"name": PLAN, "groups": groups}, "latest": self._latest, "request": body}
        facts = decode_scenario(json.dumps(scenario))
        decision = plan_restart(facts.plan, facts.request, facts.latest)
        assert isinstance(decision, RestartPlan), decision
        opened = advance(opening_record(decision, self._latest["id"] + 1))
        return msgspec.to_builtins(execution_shape(opened))

    def _body(self, *, resume: bool, sequence: int = 0) -> dict[str, Any]:
        body = {"loadPlanName": PLAN, "groupSequence": sequence}
        return {**body, "recentLoadPlanExecution": self._latest["id"]} if resume else body

    def _start(self, call: str, body: dict[str, Any]) -> bytes:
        return request_bytes("POST", api_path(TENANT, call), self._token, json.dumps(body).encode())

    def _seen(self) -> Any:
        return self._stage.control("GET", plan_path(TENANT, PLAN), server=-1)

    def _check(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.wrong.append(f"round {self.figures['rounds']}: {otherwise}")


def _is_r2(status: int, said: bytes) -> bool:
    return status == 400 and json.loads(said)["message"].startswith("R2: ")


def race(stage: Stage, *, rounds: int, mixed: int, restarts: int, processes: int = 2) -> Races:
    """So many rounds of restarts alone and of each mixture; what was found is in `wrong`."""
    with Clients(stage.addresses, restarts, processes) as clients:
        races = Races(stage, clients, restarts)
        mixtures = (races.restart_against_cut_off, races.restart_against_execute, races.restart_against_save)
        for number in range(rounds):
            races.restart(number)
            progress(f"round {number + 1} of {rounds}, {len(races.wrong)} wrong")
        for number in range(mixed):
            for mixture in mixtures:
                mixture()
            progress(f"mixed round {number + 1} of {mixed}, {len(races.wrong)} wrong")
        races.check_database()
    return races


def main() -> int:
    """The figures, and 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description="Races of restarts on real servers.")
    parser.add_argument("--database", choices=KINDS, default="sqlite")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--mixed", type=int, default=30, help="rounds of each of the three mixtures")
    parser.add_argument("--restarts", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2, help="server processes, and as many of clients")
    asked = parser.parse_args()
    began = time.monotonic()
    with (
        fresh_database(asked.database) as (url, _),
        tempfile.TemporaryDirectory(prefix="harness-") as folder,
        Stage(url, Path(folder), servers=asked.processes) as stage,
    ):
        races = race(
            stage,
            rounds=asked.rounds,
            mixed=asked.mixed,
            restarts=asked.restarts,
            processes=asked.processes,
        )
        said = stage.logs()
    figures = races.figures
    seconds = figures.pop("milliseconds") / 1000
    title = (
        f"{asked.restarts} restarts at the same moment, {asked.database}, {asked.processes} servers, {USER}"
    )
    table(
        title,
        {
            "rounds": figures.pop("rounds"),
            **{
                f"answers: {name}": figures[name]
                for name in ("started", _RUNNING.gate, "H10, R2", "anything else")
            },
            "5xx, or no answer": figures["5xx, or no answer"],
            "plan saved before / after the start": (
                f"{figures['saved before the start']} / {figures['saved after the start']}"
            ),
            "seconds a round, mean / slowest": (
                f"{seconds / max(1, asked.rounds + 3 * asked.mixed):.3f} / {figures['slowest'] / 1000:.3f}"
            ),
            "requests a second": round(figures["requests"] / max(seconds, 0.001)),
            "seconds in all": round(time.monotonic() - began),
            "lines in the servers' logs": len(said.splitlines()),
            "found wrong": len(races.wrong),
        },
    )
    for wrong in races.wrong[:20]:
        say(f"wrong: {wrong}")
    if races.wrong:
        say(said[-4000:])
    return 1 if races.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
