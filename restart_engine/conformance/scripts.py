"""The stories that every check of a host begins with: what there is to do wrong, in the fewest moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from restart_engine.conformance.story import Story
from restart_engine.conformance.view import Place
from restart_engine.core.plan import LoadGroup, LoadPlan
from restart_engine.core.request import RestartRequest
from restart_engine.core.status import Status

_ROUNDS: Final = 8
"""How often the races of the scripts are run: where two win depends on the machine."""


_A, _B = (1, "A.a"), (1, "A.b")
_C, _D = (3, "A.a"), (3, "B.c")
_PLAN: Final = LoadPlan("P", (LoadGroup(1, ["A.a", "A.b"]), LoadGroup(3, ["A.a", "B.c"])))
EDITED: Final = LoadPlan("P", (LoadGroup(1, ["A.b", "A.new"]), LoadGroup(2, ["C.d"])))
OVER: Final = (Status.SUCCEEDED, Status.FAILED, Status.FINISHED_WITH_ERRORS, Status.INTERRUPTED)
_F: Final = Status.FAILED
Move: TypeAlias = Callable[[Story], None]


def _asks(sequence: int, which: str) -> Move:
    return lambda story: story.restart(sequence, story.id_of(which))


def _fails(*places: Place, status: Status = _F) -> Move:
    return lambda story: story.play(dict.fromkeys(places, status))


def _resumes(sequence: int = 0) -> Move:
    return _asks(sequence, "latest")


def _ends(*statuses: Status) -> Move:
    def move(story: Story) -> None:
        for status in statuses:
            if story.waiting:
                story.end(0, status)

    return move


def races(*asked: tuple[int, str]) -> Move:
    """Restarts at the same moment, each with a sequence and the kind of its id."""

    def move(story: Story) -> None:
        story.race(*(RestartRequest(sequence, execution_id=story.id_of(which)) for sequence, which in asked))

    return move


def _saves(plan: LoadPlan) -> Move:
    return lambda story: story.save(plan)


def _if_active(move: Move) -> Move:
    return lambda story: move(story) if story.active else None


def _if_over(move: Move) -> Move:
    return lambda story: None if story.active else move(story)


_saved, _all, _cuts, _loses = _saves(_PLAN), _fails(), _if_active(Story.cut), _if_over(Story.lose)
_started: Final = (_saved, Story.execute)
_failed: Final = (*_started, _fails(_B))
_TWO: Final = races((0, "latest"), (0, "latest"))
SCRIPTS: Final[tuple[tuple[Move, ...], ...]] = (
    (_saved, _asks(0, "none"), _resumes(), _all),
    (_saved, _resumes(), _asks(-1, "none")),
    (_saved, _asks(3, "none"), _all, _resumes()),
    (_saved, _asks(2, "none")),
    (_saves(LoadPlan("P", ())), _asks(0, "none")),
    (*_started, _all, _resumes(), _resumes(1), _asks(0, "none")),
    (*_started, _asks(0, "none"), _asks(3, "none"), _asks(0, "unknown")),
    (*_started, Story.execute),
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
    (*_failed, _saves(EDITED), _resumes(), _fails((1, "A.new")), _resumes()),
    (*_started, _fails(_A), _saves(EDITED), _resumes(), _all),
    (*_started, _fails(_D), _saves(EDITED), _resumes(), _resumes(1), _all),
    (*_failed, _loses, _resumes(), _asks(1, "none"), _all, _loses, _resumes(1)),
    (*_started, _fails(_D), _loses, _resumes(3), _resumes(1), _all, _resumes()),
    *((*_started, _fails(_A, _B, status=status), _resumes(), _resumes(1)) for status in OVER[2:]),
    (*_failed, _asks(1, "zero"), _all, _asks(0, "zero")),
    *[(*_failed, _TWO), (*_failed, races((0, "none"), (0, "none"))), (*_failed, _TWO)] * _ROUNDS,
    (*_failed, races((0, "latest"), (1, "none"), (3, "latest"))),
)
"""The stories that every check begins with: what there is to do wrong, in the fewest moves that show it."""
