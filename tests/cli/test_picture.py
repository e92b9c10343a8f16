"""What a person sees."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

NIGHTLY = Path(__file__).parents[2] / "docs" / "examples" / "nightly.json"


def shown(command: str, scenario: Any, *options: str) -> str:
    """What the command prints of this scenario, without a terminal."""
    done = subprocess.run(  # noqa: S603  # the arguments are this file's own
        [sys.executable, "-m", "restart_engine", command, *options, "-"],
        input=json.dumps(scenario).encode(),
        capture_output=True,
        check=False,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert done.stderr == b""
    return done.stdout.decode()


def nightly() -> Any:
    """The example of the README."""
    return json.loads(NIGHTLY.read_text(encoding="utf-8"))


PLANNED = """\
The restart begins at group 30: this is the first group that failed in execution
4711 (S3).
It runs 19 steps, 3 of them there, and skips 5.

load plan Nightly, latest execution 4711: Failed
    group 10     not run     Succeeded
      done          Salesforce.Account  Salesforce.Contact
                    Salesforce.Opportunity  Salesforce.Lead  Salesforce.Campaign
                    Salesforce.User  Salesforce.Task  Salesforce.Case
    group 20     not run     Succeeded
      done          ERP.GL_Balances  ERP.GL_Journals  ERP.AP_Invoices
                    ERP.AR_Invoices  ERP.PO_Headers  ERP.PO_Lines  ERP.Inventory
                    ERP.Suppliers
>>> group 30     START       Failed
      run           Shop.Payments  Web.Sessions  Web.PageViews
      skip          Shop.Orders  Shop.OrderLines  Shop.Returns  Shop.Shipments
                    Shop.Customers
    group 40     runs whole  not reached
      later         Finance.Ledger  Finance.Rates  Finance.Margin  HR.Headcount
                    HR.Absence  Sales.Pipeline
    group 50     runs whole  not reached
      later         Marts.Revenue  Marts.Churn  Marts.Stock  Marts.Cashflow
                    Marts.Workforce  Marts.Funnel
    group 70     runs whole  not reached
      later         KPI.Board  KPI.Regions  KPI.Daily  KPI.Alerts
"""

SMALL: dict[str, Any] = {
    "plan": {
        "name": "N",
        "groups": [
            {"sequence": 1, "steps": ["A.a", "A.b"]},
            {"sequence": 2, "steps": ["B.a", "B.b", "B.c", "B.d", "B.e", "B.f", "B.g", "B.new"]},
            {"sequence": 3, "steps": ["C.a"]},
            {"sequence": 4, "steps": []},
        ],
    },
    "latest": {
        "id": 9,
        "status": "Failed",
        "groups": [
            {"sequence": 1, "status": "Failed", "steps": None},
            {
                "sequence": 2,
                "status": "Finished With Errors",
                "steps": {
                    "B.a": "Succeeded",
                    "B.b": "Skipped",
                    "B.c": "Failed",
                    "B.d": "Finished With Errors",
                    "B.e": "Interrupted",
                    "B.f": "In Progress",
                    "B.g": "In Queue",
                },
            },
        ],
    },
    "request": {"loadPlanName": "N", "groupSequence": 3, "recentLoadPlanExecution": 9},
}

LATER_GROUP = """\
The restart begins at group 3: this group is asked for, resuming execution 9
(S4).
It runs 1 step, 1 of them there, and skips 0.

load plan N, latest execution 9: Failed
    group 1      not run     Failed, no step history, stays failed
      unknown       A.a  A.b
    group 2      not run     Finished With Errors, stays failed
      done          B.a  B.b
      with errors   B.d
      failed        B.c
      interrupted   B.e
      in progress   B.f
      in queue      B.g
      not recorded  B.new
>>> group 3      START       not reached
      run           C.a
    group 4      runs whole  not reached

Note: failed before the start, and left so: groups 1, 2.
"""

REJECTED = """\
No restart runs.
R4: the load plan has no group 7, only 1, 2, 3, 4.
What to do: send groupSequence 0, recentLoadPlanExecution none.

load plan N, latest execution 9: Failed
    group 1      Failed, no step history
      unknown       A.a  A.b
"""

OPTIONS = """\
1. start over at group 1 (S1)
   send groupSequence 0, recentLoadPlanExecution none
   runs 11 steps, 2 of them there, and skips 0
