"""Hosts that cannot be judged, and what the reference host refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from conformance import hosts
from conformance.stories import FEW, PLAN, restart

from restart_engine import ImpossibleMove, InvalidValue
from restart_engine.conformance import story
from restart_engine.conformance.chain import check_host
from restart_engine.conformance.host import Host, ReferenceHost
from restart_engine.conformance.profile import Profile
from restart_engine.conformance.scripts import SCRIPTS
from restart_engine.wire import WireError


class Raises(ReferenceHost):
    """Has a bug in the loader."""

    def end_step(self, sequence: int, step: str, status: str, /) -> None:
        """Steps that fail do not get along with it."""
        if status == "Failed":
            raise KeyError(step)
        super().end_step(sequence, step, status)


class RaisesRarely(ReferenceHost):
    """Has one that shows only with the third step of a group."""

    def save_plan(self, plan: Mapping[str, Any], /) -> None:
        """No script has three."""
        if any(len(group["steps"]) > 2 for group in plan["groups"]):
            raise OverflowError("at most\ntwo steps")
        super().save_plan(plan)


class RaisesRarelyTwice(RaisesRarely):
    """Has another one with high sequences."""

    def save_plan(self, plan: Mapping[str, Any], /) -> None:
        """No script has any."""
        if any(group["sequence"] > 9 for group in plan["groups"]):
            raise ValueError("one digit")
        super().save_plan(plan)


class RaisesAtOnce(ReferenceHost):
    """Cannot be restarted by two threads."""

    def restart(self, request: Mapping[str, Any], /) -> Mapping[str, Any]:
        """As with a connection that belongs to one thread."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("made in another thread")
        return super().restart(request)


class ClosesBadly(ReferenceHost):
    """Cannot be closed."""

    def close(self) -> None:
        """The file is gone."""
        raise OSError("gone")


class Shows(ReferenceHost):
    """Shows a record that is none."""

    record: Any = None

    def latest(self) -> Any:
        """Whatever it is."""
        return self.record


def no_host() -> Host:
    """Raises."""
    raise ConnectionError("refused")


def answering(answer: object) -> type[ReferenceHost]:
    """A host that answers so whatever it is asked."""

    class Answers(ReferenceHost):
        def execute(self) -> Any:
            return answer

    return Answers


