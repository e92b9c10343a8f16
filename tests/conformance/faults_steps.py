"""Faults in R5, in which steps the start group skips, and in what runs after it."""

# ruff: noqa: D102, ARG002 -- an overriding method does what its class says, and takes what the other takes

from __future__ import annotations

from itertools import pairwise, takewhile
from unicodedata import normalize

from conformance.faults_engine import Engine, Plain

# R5


class HistoryNeverNeeded(Engine, breaks=("R5",)):
    """A failed group whose history is lost runs whole, and nobody is told."""

    def r5(self) -> bool:
        return False


class LostHistorySkipsAll(Engine, breaks=("R5",)):
    """A failed group whose history is lost has no step known to have failed, and skips them all."""

    def r5(self) -> bool:
        return False

    def skips_unknown(self, group: Plain, outcome: Plain) -> list[str]:
        return list(group["steps"])


class HistoryNeededWithoutAnId(Engine, breaks=("R5",)):
    """Lost history is in the way without an id too."""

    def r5(self) -> bool:
        outcome = self.outcome(self.start()) if self.given() is None else None
        lost = outcome is not None and self.needs_history(outcome) and self.history(outcome) is None
        return super().r5() or (lost and self.group(self.start()) is not None)


class HistoryNeededOnlyAtTheBeginning(Engine, breaks=("R5",)):
    """The history of a group that is asked for is not looked at."""

    def r5(self) -> bool:
        return super().r5() and self.asked() <= 0


class HistoryNeededOnlyForAGroup(Engine, breaks=("R5",)):
    """Only the history of a group that is asked for is looked at."""

    def r5(self) -> bool:
        return super().r5() and self.asked() > 0


class EmptyHistoryIsLost(Engine, breaks=("R5",)):
    """A history of no step is taken for none."""

    def history(self, outcome: Plain) -> dict[str, str] | None:
        return super().history(outcome) or None


class PartialHistoryIsLost(Engine, breaks=("R5",)):
    """A failed group is refused where a step of the plan has no outcome in it."""

    def r5(self) -> bool:
        group, outcome = self.group(self.start()), self.outcome(self.start())
        if group is None or outcome is None or not self.is_latest() or not self.needs_history(outcome):
            return False
        history = self.history(outcome)
        return history is None or not set(group["steps"]).issubset(history)


class HistoryOfEveryFailedGroup(Engine, breaks=("R5",)):
    """Lost history of any failed group is in the way, also of one after the start."""

    def r5(self) -> bool:
        lost = [sequence for sequence in self.failed() if (self.outcome(sequence) or {})["steps"] is None]
        return super().r5() or (self.is_latest() and bool(lost))


class HistoryOfEveryGroup(Engine, breaks=("R5",)):
    """Lost history of any group is in the way, also of one that succeeded before the start."""

    def r5(self) -> bool:
        lost = [outcome for outcome in self.recorded() if outcome["steps"] is None]
        return super().r5() or (self.is_latest() and bool(self.failed()) and bool(lost))


class HistoryOfTheFirstFailedGroup(Engine, breaks=("R5",)):
    """R5 looks at the first failed group also where another one is asked for."""

    def history_of(self) -> int | None:
        return self.first_failed()


class HistoryOfTheLastFailedGroup(Engine, breaks=("R5",)):
    """R5 looks at the last failed group, the first one being resumed."""

    def history_of(self) -> int | None:
        return super().history_of() if self.asked() > 0 else next(reversed(self.failed()), None)


class HistoryNeededUnlessSucceeded(Engine, breaks=("R5",)):
    """A start group that did not fail needs its history where it is In Queue, not where it Succeeded."""

    def needs_history(self, outcome: Plain) -> bool:
        return str(outcome["status"]) != "Succeeded"


class HistoryNeededBeforeTheFailure(Engine, breaks=("R5",)):
    """A start group that did not fail needs its history before the first failed group, not after it."""

    def needs_history(self, outcome: Plain) -> bool:
        first = self.first_failed()
        return super().needs_history(outcome) or (first is not None and first > int(outcome["sequence"]))


class InterruptedNeedsNoHistory(Engine, breaks=("R5",)):
    """An Interrupted group is resumed as failed, but its lost history is no obstacle."""

    def needs_history(self, outcome: Plain) -> bool:
        return super().needs_history(outcome) and outcome["status"] != "Interrupted"


