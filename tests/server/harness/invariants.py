"""What has to hold of the database and of all that clients saw, once the load is over."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any, Final

from server.harness.crowd import GROUPS, SEQUENCES, STEPS, TENANT, UNTRACKED, Caller
from server.harness.ledger import DONE, Ledger, View
from server.harness.stage import Stage, api_path

_EXECUTIONS: Final = (
    "select e.id, t.name, p.name, e.start_order, e.status, e.rule, e.based_on"
    " from executions e join load_plans p on p.id = e.plan_id join tenants t on t.id = p.tenant_id"
    " order by p.id, e.start_order"
)
_BEGUN: Final = (
    "select e.plan_id, s.sequence, s.step, count(*) from step_outcomes s"
    " join executions e on e.id = s.execution_id"
    " join load_plans p on p.id = e.plan_id join tenants t on t.id = p.tenant_id"
    " where s.began_at is not null and t.name = :tenant group by e.plan_id, s.sequence, s.step"
)
_ATTEMPTS: Final = (
    "select a.plan_id, a.sequence, a.step, a.count from attempts a"
    " join load_plans p on p.id = a.plan_id join tenants t on t.id = p.tenant_id where t.name = :tenant"
)
_RUN: Final = "select execution_id, sequence, step from step_outcomes where began_at is not null"
_ACTIVE: Final = "select id, plan_id, process from executions where status in ('In Queue', 'In Progress')"


def active(stage: Stage) -> dict[int, str | None]:
    """The active executions and the processes that run them, as the database has it."""
    return {row[0]: row[2] for row in stage.rows(_ACTIVE)}


def await_over(stage: Stage, ledger: Ledger, seconds: float) -> None:
    """Nobody starts anything any more: soon nothing runs, for nothing is left of a process that died."""
    until = time.monotonic() + seconds
    while left := active(stage):
        if time.monotonic() > until:
            ledger.wrong(f"still active after {seconds:g} seconds: {left}")
            return
        time.sleep(0.1)


def check_started(stage: Stage, ledger: Ledger) -> None:
    """Every execution that a client was told of is there, of its plan; no plan runs twice."""
    rows = stage.rows(_EXECUTIONS)
    found = {row[0]: f"{row[1]}/{row[2]}" for row in rows}
    for execution, started in list(ledger.started.items()):
        if execution not in found and execution <= max(found, default=0):
            ledger.wrong(f"execution {execution} of {started.plan} was answered with 200 and is not there")
        elif found.get(execution, started.plan) != started.plan:
            ledger.wrong(f"execution {execution} of {started.plan} is of {found[execution]}")
    running = Counter(row[1:3] for row in rows if row[4] in {"In Queue", "In Progress"})
    for plan, count in running.items():
        if count > 1:
            ledger.wrong(f"{count} executions of {plan} are active")


def check_all(stage: Stage, ledger: Ledger, *, begun_once: bool = True) -> Counter[str]:
    """Every execution there is, against the one before it and against what clients saw; figures of them."""
    rows = stage.rows(_EXECUTIONS)
    check_started(stage, ledger)
    for execution in ledger.started.keys() - {row[0] for row in rows}:
        ledger.wrong(f"execution {execution} was answered with 200 and is not there")
    by_plan: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        by_plan[row[1], row[2]].append(row)
    records = _Records(ledger, _views(stage, ledger, rows), stage.rows(_RUN))
    for executions in by_plan.values():
        _check_order(ledger, executions)
        before: Any = None
        for row in executions:
            records.figures[f"ended {row[4]}"] += 1
            if row[1] == TENANT:
                records.check(row, before)
            before = row
    _check_attempts(stage, ledger, begun_once=begun_once)
    records.figures["executions"] = len(rows)
    return records.figures


def _views(stage: Stage, ledger: Ledger, rows: list[Any]) -> dict[int, View]:
    """The status of every execution, as a client is shown it; the ledger finds what has changed."""
    caller = Caller(stage)
    views: dict[int, View] = {}
    for number, row in enumerate(rows):
        address = stage.addresses[number % len(stage.servers)]
        plan = f"{row[1]}/{row[2]}"
        asked = ledger.asks(plan)
        path = api_path(row[1], f"status/{row[0]}?level=4")
        answer = caller.call(address, "GET", row[1], path)
        if answer is None or answer[0] != 200:
            ledger.wrong(f"the status of {row[0]} is answered {answer}")
            continue
        views[row[0]] = View.read(answer[1])
        ledger.shown(plan, row[0], views[row[0]], asked, tracked=row[1] != UNTRACKED)
    caller.close()
    return views


def _check_order(ledger: Ledger, executions: list[Any]) -> None:
    plan = executions[0][1:3]
    orders = [row[3] for row in executions]
    if orders != list(range(1, len(orders) + 1)):
        ledger.wrong(f"the executions of {plan} are in the order {orders}")
    ids = [row[0] for row in executions]
    if ids != sorted(ids):
        ledger.wrong(f"ids of {plan} do not ascend: {ids}")


class _Records:
    """An execution began where and as it had to; what it skipped was completed before, and did not run."""

    def __init__(self, ledger: Ledger, views: dict[int, View], run: list[Any]) -> None:
        self.figures: Counter[str] = Counter()
        self._ledger = ledger
        self._views = views
        self._run = {(row[0], int(row[1]), row[2]) for row in run}

    def check(self, row: Any, before: Any) -> None:
        """Hold an execution against what was asked for and against the one before."""
        execution, rule, based_on = row[0], row[5], row[6]
        view = self._views.get(execution)
        if view is None:
            return
        expected: set[tuple[int, str]] | None = set()
        if rule in {"S3", "S4"}:
            expected = self._completed_before(row, before, min(view.groups))
        if expected is None:
            return
        skipped = {
            (sequence, step)
            for sequence, (_, steps) in view.groups.items()
            for step, status in (steps or {}).items()
            if status == "Skipped"
        }
        if skipped != expected:
            self._ledger.wrong(
                f"{execution} ({rule} of {based_on}) skipped {skipped}, completed were {expected}"
            )
        ran = {(execution, *place) for place in skipped} & self._run
        if ran:
            self._ledger.wrong(f"{execution} ran what it had skipped: {ran}")
        self._check_start(execution, rule, min(view.groups))
        self._check_groups(execution, view)

    def _completed_before(self, row: Any, before: Any, start: int) -> set[tuple[int, str]] | None:
        """The steps of the start group that the one before had completed; none where it is another."""
        execution, rule, based_on = row[0], row[5], row[6]
        if before is None or based_on != before[0] or before[0] not in self._views:
            self._ledger.wrong(f"{execution} is based on {based_on}, which is not the one before")
            return None
        previous = self._views[before[0]]
        self.figures["resumed"] += 1
        self.figures["resumed after a cut"] += previous.status == "Interrupted"
        if rule == "S3" and start != previous.failed[0]:
            self._ledger.wrong(f"{execution} resumed at {start}, {before[0]} failed in {previous.failed}")
        steps = previous.groups[start][1] if start in previous.groups else {}
        completed = {(start, step) for step, status in (steps or {}).items() if status in DONE}
        self.figures["steps skipped"] += len(completed)
        return completed

    def _check_start(self, execution: int, rule: str, start: int) -> None:
        started = self._ledger.started.get(execution)
        if rule == "S1" and start != GROUPS[0]["sequence"]:
            self._ledger.wrong(f"{execution} began at {start}")
        if started is None:
            return
        asked = {"S1": not started.sequence, "S3": not started.sequence}.get(rule, start == started.sequence)
        if not asked or (started.based_on is not None) != (rule in {"S3", "S4"}):
            self._ledger.wrong(f"{execution} was started by {rule} at {start}, asked for was {started}")

    def _check_groups(self, execution: int, view: View) -> None:
        expected = [sequence for sequence in SEQUENCES if sequence >= min(view.groups)]
        if sorted(view.groups) != expected:
            self._ledger.wrong(f"{execution} has groups {sorted(view.groups)}, not {expected}")
        for sequence, (_, steps) in view.groups.items():
            if steps is not None and set(steps) != set(STEPS):
                self._ledger.wrong(f"{execution} has lost steps of group {sequence}: {steps}")


def _check_attempts(stage: Stage, ledger: Ledger, *, begun_once: bool) -> None:
    """Each step was begun as often as it was counted; where commits were lost sight of, not more often."""
    asked = {"tenant": TENANT}
    counted = {row[:3]: row[3] for row in stage.rows(_ATTEMPTS, **asked)}
    begun = {row[:3]: row[3] for row in stage.rows(_BEGUN, **asked)}
    for place in counted.keys() | begun.keys():
        once, often = begun.get(place, 0), counted.get(place, 0)
        if once > often or (begun_once and once != often):
            ledger.wrong(f"{place} was begun {once} times, and counted {often} times")
