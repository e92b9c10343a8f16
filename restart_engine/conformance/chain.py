"""The stateful check: a host is driven through chains of executions, and everything it shows is judged.

What a host reports of groups and executions is a fact; what the check itself did, and what a restart
follows from, is not. After every move the host's record and its waiting steps are held against that.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from threading import Barrier, Thread
from typing import Any, Final, TypeAlias, final

from attrs import evolve, frozen
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

from restart_engine.conformance.host import EXERCISED, LAWS, Host, HostFailure, HostFault, HostReport
from restart_engine.conformance.profile import PROFILES, Profile, told_apart
from restart_engine.conformance.reference import Allowed, Planned, Rejected, by_answer
from restart_engine.conformance.strategies import load_plans
from restart_engine.conformance.texts import TEXTS
from restart_engine.core.checks import Sealed
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.explanation import listed, named, request_text
from restart_engine.core.facts import Facts
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rules import REJECTIONS
from restart_engine.core.status import ACTIVE, COMPLETED, Status
from restart_engine.wire import WireError, decode_scenario, encode_scenario

EXAMPLES: Final = 80
"""Random stories of a default run."""
STEPS: Final = 30
"""Moves of a random story, at most."""
_SMALLER: Final = 250
"""Stories told to make those that show a fault smaller, at most."""
_ROUNDS: Final = 8
"""How often the races of the scripts are run: where two win depends on the machine."""
_PATIENCE: Final = 60.0
"""Seconds until restarts at the same moment have to be answered."""
_RULES: Final = frozenset(rejecting.rule for rejecting in REJECTIONS)
_STATELESS: Final = {profile: evolve(profile, records_skipped=True) for profile in PROFILES}

Place: TypeAlias = tuple[int, str]
"""A step: the sequence of its group, and its name."""
Option: TypeAlias = tuple[Allowed, Status]
"""An answer that is allowed, and what skipped steps are recorded as where it starts something."""


@final
@frozen
class _Wrong(Sealed):
    """What is wrong with what a host answers or shows; without a law it cannot be judged."""

    law: str
    kind: str
    detail: str = ""


class _Found(AssertionError):
    """Ends a story."""

    def __init__(self, wrong: _Wrong, allowed: str = "", explained: frozenset[Profile] = frozenset()) -> None:
        super().__init__(wrong)
        self.wrong, self.allowed, self.explained = wrong, allowed, explained


@final
@frozen(kw_only=True)
class _View(Sealed):
    """What a host shows of its latest execution, and all that this follows from."""

    planned: Planned
    skipped_as: Status
    run: dict[int, frozenset[str]]
    """What is to run of each group, ascending."""
    earlier: frozenset[str]
    """Of what is skipped, that which was so already in the execution resumed."""
    ended: Mapping[Place, Status]
    """What the check reported."""
    lost: bool
    """Whether what became of the steps is no longer known."""
    cut: bool
    cut_in: int | None
    """The group that had begun when the run was cut off."""
    latest: Execution
    waiting: tuple[Place, ...]

    def wrong(self) -> _Wrong | None:
        """The first thing that is wrong."""
        ways = (self._in_waiting(), self._in_turn(), self._in_steps(), self._in_groups(), self._when_over())
        return next(chain.from_iterable(ways), None)

    def _left(self, sequence: int) -> set[Place]:
        return {(sequence, name) for name in self.run.get(sequence, ())} - self.ended.keys()

    def _failing(self, sequence: int) -> bool:
        """Whether a step of the group has failed, after which a host may leave out the others."""
        return any(at == sequence and status not in COMPLETED for (at, _), status in self.ended.items())

    def _of(self, sequence: int) -> str:
        """The rule that makes a group run as it has to."""
        return "C1" if sequence in self.planned.after else str(self.planned.rule)

    def _in_waiting(self) -> Iterator[_Wrong]:
        """Exactly the steps wait that may run of one group."""
        if not self.latest.active:
            if self.waiting:
                yield _Wrong("turn", "runs steps of an execution that is over", _places(self.waiting))
            return
        if self.cut:
            yield _Wrong("cut off", "leaves a run active that was cut off")
        waiting = set(self.waiting)
        groups = {sequence for sequence, _ in waiting}
        may = set[Place]().union(*map(self._left, groups))
        yield from map(self._not_to_run, sorted(waiting - may))
        if not groups:
            yield _Wrong("turn", "stands still: the execution is active, and no step of it waits")
        if len(groups) > 1 or len(waiting) < len(self.waiting):
            yield _Wrong("turn", "runs two groups at once, or a step twice", _places(self.waiting))
        for sequence in sorted(groups):
            if may - waiting and not self._failing(sequence):
                out = _places(may - waiting)
                yield _Wrong(self._of(sequence), "leaves out steps that have to run", out)

    def _not_to_run(self, place: Place) -> _Wrong:
        (sequence, name), start = place, self.planned.start
        if place in self.ended:
            return _Wrong("turn", "runs a step again that is over", _places([place]))
        if sequence == start and name in self.planned.skip:
            law = "chain" if name in self.earlier else str(self.planned.rule)
            return _Wrong(law, "runs a step again that was completed", _places([place]))
        if sequence < start:
            return _Wrong(str(self.planned.rule), "runs a group before the start", _places([place]))
        return _Wrong("C6", "runs what is not in the plan as it stands", _places([place]))

    def _in_turn(self) -> Iterator[_Wrong]:
        """No group is passed whose steps have not run."""
        current = self.waiting[0][0] if self.waiting else 0
        for sequence, names in self.run.items():
            outcome, left = self.latest.outcome(sequence), self._left(sequence)
            status = Status.IN_QUEUE if outcome is None else outcome.status
            passed = sequence < current
            if left and (status is Status.SUCCEEDED or (passed and not self._failing(sequence))):
                yield _Wrong(self._of(sequence), "is done with a group before its steps ran", _places(left))
            if passed and names and status in ACTIVE:
                yield _Wrong("turn", "goes on before a group is over", f"group {shown(sequence)}")

    def _in_steps(self) -> Iterator[_Wrong]:
        """What became of steps is recorded, and of no others."""
        recorded = {
            (g.sequence, name): status for g in self.latest.groups for name, status in g.recorded or ()
        }
        for name in () if self.lost else sorted(self.planned.skip):
            place = (self.planned.start, name)
            found = recorded.pop(place, None)
            if found not in COMPLETED:
                yield _Wrong("record", "does not record a skipped step as completed", _places([place]))
            elif found is not self.skipped_as:
                yield _Wrong("one profile", "records skipped steps in two ways", _places([place]))
        for place, status in () if self.lost else self.ended.items():
            if recorded.pop(place, None) is not status:
                yield _Wrong("outcome", "loses or changes what became of a step", _places([place]))
        for place, status in sorted(recorded.items()):
            sequence, name = place
            if name not in self.run.get(sequence, (name,)):
                yield _Wrong("C6", "records a step that is not in the plan as it stands", _places([place]))
            if status in COMPLETED and sequence in self.run:
                law = "C1" if sequence in self.planned.after else "record"
                yield _Wrong(law, "records a step as completed that did not run", _places([place]))

    def _in_groups(self) -> Iterator[_Wrong]:
        """Nothing is recorded of the groups that do not run."""
        for group in self.latest.groups:
            if group.sequence not in self.run and (group.begun or group.completed):
                yield _Wrong(
                    "record", "records a group that it does not run", f"group {shown(group.sequence)}"
                )

    def _when_over(self) -> Iterator[_Wrong]:
        """An execution ends by its steps, and what was cut off has failed."""
        if self.latest.active:
            return
        failed = any(status not in COMPLETED for status in self.ended.values())
        left = set[Place]().union(*map(self._left, self.run))
        if left and not failed and not self.cut:
            yield _Wrong("turn", "ends before its steps ran, with none failed", _places(left))
        if self.cut_in is not None and self.cut_in not in self.latest.failed:
            yield _Wrong(
                "cut off", "records a group as not failed that was cut off", f"group {shown(self.cut_in)}"
            )
        if not left and not failed and self.latest.failed:
            yield _Wrong("end", "leaves a group failed whose steps all succeeded")


class _Story:
    """One host, what was done with it, and whether all that it shows can still be explained."""

    def __init__(self, host: Host, profiles: frozenset[Profile], counts: Counter[str]) -> None:
        self.host = host
        self.assumed = self.profiles = profiles
        self.lines: list[str] = []
        self.plan = LoadPlan("P", ())
        self.latest: Execution | None = None
        self.waiting: tuple[Place, ...] = ()
        self.lost = False
        self._counts = counts
        self._asked: Execution | None = None
        """What the host showed when it was asked for what is being judged."""
        self._ids: list[int] = []
        self._links = 0
        self._options: dict[Option, frozenset[Profile]] = {}
        """What the execution under way may be, and under which profiles."""
        self._running = self.plan
        self._ended: dict[Place, Status] = {}
        self._before: dict[Place, Status] = {}
        self._cut = False
        self._cut_in: int | None = None

    @property
    def active(self) -> bool:
        """Whether the latest execution is active."""
        return self.latest is not None and self.latest.active

    def save(self, plan: LoadPlan) -> None:
        """Create or edit the plan."""
        self.plan = LoadPlan(self.plan.name, plan.groups)
        groups = (f"{shown(group.sequence)} ({named(group.step_names)})" for group in self.plan.groups)
        self.lines.append(f"save the plan of the groups {listed(groups)}")
        self._counts["edit"] += bool(self._ids)
        self._call(self.host.save_plan, self._document(RestartRequest(0))["plan"])
        self._settle()

    def execute(self) -> None:
        """Start from the beginning, which is judged as a restart from there."""
        facts = Facts(self.plan, RestartRequest(0), self.latest)
        self._counts["execute"] += 1
        self.lines.append("execute")
        answer = self._answer(self._call(self.host.execute))
        self.lines[-1] += f": {_answered(answer)}"
        self._counts[self._judge(facts, answer)] += 1

    def restart(self, sequence: int, execution_id: int | None) -> None:
        """Ask for a restart."""
        request = RestartRequest(sequence, execution_id=execution_id)
        facts = Facts(self.plan, request, self.latest)
        self.lines.append(f"restart with {request_text(request)}")
        answer = self._answer(self._call(self.host.restart, self._document(request)["request"]))
        self.lines[-1] += f": {_answered(answer)}"
        self._counts[self._judge(facts, answer)] += 1

    def resume(self, sequence: int = 0) -> None:
        """Ask for a restart with the latest id."""
        self.restart(sequence, self.id_of("latest"))

    def id_of(self, which: str) -> int | None:
        """An id that a request may give: the latest, an older one, 0, one never given or none."""
        ids = self._ids or [1]
        given = {"latest": ids[-1], "older": ids[0], "zero": 0, "unknown": max(ids) + 1}
        return given.get(which)

    def race(self, *requests: RestartRequest) -> None:
        """Ask for several restarts at the same moment, if each would be started and has something to run."""
        asked = [Facts(self.plan, request, self.latest) for request in requests]
        if not all(map(self._startable, asked)):
            return
        self._counts["race"] += 1
        bodies = [self._document(request)["request"] for request in requests]
        said = [f"at the same moment restart with {request_text(request)}" for request in requests]
        self.lines += said
        answers = [self._answer(given) for given in self._call(_at_once, self.host.restart, bodies)]
        for place, answer in enumerate(answers, -len(said)):
            self.lines[place] += f": {_answered(answer)}"
        started = [facts for facts, answer in zip(asked, answers, strict=True) if isinstance(answer, int)]
        if len(started) > 1:
            self._look()
            raise _Found(_Wrong("one act", "starts more than one of the restarts of the same moment"),
                         "one is started, the others are rejected by R1")  # fmt: skip
        if not started:
            self._judge(asked[0], answers[0])
        for facts, answer in zip(asked, answers, strict=True):
            late = ("R1",) if facts.request.execution_id is None else ("R1", "R2")
            if isinstance(answer, str) and answer not in late:
                raise _Found(_Wrong("one act", "rejects the later restart as if none had started", answer),
                             f"rejected by {' or '.join(late)}")  # fmt: skip
        self._judge(started[0], next(answer for answer in answers if isinstance(answer, int)))

    def end(self, number: int, status: Status) -> None:
        """A step that waits has run, and ended so."""
        sequence, name = self.waiting[number % len(self.waiting)]
        self.lines.append(f"{_places([(sequence, name)])} ends as {status}")
        self._call(self.host.end_step, sequence, name, str(status))
        self._ended[sequence, name] = status
        self._settle()

    def play(self, failing: Mapping[Place, Status] | None = None) -> None:
        """Run to the end, with these steps failing."""
        while self.waiting:
            self.end(0, (failing or {}).get(self.waiting[0], Status.SUCCEEDED))

    def cut(self) -> None:
        """The run dies."""
        self.lines.append("the run is cut off")
        self._counts["cut off"] += 1
        assert self.latest is not None
        begun = [g.sequence for g in self.latest.groups if g.begun and g.status in ACTIVE and self.waiting]
        self._call(self.host.cut_off)
        self._cut, self._cut_in = True, next((at for at in begun if at == self.waiting[0][0]), None)
        self._settle()

    def lose(self) -> None:
        """What became of the steps is lost."""
        self.lines.append("the step history is lost")
        if self._call(self.host.lose_history):
            self._counts["lost history"] += 1
            self.lost = True
            self._settle()
        else:
            self.lines[-1] = "the step history cannot be lost"

    def shows(self) -> tuple[str, ...]:
        """What the host shows now, and showed when it was asked."""
        before = () if self._asked is None else (f"before it showed {_record(self._asked)}",)
        if self.latest is None:
            return (*before, "it shows no execution")
        return (*before, f"it shows {_record(self.latest)}", f"waiting: {_places(self.waiting)}")

    def _startable(self, facts: Facts) -> bool:
        for (answer, _), profiles in _options(facts).items():
            if profiles & self.profiles:
                if isinstance(answer, Rejected):
                    return False
                later = (g.step_names for g in facts.plan.groups if g.sequence in answer.after)
                if not answer.run and not any(later):
                    return False
        return True

    def _judge(self, facts: Facts, answer: int | str) -> str:
        """Hold an answer, and what it started, against what the rules allow under one profile.

        Gives the id of the rule that the answer follows from.
        """
        started = isinstance(answer, int)
        self._asked = facts.latest
        if isinstance(answer, int):
            self._begin(facts, answer)
        options = _options(facts)
        wrongs = {option: self._wrong(option, answer) for option in options}
        explained = frozenset[Profile]().union(*(options[o] for o, wrong in wrongs.items() if wrong is None))
        kept = self.profiles & explained
        if not kept:
            presumed = next(profile for profile in PROFILES if profile in self.profiles)
            option = next(option for option, profiles in options.items() if presumed in profiles)
            wrong = wrongs[option]
            assert wrong is not None
            if explained:
                wrong = _two_ways(self.profiles, explained)
            raise _Found(wrong, _allowed(*option), explained)
        self.profiles, self._asked = kept, None
        held = {o: options[o] & kept for o, wrong in wrongs.items() if wrong is None} if started else {
            option: profiles & kept for option, profiles in self._options.items()
        }  # fmt: skip
        self._options = {option: profiles for option, profiles in held.items() if profiles}
        if started:
            planned = next(iter(self._options))[0]
            assert isinstance(planned, Planned)
            self._links = self._links + 1 if facts.resumes() else 0
            if self._links > 1:
                self._counts[f"chain of {min(self._links, 3)}"] += 1
            return str(planned.rule)
        self._settle()
        return str(answer)

    def _begin(self, facts: Facts, execution_id: int) -> None:
        """Another execution is under way, and the host has to show it."""
        if execution_id in self._ids:
            raise _Found(_Wrong("latest", "gives an id again", shown(execution_id)))
        self._ids.append(execution_id)
        self._before = {} if self.lost else self._ended
        self._running, self._ended, self._cut, self._cut_in, self.lost = facts.plan, {}, False, None, False
        self._look()
        if self.latest is None or self.latest.id != execution_id:
            raise _Found(_Wrong("latest", "does not show what it started as the latest"))

    def _settle(self) -> None:
        """See what the host shows now; it has to be the same execution as before."""
        self._look()
        if (self.latest and self.latest.id) != (self._ids[-1] if self._ids else None):
            raise _Found(_Wrong("latest", "shows another execution though none was started"))
        wrongs = {option: self._wrong(option, self._ids[-1]) for option in self._options}
        held = {option: self._options[option] for option, wrong in wrongs.items() if wrong is None}
        for option, wrong in wrongs.items():
            if wrong is not None and not held:
                raise _Found(wrong, _allowed(*option))
        if held:
            self._options = held
            self.profiles = frozenset[Profile]().union(*held.values())

    def _wrong(self, option: Option, answer: int | str) -> _Wrong | None:
        """What is wrong with an answer, or with what it started, where this is allowed."""
        allowed, skipped_as = option
        if isinstance(allowed, Rejected):
            if isinstance(answer, int):
                return _Wrong(allowed.rules[0], "starts what has to be rejected")
            known = answer in allowed.rules
            return None if known else _Wrong(allowed.rules[0], "rejects by a rule that does not hold", answer)
        if isinstance(answer, str):
            return _Wrong(str(allowed.rule), "rejects what has to be accepted", answer)
        assert self.latest is not None
        run = {
            g.sequence: frozenset(g.step_names) for g in self._running.groups if g.sequence in allowed.after
        }
        completed = {name for (at, name), s in self._before.items() if at == allowed.start and s in COMPLETED}
        return _View(
            planned=allowed,
            skipped_as=skipped_as,
            run={allowed.start: allowed.run} | run,
            earlier=allowed.skip - completed,
            ended=self._ended,
            lost=self.lost,
            cut=self._cut,
            cut_in=self._cut_in,
            latest=self.latest,
            waiting=self.waiting,
        ).wrong()

    def _look(self) -> None:
        """Read the host's record and its waiting steps."""
        record, waiting = self._call(self.host.latest), self._call(self.host.waiting)
        try:
            document = self._document(RestartRequest(0)) | {"latest": record}
            self.latest = decode_scenario(json.dumps(document)).latest
            self.waiting = tuple(sorted((sequence, name) for sequence, name in waiting))
        except (WireError, TypeError, ValueError) as error:
            raise _Found(_Wrong("", "shows what cannot be read", str(error))) from error

    def _call(self, method: Callable[..., Any], *args: object) -> Any:  # read by whoever calls
        try:
            return method(*args)
        except Exception as error:
            raise _Found(
                _Wrong("", f"raises {type(error).__name__}", " ".join(str(error).split()))
            ) from error

    def _document(self, request: RestartRequest) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(encode_scenario(Facts(self.plan, request, None)))
        return document

    def _answer(self, given: object) -> int | str:
        match given:
            case {"execution": int(execution_id)} if execution_id > 0 and execution_id is not True:
                return execution_id
            case {"rule": str(rejecting)} if rejecting in _RULES:
                return rejecting
            case _:
                raise _Found(_Wrong("", "answers with neither an execution nor a rule", shown(given)))


