"""Hosts that run executions wrongly, or show them so."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import pairwise

from attrs import evolve
from conformance.hosts_right import MAIN, GoesOn, InterruptsAll, Json, OfProfile, Q, S, restated, steps_of
from conformance.hosts_starting import ForgetsSkips, ForgetsSkipsOfThree, StaysActive

from restart_engine import Execution, LoadPlan, RestartPlan, RestartRequest, Status
from restart_engine.conformance.host import ReferenceHost
from restart_engine.conformance.profile import Profile
from restart_engine.core.decision import Decision, plan_restart


class StandsStill(ReferenceHost):
    """Waits for ever in a group that has nothing left to run."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        self.stuck = not restart.names_to_run
        return super()._opened(restart, execution_id)

    def _gone_on(self, run: Execution) -> Execution:
        return run if self.stuck else super()._gone_on(run)


class RunsAllAtOnce(ReferenceHost):
    """Does not wait for the group before."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """The steps of every group."""
        if self._latest is None or not self._latest.active:
            return ()
        return [(g.sequence, n) for g in self._latest.groups for n, s in g.recorded.items() if s is Q]


class TakesAnyId(ReferenceHost):
    """Takes whatever id is given for the latest."""

    def _decided(self, plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
        if request.execution_id is not None and latest is not None:
            request = evolve(request, execution_id=latest.id)
        return plan_restart(plan, request, latest)


class NeedsNoHistory(ReferenceHost):
    """Runs a group whole whose history is lost."""

    def _decided(self, plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
        for place, group in enumerate(latest.groups if latest else ()):
            assert latest is not None
            latest = restated(latest, place, group.status, steps_of(latest, place))
        return plan_restart(plan, request, latest)


class NeverSucceeds(ReferenceHost):
    """Has the last group of every run finish with errors."""

    def _gone_on(self, run: Execution) -> Execution:
        run = super()._gone_on(run)
        if not run.active and run.groups and run.groups[-1].status is S:
            place = len(run.groups) - 1
            run = restated(run, place, Status.FINISHED_WITH_ERRORS, steps_of(run, place))
        return run


class RunsOn(ReferenceHost):
    """Ends the execution with the first failure, and goes on loading."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """Also what nobody waits for."""
        if self._latest is None or self._latest.active:
            return super().waiting()
        return [(g.sequence, n) for g in self._latest.groups for n, s in g.recorded.items() if s is Q]


class RepeatsSteps(ReferenceHost):
    """Runs a step that failed again at once."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """With those of the group that failed."""
        waiting = list(super().waiting())
        for sequence in {sequence for sequence, _ in waiting}:
            outcome = self._latest and self._latest.outcome(sequence)
            recorded = outcome.recorded.items() if outcome else ()
            waiting += [(sequence, name) for name, status in recorded if status is Status.FAILED]
        return waiting


class RunsStepsTwice(ReferenceHost):
    """Has two loaders that both take every step."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """Each once for either."""
        return [*super().waiting(), *super().waiting()]


class RunsWhatWasRemoved(ReferenceHost):
    """Resumes also the steps that are no longer in the plan."""

    removed = Q

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run, resumed = super()._opened(restart, execution_id), self._latest
        outcome = None if resumed is None else resumed.outcome(restart.start.sequence)
        if outcome is None or restart.based_on is None:
            return run
        gone = {n for n, s in outcome.recorded.items() if s is not S} - set(restart.start.names)
        return restated(run, 0, Q, steps_of(run, 0) | dict.fromkeys(gone, self.removed))


class RecordsWhatWasRemoved(RunsWhatWasRemoved):
    """Does not run them, but keeps them in the record."""

    removed = Status.FAILED


class GoesOnTooEarly(ReferenceHost):
    """Begins the next group with the first step that has succeeded."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """What is in the last group that may begin."""
        groups = () if self._latest is None or not self._latest.active else self._latest.groups
        for group, after in pairwise(groups):
            if {S, Status.IN_PROGRESS} <= {status for _, status in group.recorded.items()}:
                return [(after.sequence, name) for name, status in after.recorded.items() if status is Q]
        return super().waiting()


class LeavesGroupsOpen(GoesOn):
    """Leaves groups In Progress until the execution is over."""

    def latest(self) -> Json | None:
        """Those before the one that runs."""
        record = super().latest()
        if record is None or record["status"] != "In Progress":
            return record
        groups = [g if g["status"] == Q else {**g, "status": "In Progress"} for g in record["groups"]]
        return {**record, "groups": groups}


class EndsEarly(ReferenceHost):
    """Is over after one group."""

    def _gone_on(self, run: Execution) -> Execution:
        run = super()._gone_on(run)
        begun = [group for group in run.groups if group.status is S and group.recorded]
        return evolve(run, status=S) if begun and run.active else run


class RejectsTheLaterByR3(ReferenceHost):
    """Says that nothing has failed when another restart was faster."""

    def restart(self, request: Json, /) -> Json:
        """It is no longer to be seen that it ran."""
        before = self._latest
        answer = super().restart(request)
        if answer == {"rule": "R1"} and before is not None and threading.current_thread() is not MAIN:
            return {"rule": "R3"}
        return answer


class ShowsNothing(ReferenceHost):
    """Keeps no record."""

    def latest(self) -> Json | None:
        """There is none."""
        return None


class InterruptsAllAndGoesOn(InterruptsAll, OfProfile):
    """Conforms: what is interrupted has not failed for it, so that there is nothing to resume."""

    def __init__(self) -> None:
        super().__init__(Profile(interrupted_fails=False))


class StaysActiveOfThree(ForgetsSkipsOfThree):
    """Has two faults, both only where a group has three steps."""

    def cut_off(self) -> None:
        """Nothing happens there."""
        if self._latest is None or all(len(group.recorded) < 3 for group in self._latest.groups):
            super().cut_off()


class ForgetsSkipsAndStaysActive(ForgetsSkips, StaysActive):
    """Has two faults."""
