"""Who loads the steps: a Protocol that a host fills in. One that pretends is in pretend.py."""

from __future__ import annotations

from typing import Protocol, final

from attrs import frozen

from restart_engine.core.plan import Step
from restart_engine.core.status import Status


@final
@frozen(kw_only=True)
class StepRun:
    """One step to be loaded, in one execution."""

    tenant: str
    load_plan: str
    execution_id: int
    sequence: int
    """The group's."""
    step: Step
    attempt: int
    """1 when this server runs this step of this plan for the first time, over all executions."""


class Loader(Protocol):
    """Loads steps; those of a group are asked for side by side, in one event loop."""

    async def load(self, run: StepRun, /) -> Status:
        """Load the step, and give how it ended, one of `progress.OVER`; an error raised is `Failed`.

        Cancelled where its execution was taken away or the server stops: what it gives then is not kept.
        """
        ...
