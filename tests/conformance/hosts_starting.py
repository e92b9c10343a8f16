"""Hosts that start restarts wrongly, or record them so."""

from __future__ import annotations

import time

from attrs import evolve
from conformance.hosts_right import SKIPPED, Json, Q, S, restated, steps_of

from restart_engine import Execution, GroupOutcome, LoadPlan, RestartPlan, RestartRequest, Status
from restart_engine.conformance.host import ReferenceHost
from restart_engine.conformance.profile import Profile
from restart_engine.core.decision import Decision, Rejection, plan_restart


class ForgetsSkips(ReferenceHost):
    """Leaves the skipped steps out of the record."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run = super()._opened(restart, execution_id)
        return restated(run, 0, Q, {n: s for n, s in steps_of(run, 0).items() if s is not SKIPPED})


class ForgetsSkipsOfThree(ForgetsSkips):
    """Does so only where three steps or more are in the group."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        if len(restart.start.names) > 2:
            return super()._opened(restart, execution_id)
        return ReferenceHost._opened(self, restart, execution_id)  # noqa: SLF001  # what its base overrides


class RunsSkips(ReferenceHost):
    """Records the skipped steps In Queue, and so runs them."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run = super()._opened(restart, execution_id)
        return restated(run, 0, Q, dict.fromkeys(steps_of(run, 0), Q))


class ChecksFirst(ReferenceHost):
    """Decides, and starts a moment later."""

    def _start(self, request: RestartRequest) -> Json:
        decision = self._decided(self._saved(), request, self._latest)
        if isinstance(decision, Rejection):
            return {"rule": decision.reason.rule}
        self._pause()
        with self._lock:
            self._started += 1
            self._latest = self._gone_on(self._opened(decision, self._started))
            return {"execution": self._latest.id}

    def _pause(self) -> None:
        time.sleep(0.001)


class ChecksJustBefore(ChecksFirst):
    """Decides, and starts at once, but not in one act."""

    def _pause(self) -> None:
        pass


class LosesOutcomesOnCutOff(ReferenceHost):
    """Writes outcomes when a group ends, and so has none of the group that was cut off."""

    def cut_off(self) -> None:
        """The steps of groups In Progress are In Queue again."""
        super().cut_off()
        assert self._latest is not None
        for place, group in enumerate(self._latest.groups):
            if group.status is Status.IN_PROGRESS:
                steps = dict.fromkeys(steps_of(self._latest, place), Q)
                self._latest = restated(self._latest, place, group.status, steps)


class StaysActive(ReferenceHost):
    """Does not find out that a run is dead."""

    def cut_off(self) -> None:
        """Nothing happens."""


class ForgetsTheGroupCutOff(ReferenceHost):
    """Takes a group that was cut off for one that never began."""

    def cut_off(self) -> None:
        """It is In Queue again, its steps as they were."""
        super().cut_off()
        assert self._latest is not None
        for place, group in enumerate(self._latest.groups):
            if group.status is Status.IN_PROGRESS:
                self._latest = restated(self._latest, place, Q, steps_of(self._latest, place))


class ReusesIds(ReferenceHost):
    """Gives every second execution the id of the first."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        return super()._opened(restart, 2 - execution_id % 2)


class KeepsTheOldPlan(ReferenceHost):
    """Resumes with the plan as it was when the execution was started."""

    first: LoadPlan | None = None

    def _start(self, request: RestartRequest) -> Json:
        with self._lock:
            self.first = self._saved() if request.execution_id is None else self.first or self._saved()
            decision = plan_restart(self.first, request, self._latest)
            if isinstance(decision, Rejection):
                return {"rule": decision.reason.rule}
            self._started += 1
            self._latest = self._gone_on(self._opened(decision, self._started))
            return {"execution": self._started}


class RecordsGroupsBefore(ReferenceHost):
    """Records the groups before the start as Succeeded."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run = super()._opened(restart, execution_id)
        before = [GroupOutcome(g.sequence, S, dict.fromkeys(g.names, S)) for g in restart.groups_before]
        return evolve(run, groups=(*before, *run.groups))


class SkipsLater(ReferenceHost):
    """Skips what had succeeded in later groups too."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run, resumed = super()._opened(restart, execution_id), self._latest
        for place, group in enumerate(run.groups):
            outcome = resumed and resumed.outcome(group.sequence)
            if place and outcome and restart.based_on is not None:
                steps = {n: SKIPPED if n in outcome.completed else Q for n in steps_of(run, place)}
                run = restated(run, place, Q, steps)
        return run


class ReadsAnOlderRecord(ReferenceHost):
    """Decides on what became of the steps in the execution before the latest."""

    older: Execution | None = None

    def _decided(self, plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
        if latest is not None and self.older is not None and not latest.active:
            latest = evolve(self.older, id=latest.id, status=latest.status)
        return plan_restart(plan, request, latest)

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        self.older = self._latest
        return super()._opened(restart, execution_id)


class StartsAnyway(ReferenceHost):
    """Answers R1, and starts."""

    def _start(self, request: RestartRequest) -> Json:
        answer = super()._start(request)
        if answer == {"rule": "R1"}:
            self._latest = None
            super()._start(RestartRequest(0))
        return answer


class Wavers(ReferenceHost):
    """Records skipped steps as Skipped, and every second time as Succeeded."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        self._records_skipped = execution_id % 2 == 0
        return super()._opened(restart, execution_id)


class WaversBetweenHosts(ReferenceHost):
    """Does so from one load plan to the next."""

    made = 0

    def __init__(self) -> None:
        WaversBetweenHosts.made += 1
        super().__init__(Profile(records_skipped=WaversBetweenHosts.made % 2 == 0))


class RepeatsSkipped(ReferenceHost):
    """Does not count Skipped as completed."""

    def _decided(self, plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
        for place in range(len(latest.groups) if latest else 0):
            assert latest is not None
            if SKIPPED in steps_of(latest, place).values():
                steps = {n: Q if s is SKIPPED else s for n, s in steps_of(latest, place).items()}
                latest = restated(latest, place, latest.groups[place].status, steps)
        return plan_restart(plan, request, latest)
