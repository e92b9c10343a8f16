"""A process that stands still for longer than the others wait, and then goes on."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from typing import Final

from server.harness.crowd import TENANT, Caller, Crowd
from server.harness.invariants import active, await_over
from server.harness.kills import DEAD_AFTER
from server.harness.ledger import Ledger, Started
from server.harness.stage import Stage, api_path
from server.harness.table import progress

_GRACE: Final = 40.0
_MOST: Final = 4
_OWN: Final = "Plan 0"


def pause(stage: Stage, ledger: Ledger, times: int, *, seed: int = 0) -> Counter[str]:
    """Server 0 is paused so many times; the other closes what it ran, and it goes on when it is woken."""
    figures: Counter[str] = Counter()
    paused = stage.servers[0].process.pid
    with Crowd(stage, ledger, seed=seed, statuses=(503,)):
        # a process may be stopped while it holds SQLite's one lock, and then the other can close nothing
        while figures["pauses"] < times or (not figures["closed by the other"] and figures["pauses"] < _MOST):
            time.sleep(1.5)
            before = active(stage)
            others = stage.logs().count("execution cut off")
            stage.asleep.add(0)
            os.killpg(paused, signal.SIGSTOP)
            try:
                time.sleep(DEAD_AFTER + 5)
            finally:
                os.killpg(paused, signal.SIGCONT)
            stage.await_ready(0)
            stage.asleep.discard(0)
            figures["pauses"] += 1
            figures["active when paused"] += len(before)
            closed = stage.logs().count("execution cut off") - others
            figures["closed by the other"] += closed
            figures["pauses in which nothing was closed"] += not closed
            progress(f"{figures['pauses']} pauses, {len(ledger.violations)} violations")
        time.sleep(2)
    await_over(stage, ledger, _GRACE)
    if not figures["closed by the other"]:
        ledger.wrong("no execution of the paused process was closed by the other")
    _runs_again(stage, ledger)
    time.sleep(1.5)
    beating = stage.rows("select id from processes")
    if len(beating) != len(stage.servers):
        ledger.wrong(f"{len(beating)} processes are registered, not {len(stage.servers)}")
    return figures


def _runs_again(stage: Stage, ledger: Ledger) -> None:
    """The process that was paused starts an execution, and runs it to its end."""
    caller = Caller(stage)
    address = stage.servers[0].address
    answer = caller.call(address, "POST", TENANT, api_path(TENANT, "execute"), {"loadPlanName": _OWN})
    if answer is None or answer[0] != 200:
        ledger.wrong(f"the process that was paused answers {answer}")
        return
    execution = answer[1]["loadPlanExecutionId"]
    started = Started(plan=f"{TENANT}/{_OWN}", call="execute", sequence=0, based_on=None)
    ledger.answered(execution, started)
    await_over(stage, ledger, _GRACE)
    cut = stage.rows("select status from executions where id = :id", id=execution)
    began = stage.rows("select count(*) from step_outcomes where execution_id = :id", id=execution)[0][0]
    if not began:
        ledger.wrong(f"the process that was paused runs nothing: {cut}")
    caller.close()
