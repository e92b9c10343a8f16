"""What holds in every simulated night, whatever its world: `check_night` names what does not.

It looks at the story alone, at what ran when, and asks the engine again where it has decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from restart_engine.core.decision import RestartPlan, plan_restart
from restart_engine.core.execution import Execution
from restart_engine.core.plan import Step
from restart_engine.core.progress import OVER
from restart_engine.core.status import COMPLETED, Status
from restart_engine.simulate.policies import RESTARTS_FROM, RestartFrom, request_from
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.story import Ending, Run, StepRun, Story, left_out, steps_planned

_EPSILON = 1e-6
"""Seconds by which sums of the same times may differ."""


def check_night(simulation: Simulation, story: Story) -> list[str]:
    """The laws that this night breaks, each as a sentence; an empty list where all hold."""
    return [
        *_counted_once(simulation, story),
        *_completed(simulation, story),
        *_side_by_side(simulation, story),
        *_in_order(story),
        *_left_out_was_done(simulation, story),
        *_skipping_more_runs_no_more(simulation, story),
    ]


def _counted_once(simulation: Simulation, story: Story) -> Iterator[str]:
    """Every step run is counted once, in one execution, and is a first run or another one."""
    told = sum(_ran(run.record) for run in story.runs)
    result = story.result
    if len(story.steps) != told:
        yield f"{len(story.steps)} step runs, but the executions tell of {told}"
    if result.steps_run != result.run_again + len({(run.sequence, run.step) for run in story.steps}):
        yield "the step runs are not the first ones and those again"
    if not 0 <= result.run_twice <= result.run_again:
        yield "more steps run twice than run again"
    if result.saved != sum(left_out(run.decision) for run in story.runs[1:]) or result.saved < 0:
        yield "what restarts left out is not what is saved"
    places = set(simulation.places)
    if not places >= {(run.sequence, run.step) for run in story.steps}:
        yield "a step ran that is not in the plan"


def _ran(record: Execution) -> int:
    """How many steps of the execution ran, by its record."""
    return sum(status in OVER for group in record.groups for _, status in group.recorded.items())


def _completed(simulation: Simulation, story: Story) -> Iterator[str]:
    """A completed night has completed every step; the last run of any other has not succeeded."""
    done = {(run.sequence, run.step) for run in story.steps if run.status in COMPLETED}
    if story.ending is Ending.COMPLETED and done != set(simulation.places):
        yield "the night is completed, and a step of the plan is not"
    last = story.runs[-1].record.status if story.runs else None
    if (story.ending is Ending.COMPLETED) != (last is Status.SUCCEEDED):
        yield f"the night is {story.ending}, and its last run {last}"
    if (story.ending is Ending.REJECTED) != (story.rule is not None):
        yield "a rule is named where nothing was rejected, or none where something was"


def _side_by_side(simulation: Simulation, story: Story) -> Iterator[str]:
    """No step runs beside itself, and never more steps at once than there are slots."""
    runs_of: defaultdict[tuple[int, Step], list[StepRun]] = defaultdict(list)
    for run in story.steps:
        runs_of[run.sequence, run.step].append(run)
    for (sequence, step), runs in runs_of.items():
        if any(earlier.ended > later.began for earlier, later in pairwise(runs)):
            yield f"{step} of group {sequence} overlaps itself"
        if [run.attempt for run in runs] != list(range(1, len(runs) + 1)):
            yield f"the attempts at {step} of group {sequence} are not counted one by one"
    # who ends makes room before who begins at the same moment takes it
    moments = [(run.began, 1, 1) for run in story.steps if run.ended > run.began]
    moments += [(run.ended, 0, -1) for run in story.steps if run.ended > run.began]
    at_once = 0
    for _, _, change in sorted(moments):
        at_once += change
        if at_once > simulation.slots:
            yield f"{at_once} steps run at once"
            return


def _in_order(story: Story) -> Iterator[str]:
    """Runs follow one another, groups of a run ascend and do not overlap, and each step is inside its run."""
    for earlier, later in pairwise(story.runs):
        if later.began < earlier.ended - _EPSILON:
            yield "a run begins before the last one is over"
    spans: dict[tuple[int, int], tuple[float, float]] = {}
    for step in story.steps:
        began, ended = spans.get((step.execution, step.sequence), (step.began, step.ended))
        spans[step.execution, step.sequence] = (min(began, step.began), max(ended, step.ended))
    for this, that in pairwise(sorted(spans)):
        if spans[that][0] < spans[this][1]:
            yield f"group {that[1]} of execution {that[0]} begins before group {this[1]} of {this[0]} is over"
    for step in story.steps:
        run = story.runs[min(step.execution, len(story.runs)) - 1]
        if run.record.id != step.execution or not run.began <= step.began <= step.ended <= run.ended:
            yield f"{step.step} runs outside of execution {step.execution}"


def _left_out_was_done(simulation: Simulation, story: Story) -> Iterator[str]:
    """What a restart skips was completed before; a group before its start too, unless one went on past it."""
    for number, run in enumerate(story.runs, 1):
        done = {
            (step.sequence, str(step.step))
            for step in story.steps
            if step.execution < number and step.status in COMPLETED
        }
        start = run.decision.start.sequence
        skipped = {(start, name) for name in run.decision.names_to_skip}
        if not simulation.past_failures:
            before = run.decision.groups_before
            skipped |= {(group.sequence, name) for group in before for name in group.names}
        if not skipped <= done:
            yield f"execution {number} leaves out a step that was not completed"


def _skipping_more_runs_no_more(simulation: Simulation, story: Story) -> Iterator[str]:
    """At every restart, from failed steps no more would run than from the failed group, nor that than all."""
    if not simulation.detailed_tracking:
        return
    for run in story.runs[:-1]:
        planned = [_planned(simulation, run, start) for start in RESTARTS_FROM]
        if planned != sorted(planned, reverse=True):
            yield f"after execution {run.record.id} skipping more would run more: {planned}"


def _planned(simulation: Simulation, run: Run, start: RestartFrom) -> int:
    """How many steps a restart of this failed run would run from there."""
    decision = plan_restart(simulation.plan, request_from(start, run.record), run.record)
    assert isinstance(decision, RestartPlan)
    return steps_planned(decision)
