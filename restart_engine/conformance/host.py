"""A host: something that runs a load plan, as the stateful check drives it; and one that does it right.

The check is the operator, the loader and the power failure: it saves plans, starts, says how steps end
and cuts runs off. All else is the host's own: when a group is over, what status it has, and whether a run
goes on after a group that failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Protocol, TypeAlias

from attrs import evolve

from restart_engine.conformance.profile import OURS, Profile
from restart_engine.core import progress
from restart_engine.core.decision import Decision, Rejection, RestartPlan, plan_restart
from restart_engine.core.errors import ImpossibleMove, InvalidValue
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadPlan, Step
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import Facts
from restart_engine.core.status import ACTIVE, Status
from restart_engine.wire import decode_scenario, encode_scenario

Json: TypeAlias = Mapping[str, Any]
"""A JSON object; its shape is that of docs/wire.md."""


class Host(Protocol):
    """One load plan and its executions, run by an implementation under test.

    A call returns when everything that follows from it is done and to be seen: after the last step of a
    group has ended the next group waits. Only `restart` is called by several threads at once. Steps have
    to be tracked in detail. An error that a method raises ends the check without a verdict.
    """

    def save_plan(self, plan: Json, /) -> None:
        """Create the load plan, or replace it; never called while it runs."""
        ...

    def execute(self) -> Json:
        """Start from the beginning: `{"execution": 7}`, its id, or `{"rule": "R1"}`, what rejects it."""
        ...

    def restart(self, request: Json, /) -> Json:
        """Answer a restart request in the same way, and start what it accepts."""
        ...

    def latest(self) -> Json | None:
        """The record of the latest execution, as `latest` of a scenario; none before any run."""
        ...

    def waiting(self) -> Sequence[tuple[int, str]]:
        """The steps that run now or would next, each as the sequence of its group and `Schema.Object`."""
        ...

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """A step that `waiting` named has run and ended so: the loader's report."""
        ...

    def cut_off(self) -> None:
        """The run dies where it stands, as when its machine fails, and the host has found that out."""
        ...

    def lose_history(self) -> bool:
        """The latest execution, which is over, loses its step outcomes; false where a host never does."""
        ...

    def close(self) -> None:
        """The check is done with this host."""
        ...


class ReferenceHost:
    """A host in memory, made of `plan_restart` and `progress`; what it has to add is in `restart`.

    It ends a run with the first group that fails. Of a profile it takes `records_skipped`; its decisions
    are this engine's.
    """

    def __init__(self, profile: Profile = OURS) -> None:
        if evolve(profile, records_skipped=True) != OURS:
            raise InvalidValue("profile", profile, "this engine's own, whatever its `records_skipped`")
        self._records_skipped = profile.records_skipped
        self._lock = Lock()
        """Held by whoever changes what follows."""
        self._plan: LoadPlan | None = None
        self._latest: Execution | None = None
        self._started = 0

    def save_plan(self, plan: Json, /) -> None:
        """The plan, from the next start on."""
        asked = {"loadPlanName": plan.get("name"), "groupSequence": 0}
        saved = _read(plan, asked).plan
        with self._lock:
            self._plan = saved

    def execute(self) -> Json:
        """A restart from the beginning, which an execution is too."""
        return self._start(RestartRequest(0))

    def restart(self, request: Json, /) -> Json:
        """Decide on what is seen, and start it only if that is still so: else see and decide again."""
        return self._start(_read(_plan_shape(self._saved()), request).request)

    def latest(self) -> Json | None:
        """The record as it stands."""
        if self._latest is None:
            return None
        record: Json = _shape(self._saved(), self._latest)["latest"]
        return record

    def waiting(self) -> Sequence[tuple[int, str]]:
        """What is not over of the group whose turn it is."""
        run = self._latest
        turn = None if run is None else progress.ready(run)
        if run is None or turn is None:
            return ()
        recorded = sorted(_recorded(run, turn.sequence).items())
        return [(turn.sequence, name) for name, status in recorded if status in ACTIVE]

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """All steps of its group have begun, side by side, and this one is over."""
        with self._lock:
            run = self._running("end step")
            turn = progress.ready(run)
            for each in () if turn is None or turn.sequence != sequence else turn.steps:
                run = progress.begin_step(run, sequence, each)
            ended = progress.end_step(run, sequence, Step.parse(step), Status(status))
            self._latest = self._gone_on(ended)

    def cut_off(self) -> None:
        """The execution is over as it stands; nothing of its record is touched."""
        with self._lock:
            self._latest = progress.cut_off(self._running("cut off"))

    def lose_history(self) -> bool:
        """What became of the steps is no longer known, of the groups it is."""
        with self._lock:
            run = self._latest
            if run is None or run.active:
                raise ImpossibleMove("lose history", "latest execution", "there is none that is over")
            groups = tuple(GroupOutcome(group.sequence, group.status, None) for group in run.groups)
            self._latest = Execution(run.id, run.status, groups)
        return True

    def close(self) -> None:
        """Nothing is open."""

    def _start(self, request: RestartRequest) -> Json:
        while True:
            plan, latest = self._saved(), self._latest
            decision = self._decided(plan, request, latest)
            if isinstance(decision, Rejection):
                return {"rule": decision.reason.rule}
            with self._lock:
                # deciding and starting are one act: between the two another restart may have started
                if self._plan is None or not decision.precondition.holds(self._plan, self._latest):
                    continue
                self._started += 1
                self._latest = self._gone_on(self._opened(decision, self._started))
                return {"execution": self._latest.id}

    def _decided(self, plan: LoadPlan, request: RestartRequest, latest: Execution | None) -> Decision:
        return plan_restart(plan, request, latest)

    def _opened(self, restart: RestartPlan, execution_id: int) -> Execution:
        """The opening record, with the steps skipped as this host records them."""
        opened = progress.opening_record(restart, execution_id)
        if self._records_skipped:
            return opened
        groups: list[GroupOutcome] = []
        for group in opened.groups:
            steps: dict[str, Status] = dict(group.recorded)
            steps |= {name: Status.SUCCEEDED for name, status in steps.items() if status is Status.SKIPPED}
            groups.append(GroupOutcome(group.sequence, group.status, steps))
        return Execution(opened.id, opened.status, tuple(groups))

    def _gone_on(self, run: Execution) -> Execution:
        """The execution, where the steps of a group are over, at the next group or at its end."""
        return progress.advance(run, past_failures=self._goes_on_after_failure())

    @staticmethod
    def _goes_on_after_failure() -> bool:
        return False

    def _saved(self) -> LoadPlan:
        if self._plan is None:
            raise ImpossibleMove("start", "load plan", "none is saved")
        return self._plan

    def _running(self, move: str) -> Execution:
        if self._latest is None:
            raise ImpossibleMove(move, "latest execution", "the plan never ran")
        return self._latest


def _recorded(run: Execution, sequence: int) -> dict[str, Status]:
    outcome = run.outcome(sequence)
    return {} if outcome is None else dict(outcome.recorded)


def _read(plan: Json, request: Json) -> Facts:
    return decode_scenario(json.dumps({"plan": dict(plan), "request": dict(request)}))


def _shape(plan: LoadPlan, latest: Execution | None) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads(encode_scenario(Facts(plan, RestartRequest(0), latest)))
    return shape


def _plan_shape(plan: LoadPlan) -> Json:
    shape: Json = _shape(plan, None)["plan"]
    return shape
