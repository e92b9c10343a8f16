"""The stateful check: a host is driven through chains of executions, and everything it shows is judged.

What a host reports of groups and executions is a fact; what the check itself did, and what a restart
follows from, is not. After every move the host's record and its waiting steps are held against that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import evolve
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,  # pyright: ignore[reportUnknownVariableType]  # Hypothesis leaves it untyped
)

from restart_engine.conformance.host import Host
from restart_engine.conformance.host_report import (
    EXERCISED,
    LAWS,
    HostFailure,
    HostFault,
    HostReport,
    host_report_text,
)
from restart_engine.conformance.profile import PROFILES, Profile
from restart_engine.conformance.scripts import EDITED, OVER, SCRIPTS, Move, races
from restart_engine.conformance.story import Found, Story, two_ways, words_of
from restart_engine.conformance.strategies import load_plans
from restart_engine.conformance.view import Wrong
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.rule_table import RULES
from restart_engine.core.rules import HistoryUnavailable
from restart_engine.core.status import Status

EXAMPLES: Final = 80
"""Random stories of a default run."""


STEPS: Final = 30
"""Moves of a random story, at most."""


_SMALLER: Final = 250
"""Stories told to make those that show a fault smaller, at most."""


_FAR: Final = 4
_WHICH: Final = ("latest", "latest", "latest", "none", "older", "zero", "unknown")
Signature: TypeAlias = tuple[str, str]
"""What makes two faults the same one: the law broken and what the host does."""
Edit: TypeAlias = Callable[[tuple[str, ...]], tuple[str, ...] | None]
"""What the steps of a group become; none where the group goes."""
_EDITS: Final[tuple[Edit, ...]] = (
    lambda names: names[1:],
    lambda names: (*names, "New.step") if "New.step" not in names else names,
    lambda names: names[::-1],
    lambda _: None,
)


def _edited(plan: LoadPlan, place: int, how: Edit) -> LoadPlan:
    """The plan with the group at this place changed; one without a group gets one."""
    if not plan.groups:
        return EDITED
    groups = {group.sequence: group.names for group in plan.groups}
    sequence = plan.sequences[place % len(plan.sequences)]
    names = how(groups.pop(sequence))
    if names is not None:
        groups[sequence] = names
    return evolve(plan, groups=tuple(LoadGroup(at, of) for at, of in groups.items()))


def _sequence(plan: LoadPlan, place: int) -> int:
    """The sequence of a group of the plan, counted from 1 and round; of 0 or less, and too far, none's."""
    if place <= 0 or place > _FAR or not plan.groups:
        return place
    return plan.sequences[(place - 1) % len(plan.sequences)]


class _Shown(AssertionError):
    """Raised where a random story shows what no script did, for Hypothesis to shrink it.

    Each fault has a class of its own: that is how Hypothesis tells faults apart.
    """


class _Stopped(BaseException):
    """Enough stories were told to make others smaller: out of everything, Hypothesis included."""