class SucceededWithoutHistoryRuns(Engine, breaks=("S4",)):
    """A start group that Succeeded runs whole where its history is lost."""

    def skips_unknown(self, group: Plain, outcome: Plain) -> list[str]:
        return []


class QueuedWithoutHistorySkips(Engine, breaks=("S4",)):
    """A start group still In Queue skips all its steps where its history is lost."""

    def skips_unknown(self, group: Plain, outcome: Plain) -> list[str]:
        return list(group["steps"])


# which statuses are completed


class SkippedNotCompleted(Engine, breaks=("S3", "S4")):
    """A step that the last restart skipped runs again."""

    def is_completed(self, status: str | None) -> bool:
        return status == "Succeeded"


class FailedCompleted(Engine, breaks=("S3", "S4")):
    """A step with any outcome is completed, as it was tried."""

    def is_completed(self, status: str | None) -> bool:
        return status is not None


class FinishedWithErrorsCompleted(Engine, breaks=("S3", "S4")):
    """A step Finished With Errors is completed, as it finished."""

    def is_completed(self, status: str | None) -> bool:
        return super().is_completed(status) or status == "Finished With Errors"


class InterruptedCompleted(Engine, breaks=("S3", "S4")):
    """A step that was Interrupted is completed, as it did not fail."""

    def is_completed(self, status: str | None) -> bool:
        return super().is_completed(status) or status == "Interrupted"


class InProgressCompleted(Engine, breaks=("S3", "S4")):
    """A step that was In Progress when its execution ended is completed."""

    def is_completed(self, status: str | None) -> bool:
        return super().is_completed(status) or status == "In Progress"


class InQueueCompleted(Engine, breaks=("S3", "S4")):
    """A step that was still In Queue when its execution ended is completed."""

    def is_completed(self, status: str | None) -> bool:
        return super().is_completed(status) or status == "In Queue"


class NewStepSkipped(Engine, breaks=("S3", "S4")):
    """A step without an outcome has not failed, and is skipped."""

    def is_completed(self, status: str | None) -> bool:
        return super().is_completed(status) or status is None


# which steps the start group skips and runs


class SucceededGroupRunsWhole(Engine, breaks=("S4",)):
    """A group that Succeeded and is asked for runs whole."""

    def skips(self, group: Plain) -> list[str]:
        outcome = self.outcome(group["sequence"]) or {"status": "Succeeded"}
        return [] if outcome["status"] == "Succeeded" else super().skips(group)


class FailedGroupRunsWhole(Engine, breaks=("S4",)):
    """A failed group that is asked for runs whole: only resuming without a group skips."""

    def skips(self, group: Plain) -> list[str]:
        outcome = self.outcome(group["sequence"])
        failed = outcome is not None and self.has_failed(outcome)
        return [] if failed and self.asked() > 0 else super().skips(group)


class EditedGroupRunsWhole(Engine, breaks=("S3", "S4")):
    """A group whose steps were edited since skips nothing."""

    def skips(self, group: Plain) -> list[str]:
        recorded = (self.outcome(group["sequence"]) or {"steps": None})["steps"]
        edited = recorded is not None and recorded.keys() != set(group["steps"])
        return [] if edited else super().skips(group)


class GoneStepsRun(Engine, breaks=("S3", "S4")):
    """Recorded steps that failed run again although the plan has them no longer."""

    def runs(self, group: Plain) -> list[str]:
        outcome = self.outcome(group["sequence"]) if self.resumes() else None
        recorded: dict[str, str] = (outcome or {"steps": None})["steps"] or {}
        gone = [s for s, status in recorded.items() if s not in group["steps"] and status == "Failed"]
        return [*super().runs(group), *gone]


class GoneStepsSkipped(Engine, breaks=("S3", "S4")):
    """Recorded steps that completed are listed as skipped although the plan has them no longer."""

    def skips(self, group: Plain) -> list[str]:
        outcome = self.outcome(group["sequence"]) if self.resumes() else None
        recorded: dict[str, str] = (outcome or {"steps": None})["steps"] or {}
        gone = [s for s, status in recorded.items() if s not in group["steps"] and self.is_completed(status)]
        return [*super().skips(group), *gone]


class ObjectsTrackedOnce(Engine, breaks=("S3", "S4")):
    """An object that completed in one group is completed in every other too."""

    def history(self, outcome: Plain) -> dict[str, str] | None:
        known = super().history(outcome)
        if known is None:
            return None
        everywhere = [super(ObjectsTrackedOnce, self).history(other) or {} for other in self.recorded()]
        done = {s: status for h in everywhere for s, status in h.items() if self.is_completed(status)}
        return known | done


