"""A policy of one's own, compared with one of the file: retry quickly while it is early, else ask a person.

A team's rule: failed steps are tried again at once, but where two restarts have not helped, or it is past
four in the morning, whoever is on call is rung, and needs three quarters of an hour to look and restart.
"""

from __future__ import annotations

import sys
from pathlib import Path

from attrs import evolve, frozen

from restart_engine import Execution, RestartRequest
from restart_engine.simulate import Restart, check_night, report_of, run_night, run_nights
from restart_engine.simulate.nights import cores
from restart_engine.simulate.reading import read_simulation

HOUR = 3_600
FILE = Path(__file__).with_name("nightly.yaml")


@frozen
class OnCall:
    """The team's rule; times are seconds since the midnight before the night, so four o'clock is 28 hours."""

    name: str = "on call"
    tries: int = 2
    late: float = 28 * HOUR

    def restart(self, latest: Execution, ended: float, restarts: int, /) -> Restart | None:
        """When, and from where; the engine says whether that is accepted, and what it runs."""
        by_itself = restarts < self.tries and ended < self.late
        wait = 5 * 60 if by_itself else 45 * 60
        return Restart(ended + wait, RestartRequest(0, execution_id=latest.id))


def main(nights: int) -> None:
    """Simulate the nights under the file's policies and the team's, and say what each gives."""
    simulation = read_simulation(FILE.read_bytes(), name=FILE.name)
    simulation = evolve(simulation, policies=(OnCall(), *simulation.policies))
    report = report_of(simulation, run_nights(simulation, nights, jobs=cores()), seed=0)
    for each in report.summaries:
        print(f"{each.policy:20} ready by six: {each.ready.value:6.1%}, restarts: {each.restarts.value:.2f}")
    assert not check_night(simulation, run_night(simulation, OnCall(), 1))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