class Kit:
    """What one check has told and found."""

    def __init__(self, make: Callable[[], Host]) -> None:
        self._make = make
        self.stories = 0
        self.counts: Counter[str] = Counter()
        self.faults: dict[Signature, HostFault] = {}
        self.failure: HostFailure | None = None
        self.profiles = frozenset(PROFILES)
        self._narrowed: list[tuple[frozenset[Profile], tuple[str, ...]]] = []
        self._scripted: frozenset[Signature] = frozenset()
        self._classes: dict[Signature, type[_Shown]] = {}
        self._smaller = 0

    def open(self, profiles: frozenset[Profile]) -> Story | None:
        """A story of a host of its own; none where no host could be made."""
        self.stories += 1
        if self._classes:
            self._smaller += 1
            if self._smaller > _SMALLER:
                raise _Stopped
        try:
            return Story(self._make(), profiles, self.counts)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's host may raise anything
            self._fail(f"no host is made: {words_of(error)}", ())
            return None

    def tell(self, story: Story, move: Move) -> Found | None:
        """Make a move; gives what was found, which ends the story."""
        try:
            move(story)
        except Found as found:
            wrong = found.wrong
            if not wrong.law:
                self._fail(": ".join(filter(None, (wrong.kind, wrong.detail))), tuple(story.lines))
            else:
                within = found.explained & story.assumed
                self._keep(wrong, found.allowed, story, () if within else self._against(found.explained))
            return found
        return None

    def close(self, story: Story, found: Found | None) -> None:
        """The host is closed, and what a story that found nothing showed of the freedoms is kept."""
        try:
            story.host.close()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # likewise
            self._fail(f"closing the host: {words_of(error)}", tuple(story.lines))
        kept = self.profiles & story.profiles
        if found is not None or kept == self.profiles:
            return
        if kept:
            self.profiles = kept
            self._narrowed.append((story.profiles, tuple(story.lines)))
        else:
            self._keep(two_ways(self.profiles, story.profiles), "", story, self._against(story.profiles))

    def script(self, moves: tuple[Move, ...]) -> None:
        """Tell a story as it stands; it may use the freedoms in any way, if only in one."""
        story = self.open(frozenset(PROFILES))
        if story is not None:
            self.close(story, next(filter(None, (self.tell(story, move) for move in moves)), None))

    def random(self, number: int, examples: int, steps: int) -> None:
        """Tell stories drawn at random; those that show a fault that no script did are made smaller."""
        self._scripted = frozenset(self.faults)
        profiles = self.profiles

        @seeded(number)
        def machine() -> Machine:
            return Machine(self, profiles)

        quiet = settings(
            max_examples=examples,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.filter_too_much,
                HealthCheck.data_too_large,
            ],
            verbosity=Verbosity.quiet,
        )
        try:
            run_state_machine_as_test(machine, settings=quiet)  # type: ignore[arg-type]  # any callable will do
        except (_Shown, _Stopped):
            return
        except Flaky:
            self._wavers()
        except BaseExceptionGroup as several:
            others = several.split((_Shown, Flaky))[1]
            if others is not None:
                raise others from None

    def _wavers(self) -> None:
        """A story told again went otherwise: no matter where the host's faults show only now and then."""
        if not self.faults:
            self._fail("a story that is told again does not go as before", ())

    def new(self, found: Found) -> _Shown | None:
        """The error by which Hypothesis knows what was found; none where a script has shown it."""
        signature = (found.wrong.law, found.wrong.kind)
        if signature in self._scripted:
            return None
        return self._classes.setdefault(signature, type("Shown", (_Shown,), {}))()

    def _keep(self, wrong: Wrong, allowed: str, story: Story, against: tuple[str, ...]) -> None:
        """Keep a fault in the shortest story that shows it."""
        before, lines = self.faults.get((wrong.law, wrong.kind)), (*story.lines, *story.shows())
        if before is None or len(lines) < len(before.story):
            self.faults[wrong.law, wrong.kind] = HostFault(
                rule=wrong.law,
                kind=wrong.kind,
                detail=wrong.detail,
                allowed=allowed,
                story=lines,
                against=against,
            )

    def _fail(self, cause: str, story: tuple[str, ...]) -> None:
        if self.failure is None or len(story) < len(self.failure.story):
            self.failure = HostFailure(cause=cause, story=story)

    def _against(self, explained: frozenset[Profile]) -> tuple[str, ...]:
        """An earlier story that none of these profiles explains."""
        if not explained:
            return ()
        return next((lines for profiles, lines in self._narrowed if not profiles & explained), ())


Change: TypeAlias = Callable[[Story, int, LoadPlan], None]


def _edits(how: Edit) -> Change:
    def change(story: Story, place: int, _plan: LoadPlan) -> None:
        story.save(_edited(story.plan, place, how))

    return change


def _replaces(story: Story, _place: int, plan: LoadPlan) -> None:
    story.save(plan)


def _forgets(story: Story, _place: int, _plan: LoadPlan) -> None:
    story.lose()


_CHANGES: Final = (*map(_edits, _EDITS), _replaces, _forgets)
_PLANS: Final = load_plans(max_groups=3).filter(lambda plan: any(group.names for group in plan.groups))


