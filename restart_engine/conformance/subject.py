"""What can be judged: a Python function, or anything that answers a line with a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

from restart_engine.core.decision import plan_restart
from restart_engine.core.errors import shown
from restart_engine.wire import decode_scenario, encode_decision


class Subject(Protocol):
    """An implementation of the decision: a scenario's JSON object in, a decision's out (docs/wire.md)."""

    def __call__(self, scenario: dict[str, Any], /) -> Mapping[str, Any]:
        """Decide; the scenario is the callee's to keep or change."""
        ...


def imported(name: str) -> Subject:
    """The function that `module:function` names; `ImportError` says why there is none."""
    module, _, attributes = name.partition(":")
    try:
        found: Any = import_module(module)
        for attribute in attributes.split("."):
            found = getattr(found, attribute)
    except (Exception, SystemExit) as error:
        raise ImportError(f"cannot import `{name}`: {' '.join(str(error).split())}") from error
    if not callable(found):
        raise ImportError(f"`{name}` is no function")  # noqa: TRY004  # it is what could not be imported
    return cast("Subject", found)


Ask: TypeAlias = Callable[[bytes], bytes]
"""The same over lines of JSON."""


class SubjectRaised(Exception):
    """The subject raised an error instead of answering; `cause` is its kind and words, on one line."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        words = " ".join(str(error).split())
        self.cause = f"{type(error).__name__}: {words}" if words else type(error).__name__


def over_lines(subject: Subject) -> Ask:
    """The subject as one that is asked by lines."""

    def ask(line: bytes) -> bytes:
        try:
            answer = subject(json.loads(line))
        except (Exception, SystemExit) as error:
            raise SubjectRaised(error) from error
        try:
            return json.dumps(answer, ensure_ascii=False, default=_members).encode()
        except (TypeError, ValueError, RecursionError):  # no JSON, so no decision
            return shown(answer).encode(errors="backslashreplace")

    return ask


def _members(value: object) -> dict[str, Any]:
    """A mapping that is no dict, as JSON takes it."""
    if not isinstance(value, Mapping):
        raise TypeError("no JSON")
    return dict(cast("Mapping[str, Any]", value))


def reference(scenario: dict[str, Any]) -> Mapping[str, Any]:
    """The engine of this package as a subject."""
    facts = decode_scenario(json.dumps(scenario))
    decision: Mapping[str, Any] = json.loads(
        encode_decision(plan_restart(facts.plan, facts.request, facts.latest))
    )
    return decision
