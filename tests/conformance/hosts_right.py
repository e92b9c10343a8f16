"""Hosts that conform, each in its own way, and what the others are made with."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve

from restart_engine import Execution, GroupOutcome, RestartPlan, RestartRequest, Status, progress
from restart_engine.conformance.host import ReferenceHost
from restart_engine.conformance.profile import Profile
from restart_engine.conformance.reference import Planned, allowed
from restart_engine.core.rules import Facts
from restart_engine.core.status import FAILED

Json = Mapping[str, Any]
MAIN = threading.main_thread()
S, Q, SKIPPED = Status.SUCCEEDED, Status.IN_QUEUE, Status.SKIPPED


def restated(run: Execution, place: int, status: Status, steps: dict[str, Status] | None) -> Execution:
    """The execution with the group at this place having this status and these steps."""
    groups = list(run.groups)
    groups[place] = GroupOutcome(groups[place].sequence, status, steps)
    return evolve(run, groups=tuple(groups))


def steps_of(run: Execution, place: int) -> dict[str, Status]:
    """The recorded steps of the group at this place."""
    return dict(run.groups[place].recorded)


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
            start = GroupOutcome(answer.start, Q, steps)
            after = [
                GroupOutcome(group.sequence, Q, dict.fromkeys(group.names, Q))
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
        failed = any(status in FAILED for status in (outcome.recorded.values() if outcome else ()))
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
