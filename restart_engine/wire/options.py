"""The restarts that are possible, as JSON that grows with the plan and no faster."""

from __future__ import annotations

from bisect import bisect_left

from restart_engine.core.decision import Rejection, RestartPlan
from restart_engine.core.errors import InvalidValue
from restart_engine.core.options import recommended
from restart_engine.wire.decision import encode_decision, start_shape
from restart_engine.wire.shapes import AskedShape, OptionShape, OptionsShape
from restart_engine.wire.writing import write_json


def encode_options(options: tuple[RestartPlan, ...] | Rejection) -> bytes:
    """What `restart_options` gives, as one line of JSON: each restart and the request for it, or why none."""
    if isinstance(options, Rejection):
        return encode_decision(options)
    if not options:
        raise InvalidValue("options", options, "what `restart_options` gives, one restart or more")
    plan, latest = options[0].facts.plan, options[0].facts.latest
    failed = () if latest is None else latest.failed
    best = recommended(options)
    return write_json(
        OptionsShape(
            load_plan_name=plan.name,
            failed=list(failed),
            options=[_option(restart, failed, best) for restart in options],
        )
    )


def _option(restart: RestartPlan, failed: tuple[int, ...], best: RestartPlan | None) -> OptionShape:
    request = restart.request
    return OptionShape(
        request=AskedShape(
            group_sequence=request.group_sequence, recent_load_plan_execution=request.execution_id
        ),
        rule=restart.rule,
        start=start_shape(restart),
        leaves_failed=bisect_left(failed, restart.start.sequence),
        recommended=restart is best,
    )
