"""Schemathesis, all checks, against a running server and the OpenAPI document that it serves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from server.listening import events
from server.serving import Served, serving

from restart_engine.server.openapi import described

pytestmark = pytest.mark.slow

_STEPS: Final = ["Sales.Orders", "Sales.Lines"]
_PLAN: Final = {"name": "MyLoadPlan", "groups": [{"sequence": 1, "steps": _STEPS}]}
_FAILED: Final = {
    "id": 12,
    "status": "Failed",
    "groups": [
        {"sequence": 1, "status": "Failed", "steps": {"Sales.Orders": "Succeeded", "Sales.Lines": "Failed"}}
    ],
}
_WORLD: Final[Any] = {
    "tenants": [
        {
            "name": "demo",
            "schemas": [{"id": 1, "name": "Sales"}],
            "users": [{"name": "admin", "superUser": True, "everySchema": "edit"}],
            # loader services are there: without one H11 is 500, which is documented and no server error
            "loaderServices": 1,
            "loadPlans": [_PLAN | {"executions": [_FAILED]}, _PLAN | {"name": "Never"}],
            # steps end at once, so that a plan is restarted again and again
            "loading": {"seconds": 0},
        },
        {
            "name": "by hand",
            "schemas": [{"id": 1, "name": "Sales"}],
            "loadPlans": [
                _PLAN
                | {
                    "executions": [
                        {
                            "id": 20,
                            "status": "In Progress",
                            "groups": [
                                {
                                    "sequence": 1,
                                    "status": "In Progress",
                                    "steps": dict.fromkeys(_STEPS, "In Queue"),
                                }
                            ],
                        }
                    ]
                }
            ],
            "loading": {"byHand": True},
        },
    ]
}
_OF_TENANTS: Final = ("save_loading", "save_user")
_OF_ALL: Final = ("replace_world", "replace_faults")
"""After these a call may never be answered 200 again: they are asked when all others have been."""
_CONFIG: Final = """
seed = {seed}
continue-on-failure = true
suppress-health-check = ["all"]

[auth.openapi.accessToken]
bearer = "{access}"

[auth.openapi.controlToken]
bearer = "{control}"

[dictionaries.own]
values = ["demo"]

[dictionaries.tenants]
values = ["demo", "by hand"]

[dictionaries.plans]
values = ["MyLoadPlan", "Never"]

[dictionaries.ids]
values = [12, 13, 14, 15]

# what is drawn at random has no token and no plan, and would be 401 or 404 most of the time
[parameters]
"path.tenant" = {{ dictionary = "own", probability = 0.95 }}
"path.execution_id" = {{ dictionary = "ids", probability = 0.5 }}
"body.loadPlanName" = {{ dictionary = "plans", probability = 0.8 }}
"body.recentLoadPlanExecution" = {{ dictionary = "ids", probability = 0.3 }}

[generation]
max-examples = {examples}
database = "none"

# a valid body need not be accepted as things stand: an execution is active [H9], the rules reject [H10]; and
# to JSON Schema 1.0 is an integer, to the rules it is none [H5]
[[operations]]
include-tag = "load plans"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "404", "422"]

# a schema does not say all that a world has to be, such as that no id stands twice; and 1.0 again
[[operations]]
include-tag = "control"
checks.positive_data_acceptance.expected-statuses = ["2xx", "404", "409", "422"]
parameters."path.tenant" = {{ dictionary = "tenants", probability = 0.9 }}
parameters."path.plan" = {{ dictionary = "plans", probability = 0.9 }}
"""


def _run(folder: Path, *, seed: int, examples: int) -> None:
    with serving(folder, _WORLD) as server:
        config = folder / "schemathesis.toml"
        access, control = server.token("demo", "admin"), server.token("demo", "kit", use="control")
        config.write_text(_CONFIG.format(access=access, control=control, seed=seed, examples=examples))
        program = [sys.executable, "-c", "from schemathesis.cli import schemathesis as s; s()"]
        asked = ["--config-file", str(config), "run", f"{server.address}/openapi.json", "--checks", "all"]
        parts = ("exclude", _OF_TENANTS + _OF_ALL), ("include", _OF_TENANTS), ("include", _OF_ALL)
        for option, names in parts:
            part = [word for name in names for word in (f"--{option}-operation-id", name)]
            done = subprocess.run(  # noqa: S603  # the list is ours
                [*program, *asked, *part], capture_output=True, text=True, check=False, cwd=folder
            )
            failures = [line for line in server.log.getvalue().splitlines() if '"level": "error"' in line]
            assert done.returncode == 0, "\n".join([done.stdout, done.stderr, *failures])
        _look_at_log(server, access, control)


def _look_at_log(server: Served, *tokens: str) -> None:
    """What was asked reached the calls, failed nowhere, and told the log no secret."""
    assert not any(token in server.log.getvalue() for token in tokens)
    assert [event for event in events(server.log) if event["level"] in {"error", "critical"}] == []
    assert server.undocumented() == []
    reached = server.answered()
    for path, item in described()["paths"].items():
        for method in item.keys() - {"parameters"}:
            # whether a step is still there to be ended depends on what was drawn before
            well = {200, 409} if path.endswith("/end-step") else {200}
            assert any((path, method, status) in reached for status in well), f"{method} {path}"


def test_all_checks(tmp_path: Path) -> None:
    """What the document allows and what it does not are answered as it says."""
    _run(tmp_path, seed=5, examples=15)
