"""The log: one event a line, of ours and of the libraries, and no secret in any field of it.

Secrets are looked for in every text of every event, not in fields of certain names alone: a token in an
error's message is as open as one in a field of its own. Logging never fails whoever logs.

A line is searched whole for what secrets begin with, and taken apart only where that is in it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from textwrap import indent
from threading import Lock
from typing import Any, Final, Literal, TextIO, TypeAlias, get_args

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars, reset_contextvars
from structlog.dev import ConsoleRenderer
from structlog.processors import JSONRenderer, TimeStamper, add_log_level, format_exc_info
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.typing import FilteringBoundLogger, Processor

from restart_engine.core.errors import InvalidValue

Level: TypeAlias = Literal["debug", "info", "warning", "error", "critical"]
Form: TypeAlias = Literal["json", "text"]

_LEVELS: Final[Mapping[str, int]] = {name: getattr(logging, name.upper()) for name in get_args(Level)}
_FIRST: Final = ("time", "level", "event")
_SHOWN: Final = 1000
"""Characters shown of a value that is none of JSON."""
_LARGE: Final = 2**64
_STRICT: Final = json.JSONEncoder(allow_nan=False)
_VISIBLE: Final = 4
_SHORT: Final = 8
"""Up to so many characters, the last four would be too much of a token to show."""

# each takes time that grows with the text alone, whatever a client put into it
_BEARER: Final = re.compile(r"""(\bbearer(?:\s|%20)+["']?)([^\s"',;]+)""", re.IGNORECASE)
_DOTTED: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+")
_PASSWORD_IN_URL: Final = re.compile(r"(://[^\s:/?#@]*):\S{0,1024}@")
_NAMES: Final = ("password", "passwd", "secret", "token", "key", "authorization")
_NAMED: Final = re.compile(
    rf"""((?:password|passwd|secret|token)=|["']\w*(?:{"|".join(_NAMES)})["']: ["']?)[^\s&"',;]+""",
    re.IGNORECASE,
)
_SUSPECT: Final = (
    "eyj",
    "bearer",
    "://",
    *(f"{name}{end}" for name in _NAMES for end in ("=", '":', "':", '\\":')),
)
"""One of these is in the JSON, in small letters, of every event that holds a secret, and of few others."""
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
    of_all: list[Processor] = [
        merge_contextvars,
        add_log_level,
        TimeStamper(fmt="iso", utc=True, key="time"),
        format_exc_info,
    ]
    rendering: list[Processor] = [JSONRenderer(serializer=_as_json)]
    if form == "text":
        people = ConsoleRenderer(colors=False, timestamp_key="time", repr_native_str=True)
        rendering = [_for_people, people]
    lines = _Lines(stream or sys.stderr)
    lines.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*of_all, add_logger_name],
            processors=[ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    structlog.configure(
        # not through the standard library, which would take as long as all of this again
        processors=[*of_all, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    _lead_here(lines, _LEVELS[level])


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
    return _NAMED.sub(r"\1***", text)


def _without_token(found: re.Match[str]) -> str:
    """A run of base64url and dots; what begins with `eyJ`, the base64 of `{"`, and has a dot is a token."""
    before, begins, token = found[0].partition("eyJ")
    return f"{before}{_end_of(token)}" if "." in token else f"{before}{begins}{token}"


def _end_of(token: str) -> str:
    return f"***{token[-_VISIBLE:]}" if len(token) > _SHORT else "***"


def _as_json(event: dict[str, Any], **_: object) -> str:
    """The event on one line. Most hold nothing to hide and nothing odd, and are not looked into."""
    ordered = {name: event.pop(name, None) for name in _FIRST} | event
    with suppress(TypeError, ValueError, RecursionError):  # what is none of JSON
        line = _STRICT.encode(ordered)
        small = line.lower()
        if not any(part in small for part in _SUSPECT):
            return line
    return _STRICT.encode(_plain_fields(ordered))


def _for_people(_logger: object, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    """The event without secrets, on one line; only an exception has more, each with a mark before it."""
    plain = _plain_fields(event)
    plain["event"] = json.dumps(plain["event"])[1:-1]
    if "exception" in plain:
        plain["exception"] = indent(plain["exception"], "  | ", lambda _: True)
    return plain


def _plain_fields(event: Mapping[str, object]) -> dict[str, Any]:
    return {
        without_secrets(name): "***" if name.lower() in _SECRET_FIELDS else _plain(value)
        for name, value in event.items()
    }


def _plain(value: object) -> Any:
    """The value without secrets; what is no text, number, truth value or null is shown as a text."""
    if isinstance(value, str):
        return without_secrets(value)
    if value is None or (isinstance(value, int | float) and -_LARGE < value < _LARGE):
        return value
    return _shown(value)


def _shown(value: object) -> str:
    """What the value shows of itself. It is cut after its secrets are out: a part may not look like one."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a stranger's repr may raise anything
        text = f"<{type(value).__name__} that cannot be shown>"
    text = without_secrets(text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


class _Lines(logging.Handler):
    """The stream, a line at a time, for structlog and for what libraries log through the standard library.

    A line that cannot be written is lost, and nobody is stopped by that.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._writing = Lock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001  # arguments that do not fit the message may raise anything
            record.args = ()
            line = self.format(record)
        self.write(line)

    def write(self, line: str) -> None:
        # ValueError is a closed stream's
        with self._writing, suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = write


def _lead_here(handler: _Lines, level: int) -> None:
    root = logging.getLogger()
    for earlier in [each for each in root.handlers if isinstance(each, _Lines)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "alembic"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = name != "uvicorn.access"
        library.setLevel(logging.NOTSET)
    # from `info` on the one logs every statement with its values, the other each look at the tables
    for name in ("sqlalchemy", "alembic"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
