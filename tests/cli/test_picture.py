"""What a person sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.processes import nightly, run, shown
from rich.cells import cell_len

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
      no step

Note: failed before the start, and left so: groups 1, 2.
Note: group 2 changed since the execution: added B.new, removed none.
"""

REJECTED = """\
No restart runs.
R4: the load plan has no group 7, only 1, 2, 3, 4.
What to do: send groupSequence 0, recentLoadPlanExecution none, which starts
over and loads everything again.

load plan N, latest execution 9: Failed
    group 1      Failed, no step history
      unknown       A.a  A.b
"""

OPTIONS = """\
1. start over at group 1 (S1)
   recommended: it repeats least and leaves nothing undone
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


def month_end(to_load: int = 90, more: int = 0) -> Any:
    """200 steps and more in five groups, of which the second and the third failed."""
    sizes = {"Salesforce": 40, "ERP": 35, "Shop": to_load, "Marts": 125 - to_load, "KPI": more}
    names = {schema: [f"{schema}.Table_{n:03}" for n in range(size)] for schema, size in sizes.items()}
    erp = dict.fromkeys(names["ERP"], "Succeeded") | {
        "ERP.Table_003": "Failed",
        "ERP.Table_009": "Finished With Errors",
    }
    shop = dict.fromkeys(names["Shop"], "Failed") | dict.fromkeys(names["Shop"][:10], "Succeeded")
    happened = [
        {"sequence": 10, "status": "Succeeded", "steps": dict.fromkeys(names["Salesforce"], "Succeeded")},
        {"sequence": 20, "status": "Finished With Errors", "steps": erp},
        {"sequence": 30, "status": "Failed", "steps": shop},
    ]
    return {
        "plan": {
            "name": "Month end",
            "groups": [{"sequence": 10 * n, "steps": steps} for n, steps in enumerate(names.values(), 1)],
        },
        "latest": {"id": 88, "status": "Failed", "groups": happened},
        "request": {"loadPlanName": "Month end", "groupSequence": 30, "recentLoadPlanExecution": 88},
    }


BEFORE_THE_START = """\
    group 10     not run     Succeeded
      done          40 steps: Salesforce.Table_000  … and 39 more
    group 20     not run     Finished With Errors, stays failed
      done          33 steps: ERP.Table_000  ERP.Table_001  … and 31 more
      with errors   1 step: ERP.Table_009
      failed        1 step: ERP.Table_003
>>> group 30     START       Failed
      run           Shop.Table_010  Shop.Table_011  Shop.Table_012
"""
FROM_THE_START = """\
                    Shop.Table_067  Shop.Table_068  Shop.Table_069
                    … and 20 more
      skip          Shop.Table_000  Shop.Table_001  Shop.Table_002
                    Shop.Table_003  Shop.Table_004  Shop.Table_005
                    Shop.Table_006  Shop.Table_007
                    … and 2 more
    group 40     runs whole  not reached
      later         35 steps: Marts.Table_000  Marts.Table_001  … and 33 more
    group 50     runs whole  not reached
      later         KPI.Table_000
