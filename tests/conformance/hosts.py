"""Hosts that conform, each in its own way, and hosts with one fault each, as people make them."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from attrs import evolve

from restart_engine import Execution, GroupOutcome, LoadPlan, RestartPlan, RestartRequest, Status, progress
from restart_engine.conformance.host import ReferenceHost
from restart_engine.conformance.profile import Profile
from restart_engine.conformance.reference import Planned, allowed
from restart_engine.core.decision import Decision, Rejection, plan_restart
from restart_engine.core.facts import Facts
from restart_engine.core.status import FAILED

Json = Mapping[str, Any]
MAIN = threading.main_thread()
S, Q, SKIPPED = Status.SUCCEEDED, Status.IN_QUEUE, Status.SKIPPED


def restated(run: Execution, place: int, status: Status, steps: dict[str, Status] | None) -> Execution:
    """The execution with the group at this place having this status and these steps."""
    groups = list(run.groups)
    groups[place] = GroupOutcome.parse(groups[place].sequence, status, steps)
    return evolve(run, groups=tuple(groups))


def steps_of(run: Execution, place: int) -> dict[str, Status]:
    """The recorded steps of the group at this place."""
    return dict(run.groups[place].recorded or ())


class OfProfile(ReferenceHost):
    """Uses every freedom as a profile does, and names the last rule that rejects."""

    def __init__(self, profile: Profile, *, literal: bool = False) -> None:
        super().__init__()
        self.profile = profile
        self.literal = literal

    def _start(self, request: RestartRequest) -> Json:
        with self._lock:
            plan = self._saved()
            answer = allowed(Facts(plan, request, self._latest), self.profile)[-1 if self.literal else 0]
            if not isinstance(answer, Planned):
                return {"rule": answer.rules[-1]}
            skipped = SKIPPED if self.profile.records_skipped else S
            steps = dict.fromkeys(answer.run, Q) | dict.fromkeys(answer.skip, skipped)
            start = GroupOutcome.parse(answer.start, Q, steps)
            after = [
                GroupOutcome.parse(group.sequence, Q, dict.fromkeys(group.step_names, Q))
                for group in plan.groups
                if group.sequence in answer.after
            ]
            self._started += 1
            self._latest = self._gone_on(Execution(self._started, Q, (start, *after)))
            return {"execution": self._started}


class GoesOn(ReferenceHost):
    """Runs all groups, whatever failed."""

    @staticmethod
    def _goes_on_after_failure() -> bool:
        return True


class CountsDown(ReferenceHost):
    """Gives ids that do not ascend."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        return super()._opened(restart, 10**6 - execution_id)


class BeginsAtOnce(ReferenceHost):
    """Has all steps of a group running as soon as it can."""

    def _gone_on(self, run: Execution) -> Execution:
        run = super()._gone_on(run)
        turn = progress.ready(run)
        for step in () if turn is None else turn.steps:
            run = progress.begin_step(run, turn.sequence if turn else 0, step)
        return run


class RecordsWhatItReaches(ReferenceHost):
    """Shows nothing of groups In Queue, but for steps that it skips."""

    def latest(self) -> Json | None:
        """The record without them."""
        record = super().latest()
        if record is None:
            return None
        groups = [g for g in record["groups"] if g["status"] != Q or SKIPPED in (g["steps"] or {}).values()]
        return {**record, "groups": groups}


class InterruptsAll(ReferenceHost):
    """Has what was running end as Interrupted when a run is cut off."""

    def cut_off(self) -> None:
        """The steps that ran, and the groups."""
        super().cut_off()
        assert self._latest is not None
        for place, group in enumerate(self._latest.groups):
            if group.status is Status.IN_PROGRESS:
                steps = steps_of(self._latest, place)
                steps |= {n: Status.INTERRUPTED for n, s in steps.items() if s is Status.IN_PROGRESS}
                self._latest = restated(self._latest, place, Status.INTERRUPTED, steps)


class FailsFast(ReferenceHost):
    """Ends a group with the first step that fails; what ran besides is interrupted."""

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """The others end with it."""
        super().end_step(sequence, step, status)
        if status != S:
            for other in [other for of, other in self.waiting() if of == sequence]:
                super().end_step(sequence, other, Status.INTERRUPTED)


class FailsFastAndGoesOn(FailsFast, GoesOn):
    """Leaves a group at the first failure, and runs the next."""


