"""Faults in reading the request, and in R1 and R2: who may ask, with which id, for which group."""

# ruff: noqa: D102 -- an overriding method does what its class says in one line

from __future__ import annotations

from typing import Final

from conformance.faults_engine import Engine, Plain

WIDE: Final = 2**1000


def as_float(number: int) -> float:
    """The number as a float holds it; infinite where none does."""
    return float("inf") if abs(number) > WIDE else float(number)


# R1


class InQueueNotActive(Engine, breaks=("R1",)):
    """Only In Progress counts as active, so that an execution In Queue is restarted beside itself."""

    def is_active(self) -> bool:
        return self.latest is not None and self.latest["status"] == "In Progress"


class ActiveByItsGroups(Engine, breaks=("R1",)):
    """The groups are asked whether the execution is active, not its own status."""

    def is_active(self) -> bool:
        return any(outcome["status"] == "In Progress" for outcome in self.recorded())


class ActiveWhileGroupsWait(Engine, breaks=("R1",)):
    """An execution that is over counts as active while one of its groups is still In Queue."""

    def r1(self) -> bool:
        return super().r1() or any(outcome["status"] == "In Queue" for outcome in self.recorded())


class ActiveUntilAGroupFails(Engine, breaks=("R1",)):
    """An active execution with a failed group is taken to be over."""

    def r1(self) -> bool:
        return super().r1() and not self.failed()


class ActiveOnlyWithAnId(Engine, breaks=("R1",)):
    """Starting over without an id is let through while the load plan runs."""

    def r1(self) -> bool:
        return super().r1() and self.given() is not None


class ActiveOnlyWithoutAnId(Engine, breaks=("R1",)):
    """The id of the running execution is let through, as the one that may be resumed."""

    def r1(self) -> bool:
        return super().r1() and self.given() is None


class ActiveOnlyFromTheBeginning(Engine, breaks=("R1",)):
    """A group that is asked for starts while the load plan runs."""

    def r1(self) -> bool:
        return super().r1() and self.asked() <= 0


# R2


class NewerIdAccepted(Engine, breaks=("R2",)):
    """An id is the most recent one if it is not lower than the latest."""

    def is_latest(self) -> bool:
        given = self.given()
        return self.latest is not None and given is not None and given >= self.latest["id"]


class OlderIdAccepted(Engine, breaks=("R2",)):
    """Only an id that is higher than the latest is refused."""

    def is_latest(self) -> bool:
        given = self.given()
        return self.latest is not None and given is not None and given <= self.latest["id"]


class OlderIdAcceptedWhenNothingFailed(Engine, breaks=("R2",)):
    """An older id is let through where the latest execution has no failed group to resume."""

    def r2(self) -> bool:
        given = self.given()
        older = given is not None and self.latest is not None and 0 < given < self.latest["id"]
        return super().r2() and not (older and not self.failed())


class IdsComparedAsText(Engine, breaks=("R2",)):
    """Ids are compared as texts, and one that is not smaller is the most recent: 9 is not before 10."""

    def is_latest(self) -> bool:
        given = self.given()
        return self.latest is not None and given is not None and str(given) >= str(self.latest["id"])


class IdsComparedAsFloats(Engine, breaks=("R2",)):
    """Ids pass through floats, so that two large ones are the same."""

    def is_latest(self) -> bool:
        given = self.given()
        return (
            self.latest is not None and given is not None and as_float(given) == as_float(self.latest["id"])
        )


class IdsOfThirtyTwoBits(Engine, breaks=("R2",)):
    """Ids are cut to 32 bits before they are compared."""

    def is_latest(self) -> bool:
        given = self.given()
        return self.latest is not None and given is not None and (given - self.latest["id"]) % 2**32 == 0


class IdIgnoredBeforeAnyRun(Engine, breaks=("R2",)):
    """An id is not looked at where the load plan never ran."""

    def given(self) -> int | None:
        return None if self.latest is None else super().given()


class StaleIdIgnored(Engine, breaks=("R2",)):
    """An id that is not the latest is treated as no id, and the restart starts over."""

    def given(self) -> int | None:
        given = super().given()
        return given if self.latest is None or given == self.latest["id"] else None