"""


def test_a_large_plan_is_counted_around_its_start() -> None:
    """Of 201 steps the start group names 60 to run and a few to skip; other groups name their first."""
    picture = shown("decide", month_end(more=1))
    assert BEFORE_THE_START in picture
    assert FROM_THE_START in picture


@pytest.mark.parametrize("command", ["decide", "options"])
def test_each_of_200_steps_is_marked(command: str) -> None:
    """A plan of so many is shown whole, every step by name and behind its mark, and nothing is counted."""
    scenario = month_end()
    picture = shown(command, scenario)
    names = [name for group in scenario["plan"]["groups"] for name in group["steps"]]
    assert len(names) == 200
    assert sorted(word for word in picture.split() if word in set(names)) == sorted(names)
    assert " more" not in picture


def test_a_start_group_of_60_steps_is_shown_whole() -> None:
    """Every step to run and every step to skip; only the three other groups are counted."""
    picture = shown("decide", month_end(60, more=1))
    assert {f"Shop.Table_{n:03}" for n in range(60)} <= set(picture.split())
    assert picture.count(" more\n") == 3


@pytest.mark.parametrize(
    ("size", "row"),
    [
        (8, "later         Schema.Object_0  Schema.Object_1  Schema.Object_2\n"),
        (9, "later         9 steps: Schema.Object_0  Schema.Object_1  … and 7 more\n"),
    ],
)
def test_a_group_of_eight_steps_is_shown_whole_and_one_of_nine_is_counted(size: int, row: str) -> None:
    """The names of the larger one fill one line, where the plan is too large to be shown whole."""
    steps = [f"Schema.Object_{n}" for n in range(size)]
    others = [f"Z.z{n}" for n in range(200)]
    groups = [{"sequence": n, "steps": names} for n, names in enumerate((["A.a"], steps, others), 1)]
    plan = {"name": "N", "groups": groups}
    assert row in shown("decide", {"plan": plan, "request": {"loadPlanName": "N", "groupSequence": 0}})


def test_a_plan_without_a_group_says_so() -> None:
    """Above the reason, which is the same."""
    scenario = {"plan": {"name": "N", "groups": []}, "request": {"loadPlanName": "N", "groupSequence": 0}}
    assert shown("options", scenario) == (
        "load plan N\n    no group\n\n"
        "No restart runs.\nR4: the load plan has no group.\nWhat to do: add a group to the load plan.\n"
    )


ODD_NAME = "Nächtlich \u202e\n" + "N" * 90
ODD: dict[str, Any] = {
    "plan": {
        "name": ODD_NAME,
        "groups": [
            {
                "sequence": 1,
                "steps": [
                    "L." + "x" * 200,
                    "\u05d0\u05d1.\u05e9\u05dc",
                    "E.\U0001f600\u200d\U0001f600",
                    "C.e\u0301a\u0300",
                    "Z.z" + "\u0301" * 1000,
                ],
            },
            {"sequence": 10**90, "steps": ["J.漢字" + "漢字" * 20, "X.\x1b[31m\u202e\r\n\t", " S.a  b "]},
        ],
    },
    "latest": {"id": 10**90, "status": "Failed", "groups": []},
    "request": {"loadPlanName": ODD_NAME, "groupSequence": 0},
}
ODD_TITLE = "load plan Nächtlich \\u202e\\nNNNNNNNNNNN…, latest execution 10000000000000000000…\n"
ODD_START = (
    ">>> group 1      START       not reached\n"
    "      run           L.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n"
    "                    \u05d0\u05d1.\u05e9\u05dc  E.\U0001f600\\u200d\U0001f600  C.e\u0301a\u0300  Z.z"
)
ODD_CUT = "\u0301\u0301…\n"
ODD_LATER = (
    "    group 1000000000000000000000000… runs whole  not reached\n"
    "      later         J.漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字…\n"
    "                    X.\\x1b[31m\\u202e\\r\\n\\t  \\x20S.a\\x20\\x20b\\x20\n"
)


def test_odd_names_stay_in_their_place() -> None:
    """Long ones are cut; what is no visible character, and a space that looks like a gap, is escaped."""
    picture = shown("decide", ODD)
    assert ODD_TITLE in picture
    assert ODD_START in picture
    assert ODD_CUT in picture
    assert ODD_LATER in picture


@pytest.mark.parametrize("command", ["decide", "options"])
@pytest.mark.parametrize(
    "scenario",
    [ODD, SMALL, month_end(), month_end(more=1), month_end(1, more=1), nightly()],
    ids=["odd", "small", "whole", "90", "1", "nightly"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_no_line_is_wider_than_80_cells(command: str, scenario: Any, encoding: str) -> None:
    """None ends in a space either, and none holds what is no visible character of the encoding."""
    picture = shown(command, scenario, PYTHONIOENCODING=encoding)
    assert picture.isascii() or encoding != "ascii"
    for line in picture.split("\n"):
        assert cell_len(line) <= 80
        assert len(line) <= 4 * 80
        assert line.isprintable()
        assert line == line.rstrip()


def test_a_sentence_beside_a_picture_stays_short() -> None:
    """A note that fills the page is cut; `explain` is not."""
    scenario = month_end()
    names = [f"New.{'x' * 60}_{n}" for n in range(5000)]
    scenario["plan"]["groups"][2]["steps"] += names
    picture = shown("decide", scenario)
    assert len(picture.splitlines()) < 60
    assert picture.endswith("…\n")
    assert names[19] not in picture
    assert names[19] in shown("explain", scenario)


def test_an_option_names_ten_groups_that_it_leaves_failed() -> None:
    """The others are counted, so that the list of many options stays readable."""
    sequences = range(1, 31)
    failed = [{"sequence": n, "status": "Failed", "steps": {"A.a": "Failed"}} for n in sequences]
    scenario: Any = {
        "plan": {"name": "N", "groups": [{"sequence": n, "steps": ["A.a"]} for n in sequences]},
        "latest": {"id": 1, "status": "Failed", "groups": failed},
        "request": {"loadPlanName": "N", "groupSequence": 0},
    }
    assert shown("options", scenario).endswith(
        "30. start at group 30, whole (S2)\n"
        "   send groupSequence 30, recentLoadPlanExecution none\n"
        "   runs 1 step, 1 of them there, and skips 0\n"
        "   leaves failed: groups 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 19 more\n"
    )


@pytest.mark.parametrize("count", [300, 5_000])
def test_the_request_of_an_option_is_whole(count: int) -> None:
    """What is to be copied is wrapped where it is long, and never shortened."""
    digits = "9" * count
    scenario: Any = json.loads(json.dumps(SMALL))
    scenario["latest"]["id"] = 9
    text = json.dumps(scenario).replace('"id": 9', f'"id": {digits}')
    lines = run("options", "-", stdin=text.encode()).stdout.decode().splitlines()
    start = lines.index("2. resume at group 2 (S4)") + 1
    end = next(place for place in range(start, len(lines)) if lines[place].startswith("   runs"))
    request = lines[start:end]
    assert "".join(line[3:] for line in request) == (f"send groupSequence 2, recentLoadPlanExecution{digits}")
    assert all(line.startswith("   ") for line in request)
    assert lines[end].startswith("   runs 7 steps")


def test_what_to_do_is_whole() -> None:
    """However long its numbers are."""
    number = 10**190
    outcome = {"sequence": number, "status": "Failed", "steps": {"A.a": "Failed"}}
    scenario: Any = {
        "plan": {"name": "N", "groups": [{"sequence": number, "steps": ["A.a"]}]},
        "latest": {"id": number, "status": "Failed", "groups": [outcome]},
        "request": {"loadPlanName": "N", "groupSequence": number, "recentLoadPlanExecution": 0},
    }
    rejected, _ = shown("decide", scenario).replace("\n", "").split("load plan N")
    assert f"send groupSequence{number}, recentLoadPlanExecution{number}, which resumes" in rejected