class BeginsNoMoreAfterFailure(ReferenceHost):
    """Runs one step at a time, and once one has failed only the one that is next."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """Those that may still begin."""
        waiting = list(super().waiting())
        outcome = self._latest.outcome(waiting[0][0]) if self._latest and waiting else None
        failed = any(status in FAILED for _, status in (outcome.recorded if outcome else None) or ())
        return waiting[:1] if failed else waiting

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """With the last of them the group ends."""
        others = [other for _, other in super().waiting() if other != step]
        last = len(self.waiting()) == 1
        super().end_step(sequence, step, status)
        for other in others if last else ():
            super().end_step(sequence, other, Status.INTERRUPTED)


class NeverLosesHistory(ReferenceHost):
    """Keeps what became of steps for ever."""

    def lose_history(self) -> bool:
        """It has no way to."""
        return False


class ForgetsSkips(ReferenceHost):
    """Leaves the skipped steps out of the record."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        run = super()._opened(restart, execution_id)
        return restated(run, 0, Q, {n: s for n, s in steps_of(run, 0).items() if s is not SKIPPED})


class ForgetsSkipsOfThree(ForgetsSkips):
    """Does so only where three steps or more are in the group."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        if len(restart.start.step_names) > 2:
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
        before = [
            GroupOutcome.parse(g.sequence, S, dict.fromkeys(g.step_names, S)) for g in restart.groups_before
        ]
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


class StandsStill(ReferenceHost):
    """Waits for ever in a group that has nothing left to run."""

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        self.stuck = not restart.step_names_to_run
        return super()._opened(restart, execution_id)

    def _gone_on(self, run: Execution) -> Execution:
        return run if self.stuck else super()._gone_on(run)


class RunsAllAtOnce(ReferenceHost):
    """Does not wait for the group before."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """The steps of every group."""
        if self._latest is None or not self._latest.active:
            return ()
        return [(g.sequence, n) for g in self._latest.groups for n, s in sorted(g.recorded or ()) if s is Q]


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
        return [(g.sequence, n) for g in self._latest.groups for n, s in sorted(g.recorded or ()) if s is Q]


class RepeatsSteps(ReferenceHost):
    """Runs a step that failed again at once."""

    def waiting(self) -> Sequence[tuple[int, str]]:
        """With those of the group that failed."""
        waiting = list(super().waiting())
        for sequence in {sequence for sequence, _ in waiting}:
            outcome = self._latest and self._latest.outcome(sequence)
            recorded = (outcome.recorded if outcome else None) or ()
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
        gone = {n for n, s in outcome.recorded or () if s is not S} - set(restart.start.step_names)
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
            if {S, Status.IN_PROGRESS} <= {status for _, status in group.recorded or ()}:
                return [
                    (after.sequence, name) for name, status in sorted(after.recorded or ()) if status is Q
                ]
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
        if self._latest is None or all(len(group.recorded or ()) < 3 for group in self._latest.groups):
            super().cut_off()


class ForgetsSkipsAndStaysActive(ForgetsSkips, StaysActive):
    """Has two faults."""


FAULTY: dict[type[ReferenceHost], frozenset[str]] = {
    ForgetsSkips: frozenset({"record"}),
    ForgetsSkipsOfThree: frozenset({"record"}),
    RunsSkips: frozenset({"S3", "S4"}),
    ChecksFirst: frozenset({"one act"}),
    ChecksJustBefore: frozenset({"one act"}),
    LosesOutcomesOnCutOff: frozenset({"outcome"}),
    StaysActive: frozenset({"cut off"}),
    ForgetsTheGroupCutOff: frozenset({"cut off"}),
    ReusesIds: frozenset({"latest"}),
    KeepsTheOldPlan: frozenset({"C6", "S3", "S4", "R4"}),
    RecordsGroupsBefore: frozenset({"record"}),
    SkipsLater: frozenset({"C1"}),
    ReadsAnOlderRecord: frozenset({"S3", "R3"}),
    StartsAnyway: frozenset({"latest"}),
    Wavers: frozenset({"one profile"}),
    WaversBetweenHosts: frozenset({"one profile"}),
    RepeatsSkipped: frozenset({"chain"}),
    StandsStill: frozenset({"turn"}),
    RunsAllAtOnce: frozenset({"turn"}),
    TakesAnyId: frozenset({"R2"}),
    NeedsNoHistory: frozenset({"R5"}),
    NeverSucceeds: frozenset({"end"}),
    RunsOn: frozenset({"turn"}),
    RepeatsSteps: frozenset({"turn"}),
    RunsStepsTwice: frozenset({"turn"}),
    RunsWhatWasRemoved: frozenset({"C6"}),
    RecordsWhatWasRemoved: frozenset({"C6"}),
    GoesOnTooEarly: frozenset({"C1", "S1", "turn"}),
    LeavesGroupsOpen: frozenset({"turn"}),
    EndsEarly: frozenset({"turn"}),
    RejectsTheLaterByR3: frozenset({"one act"}),
    ShowsNothing: frozenset({"latest"}),
}
"""Each faulty host and the rules or laws of which a check cites at least one."""