def _at_once(restart: Callable[[Any], object], bodies: list[Any]) -> list[object]:
    """What each of these is answered when all are sent at the same moment."""
    barrier, answers = Barrier(len(bodies)), dict[int, object]()
    raised: list[Exception] = []

    def send(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = restart(bodies[number])
        except Exception as error:  # noqa: BLE001  # raised again where it is told
            raised.append(error)

    threads = [Thread(target=send, args=[number], daemon=True) for number in range(len(bodies))]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that threads of one process meet in a small window too
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_PATIENCE)
    finally:
        sys.setswitchinterval(interval)
    if raised:
        raise raised[0]
    if len(answers) < len(bodies):
        raise TimeoutError(f"restarts at the same moment are not answered within {_PATIENCE:.0f} seconds")
    return [answers[number] for number in range(len(bodies))]


def _options(facts: Facts) -> dict[Option, frozenset[Profile]]:
    """Everything that is allowed, and under which profiles."""
    found: dict[Option, frozenset[Profile]] = {}
    for answers, stateless in by_answer(facts).items():
        for skips, status in ((True, Status.SKIPPED), (False, Status.SUCCEEDED)):
            among = {p for p in PROFILES if p.records_skipped is skips and _STATELESS[p] in stateless}
            for answer in answers:
                found[answer, status] = found.get((answer, status), frozenset()) | among
    return found


