"""What the server can take: `PYTHONPATH=tests python tests/benchmarks/load.py` prints ratios within this run.

The unit is an endpoint of the same framework that reads the body and answers, and one that also makes one
transaction: a SELECT by primary key and an INSERT (load_yardstick.py). In each round all take turns, so that
what disturbs one disturbs all; a ratio is the median of those of the rounds, with the lowest and highest.
Needs PostgreSQL's programs for `--database postgresql`; listens on 127.0.0.1 alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from attrs import field, frozen
from benchmarks.load_client import Window, drive, request
from benchmarks.load_world import FAILED_GROUP, RUNNING, TENANT, USER, Nights, name_of
from server.postgres import PrivatePostgres
from server.processes import PROGRAM, ServerProcess, new_key_file, token_of

from restart_engine.endpoint import GATES
from restart_engine.server import SigningKey, issue_token

YARDSTICK: Final = (sys.executable, str(Path(__file__).parent / "load_yardstick.py"))
BARE: Final = "only answers"
ONE: Final = "one transaction"
_ROOT: Final = f"/incorta/api/v2/{TENANT}/load-plan"


@frozen(kw_only=True)
class Scale:
    """How much is measured."""

    plans: int = 10_000
    past: int = 100_000
    rounds: int = 7
    requests: int = 400
    """Of each kind in a round."""
    connections: int = 8
    alone: int = 200
    """Requests one after the other, for each size."""


QUICK: Final = Scale(plans=1_000, past=10_000, rounds=3, requests=100, alone=50)


class Place:
    """A server with its filled database, and requests to it."""

    def __init__(self, server: ServerProcess, key: Path, nights: Nights) -> None:
        self.server = server
        self.nights = nights
        self.token = token_of(key, TENANT, USER)
        now = time.time() - 90_000
        signing = SigningKey(key.read_bytes().strip())
        self.expired = issue_token(signing, tenant=TENANT, user=USER, now=now, lifetime=3600)

    def body(self, name: str, plan: int) -> bytes:
        """A restart's body, as the source shows it."""
        latest = self.nights.latest(plan)
        members = {"loadPlanName": name, "groupSequence": FAILED_GROUP, "recentLoadPlanExecution": latest}
        return json.dumps(members).encode()

    def restart(self, plan: int, path: str = f"{_ROOT}/restart") -> bytes:
        """A restart from the failed group, with what failed in it."""
        return request("POST", path, self.token, self.body(name_of(plan), plan))

    def execute(self, plan: int) -> bytes:
        """A start from the beginning."""
        body = json.dumps({"loadPlanName": name_of(plan)}).encode()
        return request("POST", f"{_ROOT}/execute", self.token, body)

    def status(self, plan: int, level: int) -> bytes:
        """What became of the latest execution."""
        path = f"{_ROOT}/status/{self.nights.latest(plan)}?level={level}"
        return request("GET", path, self.token)

    def refused(self, name: str, token: str | None) -> bytes:
        """A restart that some gate refuses."""
        return request("POST", f"{_ROOT}/restart", token, self.body(name, 1))


@frozen
class Kind:
    """One kind of request: where it goes, and what is answered."""

    server: ServerProcess
    requests: Callable[[Iterator[int]], Iterable[bytes]]
    """Made of the numbers of plans."""
    status: int = 200
    windows: list[Window] = field(factory=list, init=False)
    seconds: list[float] = field(factory=list, init=False)
    """Of a processor that the server took for each request."""

    def measure(self, plans: Iterator[int], scale: Scale) -> None:
        """One more window."""
        requests = list(self.requests(islice(plans, scale.requests)))
        before = _processor(self.server)
        self.windows.append(drive(self.server.address, requests, self.status, scale.connections))
        self.seconds.append((_processor(self.server) - before) / len(requests))


def kinds(place: Place, yardstick: ServerProcess) -> dict[str, Kind]:
    """All that is measured, by its name in the table."""

    def same(made: bytes) -> Callable[[Iterator[int]], Iterable[bytes]]:
        return lambda plans: (made for _ in plans)

    of = place.server
    return {
        BARE: Kind(yardstick, lambda plans: (place.restart(plan, "/bare") for plan in plans)),
        ONE: Kind(yardstick, lambda plans: (place.restart(plan, "/one") for plan in plans)),
        "H1, no token": Kind(of, same(place.refused(RUNNING, None)), GATES["H1"].status),
        "H1, expired token": Kind(of, same(place.refused(RUNNING, place.expired)), GATES["H1"].status),
        "H6, no such plan": Kind(of, same(place.refused("Nothing", place.token)), GATES["H6"].status),
        "H9, is running": Kind(of, same(place.refused(RUNNING, place.token)), GATES["H9"].status),
        "status, level 1": Kind(of, lambda plans: (place.status(plan, 1) for plan in plans)),
        "status, level 4": Kind(of, lambda plans: (place.status(plan, 4) for plan in plans)),
        "execute": Kind(of, lambda plans: map(place.execute, plans)),
        "restart": Kind(of, lambda plans: map(place.restart, plans)),
    }


