"""Faults: servers killed, databases that go away or fill up, clocks that jump, processes that stand still.

    PYTHONPATH=tests python tests/server/harness/faults.py --database postgresql --kills 100
    PYTHONPATH=tests python tests/server/harness/faults.py --database sqlite --only full read-only

Under each, clients restart and follow plans whose steps fail now and then. Afterwards every 200 that a
client saw has its execution, no plan ran twice at once, no id was answered twice, nothing is left running,
no outcome that was once shown has changed, and every restart skipped what was completed in its start group,
and only that.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from server.harness import clocks, disks, kills, outages, pauses
from server.harness.crowd import SPEED, tenants
from server.harness.invariants import check_all
from server.harness.ledger import Ledger
from server.harness.stage import KINDS, Kind, Stage, fresh_database
from server.harness.table import say, table

Fault: TypeAlias = Callable[[Kind, int], "tuple[Ledger, Counter[str]]"]


@contextlib.contextmanager
def staged(url: str, *options: str, servers: int = 2) -> Iterator[Stage]:
    """Servers over this database, with the tenants that the crowd asks."""
    with tempfile.TemporaryDirectory(prefix="harness-") as folder:
        dead_after = ("--dead-after", str(kills.DEAD_AFTER))
        with Stage(url, Path(folder), *SPEED, *dead_after, *options, servers=servers) as stage:
            stage.load(*tenants())
            yield stage


def killed(kind: Kind, seed: int, count: int = 100) -> tuple[Ledger, Counter[str]]:
    """kill -9, so many times."""
    ledger = Ledger()
    with fresh_database(kind) as (url, _), staged(url) as stage:
        figures = kills.kill(stage, ledger, count, seed=seed)
        figures += check_all(stage, ledger)
    return ledger, figures
