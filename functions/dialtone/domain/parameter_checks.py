"""Checks of command parameters. Each says what it allows."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeGuard

SHOWN_CHARACTERS = 60  # of a wrong value in an error: enough to recognise it, short enough for a log line


class Fault(NamedTuple):
    """What is wrong with one parameter: the rest of a sentence that begins with the parameter's name."""

    parameter: str
    reason: str


class Parameter(Protocol):
    """Anything that can check a value under a name."""

    def faults(self, name: str, given: object) -> Iterator[Fault]:
        """The faults of the value; none if it is valid."""
        ...

    def json_schema(self) -> dict[str, Any]:
        """The part of the check that JSON Schema can express."""
        ...


class Check(NamedTuple):
    """A check of a value as a whole."""

    allowed: str
    accepts: Callable[[object], bool]
    choices: tuple[str | int, ...] = ()
    secret: bool = False  # passwords, tokens, and digits that may be a card's or a PIN: never repeated in an error
    schema: Mapping[str, Any] = MappingProxyType({})

    def json_schema(self) -> dict[str, Any]:
        """The schema, with what is allowed as a sentence."""
        return {**self.schema, "description": f"{self.allowed[:1].upper()}{self.allowed[1:]}."}

    def faults(self, name: str, given: object) -> Iterator[Fault]:
        """One fault that says what is allowed and what was passed."""
        if not self.accepts(given):
            yield Fault(name, f"must be {self.allowed}, not {'what was given' if self.secret else shown(given)}")


class ListOf(NamedTuple):
    """A check of a list, item by item."""

    item: Parameter

    def json_schema(self) -> dict[str, Any]:
        """The schema of such a list."""
        return {"type": "array", "items": self.item.json_schema()}

    def faults(self, name: str, given: object) -> Iterator[Fault]:
        """The faults of the items, each named by its place."""
        if not isinstance(given, (list, tuple)):
            yield Fault(name, f"must be a list, not {shown(given)}")
            return
        for place, item in enumerate(given):
            yield from self.item.faults(f"{name}[{place}]", item)


class MapOf(NamedTuple):
    """A check of a mapping from any name to values of one kind."""

    value: Parameter

    def json_schema(self) -> dict[str, Any]:
        """The schema of such a mapping."""
        return {"type": "object", "additionalProperties": self.value.json_schema()}

    def faults(self, name: str, given: object) -> Iterator[Fault]:
        """The faults of the values, each named by its key."""
        if not _keyed_by_text(given):
            yield Fault(name, f"must be a mapping, not {shown(given)}")
            return
        for key, value in given.items():
            yield from self.value.faults(f"{name}.{key}", value)


class Shape(NamedTuple):
    """A check of a mapping with known fields; an `open` one accepts other fields, as long as they are JSON."""

    fields: Mapping[str, Parameter] = MappingProxyType({})
    required: tuple[str, ...] = ()
    open: bool = False

    def json_schema(self) -> dict[str, Any]:
        """The schema of such a mapping."""
        return object_schema(self.fields, self.required, is_open=self.open)

    def faults(self, name: str, given: object) -> Iterator[Fault]:
        """The missing fields, the unknown fields, and the faults of the others."""
        if not _keyed_by_text(given):
            yield Fault(name, f"must be a mapping, not {shown(given)}")
            return
        for missing in (needed for needed in self.required if needed not in given):
            yield Fault(f"{name}.{missing}", "is missing")
        for key, value in given.items():
            yield from (self.fields.get(key) or self._unknown()).faults(f"{name}.{key}", value)

    def _unknown(self) -> Check:
        known = f"one of {', '.join(self.fields)}" if self.fields else "left out"
        return ANY_JSON if self.open else Check(f"named {known}", lambda _: False)


def object_schema(
    fields: Mapping[str, Parameter], required: Iterable[str] = (), *, is_open: bool = False
) -> dict[str, Any]:
    """The JSON Schema of a mapping with these fields."""
    schema: dict[str, Any] = {"type": "object", "additionalProperties": is_open}
    if fields:
        schema["properties"] = {name: each.json_schema() for name, each in fields.items()}
    return schema | ({"required": [*required]} if required else {})