class TestCouldNotBeJudged:
    """An adapter that does not work is no verdict, and no error of the check."""

    def test_an_exception_in_the_host_ends_the_check(self) -> None:
        """The story so far is told."""
        report = check_host(Raises)
        assert report.verdict == "could not be judged"
        assert not report.faults
        assert report.failure is not None
        assert report.failure.cause == "raises KeyError: 'A.b'"
        assert report.failure.story[-1] == "A.b of group 1 ends as Failed"
        assert report.stories < len(SCRIPTS)

    def test_a_rare_exception_is_told_in_a_small_story(self) -> None:
        """It is shrunk as a fault is."""
        failure = check_host(RaisesRarely).failure
        assert failure is not None
        assert failure.cause == "raises OverflowError: at most two steps"
        assert len(failure.story) <= 3

    @pytest.mark.slow
    def test_of_two_rare_exceptions_one_is_told(self) -> None:
        """In a small story."""
        failure = check_host(RaisesRarelyTwice).failure
        assert failure is not None
        assert len(failure.story) == 1

    def test_an_error_of_the_check_itself_is_not_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whatever it found before."""
        monkeypatch.delattr(story.Story, "cut")
        with pytest.raises(BaseExceptionGroup) as caught:
            check_host(RaisesRarely)
        assert caught.value.subgroup(AttributeError)

    def test_a_host_that_is_not_made_again_is_told(self) -> None:
        """As when its server is gone."""
        made = iter(range(len(SCRIPTS) + 1))

        def make() -> Host:
            if next(made, None) is None:
                raise ConnectionError("gone")
            return ReferenceHost()

        failure = check_host(make, examples=FEW).failure
        assert failure is not None
        assert failure.cause == "no host is made: ConnectionError: gone"

    def test_a_host_that_goes_now_so_and_now_otherwise_is_no_verdict(self) -> None:
        """Where a story is told again and goes otherwise, which some seed comes to."""
        made = iter(range(10**6))
        reports = (
            check_host(lambda: hosts.GoesOn() if next(made) % 2 else ReferenceHost(), seed=seed)
            for seed in range(20)
        )
        failure = next(report.failure for report in reports if report.failure is not None)
        assert failure.cause == "a story that is told again does not go as before"

    def test_an_exception_in_one_of_two_threads_is_told(self) -> None:
        """As any other."""
        report = check_host(RaisesAtOnce, examples=1)
        assert report.failure is not None
        assert report.failure.cause == "raises RuntimeError: made in another thread"
        assert report.failure.story[-1].startswith("at the same moment restart")

    def test_restarts_that_block_each_other_do_not_hang_the_check(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It waits, but not for ever."""
        done = threading.Event()

        class Blocks(ReferenceHost):
            def restart(self, request: Mapping[str, Any], /) -> Mapping[str, Any]:
                if threading.current_thread() is not threading.main_thread():
                    done.wait()
                return super().restart(request)

        monkeypatch.setattr(story, "_PATIENCE", 0.05)
        report = check_host(Blocks)
        done.set()
        assert report.failure is not None
        assert "not answered within" in report.failure.cause

    @pytest.mark.parametrize(
        ("make", "cause"),
        [
            (no_host, "no host is made: ConnectionError: refused"),
            (ClosesBadly, "closing the host: OSError: gone"),
            (answering({"execution": True}), "answers with neither an execution nor a rule"),
            (answering({"execution": 0}), "answers with neither an execution nor a rule"),
            (answering({"rule": "R0"}), "answers with neither an execution nor a rule"),
            (answering(None), "answers with neither an execution nor a rule"),
        ],
    )
    def test_the_cause_is_named(self, make: Callable[[], Host], cause: str) -> None:
        """In one line."""
        report = check_host(make, examples=1)
        assert report.verdict == "could not be judged"
        assert report.failure is not None
        assert report.failure.cause.startswith(cause)

    def test_waiting_steps_of_another_shape_are_not_read(self) -> None:
        """As from a host that keeps sequences as the names of JSON members."""

        class Texts(ReferenceHost):
            def waiting(self) -> Any:
                return [(str(sequence), name) for sequence, name in super().waiting()]

        failure = check_host(Texts, examples=1).failure
        assert failure is not None
        assert failure.cause.startswith("shows what cannot be read")

    @pytest.mark.parametrize("record", [{"id": 0, "status": "Failed", "groups": []}, {"id": {1, 2}}, "none"])
    def test_a_record_of_another_shape_is_not_read(self, record: object) -> None:
        """The record is an execution as docs/wire.md has it."""
        made = type("Shown", (Shows,), {"record": record})
        failure = check_host(made, examples=1).failure
        assert failure is not None
        assert failure.cause.startswith("shows what cannot be read")


class TestReferenceHost:
    """It refuses what cannot be."""

    def test_it_takes_one_freedom(self) -> None:
        """The others are the decision's."""
        with pytest.raises(InvalidValue, match="records_skipped"):
            ReferenceHost(Profile(interrupted_fails=False))

    def test_nothing_starts_without_a_plan(self) -> None:
        """There is nothing to run."""
        with pytest.raises(ImpossibleMove, match="none is saved"):
            ReferenceHost().execute()

    def test_a_request_for_another_plan_is_refused(self) -> None:
        """A host has one."""
        host = ReferenceHost()
        host.save_plan(PLAN)
        with pytest.raises(WireError, match="loadPlanName"):
            host.restart({"loadPlanName": "p", "groupSequence": 0})

    def test_what_does_not_run_is_not_ended_cut_off_or_forgotten(self) -> None:
        """Before any run, and when it is over."""
        host = ReferenceHost()
        host.save_plan(PLAN)
        assert host.latest() is None
        assert not host.waiting()
        for move in (host.cut_off, host.lose_history, lambda: host.end_step(1, "A.a", "Succeeded")):
            with pytest.raises(ImpossibleMove):
                move()
        assert host.execute() == {"execution": 1}
        with pytest.raises(ImpossibleMove, match="there is none that is over"):
            host.lose_history()
        with pytest.raises(ImpossibleMove, match="is not over"):
            host.end_step(3, "A.a", "Succeeded")
        host.cut_off()
        with pytest.raises(ImpossibleMove, match="it is Interrupted"):
            host.cut_off()

    def test_a_restart_that_was_overtaken_decides_again(self) -> None:
        """Another one is started between its decision and its start."""

        class Overtaken(ReferenceHost):
            overtaken = False

            def _decided(self, *args: Any) -> Any:
                decision = super()._decided(*args)
                if not self.overtaken:
                    self.overtaken = True
                    self.execute()
                return decision

        host = Overtaken()
        host.save_plan(PLAN)
        assert host.restart(restart()) == {"rule": "R1"}
        record = host.latest()
        assert record is not None
        assert record["id"] == 1
