"""What has to hold of the database and of all that clients saw, once the load is over."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from typing import Any, Final

from server.harness.crowd import GROUPS, STEPS, TENANT, UNTRACKED, Caller
from server.harness.ledger import DONE, Ledger, View
from server.harness.stage import Stage, api_path

_EXECUTIONS: Final = (
    "select e.id, t.name, p.name, e.start_order, e.status, e.rule, e.based_on, p.latest_id"
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
    for execution in ledger.started:
        if execution not in {row[0] for row in rows}:
            ledger.wrong(f"execution {execution} was answered with 200 and is not there")
    by_plan: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        by_plan[row[1], row[2]].append(row)
    views = _views(stage, ledger, rows)
    run = {(row[0], int(row[1]), row[2]) for row in stage.rows(_RUN)}
    figures: Counter[str] = Counter(executions=len(rows))
    for executions in by_plan.values():
        _check_order(ledger, executions)
        before: Any = None
        for row in executions:
            figures[f"ended {row[4]}"] += 1
            if row[1] == TENANT and row[0] in views:
                _check_record(ledger, row, before, views, run, figures)
            before = row
    _check_attempts(stage, ledger, begun_once=begun_once)
    return figures


def _views(stage: Stage, ledger: Ledger, rows: list[Any]) -> dict[int, View]:
    """The status of every execution, as a client is shown it; the ledger finds what has changed."""
    caller = Caller(stage)
    views: dict[int, View] = {}
    for number, row in enumerate(rows):
        address = stage.addresses[number % len(stage.servers)]
        path = api_path(row[1], f"status/{row[0]}?level=4")
        answer = caller.call(address, "GET", row[1], path)
        if answer is None or answer[0] != 200:
            ledger.wrong(f"the status of {row[0]} is answered {answer}")
            continue
        views[row[0]] = View.read(answer[1])
        ledger.shown(f"{row[1]}/{row[2]}", row[0], views[row[0]], None, tracked=row[1] != UNTRACKED)
    caller.close()
    return views


def _check_order(ledger: Ledger, executions: list[Any]) -> None:
    plan = executions[0][1:3]
    orders = [row[3] for row in executions]
    if orders != list(range(1, len(orders) + 1)):
        ledger.wrong(f"the executions of {plan} are in the order {orders}")
    if executions[-1][7] != executions[-1][0]:
        ledger.wrong(f"the latest of {plan} is {executions[-1][7]}, not {executions[-1][0]}")
    ids = [row[0] for row in executions]
    if ids != sorted(ids):
        ledger.wrong(f"ids of {plan} do not ascend: {ids}")


def _check_record(
    ledger: Ledger,
    row: Any,
    before: Any,
    views: dict[int, View],
    run: set[tuple[int, int, str]],
    figures: Counter[str],
) -> None:
    """An execution began where and as it had to; what it skipped was completed before, and did not run."""
    execution, rule, based_on = row[0], row[5], row[6]
    view = views[execution]
    started = ledger.started.get(execution)
    skipped = {
        (sequence, step)
        for sequence, (_, steps) in view.groups.items()
        for step, status in (steps or {}).items()
        if status == "Skipped"
    }
    ran = {(execution, *place) for place in skipped} & run
    if ran:
        ledger.wrong(f"{execution} ran what it had skipped: {ran}")
    start = min(view.groups)
    expected = set[tuple[int, str]]()
    if started is not None and (started.based_on is not None) != (rule in {"S3", "S4"}):
        ledger.wrong(f"{execution} was started by {rule}, asked for was {started}")
    if rule in {"S3", "S4"}:
        if before is None or based_on != before[0]:
            ledger.wrong(f"{execution} is based on {based_on}, which is not the one before")
            return
        previous = views[before[0]]
        figures["resumed"] += 1
        figures["resumed after a cut"] += previous.status == "Interrupted"
        if rule == "S3" and start != previous.failed[0]:
            ledger.wrong(f"{execution} resumed at {start}, {before[0]} failed in {previous.failed}")
        steps = previous.groups[start][1] if start in previous.groups else {}
        expected = {(start, step) for step, status in (steps or {}).items() if status in DONE}
        figures["steps skipped"] += len(expected)
    elif rule == "S1" and start != GROUPS[0]["sequence"]:
        ledger.wrong(f"{execution} began at {start}")
    if rule in {"S2", "S4"} and started is not None and start != started.sequence:
        ledger.wrong(f"{execution} began at {start}, asked for was {started}")
    if skipped != expected:
        ledger.wrong(f"{execution} ({rule} of {based_on}) skipped {skipped}, completed were {expected}")
    for group in GROUPS:
        sequence = group["sequence"]
        if (sequence in view.groups) != (sequence >= start):
            ledger.wrong(f"{execution} began at {start} and has groups {sorted(view.groups)}")
        elif sequence in view.groups and set(view.groups[sequence][1] or ()) != set(STEPS):
            ledger.wrong(f"{execution} has lost steps of {sequence}: {view.groups[sequence]}")


def _check_attempts(stage: Stage, ledger: Ledger, *, begun_once: bool) -> None:
    """Each step was begun as often as it was counted; where commits were lost sight of, not more often."""
    asked = {"tenant": TENANT}
    counted = {row[:3]: row[3] for row in stage.rows(_ATTEMPTS, **asked)}
    begun = {row[:3]: row[3] for row in stage.rows(_BEGUN, **asked)}
    for place in counted.keys() | begun.keys():
        once, often = begun.get(place, 0), counted.get(place, 0)
        if once > often or (begun_once and once != often):
            ledger.wrong(f"{place} was begun {once} times, and counted {often} times")