class NamesInAnyCase(Engine, breaks=("S3", "S4")):
    """Two names that differ only in case are one."""

    def key(self, step: str) -> str:
        return step.casefold()


class NamesNormalised(Engine, breaks=("S3", "S4")):
    """Two names that Unicode calls equivalent are one."""

    def key(self, step: str) -> str:
        return normalize("NFC", step)


class NamesTrimmed(Engine, breaks=("S3", "S4")):
    """White space around a name is dropped."""

    def key(self, step: str) -> str:
        return step.strip()


class NamesCutAtTheSecondDot(Engine, breaks=("S3", "S4")):
    """Of an object's name only what stands before its first dot is kept."""

    def key(self, step: str) -> str:
        return ".".join(step.split(".")[:2])


class NamesCutAtTheLastDot(Engine, breaks=("S3", "S4")):
    """A name is what stands after its last dot, whatever schema it is of."""

    def key(self, step: str) -> str:
        return step.rpartition(".")[2]


# what runs after the start group


class AfterOmitsSucceededGroups(Engine, breaks=("S3", "S4")):
    """Later groups that had succeeded do not run again."""

    def after(self, group: Plain) -> list[int]:
        done = [o["sequence"] for o in self.recorded() if o["status"] == "Succeeded" and self.resumes()]
        return [sequence for sequence in super().after(group) if sequence not in done]


class AfterOmitsEmptyGroups(Engine, breaks=("S1", "S2", "S3", "S4")):
    """Later groups without a step are left out."""

    def after(self, group: Plain) -> list[int]:
        return [s for s in super().after(group) if (self.group(s) or {"steps": ()})["steps"]]


class AfterFromTheRecord(Engine, breaks=("S3", "S4")):
    """The later groups are those that the execution has an outcome of."""

    def after(self, group: Plain) -> list[int]:
        return [s for s in super().after(group) if self.outcome(s) or not self.resumes()]


class AfterListsEveryOtherGroup(Engine, breaks=("S2", "S3", "S4")):
    """The groups before the start run too, after it."""

    def after(self, group: Plain) -> list[int]:
        return [other["sequence"] for other in self.groups() if other["sequence"] != group["sequence"]]


class AfterAsConsecutiveNumbers(Engine, breaks=("S1", "S2", "S3", "S4")):
    """The later groups are counted on from the start, as if sequences had no gap."""

    def after(self, group: Plain) -> list[int]:
        return [group["sequence"] + step for step in range(1, len(super().after(group)) + 1)]


class AfterEndsAtAGap(Engine, breaks=("S1", "S2", "S3", "S4")):
    """The later groups end where the next number is missing."""

    def after(self, group: Plain) -> list[int]:
        run = [group["sequence"], *super().after(group)]
        return [later for _, later in takewhile(lambda pair: pair[1] == pair[0] + 1, pairwise(run))]


class AfterEndsAtTheNextFailure(Engine, breaks=("S3", "S4")):
    """The restart stops before the next failed group, which is to be resumed on its own."""

    def after(self, group: Plain) -> list[int]:
        failed = self.failed() if self.resumes() else []
        return list(takewhile(lambda sequence: sequence not in failed, super().after(group)))


class AfterIsOnlyTheNextGroup(Engine, breaks=("S1", "S2", "S3", "S4")):
    """Only one group runs after the start."""

    def after(self, group: Plain) -> list[int]:
        return super().after(group)[:1]


class AfterEndsAtAnEmptyGroup(Engine, breaks=("S1", "S2", "S3", "S4")):
    """A later group without a step ends the restart, and the groups behind it are lost."""

    def after(self, group: Plain) -> list[int]:
        return list(takewhile(lambda s: bool((self.group(s) or {})["steps"]), super().after(group)))


class AfterOmitsWhatSucceededBetweenFailures(Engine, breaks=("S3", "S4")):
    """A later group that had succeeded is left out where a group behind it failed."""

    def after(self, group: Plain) -> list[int]:
        last = max(self.failed(), default=0) if self.resumes() else 0
        done = [o["sequence"] for o in self.recorded() if o["status"] == "Succeeded"]
        return [s for s in super().after(group) if s not in done or s > last]