class Machine(RuleBasedStateMachine):
    """A story drawn at random. Once something is found, or no host could be made, nothing more is done."""

    def __init__(self, kit: Kit, profiles: frozenset[Profile]) -> None:
        super().__init__()
        self.kit = kit
        self.story = kit.open(profiles)
        self.found: Found | None = None

    def goes_on(self) -> bool:
        """Whether there is anything left to find in this story."""
        return self.story is not None and self.found is None

    def runs(self) -> bool:
        """Whether an execution is active."""
        return self.goes_on() and self.story is not None and self.story.active

    def is_over(self) -> bool:
        """Whether none is, but one was."""
        return self.goes_on() and self.story is not None and self.story.latest is not None and not self.runs()

    def move(self, move: Move) -> None:
        """Make a move; what is found and is new is raised."""
        if self.story is None or self.found is not None:
            return
        self.found = self.kit.tell(self.story, move)
        error = None if self.found is None else self.kit.new(self.found)
        if error is not None:
            raise error

    @initialize(plan=_PLANS)
    def begin(self, plan: LoadPlan) -> None:
        """Every story begins with a plan that is executed."""
        self.move(lambda story: story.save(plan))
        self.move(Story.execute)

    @precondition(runs)
    @rule(number=st.integers(0, 3), status=st.sampled_from(OVER))
    def end(self, number: int, status: Status) -> None:
        """A step ends."""
        self.move(lambda story: story.end(number, status))

    @precondition(runs)
    @rule(status=st.sampled_from(OVER))
    def play(self, status: Status) -> None:
        """The step that waits first ends so, and all others succeed."""
        self.move(lambda story: story.play({story.waiting[0]: status}))

    @precondition(runs)
    @rule()
    def cut_off(self) -> None:
        """The run dies."""
        self.move(Story.cut)

    @rule(place=st.integers(-1, _FAR + 1), which=st.sampled_from(_WHICH))
    def restart(self, place: int, which: str) -> None:
        """At one of the plan's groups or none, or at one that may not be there."""
        self.move(lambda story: story.restart(_sequence(story.plan, place), story.id_of(which)))

    @precondition(is_over)
    @rule(place=st.integers(0, 3))
    def resume(self, place: int) -> None:
        """With the latest id, so that chains grow."""
        self.move(lambda story: story.resume(_sequence(story.plan, place)))

    @precondition(is_over)
    @rule(place=st.integers(0, 3))
    def start(self, place: int) -> None:
        """Without an id, so that there is something to resume."""
        self.move(lambda story: story.restart(_sequence(story.plan, place), None))

    @precondition(is_over)
    @rule(place=st.integers(0, 3), which=st.sampled_from(["latest", "none"]), several=st.integers(2, 3))
    def race(self, place: int, which: str, several: int) -> None:
        """Several at the same moment, all the same: whichever starts, the story goes on as it did."""
        self.move(lambda story: races(*[(_sequence(story.plan, place), which)] * several)(story))

    @precondition(is_over)
    @rule(plan=_PLANS, place=st.integers(0, 3), how=st.sampled_from(_CHANGES))
    def change(self, plan: LoadPlan, place: int, how: Change) -> None:
        """One group is changed, or the plan is another one, or nothing is known of the steps any more."""
        self.move(lambda story: how(story, place, plan))

    def teardown(self) -> None:
        """The host is closed."""
        if self.story is not None:
            self.kit.close(self.story, self.found)


def check_host(
    make: Callable[[], Host], *, seed: int = 0, examples: int = EXAMPLES, steps: int = STEPS
) -> HostReport:
    """The verdict on a host, of which a new one is made for each story; the same seed, the same stories.

    Beside the scripts so many random stories are told, each of so many moves at most.
    """
    kit = Kit(make)
    for moves in SCRIPTS:
        if kit.failure is None:
            kit.script(moves)
    if kit.failure is None and examples > 0:
        kit.random(seed, examples, steps)
    order = [*RULES, *LAWS]
    excused = set[str]() if kit.counts["lost history"] else {HistoryUnavailable.rule, "lost history"}
    return HostReport(
        seed=seed,
        stories=kit.stories,
        faults=tuple(sorted(kit.faults.values(), key=lambda fault: (order.index(fault.rule), fault.kind))),
        profiles=kit.profiles,
        counts=tuple((name, kit.counts[name]) for name in EXERCISED),
        not_exercised=tuple(name for name in EXERCISED if not kit.counts[name] and name not in excused),
        failure=kit.failure,
    )


def assert_host_conforms(make: Callable[[], Host], *, seed: int = 0) -> None:
    """Raise `AssertionError` with the report as text, unless the host conforms."""
    report = check_host(make, seed=seed)
    if not report.conforms:
        raise AssertionError(host_report_text(report))
