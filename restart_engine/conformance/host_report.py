"""The verdict on a host: the laws that it has to keep, and the stories that show where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, final

from attrs import frozen

from restart_engine.conformance.profile import FREEDOMS, Profile, told_apart
from restart_engine.conformance.report import Verdict, counted_faults, verdict_on
from restart_engine.core.checks import Sealed
from restart_engine.core.rule_table import RULE_IDS, RULES, START_RULE_IDS, RuleText

_LAWS: Final = (
    RuleText(
        "record",
        "ours",
        "the record follows from the plan",
        "the record of a restart follows from its plan: its start group with the skipped steps completed,"
        " nothing of the groups before, everything else In Queue",
    ),
    RuleText(
        "latest",
        "documented",
        "what is started becomes the latest",
        "what is started becomes the latest execution, under an id of its own; what is rejected changes"
        " nothing",
    ),
    RuleText(
        "turn",
        "documented",
        "one group after another",
        "groups run one after another, ascending, the steps of a group side by side and each once, until"
        " the execution is over",
    ),
    RuleText(
        "outcome",
        "ours",
        "what became of a step stays",
        "what became of a step stays in the record, also when the run is cut off",
    ),
    RuleText(
        "cut off",
        "ours",
        "a run that is cut off is over",
        "a run that is cut off is over, and the group that it was in has failed",
    ),
    RuleText(
        "one act",
        "documented",
        "deciding and starting are one act",
        "deciding and starting are one act: of restarts at the same moment one is started, and the others"
        " find it running",
    ),
    RuleText(
        "chain",
        "ours",
        "completed steps stay completed",
        "a completed step is not run again while a chain goes on resuming its group",
    ),
    RuleText(
        "end",
        "ours",
        "success leaves nothing to resume",
        "an execution whose steps have all succeeded leaves nothing failed to resume",
    ),
    RuleText(
        "one profile",
        "ours",
        "one way throughout",
        "an implementation may differ where the rules are silent, but not from itself",
    ),
)
LAWS: Final = {law.id: law for law in _LAWS}
"""What a host has to keep beside the rules of the decision, by id."""
EXERCISED: Final = (
    *RULE_IDS,
    *START_RULE_IDS,
    "execute",
    "edit",
    "cut off",
    "lost history",
    "race",
    "chain of 2",
    "chain of 3",
)
"""What a check counts: starts and rejections by rule, moves, and restarts of restarts (3 or more as 3)."""


@final
@frozen(kw_only=True)
class HostFault(Sealed):
    """What is wrong with a host, and the smallest story found that shows it."""

    rule: str
    """The id of the rule or law broken."""
    kind: str
    """What the host does, in words that are the same wherever it does it."""
    detail: str
    """With which step, group or answer; may be blank."""
    allowed: str
    """What it might have done instead; blank where the law says that."""
    story: tuple[str, ...]
    """What the check did and the host answered, a line each, and last what the host shows."""
    against: tuple[str, ...] = ()
    """Another story that this one contradicts; only where the host differs from itself between hosts."""

    @property
    def text(self) -> RuleText:
        """The rule or law broken, with its sentence."""
        return LAWS.get(self.rule) or RULES[self.rule]


@final
@frozen(kw_only=True)
class HostFailure(Sealed):
    """Why a host could not be judged to the end."""

    cause: str
    story: tuple[str, ...]


@final
@frozen(kw_only=True)
class HostReport(Sealed):
    """What the stateful check found."""

    seed: int
    stories: int
    """How many were told, each to a host of its own."""
    faults: tuple[HostFault, ...]
    profiles: frozenset[Profile]
    """Those that explain everything that is no fault."""
    counts: tuple[tuple[str, int], ...]
    """How often the stories came to each of `EXERCISED`."""
    not_exercised: tuple[str, ...]
    """What none came to; lost history is not missed, nor is R5, in a host that never loses it."""
    failure: HostFailure | None

    @property
    def verdict(self) -> Verdict:
        """What the faults and the way the check ended come to."""
        fell_short = self.failure is not None or bool(self.not_exercised)
        return verdict_on(faulty=bool(self.faults), fell_short=fell_short)

    @property
    def conforms(self) -> bool:
        """Whether the verdict is that it does."""
        return self.verdict == "conforms"


def host_report_text(report: HostReport) -> str:
    """The report as a person reads it: the verdict first, the freedoms, then each fault with its story."""
    return "\n".join(_lines(report))


def _lines(report: HostReport) -> Iterator[str]:
    found = f": {counted_faults(len(report.faults))}" if report.faults else ""
    yield f"{report.verdict}{found} ({report.stories} stories told, seed {report.seed})"
    if report.failure is not None:
        yield f"the check ended early: {report.failure.cause}"
        yield from (f"   {line}" for line in report.failure.story)
    if report.not_exercised:
        yield f"not exercised: {', '.join(report.not_exercised)}"
    yield ", ".join(f"{name} {count}" for name, count in report.counts)
    told = told_apart(report.profiles)
    for freedom in FREEDOMS:
        values = told[freedom]
        yield f"{freedom.member}: {'not seen' if len(values) > 1 else freedom.when[next(iter(values))]}"
    for number, fault in enumerate(report.faults, 1):
        yield ""
        yield f"{number}. {fault.rule} [{fault.text.source}]: {fault.text.sentence}"
        yield f"   {fault.kind}{': ' if fault.detail else ''}{fault.detail}"
        yield from (f"   {line}" for line in fault.story)
        if fault.allowed:
            yield f"   allowed: {fault.allowed}"
        if fault.against:
            yield "   and in another story:"
            yield from (f"   {line}" for line in fault.against)
