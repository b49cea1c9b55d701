"""The keys of a phone, as flows write them and as Telnyx gathers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from dialtone.domain.commands import Command, command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from dialtone.domain.calls import Call
    from dialtone.domain.events import Event


def as_text(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """A key as text, since YAML reads an unquoted 1 as a number."""
    return str(written) if type(written) is int else written


def _one_by_one(written: Any) -> Any:  # noqa: ANN401 -- pydantic hands over whatever the file holds
    """`"1, 9": sales` stands for two keys that lead to one step."""
    if not isinstance(written, dict):
        return written
    keys: dict[Any, Any] = {}
    for named, target in written.items():
        for key in named.split(",") if isinstance(named, str) else [named]:
            key = key.strip() if isinstance(key, str) else key  # noqa: PLW2901 -- the key, without what surrounds it
            if key in keys:
                raise ValueError(f"{key} appears twice; remove one of the two")
            keys[key] = target
    return keys


_KEY_SCHEMA = {"anyOf": [{"type": "string", "pattern": r"^[0-9*#]$"}, {"type": "integer", "minimum": 0, "maximum": 9}]}

Key = Annotated[
    str,
    BeforeValidator(as_text),
    StringConstraints(pattern=r"^[0-9*#]$"),
    WithJsonSchema(_KEY_SCHEMA),
]
"""One key of a phone."""

OneKeyOrSeveral = Annotated[
    tuple[Key, ...],
    BeforeValidator(lambda written: [written] if isinstance(written, (str, int)) else written),
    WithJsonSchema({"anyOf": [*_KEY_SCHEMA["anyOf"], {"type": "array", "items": _KEY_SCHEMA}]}),
]
"""One key, or a list of them."""

_KEYS_SCHEMA = {
    "type": "object",
    "patternProperties": {r"^ *[0-9*#] *(, *[0-9*#] *)*$": {"type": "string"}},
    "additionalProperties": False,
}

Keys = Annotated[dict[Key, str], BeforeValidator(_one_by_one), WithJsonSchema(_KEYS_SCHEMA)]
"""Key → the step it leads to; several keys are separated by commas."""

SomeKeys = Annotated[
    dict[Key, str],
    Field(min_length=1),
    BeforeValidator(_one_by_one),
    WithJsonSchema(_KEYS_SCHEMA | {"minProperties": 1}),
]
"""The same, with at least one key."""

Phrase = Annotated[str, StringConstraints(pattern=r"^[^\s,;:{}]([^\n,;:{}]*[^\s,;:{}])?$", max_length=100)]
"""Words that a caller may say."""

_PHRASES_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}

Phrases = Annotated[
    tuple[Phrase, ...],
    Field(min_length=1),
    BeforeValidator(lambda written: [written] if isinstance(written, str) else written),
]
"""One phrase or several."""

Spoken = Annotated[
    dict[Key, Phrases],
    BeforeValidator(_one_by_one),
    WithJsonSchema(_KEYS_SCHEMA | {"patternProperties": {r"^ *[0-9*#] *$": _PHRASES_SCHEMA}}),
]
"""Key → the words that callers may say instead: one phrase or several."""

_SAID = {
    "anyOf": [
        {"type": "boolean"},
        {"type": "object", "patternProperties": {r"^[0-9]+$": _PHRASES_SCHEMA}, "additionalProperties": False},
    ]
}

SpokenDigits = Annotated[
    dict[Annotated[str, BeforeValidator(as_text), StringConstraints(pattern=r"^[0-9]+$")], Phrases] | None,
    BeforeValidator(lambda written: ({} if written else None) if isinstance(written, bool) else written),
    WithJsonSchema(_SAID),
]
"""Whether digits may be spoken; or digits → the words that callers may say instead."""

NO_KEY = ""


def gathered_key(event: Event) -> str | None:
    """The digits of a gather that has ended; '' if the caller pressed nothing.

    None for any other event, and if the gather ended because the caller hung up: nobody is there to go on with. A
    gather cancelled by the control API counts as nothing pressed, since the caller is still there.
    """
    if event.type != "call.gather.ended" or event.text("status") == "call_hangup":
        return None
    return event.text("digits") if event.text("status") in {"valid", "invalid"} else NO_KEY


def terminator_beside(keys: Collection[str]) -> dict[str, object]:
    """A terminating digit that is not one of the keys: Telnyx would swallow it instead of reporting it."""
    return {"terminating_digit": next(key for key in "#*0123456789A" if key not in keys)}


def one_key(keys: Iterable[str]) -> dict[str, object]:
    """The parameters of a gather that waits for one of these keys."""
    return {"minimum_digits": 1, "maximum_digits": 1, **terminator_beside(tuple(keys))}


def meaning_one(phrases: Mapping[str, Collection[str]]) -> None:
    """Raise ValueError if a phrase stands for two answers."""
    meant: dict[str, str] = {}
    for answer, words in phrases.items():
        for phrase in words:
            if meant.setdefault(phrase.casefold(), answer) != answer:
                raise ValueError(f"say_or_press has “{phrase}” for two keys; write it for one of them")


def stop_gathering(call: Call) -> tuple[Command, ...]:
    """The command that ends a gather."""
    return (command("gather_stop", call.control_id),)
