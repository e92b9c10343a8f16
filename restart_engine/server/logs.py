"""The log: one event a line, of ours and of the libraries, and no secret in any field of it.

Secrets are looked for in every text of every event, not in fields of certain names alone: a token in an
error's message is as open as one in a field of its own. Logging never fails whoever logs.
"""

from __future__ import annotations

import json
import logging
import math
import re
import sys
from collections.abc import Generator, Iterable, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any, Final, Literal, TextIO, TypeAlias, cast, get_args

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars, reset_contextvars
from structlog.processors import TimeStamper, add_log_level, format_exc_info
from structlog.typing import FilteringBoundLogger, Processor

from restart_engine.core.errors import InvalidValue

Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]
Form: TypeAlias = Literal["json", "text"]

_LEVELS: Final[Mapping[str, int]] = {name: getattr(logging, name.upper()) for name in get_args(Level)}
_FIRST: Final = ("time", "level", "event")
_DEPTH: Final = 6
"""How deep a value of a field is shown."""
_SHOWN: Final = 1000
"""Characters shown of a value that is none of JSON."""
_LARGE: Final = 2**64
_VISIBLE: Final = 4
_SHORT: Final = 8
"""Up to so many characters, the last four would be too much of a token to show."""

# each takes time that grows with the text alone, whatever a client put into it
_BEARER: Final = re.compile(r"""(\bbearer(?:\s|%20)+["']?)([^\s"',;]+)""", re.IGNORECASE)
_DOTTED: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+")
_PASSWORD_IN_URL: Final = re.compile(r"(://[^\s:/?#@]*):\S{0,1024}@")
_NAMED: Final = re.compile(
    r"""\b((?:password|passwd|secret|token|access_token)=)[^\s&"',;]+""", re.IGNORECASE
)
_SECRET_FIELDS: Final = frozenset({"authorization", "password", "secret", "token", "access_token", "key"})


def set_up_logging(stream: TextIO | None = None, level: Level = "info", form: Form = "json") -> None:
    """Write what is logged from now on to the stream (standard error), from this level up.

    This is the whole process's setting: it takes the place of an earlier one, and of what uvicorn and
    SQLAlchemy set up for themselves. uvicorn's access log is left out, `middleware.Accesses` writes one.
    """
    if level not in _LEVELS:
        raise InvalidValue("level", level, f"one of {', '.join(_LEVELS)}")
    if form not in get_args(Form):
        raise InvalidValue("form", form, f"one of {', '.join(get_args(Form))}")
    lines = _Lines(stream or sys.stderr)
    processors: list[Processor] = [
        merge_contextvars,
        add_log_level,
        TimeStamper(fmt="iso", utc=True, key="time"),
        format_exc_info,
        _plain_event,
        _as_json if form == "json" else _as_text,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    _lead_here(_LEVELS[level])


def logger() -> FilteringBoundLogger:
    """The logger of this server: `logger().info("what happened", field=value)`."""
    made: FilteringBoundLogger = structlog.get_logger()
    return made


@contextmanager
def bind_request(request_id: str) -> Generator[None, None, None]:
    """Every event logged inside names this request."""
    bound = bind_contextvars(request=request_id)
    try:
        yield
    finally:
        reset_contextvars(**bound)


def without_secrets(text: str) -> str:
    """The text without its secrets: of tokens the last four characters stay, of passwords nothing."""
    text = _BEARER.sub(lambda found: f"{found[1]}{_end_of(found[2])}", text)
    if "eyJ" in text:
        text = _DOTTED.sub(_without_token, text)
    if "://" in text:
        text = _PASSWORD_IN_URL.sub(r"\1:***@", text)
    return _NAMED.sub(r"\1***", text) if "=" in text else text


def _without_token(found: re.Match[str]) -> str:
    """A run of base64url and dots; what begins with `eyJ`, the base64 of `{"`, and has a dot is a token."""
    before, begins, token = found[0].partition("eyJ")
    return f"{before}{_end_of(token)}" if "." in token else f"{before}{begins}{token}"


def _end_of(token: str) -> str:
    return f"***{token[-_VISIBLE:]}" if len(token) > _SHORT else "***"


def _plain_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """The event with its fields in order, each of plain JSON and without secrets."""
    ordered = {name: event.pop(name, None) for name in _FIRST} | dict(event)
    return _plain_fields(ordered, _DEPTH)


def _plain_fields(fields: Mapping[Any, object], depth: int) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in fields.items():
        name = key if isinstance(key, str) else _shown(key)
        plain[without_secrets(name)] = "***" if name.lower() in _SECRET_FIELDS else _plain(value, depth)
    return plain


def _plain(value: object, depth: int) -> Any:
    """The value as JSON has it, without secrets; what is none of JSON is shown in one text."""
    anything = value
    if isinstance(value, str):
        return without_secrets(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _LARGE:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, dict) and depth:
        return _plain_fields(cast("dict[Any, object]", value), depth - 1)
    if isinstance(value, list | tuple) and depth:
        return [_plain(item, depth - 1) for item in cast("Iterable[object]", value)]
    return _shown(anything)


def _shown(value: object) -> str:
    """What the value shows of itself. It is cut after its secrets are out: a part may not look like one."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a stranger's repr may raise anything
        text = f"<{type(value).__name__} that cannot be shown>"
    text = without_secrets(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _as_json(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event)


def _as_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """`time level event name=value ...`, for a person to read; an exception's lines follow, indented."""
    time, level, what, exception = (event.pop(name, None) for name in (*_FIRST, "exception"))
    fields = "".join(f" {json.dumps(name)[1:-1]}={json.dumps(value)}" for name, value in event.items())
    lines = "" if exception is None else "".join(f"\n  | {line}" for line in str(exception).splitlines())
    text = f"{time} {level:<8} {json.dumps(what)[1:-1]}{fields}{lines}"
    return text.encode("ascii", "backslashreplace").decode("ascii")


class _Lines:
    """The stream, a line at a time. A line that cannot be written is lost, and nobody is stopped by that."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()

    def write(self, line: str) -> None:
        # ValueError is a closed stream's
        with self._lock, suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


class _ToOurs(logging.Handler):
    """What libraries log through the standard library, as events like ours; `logger` names whose they are."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = record.getMessage()
        except Exception:  # noqa: BLE001  # arguments that do not fit the message may raise anything
            event = str(record.msg)
        level = max(
            (number for number in _LEVELS.values() if number <= record.levelno), default=logging.DEBUG
        )
        logger().log(level, event.strip(), logger=record.name, exc_info=record.exc_info)


def _lead_here(level: int) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToOurs)]:
        root.removeHandler(handler)
    root.addHandler(_ToOurs())
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"
        library.setLevel(logging.NOTSET)
    # from `info` on the one logs every statement with its values, the other each look at the tables
    for name in ("sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