def shown(given: object) -> str:
    """A wrong value as an error shows it: short; a long text only by its length."""
    if isinstance(given, str) and len(given) > SHOWN_CHARACTERS:
        return f"{given[:SHOWN_CHARACTERS]!r}… ({len(given):,} characters)"
    text = repr(given)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def text(least: int, most: int) -> Check:
    """A check for text of so many characters."""
    return Check(
        f"text of {least:,} to {most:,} characters",
        lambda given: _text(given) and least <= len(given) <= most,
        schema={"type": "string", "minLength": least, "maxLength": most},
    )


def written(pattern: str, allowed: str, *, secret: bool = False) -> Check:
    """A check for text that matches the whole pattern."""
    return Check(
        allowed,
        lambda given: _text(given) and re.fullmatch(pattern, given) is not None,
        secret=secret,
        schema={"type": "string", "pattern": f"^({pattern})$"},
    )


def whole(least: int, most: int | None = None) -> Check:
    """A check for a whole number in a range."""
    allowed = f"a whole number of {least:,} or more" if most is None else f"a whole number from {least:,} to {most:,}"
    return Check(
        allowed,
        lambda given: _whole(given) and least <= given and (most is None or given <= most),
        schema={"type": "integer", "minimum": least} | ({} if most is None else {"maximum": most}),
    )


def number(least: float, most: float) -> Check:
    """A check for any number in a range."""
    return Check(
        f"a number from {least:g} to {most:g}",
        lambda given: _number(given) and least <= given <= most,
        schema={"type": "number", "minimum": least, "maximum": most},
    )


def choice(*choices: str | int) -> Check:
    """A check for one of a few values: a true enumeration of Telnyx's."""
    allowed = f"one of {', '.join(map(str, choices))}" if len(choices) > 1 else repr(choices[0])
    # Only text and whole numbers match: in Python, True and 8000.0 equal members of some enumerations.
    return Check(
        allowed,
        lambda given: (_text(given) or _whole(given)) and given in choices,
        choices,
        schema={"enum": [*choices]},
    )


def either(*checks: Parameter, allowed: str) -> Check:
    """A check for a value that passes one of several checks."""
    return Check(
        allowed,
        lambda given: any(not any(check.faults("", given)) for check in checks),
        schema={"anyOf": [check.json_schema() for check in checks]},
    )


def url(*schemes: str) -> Check:
    """A check for an absolute URL."""
    return written(rf"({'|'.join(schemes)})://[^\s/]+\S*", f"an address that begins with {' or '.join(schemes)}://")


def _text(given: object) -> TypeGuard[str]:
    return isinstance(given, str)


def _whole(given: object) -> TypeGuard[int]:
    return isinstance(given, int) and not isinstance(given, bool)


def _number(given: object) -> TypeGuard[float]:
    return (isinstance(given, float) and math.isfinite(given)) or _whole(given)


def _keyed_by_text(given: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(given, Mapping) and all(isinstance(key, str) for key in given)


def _base64(given: object) -> bool:
    try:
        return _text(given) and base64.b64decode(given, validate=True) is not None
    except ValueError:
        return False


def _json(given: object) -> bool:
    if isinstance(given, (list, tuple)):
        return all(_json(item) for item in given)
    if isinstance(given, Mapping):
        return _keyed_by_text(given) and all(_json(value) for value in given.values())
    return given is None or isinstance(given, (str, bool)) or _number(given)


FLAG = Check("true or false", lambda given: isinstance(given, bool), schema={"type": "boolean"})
BASE64 = Check("base64", _base64, schema={"type": "string", "contentEncoding": "base64"})
ANY_JSON = Check("JSON: text, numbers, true, false, null, lists, mappings", _json)
WORD = written(r"\S(.*\S)?", "text that is not blank")
SECRET = Check(
    "text that is not empty",
    lambda given: _text(given) and given != "",
    secret=True,
    schema={"type": "string", "minLength": 1},
)
UUID = written(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a UUID")
WEB = url("https", "http")
WEBSOCKET = url("wss", "ws")
