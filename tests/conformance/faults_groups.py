"""Faults in which groups failed, in R3 and R4, and in which group the restart begins at."""

# ruff: noqa: D102 -- an overriding method does what its class says in one line

from __future__ import annotations

from typing import Final

from conformance.faults_engine import Engine, Plain

WORST: Final = ("Failed", "Interrupted", "Finished With Errors", "In Progress")

# the first failed group


class LastFailedGroup(Engine, breaks=("S3", "R4", "R5")):
    """The failed group to resume is the last one."""

    def first_failed(self) -> int | None:
        return next(reversed(self.failed()), None)


class FirstFailedInListOrder(Engine, breaks=("S3", "R4", "R5")):
    """The failed group to resume is the one that the record lists first."""

    def recorded(self) -> list[Plain]:
        return [] if self.latest is None else self.latest["groups"]


class WorstFailedGroup(Engine, breaks=("S3", "R4", "R5")):
    """The failed group to resume is the one with the gravest status."""

    def first_failed(self) -> int | None:
        failed = [outcome for outcome in self.recorded() if self.has_failed(outcome)]
        return min(failed, key=lambda outcome: WORST.index(outcome["status"]))["sequence"] if failed else None


class CutOffResumedLast(Engine, breaks=("S3", "R4", "R5")):
    """A group that was cut off is only resumed where no other failed."""

    def first_failed(self) -> int | None:
        failed = [outcome for outcome in self.recorded() if self.has_failed(outcome)]
        ended = [outcome["sequence"] for outcome in failed if outcome["status"] != "In Progress"]
        return next(iter(ended), super().first_failed())


class LostHistoryPassedOver(Engine, breaks=("R5",)):
    """The failed group to resume is the first one whose history is there."""

    def first_failed(self) -> int | None:
        failed = [outcome for outcome in self.recorded() if self.has_failed(outcome)]
        kept = [outcome["sequence"] for outcome in failed if outcome["steps"] is not None]
        return next(iter(kept), super().first_failed())


class EmptyGroupHidesTheFailure(Engine, breaks=("S3", "R4", "R5")):
    """The search for the first failed group begins anew at each group of the plan without a step."""

    def first_failed(self) -> int | None:
        empty = [group["sequence"] for group in self.groups() if not group["steps"]]
        failed = self.failed()
        later = [sequence for sequence in failed if any(failed[0] < gap < sequence for gap in empty)]
        return next(iter([*later, *failed]), None)


class ErrorsPassedOver(Engine, breaks=("S3", "R4", "R5")):
    """A group Finished With Errors is a failure to R3, but never the group to resume."""

    def first_failed(self) -> int | None:
        outcomes = [self.outcome(sequence) or {} for sequence in self.failed()]
        others = [o["sequence"] for o in outcomes if o["status"] != "Finished With Errors"]
        return next(iter(others), None)


# which groups failed


class FailedByItsSteps(Engine, breaks=("R3", "S3")):
    """A group has failed where a step of it has, whatever its own status says."""

    def has_failed(self, outcome: Plain) -> bool:
        steps: dict[str, str] = outcome["steps"] or {}
        return any(status not in ("Succeeded", "Skipped") for status in steps.values())


class FailedStepFailsItsGroup(Engine, breaks=("R3", "S3")):
    """A group that succeeded after all counts as failed where a step of it is Failed."""

    def has_failed(self, outcome: Plain) -> bool:
        return super().has_failed(outcome) or "Failed" in (outcome["steps"] or {}).values()


class FailedOnlyWithHistory(Engine, breaks=("R3", "R5")):
    """A group without step history is not seen among the failed ones."""

    def has_failed(self, outcome: Plain) -> bool:
        return super().has_failed(outcome) and outcome["steps"] is not None


class CutOffNotFailed(Engine, breaks=("R3", "S3")):
    """A group still In Progress in an execution that is over has not failed."""

    def has_failed(self, outcome: Plain) -> bool:
        return super().has_failed(outcome) and outcome["status"] != "In Progress"


