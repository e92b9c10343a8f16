"""YAML for the JSON that it stands for: a word without quotes means what it would mean in JSON, or is a text.

So `no`, `12:30` and `2026-11-24` are texts, and `012` too. Tags, aliases and a second document are refused,
and with aliases every text that would grow when it is read. Names of members are texts, whatever they say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn, TypeVar

import yaml

from restart_engine.strict_json import Objects, WireError, member, read_json, to_utf8

_Made = TypeVar("_Made")

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its parser is used; the one in C where PyYAML was built with it."""
_INTEGER: Final = r"-?(?:0|[1-9][0-9]*)"
_NUMBER: Final = rf"{_INTEGER}(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PLAIN: Final = re.compile(rf"(?:null|true|false|{_NUMBER})\Z")
"""The words that JSON gives a meaning; `~` and no word at all mean null as well."""


def read_by_name(text: str | bytes, name: str, make: Callable[[object], _Made], *, levels: int) -> _Made:
    """What is made of the value that a file of this name holds; a `WireError` from YAML names the line.

    The name's ending says whether it is JSON or YAML; under another, a text that begins with a brace is JSON.
    """
    text = to_utf8(text)
    ending = name.lower()
    if ending.endswith(".json") or (not ending.endswith((".yaml", ".yml")) and text.lstrip()[:1] == b"{"):
        return make(read_json(text, levels=levels))
    reader = _Reader(levels)
    try:
        return make(reader.read(text))
    except WireError as error:
        error.line = reader.line_of(error.path)
        raise


def yaml_text(value: object) -> bytes:
    """The value as YAML that `read_by_name`, and any reader of YAML 1.1 or 1.2, reads as the same."""
    text: str = yaml.dump(  # pyright: ignore[reportUnknownMemberType]  # its stubs leave one option open
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110
    )
    return text.encode()


class _Dumper(yaml.SafeDumper):
    """Puts quotes around each text that a reader could take for something else."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # its signature
        """Every value is written where it stands."""
        return True


def _text(_dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Between double quotes where it holds what YAML takes for the end of a line, or nobody sees."""
    style = None if text.isprintable() else '"'
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
for _tag, _words in (("int", _INTEGER), ("float", _NUMBER)):
    _Dumper.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]  # types-PyYAML leaves it untyped
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"{_words}\Z"), list("-0123456789")
    )


class _Reader:
    """Reads one document, as `read_json` reads a JSON text; afterwards it knows where each value stands."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._objects = Objects()
        self._lines: dict[str, int] = {}

    def read(self, text: bytes) -> object:
        """The one value that the text holds; none where there is none."""
        try:
            self._events = iter(yaml.parse(text.decode(), Loader=_LOADER))
            value = self._document()
        except UnicodeDecodeError as error:
            found = f"not UTF-8: byte {text[error.start]:#04x} at offset {error.start}"
            raise WireError("", found, "YAML in UTF-8") from None
        except yaml.YAMLError as error:
            said = " ".join(str(getattr(error, "problem", None) or error).split())
            where = _at(getattr(error, "problem_mark", None))
            raise WireError("", f"no YAML: {said}{where}", "one YAML document") from None
        self._objects.check(value)
        return value

    def line_of(self, path: str) -> int | None:
        """The line of the value at this path, or of what it would be a member of."""
        while path and path not in self._lines:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self._lines.get(path)

    def _document(self) -> object:
        value: object = None
        seen = False
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    _refuse(event, "holding a second document", "one YAML document")
                value, seen = self._value(next(self._events), "", 1), True
        return value

    def _value(self, event: Any, path: str, level: int) -> object:
        """The value that begins with this event; no level deeper than is read, however deep the text goes."""
        _check_plain(event)
        self._lines[path] = event.start_mark.line + 1
        if isinstance(event, yaml.ScalarEvent):
            return event.value if event.style else _meant(event)
        if level > self._levels + 1:  # one level more is read, for its place to be named
            _refuse(event, "nested too deeply", f"at most {self._levels} levels of nesting")
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[object] = []
            for inner in self._until(yaml.SequenceEndEvent):
                items.append(self._value(inner, f"{path}[{len(items)}]", level + 1))
            return items
        members: list[tuple[str, object]] = []
        for inner in self._until(yaml.MappingEndEvent):
            _check_plain(inner)
            if not isinstance(inner, yaml.ScalarEvent):
                _refuse(inner, "holding a member whose name is no text", "a text before the colon")
            name: str = inner.value
            members.append((name, self._value(next(self._events), member(path, name), level + 1)))
        return self._objects.make(members)

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event


def _check_plain(event: Any) -> None:
    if isinstance(event, yaml.AliasEvent):
        _refuse(event, "holding an alias", "values written where they stand")
    if event.tag is not None:
        _refuse(event, "holding a tag", "values without tags")


def _meant(event: Any) -> object:
    """The value of a word without quotes."""
    word: str = event.value
    if word in {"", "~"}:
        return None
    if _PLAIN.match(word) is None:
        return word
    try:
        value: object = json.loads(word)
    except ValueError:  # what Python says of an integer with more digits than it reads
        _refuse(event, "holding an integer of too many digits", "a shorter integer")
    return value


def _refuse(event: Any, found: str, accepted: str) -> NoReturn:
    raise WireError("", f"{found}{_at(event.start_mark)}", accepted)


def _at(mark: Any) -> str:
    return "" if mark is None else f" at line {mark.line + 1} column {mark.column + 1}"