def _two_ways(before: frozenset[Profile], now: frozenset[Profile]) -> _Wrong:
    values = told_apart(now)
    ways = [
        f"{freedom.when[min(was)]} before, and now {freedom.when[min(values[freedom])]}"
        for freedom, was in told_apart(before).items()
        if not was & values[freedom]
    ]
    return _Wrong("one profile", "uses a freedom in two ways", "; ".join(ways))


def _words(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _answered(answer: int | str) -> str:
    return f"execution {shown(answer)}" if isinstance(answer, int) else f"rejected by {answer}"


def _places(places: Iterator[Place] | Any) -> str:
    return listed(f"{named([name])} of group {shown(sequence)}" for sequence, name in sorted(places))


def _record(run: Execution) -> str:
    return f"execution {shown(run.id)} {run.status}: {'; '.join(map(_outcome, run.groups)) or 'no group'}"


def _outcome(group: GroupOutcome) -> str:
    steps = (
        "no history"
        if group.recorded is None
        else listed(f"{named([n])} {s}" for n, s in sorted(group.recorded))
    )
    return f"group {shown(group.sequence)} {group.status} ({steps})"


def _allowed(allowed: Allowed, skipped_as: Status) -> str:
    if isinstance(allowed, Rejected):
        return f"rejected by {' or '.join(allowed.rules)}"
    skipped = f", skipped as {skipped_as} {named(sorted(allowed.skip))}" if allowed.skip else ""
    after = f", then {listed(map(shown, allowed.after))}" if allowed.after else ""
    return f"{allowed.rule}: group {shown(allowed.start)} runs {named(sorted(allowed.run))}{skipped}{after}"


_A, _B = (1, "A.a"), (1, "A.b")
_C, _D = (3, "A.a"), (3, "B.c")
_PLAN: Final = LoadPlan("P", (LoadGroup.parse(1, ["A.a", "A.b"]), LoadGroup.parse(3, ["A.a", "B.c"])))
_EDITED: Final = LoadPlan("P", (LoadGroup.parse(1, ["A.b", "A.new"]), LoadGroup.parse(2, ["C.d"])))
_OVER: Final = (Status.SUCCEEDED, Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED)
_F: Final = Status.FAILED
Move: TypeAlias = Callable[[_Story], None]


def _asks(sequence: int, which: str) -> Move:
    return lambda story: story.restart(sequence, story.id_of(which))


def _fails(*places: Place, status: Status = _F) -> Move:
    return lambda story: story.play(dict.fromkeys(places, status))


def _resumes(sequence: int = 0) -> Move:
    return _asks(sequence, "latest")


def _ends(*statuses: Status) -> Move:
    def move(story: _Story) -> None:
        for status in statuses:
            if story.waiting:
                story.end(0, status)

    return move


def _races(*asked: tuple[int, str]) -> Move:
    def move(story: _Story) -> None:
        story.race(*(RestartRequest(sequence, execution_id=story.id_of(which)) for sequence, which in asked))

    return move


def _saves(plan: LoadPlan) -> Move:
    return lambda story: story.save(plan)


def _if_active(move: Move) -> Move:
    return lambda story: move(story) if story.active else None


def _if_over(move: Move) -> Move:
    return lambda story: None if story.active else move(story)


_saved, _all, _cuts, _loses = _saves(_PLAN), _fails(), _if_active(_Story.cut), _if_over(_Story.lose)
_started: Final = (_saved, _Story.execute)
_failed: Final = (*_started, _fails(_B))
_TWO: Final = _races((0, "latest"), (0, "latest"))
SCRIPTS: Final[tuple[tuple[Move, ...], ...]] = (
    (_saved, _asks(0, "none"), _resumes(), _all),
    (_saved, _resumes(), _asks(-1, "none")),
    (_saved, _asks(3, "none"), _all, _resumes()),
    (_saved, _asks(2, "none")),
    (_saves(LoadPlan("P", ())), _asks(0, "none")),
    (*_started, _all, _resumes(), _resumes(1), _asks(0, "none")),
    (*_started, _asks(0, "none"), _asks(3, "none"), _asks(0, "unknown")),
    (*_started, _Story.execute),
    (*_failed, _asks(0, "unknown"), _asks(9, "latest"), _asks(-(2**63), "latest"), _all, _resumes()),
    (*_failed, _resumes(1), _fails(_D), _resumes(1)),
    (*_failed, _resumes(3), _all, _resumes()),
    (*_failed, _resumes(), _fails(_B), _resumes(), _fails(_B), _resumes(), _all, _resumes()),
    (*_failed, _resumes(), _fails(_D), _resumes(), _all, _resumes()),
    (*_failed, _resumes(), _fails(_D), _asks(0, "older")),
    (*_started, _fails(_D), _asks(0, "none"), _fails(_B), _resumes()),
    (*_started, _fails(_A, _B), _resumes(), _fails(_A), _resumes()),
    (*_started, _fails(_C, _D), _resumes(1), _all, _resumes()),
    (*_started, _cuts, _resumes(), _asks(1, "none"), _cuts, _resumes(1)),
    (*_started, _ends(Status.SUCCEEDED), _cuts, _resumes(), _cuts, _resumes(), _resumes(1), _all),
    (*_started, _ends(*[Status.SUCCEEDED] * 3), _cuts, _resumes(), _ends(Status.SUCCEEDED), _resumes()),
    (*_failed, _resumes(), _cuts, _resumes(), _resumes(1)),
    (*_failed, _saves(_EDITED), _resumes(), _fails((1, "A.new")), _resumes()),
    (*_started, _fails(_A), _saves(_EDITED), _resumes(), _all),
    (*_started, _fails(_D), _saves(_EDITED), _resumes(), _resumes(1), _all),
    (*_failed, _loses, _resumes(), _asks(1, "none"), _all, _loses, _resumes(1)),
    (*_started, _fails(_D), _loses, _resumes(3), _resumes(1), _all, _resumes()),
    *((*_started, _fails(_A, _B, status=status), _resumes(), _resumes(1)) for status in _OVER[2:]),
    (*_failed, _asks(1, "zero"), _all, _asks(0, "zero")),
    *[(*_failed, _TWO), (*_failed, _races((0, "none"), (0, "none"))), (*_failed, _TWO)] * _ROUNDS,
    (*_failed, _races((0, "latest"), (1, "none"), (3, "latest"))),
)
"""The stories that every check begins with: what there is to do wrong, in the fewest moves that show it."""


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
        return _EDITED
    groups = {group.sequence: group.step_names for group in plan.groups}
    sequence = plan.sequences[place % len(plan.sequences)]
    names = how(groups.pop(sequence))
    if names is not None:
        groups[sequence] = names
    return LoadPlan(plan.name, tuple(LoadGroup.parse(at, of) for at, of in groups.items()))


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


class _Kit:
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

    def open(self, profiles: frozenset[Profile]) -> _Story | None:
        """A story of a host of its own; none where no host could be made."""
        self.stories += 1
        if self._classes:
            self._smaller += 1
            if self._smaller > _SMALLER:
                raise _Stopped
        try:
            return _Story(self._make(), profiles, self.counts)
        except Exception as error:  # noqa: BLE001  # a stranger's host may raise anything
            self._fail(f"no host is made: {_words(error)}", ())
            return None

    def tell(self, story: _Story, move: Move) -> _Found | None:
        """Make a move; gives what was found, which ends the story."""
        try:
            move(story)
        except _Found as found:
            wrong = found.wrong
            if not wrong.law:
                self._fail(": ".join(filter(None, (wrong.kind, wrong.detail))), tuple(story.lines))
            else:
                within = found.explained & story.assumed
                self._keep(wrong, found.allowed, story, () if within else self._against(found.explained))
            return found
        return None

    def close(self, story: _Story, found: _Found | None) -> None:
        """The host is closed, and what a story that found nothing showed of the freedoms is kept."""
        try:
            story.host.close()
        except Exception as error:  # noqa: BLE001  # likewise
            self._fail(f"closing the host: {_words(error)}", tuple(story.lines))
        kept = self.profiles & story.profiles
        if found is not None or kept == self.profiles:
            return
        if kept:
            self.profiles = kept
            self._narrowed.append((story.profiles, tuple(story.lines)))
        else:
            self._keep(_two_ways(self.profiles, story.profiles), "", story, self._against(story.profiles))

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
        def machine() -> _Machine:
            return _Machine(self, profiles)

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

    def new(self, found: _Found) -> _Shown | None:
        """The error by which Hypothesis knows what was found; none where a script has shown it."""
        signature = (found.wrong.law, found.wrong.kind)
        if signature in self._scripted:
            return None
        return self._classes.setdefault(signature, type("Shown", (_Shown,), {}))()

    def _keep(self, wrong: _Wrong, allowed: str, story: _Story, against: tuple[str, ...]) -> None:
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


Change: TypeAlias = Callable[[_Story, int, LoadPlan], None]


def _edits(how: Edit) -> Change:
    def change(story: _Story, place: int, _plan: LoadPlan) -> None:
        story.save(_edited(story.plan, place, how))

    return change


def _replaces(story: _Story, _place: int, plan: LoadPlan) -> None:
    story.save(plan)


def _forgets(story: _Story, _place: int, _plan: LoadPlan) -> None:
    story.lose()


_CHANGES: Final = (*map(_edits, _EDITS), _replaces, _forgets)
_PLANS: Final = load_plans(max_groups=3).filter(lambda plan: any(group.step_names for group in plan.groups))


class _Machine(RuleBasedStateMachine):
    """A story drawn at random. Once something is found, or no host could be made, nothing more is done."""

    def __init__(self, kit: _Kit, profiles: frozenset[Profile]) -> None:
        super().__init__()
        self.kit = kit
        self.story = kit.open(profiles)
        self.found: _Found | None = None

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
        self.move(_Story.execute)

    @precondition(runs)
    @rule(number=st.integers(0, 3), status=st.sampled_from(_OVER))
    def end(self, number: int, status: Status) -> None:
        """A step ends."""
        self.move(lambda story: story.end(number, status))

    @precondition(runs)
    @rule(status=st.sampled_from(_OVER))
    def play(self, status: Status) -> None:
        """The step that waits first ends so, and all others succeed."""
        self.move(lambda story: story.play({story.waiting[0]: status}))

    @precondition(runs)
    @rule()
    def cut_off(self) -> None:
        """The run dies."""
        self.move(_Story.cut)

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
        self.move(lambda story: _races(*[(_sequence(story.plan, place), which)] * several)(story))

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
    kit = _Kit(make)
    for moves in SCRIPTS:
        if kit.failure is None:
            kit.script(moves)
    if kit.failure is None:
        kit.random(seed, examples, steps)
    order = [*TEXTS, *LAWS]
    excused = set[str]() if kit.counts["lost history"] else {"R5", "lost history"}
    return HostReport(
        seed=seed,
        stories=kit.stories,
        faults=tuple(sorted(kit.faults.values(), key=lambda fault: (order.index(fault.rule), fault.kind))),
        profiles=kit.profiles,
        counts=tuple((name, kit.counts[name]) for name in EXERCISED),
        not_exercised=tuple(name for name in EXERCISED if not kit.counts[name] and name not in excused),
        failure=kit.failure,
    )
