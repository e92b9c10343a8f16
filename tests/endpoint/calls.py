"""Strategies: a call, valid, nearly so or hostile, and what a host knows while it answers it.

Each situation carries how its body was made, so that a test knows what is wrong with it without reading it.
Most of what is drawn lets the call pass, so that every gate is reached.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from attrs import evolve
from endpoint.house import MANAGER, NOBODY
from hypothesis import strategies as st

from restart_engine import Execution, LoadPlan, RestartRequest
from restart_engine.conformance.strategies import executions, load_plans, scenarios
from restart_engine.endpoint import (
    Access,
    Bearer,
    Call,
    ExecuteCall,
    ExecutionSeen,
    RestartCall,
    SchemaSeen,
    Snapshot,
    StatusCall,
    User,
)


class Body(NamedTuple):
    """A body, and what it is made of."""

    text: bytes
    object: bool
    """Whether it is a JSON object at all."""
    unfit: frozenset[str]
    """The documented members that are not as they have to be."""
    name: str
    request: RestartRequest


class Situation(NamedTuple):
    """A call and what is known; the body of a status is none."""

    call: Call
    known: Snapshot
    body: Body | None


_ABSENT: Final = object()
_UNFIT: Final[dict[str, list[Any]]] = {
    "loadPlanName": [_ABSENT, None, 7, "", " \t", True, ["Nightly"], "a\ud800"],
    "groupSequence": [_ABSENT, None, "1", True, 1.0, [1], 1e3, {}],
    "recentLoadPlanExecution": ["12", False, 12.0, {}, ""],
}
_NO_OBJECTS: Final = [
    b"", b" \n", b"[]", b"null", b'"Nightly"', b"0", b"NaN", b"{]", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00",
    b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1, "a": 1}', b'{"a": [{"b": 1, "\\u0062": 2}]}', b"{'a': 1}",
    b"[" * 100_000, b'{"a":' * 100_000,
]  # fmt: skip
_ODD_HEADERS: Final = [None, "", "Bearer", "Bearer ", "abcde12345", "Basic YWRhOnNlY3JldA==", "bearer\tabcde"]
_ODD_IDS: Final = ["", "0", "-1", "+1", "1.0", " 1", "1_0", "x", "\u0661", "\u00b2", "9" * 5_000]
_ODD_LEVELS: Final = ["", "0", "5", "01", " 1", "1.0", "one", "\uff11"]

_mostly = st.sampled_from([True] * 7 + [False])
_tenants = st.sampled_from(["demo", "Demo", "", "\u05d0\udcff", "a]\n"]) | st.text(max_size=4)
_tokens = st.text(st.characters(exclude_categories=["Zs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)
_headers = st.builds(
    "{} {}".format, st.sampled_from(["Bearer", "bearer", "BEARER"]), _tokens | st.just("abcde12345")
)
_odd_headers = st.sampled_from(_ODD_HEADERS) | st.text(max_size=6)
_users = st.builds(
    lambda super_user, roles: User(super_user=super_user, roles=roles),
    st.booleans(),
    st.frozensets(st.sampled_from(["SuperRole", "Schema Manager", "superrole", "Analyst"]), max_size=2),
)
_levels = st.sampled_from([None, "1", "2", "3", "4"])
_other_members: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["loadplanname", "GroupSequence", "", "__proto__", "x\ud800"]),
    st.sampled_from([None, 1e300, "\ud800", [{}], 10**400, {"loadPlanName": 7}]),
    max_size=2,
)


@st.composite
def bodies(draw: st.DrawFn, name: str, request: RestartRequest) -> Body:
    """A body that asks for this, mostly; else one that has something wrong with it."""
    if not draw(_mostly):
        name = draw(st.sampled_from([name.swapcase(), f"{name} ", "\u05d0", "__proto__"]))
    members: dict[str, Any] = {"loadPlanName": name, "groupSequence": request.group_sequence}
    if request.execution_id is not None or draw(st.booleans()):
        members["recentLoadPlanExecution"] = request.execution_id
    unfit = frozenset[str]()
    if not draw(_mostly):
        unfit = draw(st.frozensets(st.sampled_from(sorted(_UNFIT)), min_size=1, max_size=2))
    members |= {member: draw(st.sampled_from(_UNFIT[member])) for member in sorted(unfit)}
    written = {member: value for member, value in members.items() if value is not _ABSENT}
    ordered = dict(draw(st.permutations(sorted((draw(_other_members) | written).items()))))
    # a lone surrogate can be written as an escape alone
    ascii_only = draw(st.booleans()) or "\\ud800" in json.dumps(ordered)
    text = json.dumps(ordered, ensure_ascii=ascii_only, indent=draw(st.sampled_from([None, 1]))).encode()
    is_object = draw(_mostly)
    return Body(text if is_object else draw(_spoilt(text)), is_object, unfit, name, request)


def _spoilt(text: bytes) -> st.SearchStrategy[bytes]:
    """What is no JSON object, near this one or far from it."""
    cut = st.integers(0, len(text) - 1).map(lambda length: text[:length])
    more = st.sampled_from(
        [b"\xef\xbb\xbf" + text, text + b"{}", text + b"\xff", b"[" + text + b"]", text * 2]
    )
    far = st.binary(max_size=8).filter(lambda noise: not noise.lstrip().startswith(b"{"))
    return cut | more | far | st.sampled_from(_NO_OBJECTS)


@st.composite
def snapshots(draw: st.DrawFn, tenant: str, plan: LoadPlan, latest: Execution | None) -> Snapshot:
    """What a host knows of a call for this tenant and plan; mostly that all is granted."""
    callers = st.sampled_from([None, Bearer(tenant.swapcase(), "ada"), Bearer(f"{tenant} ", "ada")])
    schemas = sorted({name.partition(".")[0] for group in plan.groups for name in group.names})
    granted = draw(st.sampled_from([True, True, True, False]))
    access = {
        name: SchemaSeen(number, Access.EDIT if granted else draw(st.sampled_from(Access)))
        for number, name in enumerate(schemas)
    }
    return Snapshot(
        bearer=Bearer(tenant, "ada") if draw(_mostly) else draw(callers),
        tenant_open=draw(_mostly),
        user=draw(st.sampled_from([MANAGER, MANAGER, MANAGER, MANAGER, NOBODY, None, draw(_users)])),
        plan=plan if draw(_mostly) else None,
        execution=ExecutionSeen(plan, draw(executions(plan))) if draw(_mostly) else None,
        schemas=access,
        latest=latest,
        loader_available=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def starts(draw: st.DrawFn) -> Situation:
    """A restart, or an execution."""
    facts, tenant = draw(scenarios()), draw(_tenants)
    body = draw(bodies(facts.plan.name, facts.request))
    header = draw(_headers if draw(_mostly) else _odd_headers)
    call = _start_call(draw(st.booleans()), tenant, header, body.text)
    return Situation(call, draw(snapshots(tenant, facts.plan, facts.latest)), body)


@st.composite
def statuses(draw: st.DrawFn) -> Situation:
    """A question after a status."""
    plan, tenant = draw(load_plans()), draw(_tenants)
    known = draw(snapshots(tenant, plan, None))
    of_seen = "1" if known.execution is None else str(known.execution.execution.id)
    call = StatusCall(
        tenant=tenant,
        authorization=draw(_headers if draw(_mostly) else _odd_headers),
        execution_id=of_seen if draw(_mostly) else draw(st.sampled_from(_ODD_IDS) | st.text(max_size=3)),
        level=draw(_levels if draw(_mostly) else st.sampled_from(_ODD_LEVELS)),
    )
    return Situation(call, known, None)


def situations() -> st.SearchStrategy[Situation]:
    """Any of the three calls."""
    return starts() | starts() | statuses()


@st.composite
def hostile(draw: st.DrawFn) -> Situation:
    """Any text and any bytes wherever a caller writes, and a token that is good."""
    tenant, header, facts = draw(st.text()), f"Bearer {draw(st.text())}", draw(scenarios())
    known = evolve(draw(snapshots(tenant, facts.plan, facts.latest)), bearer=Bearer(tenant, draw(st.text())))
    if draw(st.booleans()):
        level = draw(st.none() | st.text())
        id_ = draw(st.text() | st.text("0123456789"))
        return Situation(
            StatusCall(tenant=tenant, authorization=header, execution_id=id_, level=level), known, None
        )
    written = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
    members = st.dictionaries(st.sampled_from([*_UNFIT, "x"]), written).map(json.dumps).map(str.encode)
    text = draw(st.binary() | st.text().map(lambda t: t.encode(errors="replace")) | members)
    return Situation(_start_call(draw(st.booleans()), tenant, header, text), known, None)


def _start_call(resumes: bool, tenant: str, header: str | None, text: bytes) -> RestartCall | ExecuteCall:
    kind = RestartCall if resumes else ExecuteCall
    return kind(tenant=tenant, authorization=header, body=text)