def measure(place: Place, yardstick: ServerProcess, scale: Scale) -> dict[str, Kind]:
    """All kinds, round by round; the first round only warms up."""
    found = kinds(place, yardstick)
    numbers = list(range(1, place.nights.plans + 1))
    for number in range(scale.rounds + 1):
        place.nights.reset()
        random.Random(number).shuffle(numbers)  # noqa: S311  # no secret
        for kind in found.values():
            # none but the last two start anything
            plans = iter(numbers if kind is not found["restart"] else numbers[::-1])
            kind.measure(plans, scale)
            if number == 0:
                kind.windows.clear()
                kind.seconds.clear()
    return found


def print_kinds(found: dict[str, Kind]) -> None:
    """The table."""
    print(f"{'':18}{'a second':>9}{'p50 ms':>8}{'p99 ms':>8}{'CPU us':>8}  to {BARE:20}  to {ONE}")
    for name, kind in found.items():
        ratios = [_ratio(kind, found[unit]) for unit in (BARE, ONE)]
        rate = median(window.rate for window in kind.windows)
        half, most = (median(window.latency(share) for window in kind.windows) for share in (0.5, 0.99))
        processor = median(kind.seconds) * 1e6
        print(f"{name:18}{rate:9.0f}{half:8.2f}{most:8.2f}{processor:8.0f}", *ratios, sep="  ")


def _ratio(kind: Kind, unit: Kind) -> str:
    found = sorted(a.rate / b.rate for a, b in zip(kind.windows, unit.windows, strict=True))
    return f"{median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})".ljust(23)


def compare_sizes(places: Sequence[Place], scale: Scale) -> list[dict[str, float]]:
    """Milliseconds of one call alone at each place in turn, the lower quartile, by kind of call."""
    found: list[dict[str, list[float]]] = [{"restart": [], "status": []} for _ in places]
    random.seed(1)
    for _ in range(scale.alone):
        for place, times in zip(places, found, strict=True):
            plan = random.randint(1, place.nights.plans)  # noqa: S311  # no secret
            for name, asked in (("restart", place.restart(plan)), ("status", place.status(plan, 4))):
                times[name].append(drive(place.server.address, [asked], 200).latency(0.5))
            place.nights.reset()
    return [{name: sorted(each)[len(each) // 4] for name, each in times.items()} for times in found]


def run(database: str, new_url: Callable[[], str], scale: Scale, folder: Path) -> None:
    """Measure one kind of database, and print what was found."""
    key = new_key_file(folder)
    sizes = [(10, 10), (scale.plans, 10), (1, scale.past)]
    with ExitStack() as closing:

        def started(url: str, program: tuple[str, ...] = PROGRAM) -> ServerProcess:
            return closing.enter_context(ServerProcess(url, key, folder / "log", program=program))

        places: list[Place] = []
        for plans, past in sizes:
            url = new_url()
            nights = Nights(url, plans=plans, past=past)
            closing.callback(nights.close)
            places.append(Place(started(url), key, nights))
            if plans == scale.plans:
                yardstick = started(url, YARDSTICK)
        print(
            f"\n{database}: {scale.plans:,} plans of 10 groups and 40 steps with 10 executions each,"
            f" {scale.rounds} rounds of {scale.requests} requests, {scale.connections} connections"
        )
        print_kinds(measure(places[1], yardstick, scale))
        few, many, long = compare_sizes(places, scale)
        print(f"load of the machine over the last minute: {os.getloadavg()[0]:.1f}")
        for name, base in few.items():
            print(
                f"{name} alone {base:.2f} ms;"
                f" {scale.plans:,} plans to 10: {many[name] / base:.2f},"
                f" {scale.past:,} past executions to 10: {long[name] / base:.2f}"
            )


def _processor(server: ServerProcess) -> float:
    """Seconds of a processor that the server's process has taken."""
    threads = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="What the server can take.")
    parser.add_argument("--quick", action="store_true", help="less of everything, in less than a minute")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], help="one of them alone")
    options = parser.parse_args()
    scale = QUICK if options.quick else Scale()
    with tempfile.TemporaryDirectory() as folder:
        if options.database != "postgresql":
            names = (f"sqlite:///{folder}/{number}.db" for number in range(9))
            run("SQLite", lambda: next(names), scale, Path(folder))
        if options.database != "sqlite":
            with PrivatePostgres(durable=True) as postgres:
                run("PostgreSQL", postgres.new_database, scale, Path(folder))


if __name__ == "__main__":
    main()