2. resume at group 2 (S4)
   send groupSequence 2, recentLoadPlanExecution 9
   runs 7 steps, 6 of them there, and skips 2
   leaves failed: group 1
3. start at group 2, whole (S2)
   send groupSequence 2, recentLoadPlanExecution none
   runs 9 steps, 8 of them there, and skips 0
   leaves failed: group 1
4. start at group 3, whole (S2)
   send groupSequence 3, recentLoadPlanExecution none
   runs 1 step, 1 of them there, and skips 0
   leaves failed: groups 1, 2
5. start at group 4, whole (S2)
   send groupSequence 4, recentLoadPlanExecution none
   runs 0 steps, 0 of them there, and skips 0
   leaves failed: groups 1, 2
"""


def test_the_nightly_picture() -> None:
    """The start shows at a glance, and each step stands behind what becomes of it."""
    assert shown("decide", nightly()) == PLANNED


def test_every_mark_is_a_word() -> None:
    """Groups before the start show what is known of them, also that nothing is."""
    assert shown("decide", SMALL) == LATER_GROUP


def test_a_rejection_shows_what_happened() -> None:
    """The reasons and the way out come first, then the plan as the execution left it."""
    scenario = SMALL | {"request": {"loadPlanName": "N", "groupSequence": 7}}
    assert shown("decide", scenario).startswith(REJECTED)


def test_options_lists_what_may_be_sent() -> None:
    """Each with its request, its amount of work, and what it leaves failed."""
    assert shown("options", SMALL).endswith(OPTIONS)


def test_a_plan_that_never_ran_starts_over() -> None:
    """Without an execution nothing is said of one."""
    scenario = {"plan": SMALL["plan"], "request": {"loadPlanName": "N", "groupSequence": 2}}
    picture = shown("decide", scenario)
    assert (
        "\nload plan N\n    group 1      not run\n      not run       A.a  A.b\n>>> group 2      START\n"
        in picture
    )


WIDE = [
    "Long." + "x" * 200,
    "\u05d0\u05d1.\u05e9\u05dc\u05d5\u05dd",
    "E.\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "C.e\u0301a\u0300",
    "J.\u6f22\u5b57" * 20,
    "X.\x1b[31m\u202e\r\n\t",
]


@pytest.mark.parametrize("command", ["decide", "options"])
@pytest.mark.parametrize("groups", [1, 5])
def test_no_line_is_wider_than_80_cells(command: str, groups: int) -> None:
    """200 steps with odd names stay within the width, with no trailing space and no control character."""
    per_group = 200 // groups
    names = [*WIDE, *(f"Schema{n}.Object_{n}" for n in range(per_group - len(WIDE)))]
    scenario: Any = {
        "plan": {
            "name": "N" * 90,
            "groups": [{"sequence": 10**20 + g, "steps": names} for g in range(groups)],
        },
        "request": {"loadPlanName": "N" * 90, "groupSequence": 0},
    }
    picture = shown(command, scenario)
    assert "\x1b" not in picture
    assert ("X.\\x1b[31m\\u202e\\r\\n\\t" in picture) == (command == "decide")
    for line in picture.splitlines():
        assert cell_len(line) <= 80
        assert line == line.rstrip()
    assert len(picture.splitlines()) < 80


def on_a_terminal(*options: str, **environment: str) -> str:
    """What `decide` prints on a terminal of 60 columns."""
    parent, child = pty.openpty()
    process = subprocess.Popen(  # noqa: S603  # the arguments are this file's own
        [sys.executable, "-m", "restart_engine", "decide", *options, str(NIGHTLY)],
        stdout=child,
        env={"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "60", "LC_ALL": "C.UTF-8"}
        | environment,
    )
    os.close(child)
    output = b""
    while True:
        try:
            chunk = os.read(parent, 65536)
        except OSError:
            break
        if not chunk:
            break
        output += chunk
    assert process.wait(timeout=60) == 0
    os.close(parent)
    return output.decode()


def test_colour_is_for_terminals() -> None:
    """A terminal gets colour and its width; NO_COLOR and `--color never` keep the words alone."""
    coloured = on_a_terminal()
    assert "\x1b[1;32m>>> group 30" in coloured
    assert max(map(len, on_a_terminal("--color", "never").splitlines())) <= 60
    assert "\x1b[" not in on_a_terminal("--color", "never")
    assert "\x1b[32m" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b[" not in shown("decide", nightly())
    assert "\x1b[1;32m>>> group 30" in shown("decide", nightly(), "--color", "always")
