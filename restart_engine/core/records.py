"""Records as other systems keep them: a row for each step, with statuses in their own words.

`status_of_word` maps their words to ours. The rows are `(group, schema, object)` for a plan and
`(group, schema, object, status)` for an execution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from restart_engine.core.checks import check_integer, check_kind, check_text
from restart_engine.core.errors import InvalidValue, shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.plan import LoadGroup, LoadPlan, Step
from restart_engine.core.status import ACTIVE, OF_STEP, Status, check_status, worst

PlanRow: TypeAlias = tuple[int, str, str]
StepRow: TypeAlias = tuple[int, str, str, Status]


def status_of_word(word: str, words: Mapping[str, Status]) -> Status:
    """What another system's word means by this map, in which case counts.

    A word that is not mapped is refused, never guessed: the `InvalidValue` lists those that are, the nearest
    first. Beware of *skipped*: where it says that a step did not run, it is `IN_QUEUE`, not `SKIPPED`.
    """
    check_text("word", word)
    if word in words:
        check_status(f"words[{word}]", words[word], OF_STEP)
        return words[word]
    from difflib import get_close_matches  # noqa: PLC0415  # only an error needs it

    known = sorted(map(str, words))
    near = [*get_close_matches(word, known), *(each for each in known if each.lower() == word.lower())]
    ordered = sorted(known, key=lambda each: near.index(each) if each in near else len(near))
    raise InvalidValue("word", word, f"one of {', '.join(ordered) or 'a map that has words'}")


def plan_from_rows(name: str, rows: Iterable[PlanRow]) -> LoadPlan:
    """The load plan whose steps are these rows, in this order within each group.

    A group without a step has no row, so such a plan cannot have one.
    """
    groups: dict[int, list[Step]] = {}
    for index, (sequence, schema, name_of_object) in enumerate(rows):
        check_integer(f"rows[{index}].sequence", sequence, minimum=1)
        groups.setdefault(sequence, []).append(Step(schema, name_of_object))
    return LoadPlan(name, tuple([LoadGroup(sequence, steps) for sequence, steps in groups.items()]))


def plan_rows(plan: LoadPlan) -> Iterator[PlanRow]:
    """The rows of a plan's steps: groups ascending, steps in the plan's order."""
    check_kind("plan", plan, LoadPlan)
    for group in plan.groups:
        for step in group.steps:
            yield group.sequence, step.schema, step.name


def execution_from_rows(
    execution_id: int,
    status: Status,
    rows: Iterable[StepRow],
    group_statuses: Mapping[int, Status] | None = None,
) -> Execution:
    """The execution whose steps are these rows, in any order.

    `group_statuses` are the groups' own statuses. A group that has one and no row is a group whose step
    history is unavailable; one that has rows and no status is an `InvalidValue`. Without `group_statuses`
    each group gets `status_of_steps`.
    """
    groups: dict[int, dict[Step, Status]] = {}
    for index, (sequence, schema, name, of_step) in enumerate(rows):
        check_integer(f"rows[{index}].sequence", sequence, minimum=1)
        step, group = Step(schema, name), groups.setdefault(sequence, {})
        if step in group:
            raise InvalidValue(f"rows[{index}]", str(step), "a step that its group has only once")
        check_status(f"rows[{index}].status", of_step, OF_STEP)
        group[step] = of_step
    if group_statuses is None:
        group_statuses = {sequence: status_of_steps(steps.values()) for sequence, steps in groups.items()}
    for sequence in groups:
        if sequence not in group_statuses:
            meant = f"a status for group {shown(sequence)} too, which has rows"
            raise InvalidValue("group_statuses", dict(group_statuses), meant)
    return Execution(
        execution_id,
        status,
        tuple([GroupOutcome(sequence, of, groups.get(sequence)) for sequence, of in group_statuses.items()]),
    )


def execution_rows(execution: Execution) -> Iterator[StepRow]:
    """The rows of an execution's steps: groups ascending, steps by their text; none without history."""
    check_kind("execution", execution, Execution)
    for group in execution.groups:
        for outcome in group.steps or ():
            yield group.sequence, outcome.step.schema, outcome.step.name, outcome.status


def status_of_steps(statuses: Iterable[Status]) -> Status:
    """The status of a group for a host that keeps none: that is then the host's fact.

    In Queue where nothing began, In Progress while a step waits or runs, else the worst of its steps'.
    """
    found = tuple(statuses)
    for index, status in enumerate(found):
        check_status(f"statuses[{index}]", status, OF_STEP)
    if not found:
        raise InvalidValue("statuses", found, "at least one")
    if set(found) <= {Status.IN_QUEUE, Status.SKIPPED} and Status.IN_QUEUE in found:
        return Status.IN_QUEUE
    return Status.IN_PROGRESS if ACTIVE.intersection(found) else worst(found)
