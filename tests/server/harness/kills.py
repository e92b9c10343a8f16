"""kill -9 at random moments under load."""

from __future__ import annotations

import threading
import time
from collections import Counter
from random import Random
from typing import Final

from server.harness.crowd import Crowd
from server.harness.invariants import active, await_over, check_started
from server.harness.ledger import Ledger
from server.harness.stage import Stage
from server.harness.table import progress

DEAD_AFTER: Final = 2
GRACE: Final = 30.0
"""Seconds for what a killed process ran to be found and closed, on a machine that is busy."""
_BOTH: Final = 0.15
"""The share of kills that leave no server at all."""


def kill(stage: Stage, ledger: Ledger, kills: int, *, seed: int = 0, clients: int = 6) -> Counter[str]:
    """So many kills; a killed server is started again at once. Nothing is left running in the end."""
    random = Random(f"kills {seed}")  # noqa: S311  # a schedule that can be told again
    figures: Counter[str] = Counter()
    orphans: dict[int, float] = {}
    with Crowd(stage, ledger, seed=seed, clients=clients):
        while figures["kills"] < kills:
            time.sleep(random.random())
            victims = list(range(len(stage.servers)))
            if random.random() > _BOTH:
                victims = [random.choice(victims)]
            before = active(stage)
            for victim in victims:
                stage.kill(victim)
            figures["kills"] += len(victims)
            figures["active when killed"] += len(before)
            orphans |= dict.fromkeys(before, time.monotonic())
            _start(stage, victims)
            check_started(stage, ledger)
            _check_orphans(stage, ledger, orphans)
            progress(f"kill {figures['kills']} of {kills}, {len(ledger.violations)} violations")
        time.sleep(1)
    await_over(stage, ledger, GRACE)
    return figures


def _start(stage: Stage, numbers: list[int]) -> None:
    """Start these servers again, all at once."""
    threads = [threading.Thread(target=stage.start, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _check_orphans(stage: Stage, ledger: Ledger, orphans: dict[int, float]) -> None:
    """What was active when a process was killed ends, by itself or because it is found and closed."""
    left = active(stage)
    for execution, since in list(orphans.items()):
        if execution not in left:
            del orphans[execution]
        elif time.monotonic() - since > GRACE:
            ledger.wrong(f"execution {execution} is left running, {GRACE:g} seconds after a kill")
            del orphans[execution]
