"""YAML for the JSON that it stands for: a word without quotes means what it would mean in JSON, or is a text.

So `no`, `12:30` and `2026-11-24` are texts, and `012` too. Tags, aliases and a second document are refused,
and with aliases every text that would grow when it is read. Names of members are texts, whatever they say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import yaml

from restart_engine.strict_json import Objects, WireError

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Only its parser is used; the one in C where PyYAML was built with it."""
_INTEGER: Final = r"-?(?:0|[1-9][0-9]*)"
_NUMBER: Final = rf"{_INTEGER}(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PLAIN: Final = re.compile(rf"(?:null|true|false|{_NUMBER})\Z")
"""The words that JSON gives a meaning; `~` and no word at all mean null as well."""


def parsed_yaml(text: bytes, *, levels: int) -> object:
    """The one value that the text holds, as `strict_json.read_json` gives that of a JSON text."""
    try:
        return _built(_events(text.decode()), levels)
    except UnicodeDecodeError as error:
        found = f"not UTF-8: byte {text[error.start]:#04x} at offset {error.start}"
        raise WireError("", found, "YAML in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        said = " ".join((error.problem or "not readable").split())
        raise WireError("", f"no YAML: {said}{_at(error.problem_mark)}", "one YAML document") from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        raise WireError("", f"no YAML: {' '.join(str(error).split())}", "one YAML document") from None


def yaml_text(value: object) -> bytes:
    """The value as YAML that `parsed_yaml`, and any reader of YAML 1.1 or 1.2, reads as the same."""
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


class _Open:
    """A collection of which more is to come; of an object, names and values in turn."""

    def __init__(self, *, is_object: bool) -> None:
        self.is_object = is_object
        self.items: list[Any] = []

    @property
    def awaits_name(self) -> bool:
        return self.is_object and len(self.items) % 2 == 0

    def closed(self, objects: Objects) -> object:
        if not self.is_object:
            return self.items
        return objects.make(list(zip(self.items[::2], self.items[1::2], strict=True)))


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=_LOADER))


def _built(events: Iterator[Any], levels: int) -> object:
    """The value that the events describe; nothing here calls itself, however deep they go."""
    above: list[_Open] = []
    documents: list[object] = []
    objects = Objects()
    for event in events:
        match event:
            case yaml.ScalarEvent() | yaml.CollectionStartEvent() | yaml.AliasEvent():
                value = _begun(event, above[-1] if above else None)
                if isinstance(value, _Open):
                    if len(above) == levels + 1:  # one level more is read, for its place to be named
                        _refuse(event, "nested too deeply", f"at most {levels} levels of nesting")
                    above.append(value)
                    continue
            case yaml.CollectionEndEvent():
                value = above.pop().closed(objects)
            case yaml.DocumentStartEvent() if documents:
                _refuse(event, "holding a second document", "one YAML document")
            case _:
                continue
        (above[-1].items if above else documents).append(value)
    value = documents[0] if documents else None
    objects.check(value)
    return value


def _begun(event: Any, inside: _Open | None) -> object:
    """What the event begins: a scalar's value, or a collection."""
    if isinstance(event, yaml.AliasEvent):
        _refuse(event, "holding an alias", "values written where they stand")
    if event.tag is not None:
        _refuse(event, "holding a tag", "values without tags")
    if inside is not None and inside.awaits_name:
        if not isinstance(event, yaml.ScalarEvent):
            _refuse(event, "holding a member whose name is no text", "a text before the colon")
        return event.value
    if not isinstance(event, yaml.ScalarEvent):
        return _Open(is_object=isinstance(event, yaml.MappingStartEvent))
    return event.value if event.style else _meant(event)


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
