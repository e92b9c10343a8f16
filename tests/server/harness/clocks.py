"""Clocks that jump, by libfaketime: the servers' wall clocks, never their monotonic ones."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Final

import httpx
from server.harness.crowd import TENANT, Crowd
from server.harness.invariants import await_over
from server.harness.ledger import Ledger
from server.harness.stage import DAY, Stage, api_path
from server.harness.table import progress

_LIBRARIES: Final = "*/faketime/libfaketimeMT.so.1"
_GRACE: Final = 30.0
_JUMPS: Final = (("+1d", "+0"), ("+0", "-1d"), ("+1d", "-1d"), ("-1d", "+1d"), ("+0", "+0"))
"""What each of two servers is told; the last two jump by two days, and back."""


def library() -> Path | None:
    """libfaketime, where it is installed."""
    places = (Path("/usr/lib"), Path("/usr/local/lib"))
    return next((found for place in places for found in sorted(place.glob(_LIBRARIES))), None)


def environments(lib: Path, folder: Path) -> dict[int, dict[str, str]]:
    """Of two servers, each with a file of its own that says what its clock shows."""
    made: dict[int, dict[str, str]] = {}
    for number in range(2):
        _tell(folder, number, "+0")
        made[number] = {
            "LD_PRELOAD": str(lib),
            "FAKETIME_TIMESTAMP_FILE": str(folder / f"clock-{number}"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else Python's threads wait a second for each other
        }
    return made


def _tell(folder: Path, number: int, jump: str) -> None:
    new = folder / f"clock-{number}.new"
    new.write_text(f"{jump}\n")
    new.replace(folder / f"clock-{number}")


def jump(stage: Stage, ledger: Ledger, folder: Path, *, seed: int = 0, seconds: float = 3.0) -> Counter[str]:
    """The clocks jump by a day forward and back, together and apart: nobody is taken for dead for that."""
    figures: Counter[str] = Counter()
    short = stage.short_token(TENANT, begin=0, seconds=DAY / 2)
    with Crowd(stage, ledger, seed=seed):
        for jumps in _JUMPS:
            for number, to in enumerate(jumps):
                _tell(folder, number, to)
            figures["jumps"] += 1
            time.sleep(seconds)
            for number, to in enumerate(jumps):
                _check_token(stage, ledger, number, short, valid=to == "+0")
            progress(f"{figures['jumps']} jumps, {len(ledger.violations)} violations")
    await_over(stage, ledger, _GRACE)
    said = stage.logs()
    for word in ("process dead", "execution cut off", "execution taken away"):
        if word in said:
            ledger.wrong(f"a server logs `{word}` though none has died")
    years = stage.rows("select distinct substr(started_at, 1, 10) from executions")
    figures["days in the records"] = len(years)
    if len(years) < len({"before", "now", "after"}):
        ledger.wrong(f"the clocks did not jump: {years}")
    return figures


def _check_token(stage: Stage, ledger: Ledger, number: int, token: str, *, valid: bool) -> None:
    """A token is valid by the server's clock: not after it expires, nor before it was issued."""
    client: httpx.Client = stage.servers[number].client
    path = api_path(TENANT, "status/0")
    said = client.get(path, headers={"authorization": f"Bearer {token}"})
    if (said.status_code != 401) != valid:
        ledger.wrong(f"the token of half a day is answered {said.status_code}, valid is {valid}")