class CutOffOnlyWhenInterrupted(Engine, breaks=("R3", "S3")):
    """A group still In Progress has failed only where the execution was Interrupted."""

    def has_failed(self, outcome: Plain) -> bool:
        cut_off = outcome["status"] == "In Progress"
        interrupted = self.latest is not None and self.latest["status"] == "Interrupted"
        return super().has_failed(outcome) and (interrupted or not cut_off)


class InQueueGroupFailed(Engine, breaks=("R3", "S3")):
    """A group still In Queue in an execution that is over counts as cut off."""

    def has_failed(self, outcome: Plain) -> bool:
        return super().has_failed(outcome) or outcome["status"] == "In Queue"


class NeverReachedFailed(Engine, breaks=("R3", "S3")):
    """A group of the plan that the execution never reached counts as failed."""

    def failed(self) -> list[int]:
        missing = [group["sequence"] for group in self.plan if self.outcome(group["sequence"]) is None]
        return sorted([*super().failed(), *missing])


class SearchEndsAtAGap(Engine, breaks=("R3",)):
    """The search for failed groups ends at the first group that the execution has nothing of."""

    def failed(self) -> list[int]:
        missing = [g["sequence"] for g in self.groups() if self.outcome(g["sequence"]) is None]
        return [sequence for sequence in super().failed() if not missing or sequence < missing[0]]


class LaterSuccessHeals(Engine, breaks=("R3", "R4", "R5", "S3")):
    """A failed group is forgotten where a later one succeeded, as the execution got past it."""

    def failed(self) -> list[int]:
        done = [outcome["sequence"] for outcome in self.recorded() if outcome["status"] == "Succeeded"]
        return [sequence for sequence in super().failed() if sequence > max(done, default=0)]


class InterruptedFailedOnlyAtTheBeginning(Engine, breaks=("R3", "R5")):
    """Interrupted counts as failed where the failed group is looked for, and not where one is asked for."""

    def has_failed(self, outcome: Plain) -> bool:
        return super().has_failed(outcome) and (outcome["status"] != "Interrupted" or self.asked() <= 0)


class InterruptedFailedOnlyInItsLike(Engine, breaks=("R3", "S3")):
    """An Interrupted group has failed only where the execution was Interrupted too."""

    def has_failed(self, outcome: Plain) -> bool:
        alike = self.latest is not None and self.latest["status"] == "Interrupted"
        return super().has_failed(outcome) and (alike or outcome["status"] != "Interrupted")


class ErrorsFailOnlyWithAFailedStep(Engine, breaks=("R3", "S3")):
    """A group Finished With Errors has failed only where a step of it is Failed."""

    def has_failed(self, outcome: Plain) -> bool:
        step_failed = "Failed" in (outcome["steps"] or {}).values()
        return super().has_failed(outcome) and (step_failed or outcome["status"] != "Finished With Errors")


# R3


class NothingFailedStartsOver(Engine, breaks=("R3",)):
    """Where nothing failed the restart starts over."""

    def r3(self) -> bool:
        return super().r3() and self.asked() > 0


class NothingFailedAskedOnlyAtTheBeginning(Engine, breaks=("R3",)):
    """A group that is asked for starts although nothing failed."""

    def r3(self) -> bool:
        return super().r3() and self.asked() <= 0


class NothingFailedAskedWithoutAnId(Engine, breaks=("R3",)):
    """Where nothing failed there is no restart without an id either."""

    def r3(self) -> bool:
        return super().r3() or (self.latest is not None and self.given() is None and not self.failed())


class ExecutionStatusDecides(Engine, breaks=("R3",)):
    """Whether anything failed is read from the status of the execution."""

    def r3(self) -> bool:
        return self.is_latest() and self.latest is not None and self.latest["status"] == "Succeeded"


class UnfailedGroupRejected(Engine, breaks=("R3",)):
    """A group that is asked for has to have failed."""

    def r3(self) -> bool:
        outcome = self.outcome(self.asked())
        unfailed = self.is_latest() and outcome is not None and not self.has_failed(outcome)
        return super().r3() or unfailed


