"""A story: one host, what is done with it, and whether all that it shows can still be explained."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Barrier, Thread
from typing import Any, Final, TypeAlias

from attrs import evolve

from restart_engine.conformance.host import Host
from restart_engine.conformance.profile import PROFILES, Profile, told_apart
from restart_engine.conformance.reference import Allowed, Planned, Rejected, by_answer
from restart_engine.conformance.view import Place, View, Wrong, places_text
from restart_engine.core.errors import shown
from restart_engine.core.execution import Execution, GroupOutcome
from restart_engine.core.explanation import listed, named, request_text
from restart_engine.core.plan import LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.rule_table import RuleId
from restart_engine.core.rules import REJECTIONS, Facts
from restart_engine.core.status import ACTIVE, COMPLETED, Status
from restart_engine.wire import WireError, decode_scenario, encode_scenario

_PATIENCE: Final = 60.0
"""Seconds until restarts at the same moment have to be answered."""


_RULES: Final = frozenset(rejecting.rule for rejecting in REJECTIONS)


_STATELESS: Final = {profile: evolve(profile, records_skipped=True) for profile in PROFILES}


Option: TypeAlias = tuple[Allowed, Status]
"""An answer that is allowed, and what skipped steps are recorded as where it starts something."""


class Found(AssertionError):
    """Ends a story."""

    def __init__(self, wrong: Wrong, allowed: str = "", explained: frozenset[Profile] = frozenset()) -> None:
        super().__init__(wrong)
        self.wrong, self.allowed, self.explained = wrong, allowed, explained


class Story:
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
        self.plan = evolve(plan, name=self.plan.name)
        groups = (f"{shown(group.sequence)} ({named(group.names)})" for group in self.plan.groups)
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
            raise Found(Wrong("one act", "starts more than one of the restarts of the same moment"),
                         "one is started, the others are rejected by R1")  # fmt: skip
        if not started:
            self._judge(asked[0], answers[0])
        for facts, answer in zip(asked, answers, strict=True):
            late: tuple[RuleId, ...] = ("R1",) if facts.request.execution_id is None else ("R1", "R2")
            if isinstance(answer, str) and answer not in late:
                raise Found(Wrong("one act", "rejects the later restart as if none had started", answer),
                             f"rejected by {' or '.join(late)}")  # fmt: skip
        self._judge(started[0], next(answer for answer in answers if isinstance(answer, int)))

    def end(self, number: int, status: Status) -> None:
        """A step that waits has run, and ended so."""
        sequence, name = self.waiting[number % len(self.waiting)]
        self.lines.append(f"{places_text([(sequence, name)])} ends as {status}")
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
        return (*before, f"it shows {_record(self.latest)}", f"waiting: {places_text(self.waiting)}")

    def _startable(self, facts: Facts) -> bool:
        for (answer, _), profiles in options_of(facts).items():
            if profiles & self.profiles:
                if isinstance(answer, Rejected):
                    return False
                later = (g.names for g in facts.plan.groups if g.sequence in answer.after)
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
        options = options_of(facts)
        wrongs = {option: self._wrong(option, answer) for option in options}
        explained = frozenset[Profile]().union(*(options[o] for o, wrong in wrongs.items() if wrong is None))
        kept = self.profiles & explained
        if not kept:
            presumed = next(profile for profile in PROFILES if profile in self.profiles)
            option = next(option for option, profiles in options.items() if presumed in profiles)
            wrong = wrongs[option]
            assert wrong is not None
            if explained:
                wrong = two_ways(self.profiles, explained)
            raise Found(wrong, _allowed(*option), explained)
        self.profiles, self._asked = kept, None
        held = {o: options[o] & kept for o, wrong in wrongs.items() if wrong is None} if started else {
            option: profiles & kept for option, profiles in self._options.items()
        }  # fmt: skip
        self._options = {option: profiles for option, profiles in held.items() if profiles}
        if started:
            planned = next(iter(self._options))[0]
            assert isinstance(planned, Planned)
            self._links = self._links + 1 if facts.resumed is not None else 0
            if self._links > 1:
                self._counts[f"chain of {min(self._links, 3)}"] += 1
            return str(planned.rule)
        self._settle()
        return str(answer)

    def _begin(self, facts: Facts, execution_id: int) -> None:
        """Another execution is under way, and the host has to show it."""
        if execution_id in self._ids:
            raise Found(Wrong("latest", "gives an id again", shown(execution_id)))
        self._ids.append(execution_id)
        self._before = {} if self.lost else self._ended
        self._running, self._ended, self._cut, self._cut_in, self.lost = facts.plan, {}, False, None, False
        self._look()
        if self.latest is None or self.latest.id != execution_id:
            raise Found(Wrong("latest", "does not show what it started as the latest"))

    def _settle(self) -> None:
        """See what the host shows now; it has to be the same execution as before."""
        self._look()
        if (self.latest and self.latest.id) != (self._ids[-1] if self._ids else None):
            raise Found(Wrong("latest", "shows another execution though none was started"))
        wrongs = {option: self._wrong(option, self._ids[-1]) for option in self._options}
        held = {option: self._options[option] for option, wrong in wrongs.items() if wrong is None}
        for option, wrong in wrongs.items():
            if wrong is not None and not held:
                raise Found(wrong, _allowed(*option))
        if held:
            self._options = held
            self.profiles = frozenset[Profile]().union(*held.values())

    def _wrong(self, option: Option, answer: int | str) -> Wrong | None:
        """What is wrong with an answer, or with what it started, where this is allowed."""
        allowed, skipped_as = option
        if isinstance(allowed, Rejected):
            if isinstance(answer, int):
                return Wrong(allowed.rules[0], "starts what has to be rejected")
            known = answer in allowed.rules
            return None if known else Wrong(allowed.rules[0], "rejects by a rule that does not hold", answer)
        if isinstance(answer, str):
            return Wrong(str(allowed.rule), "rejects what has to be accepted", answer)
        assert self.latest is not None
        run = {g.sequence: frozenset(g.names) for g in self._running.groups if g.sequence in allowed.after}
        completed = {name for (at, name), s in self._before.items() if at == allowed.start and s in COMPLETED}
        return View(
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
            self.waiting = tuple(sorted(_place(sequence, name) for sequence, name in waiting))
        except (WireError, TypeError, ValueError) as error:
            raise Found(Wrong("", "shows what cannot be read", str(error))) from error

    def _call(self, method: Callable[..., Any], *args: object) -> Any:  # read by whoever calls
        try:
            return method(*args)
        except (Exception, SystemExit) as error:
            raise Found(Wrong("", f"raises {type(error).__name__}", " ".join(str(error).split()))) from error

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
                raise Found(Wrong("", "answers with neither an execution nor a rule", shown(given)))


def _place(sequence: object, name: object) -> Place:
    """A step that waits: the sequence of its group, and its name."""
    if type(sequence) is not int or type(name) is not str:
        raise TypeError(f"waiting steps are a sequence and a name each, not {sequence!r} and {name!r}")
    return sequence, name


def _at_once(restart: Callable[[Any], object], bodies: list[Any]) -> list[object]:
    """What each of these is answered when all are sent at the same moment."""
    barrier, answers = Barrier(len(bodies)), dict[int, object]()
    raised: list[BaseException] = []

    def send(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = restart(bodies[number])
        except (Exception, SystemExit) as error:  # noqa: BLE001  # raised again where it is told
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


def options_of(facts: Facts) -> dict[Option, frozenset[Profile]]:
    """Everything that is allowed, and under which profiles."""
    found: dict[Option, frozenset[Profile]] = {}
    for answers, stateless in by_answer(facts).items():
        for skips, status in ((True, Status.SKIPPED), (False, Status.SUCCEEDED)):
            among = {p for p in PROFILES if p.records_skipped is skips and _STATELESS[p] in stateless}
            for answer in answers:
                found[answer, status] = found.get((answer, status), frozenset()) | among
    return found


def two_ways(before: frozenset[Profile], now: frozenset[Profile]) -> Wrong:
    """The freedoms of which these profiles have other values."""
    values = told_apart(now)
    ways = [
        f"{freedom.when[min(was)]} before, and now {freedom.when[min(values[freedom])]}"
        for freedom, was in told_apart(before).items()
        if not was & values[freedom]
    ]
    return Wrong("one profile", "uses a freedom in two ways", "; ".join(ways))


def words_of(error: BaseException) -> str:
    """Its kind and words, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _answered(answer: int | str) -> str:
    return f"execution {shown(answer)}" if isinstance(answer, int) else f"rejected by {answer}"


def _record(run: Execution) -> str:
    return f"execution {shown(run.id)} {run.status}: {'; '.join(map(_outcome, run.groups)) or 'no group'}"


def _outcome(group: GroupOutcome) -> str:
    steps = (
        "no history"
        if group.statuses is None
        else listed(f"{named([n])} {s}" for n, s in group.recorded.items())
    )
    return f"group {shown(group.sequence)} {group.status} ({steps})"


def _allowed(allowed: Allowed, skipped_as: Status) -> str:
    if isinstance(allowed, Rejected):
        return f"rejected by {' or '.join(allowed.rules)}"
    skipped = f", skipped as {skipped_as} {named(sorted(allowed.skip))}" if allowed.skip else ""
    after = f", then {listed(map(shown, allowed.after))}" if allowed.after else ""
    return f"{allowed.rule}: group {shown(allowed.start)} runs {named(sorted(allowed.run))}{skipped}{after}"