class IdIgnoredForAGroup(Engine, breaks=("R2",)):
    """Whether the id is the latest is only asked where no group is."""

    def r2(self) -> bool:
        return super().r2() and self.asked() <= 0


class NegativeIdIgnored(Engine, breaks=("R2",)):
    """A negative id means that none is given, as -1 so often does."""

    def given(self) -> int | None:
        given = super().given()
        return None if given is not None and given < 0 else given


class ZeroIgnoredOnlyForAGroup(Engine, breaks=("R2",)):
    """The id 0 means none where a group is asked for, and is an id like others where none is."""

    def given(self) -> int | None:
        given = super().given()
        return None if given == 0 and self.asked() > 0 else given


class ZeroIgnoredOnlyBeforeAnyRun(Engine, breaks=("R2",)):
    """The id 0 means none where the load plan never ran, and is an id like others afterwards."""

    def given(self) -> int | None:
        given = super().given()
        return None if given == 0 and self.latest is None else given


class IdRequiredAfterAFailure(Engine, breaks=("R2",)):
    """A request without an id is refused where there is a failure that could be resumed."""

    def r2(self) -> bool:
        return super().r2() or (self.given() is None and bool(self.failed()))


# G


class BelowMinusOneRejected(Engine, breaks=("R4",)):
    """0 and -1 mean the beginning, and any lower number is a group that does not exist."""

    def r4(self) -> bool:
        return super().r4() or self.asked() < -1


class OnlyZeroIsTheBeginning(Engine, breaks=("R4",)):
    """A negative sequence is a group that does not exist."""

    def r4(self) -> bool:
        return super().r4() or self.asked() < 0


class ZeroIsNoGroup(Engine, breaks=("R4",)):
    """Only a negative sequence means the beginning, and 0 is a group that does not exist."""

    def r4(self) -> bool:
        return super().r4() or self.asked() == 0


class SequenceWrapsAround(Engine, breaks=("R4",)):
    """A sequence is kept in 64 bits, so that a large one comes out as another or below 0."""

    def asked(self) -> int:
        return (super().asked() + 2**63) % 2**64 - 2**63


class MissingGroupRoundedUp(Engine, breaks=("R4",)):
    """A group that does not exist means the next one that does."""

    def asked(self) -> int:
        asked = super().asked()
        known = [group["sequence"] for group in self.groups()]
        return next((sequence for sequence in known if 0 < asked <= sequence), asked)


class MissingGroupStartsOver(Engine, breaks=("R4",)):
    """A group that does not exist means the beginning."""

    def asked(self) -> int:
        asked = super().asked()
        return asked if self.group(asked) else min(asked, 0)


class GroupAsPosition(Engine, breaks=("R4", "S2", "S4")):
    """The sequence asked for is read as a position: 3 is the third group."""

    def asked(self) -> int:
        asked = super().asked()
        known = [group["sequence"] for group in self.groups()]
        if 0 < asked <= len(known):
            return int(known[asked - 1])
        return max(known, default=0) + 1 if asked > 0 else asked


class BeyondTheCountRejected(Engine, breaks=("R4",)):
    """A sequence above the number of groups is refused."""

    def r4(self) -> bool:
        return super().r4() or self.asked() > len(self.plan)


# S1 and S2


class NoIdResumesTheFailure(Engine, breaks=("S1",)):
    """Without an id the restart begins at the first failed group, and not at the first one."""

    def start(self) -> int | None:
        first = self.first_failed() if self.asked() <= 0 and self.given() is None else None
        return super().start() if first is None else first


class SkipsWithoutAnId(Engine, breaks=("S1", "S2")):
    """Completed steps are skipped although no id is given."""

    def resumes(self) -> bool:
        return True


class GroupsSortedAsText(Engine, breaks=("S1", "S2", "S3", "S4")):
    """Groups are put in order by the text of their sequences, 10 before 9."""

    def groups(self) -> list[Plain]:
        return sorted(self.plan, key=lambda group: str(group["sequence"]))


class GroupsInListOrder(Engine, breaks=("S1", "S2", "S3", "S4")):
    """Groups are taken in the order in which the plan lists them."""

    def groups(self) -> list[Plain]:
        return self.plan