class NothingToRunRejected(Engine, breaks=("R3",)):
    """A start group with nothing left to run is refused."""

    def r3(self) -> bool:
        group = self.group(self.start())
        return super().r3() or (self.is_latest() and group is not None and not self.runs(group))


# R4


class GoneGroupsForgotten(Engine, breaks=("R3", "R4")):
    """Groups that are gone from the plan are forgotten before the failed ones are looked for."""

    def failed(self) -> list[int]:
        return [sequence for sequence in super().failed() if self.group(sequence)]


class GoneGroupNextFailed(Engine, breaks=("R4",)):
    """Where the first failed group is gone from the plan the next failed one is resumed."""

    def first_failed(self) -> int | None:
        present = [sequence for sequence in self.failed() if self.group(sequence)]
        return next(iter(present), super().first_failed())


class GoneGroupNextGroup(Engine, breaks=("R4",)):
    """Where the first failed group is gone from the plan the group after it is begun with."""

    def first_failed(self) -> int | None:
        first = super().first_failed()
        known = [group["sequence"] for group in self.groups()]
        return next((sequence for sequence in known if first is not None and sequence >= first), first)


class GoneGroupStartsOver(Engine, breaks=("R4",)):
    """Where the first failed group is gone from the plan the restart starts over."""

    def r4(self) -> bool:
        return super().r4() and (self.asked() > 0 or not self.plan)


class GroupLookedUpInTheRecord(Engine, breaks=("R4",)):
    """With an id the group asked for is looked up in the execution, not in the plan."""

    def r4(self) -> bool:
        if self.plan and self.is_latest() and self.asked() > 0:
            return self.outcome(self.asked()) is None
        return super().r4()


class NeverReachedGroupRejected(Engine, breaks=("R4",)):
    """A group of the plan that the execution never reached is not found."""

    def r4(self) -> bool:
        unreached = self.asked() > 0 and self.outcome(self.asked()) is None
        return super().r4() or (self.is_latest() and unreached)


class LaterGroupRefused(Engine, breaks=("R4",)):
    """A group after the first failed one is refused."""

    def r4(self) -> bool:
        first = self.first_failed()
        return super().r4() or (self.is_latest() and first is not None and self.asked() > first)


class EmptyPlanAccepted(Engine, breaks=("R4",)):
    """A plan without a group is restarted, with nothing to run."""

    def r4(self) -> bool:
        return bool(self.plan) and super().r4()

    def begin(self) -> Plain:
        return super().begin() if self.plan else {"sequence": 1, "steps": []}


class EmptyPlanCrashes(Engine, breaks=("R4",)):
    """A plan without a group ends in an error, as its first group is taken unseen."""

    def r4(self) -> bool:
        return bool(self.plan) and super().r4()


# the group to begin with


class ResumesFromTheFirstGroup(Engine, breaks=("S3",)):
    """With an id the restart begins at the first group too, and skips there."""

    def start(self) -> int | None:
        return super().start() if self.asked() > 0 else self.groups()[0]["sequence"] if self.plan else None


class LaterGroupPulledBack(Engine, breaks=("S4",)):
    """A group after the first failed one is moved back to it."""

    def start(self) -> int | None:
        first = self.first_failed() if self.is_latest() else None
        asked = super().start()
        return asked if asked is None or first is None or self.group(first) is None else min(asked, first)


class EarlierGroupMovedForward(Engine, breaks=("S4",)):
    """A group before the first failed one is moved forward to it, as all before it is done."""

    def start(self) -> int | None:
        first = self.first_failed() if self.is_latest() else None
        asked = super().start()
        return asked if asked is None or first is None or self.group(first) is None else max(asked, first)


class CompletedGroupMovesOn(Engine, breaks=("S3", "S4")):
    """A start group with nothing left to run is passed over, and the next one is begun with."""

    def begin(self) -> Plain:
        group = super().begin()
        following = self.group(next(iter(self.after(group)), None))
        return following if following and self.resumes() and not self.runs(group) else group
