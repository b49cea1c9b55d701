"""The commonest slips in YAML and in flows, as sentences with a remedy. Loaded only where something is wrong."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from inspect import isclass
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    import yaml
    from pydantic_core import ErrorDetails

    from dialtone.flow.document import Path

Explanation = tuple[str, str]
"""The reason and the remedy."""

NOT_WRITTEN = frozenset({"name", "calendar"})
"""Fields of steps that the reader fills in."""

OTHER_NAMES: Mapping[str, str] = {
    "choices": "keys",
    "options": "keys",
    "then": "next",
    "goto": "next",
    "go_to": "next",
    "retries": "tries",
    "timeout": "wait_seconds",
    "ring": "ring_seconds",
    "timeout_seconds": "wait_seconds",
    "music": "hold",
}
"""What other products, and people, call it."""

_LONGEST_SHOWN = 60


class Slip(NamedTuple):
    """What is wrong with the YAML itself. Line and column are counted from 0."""

    line: int
    column: int
    reason: str
    remedy: str


# YAML


def yaml_slip(error: yaml.MarkedYAMLError, text: str) -> Slip:
    """The likely slip behind PyYAML's error."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = [*text.splitlines(), ""]
    if (tab := _tab(lines, line)) is not None:
        return Slip(tab, 0, "is indented with a tab, which YAML does not take", "indent with spaces")
    if error.context_mark and (opened := _never_closed(error.context or "")):
        return Slip(error.context_mark.line, error.context_mark.column, *opened)
    return Slip(line, column, *_at_the_mark(error, lines[min(line, len(lines) - 1)], column))


def _never_closed(context: str) -> Explanation | None:
    if "quoted scalar" in context:
        return "a quote is opened here and never closed", "close it, or leave both quotes out"
    if "flow mapping" in context or "flow sequence" in context:
        remedy = "close it and put commas between, or, if it is text, write all of it in quotes"
        return "a bracket is opened here, and what follows is no list or mapping", remedy
    return None


def _at_the_mark(error: yaml.MarkedYAMLError, written: str, column: int) -> Explanation:
    context, problem = error.context or "", error.problem or ""
    if "alias" in context or "anchor" in context:
        return _unquoted_sign(written)
    if "mapping values are not allowed" in problem:
        return _second_colon(written)
    if "cannot start any token" in problem:
        return f"begins with {written[column : column + 1]}, which means something to YAML", "write the text in quotes"
    if "expected <block end>" in problem:
        return _after_the_value(written, column)
    return f"not YAML: {problem}", "fix the line, or the one above it"


def _tab(lines: list[str], line: int) -> int | None:
    """The nearest line up to there that is indented with a tab."""
    return next((each for each in (line, line - 1) if each >= 0 and re.match(r" *\t", lines[each])), None)


def _unquoted_sign(written: str) -> Explanation:
    found = re.match(r"\s*(?P<sign>[*&])\s*:\s*(?P<target>.*)", written)
    if found:
        sign, target = found["sign"], found["target"]
        return f"{sign} means something else to YAML", f'write the key in quotes: "{sign}": {target}'.rstrip()
    sign = "*" if "*" in written else "&"
    return f"{sign} means something else to YAML", f'write it in quotes: "{sign}"'


_KEY_AND_TEXT = re.compile(r"\s*(?:- )?(?P<key>[^\s:\"']+):\s+(?P<text>.*\S)")


def _second_colon(written: str) -> Explanation:
    found = _KEY_AND_TEXT.match(written)
    if found and re.search(r":(\s|$)", found["text"]):
        return "the text has a colon in it, which YAML takes for a key's", _in_quotes(found["key"], found["text"])
    remedy = "indent it like the keys around it, or, if it is text, write all of the text in quotes"
    return "stands deeper than the line above, which has its value already", remedy


def _after_the_value(written: str, column: int) -> Explanation:
    found = _KEY_AND_TEXT.match(written)
    text = found["text"] if found and found.start("text") < column else ""
    if found and text[:1] in {"'", '"'}:
        inside = text[1:-1] if text[0] == "'" and text.endswith("'") else text
        return "the text goes on after its closing quote", _in_quotes(found["key"], inside)
    if found and text[:1] in {"{", "["}:
        return f"the text begins with {text[0]}, which begins something else in YAML", _in_quotes(found["key"], text)
    return "is indented otherwise than the lines around it", "give all keys of a mapping the same number of spaces"


def _in_quotes(key: str, text: str) -> str:
    shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    quoted = f"'{shown}'" if '"' in shown else f'"{shown}"'
    return f"write the whole text in quotes: {key}: {quoted}"


# Flows


def explained(error: ErrorDetails, model: type[BaseModel], content: Any, where: Path) -> Explanation:  # noqa: ANN401 -- whatever the file holds
    """An error of pydantic's; `where` is the path to it in the content, as far as it is written there."""
    named = ".".join(map(str, where))
    if error["type"] == "extra_forbidden":
        return f"{named} is not a key here", _remedy_for_key(error, model, content, where)
    if error["type"] == "missing":
        return f"{named} is missing", f"add {named}"
    value = where[-1] if error["loc"][-1:] == ("[key]",) else _at(content, where)
    explained = _of_value(error, value, model)
    if explained is None:
        reason, _, remedy = error["msg"].removeprefix("Value error, ").partition("; ")
        explained = reason, remedy or "fix the value"
    return (f"{named}: {explained[0]}" if named else explained[0]), explained[1]


def near(word: str, known: Collection[str]) -> str:
    """The name that was meant, most likely; '' for none."""
    return next(iter(get_close_matches(word.lower(), list(known), 1)), "")


def _remedy_for_key(error: ErrorDetails, model: type[BaseModel], content: Any, where: Path) -> str:  # noqa: ANN401 -- as above
    key, known = str(where[-1]), _keys_at(model, error["loc"][:-1])
    other = OTHER_NAMES.get(key, "")
    if likely := (other if other in known else "") or near(key, known):
        return f"did you mean {likely}?"
    above = _keys_at(model, ())
    if len(where) > 1 and (key in above or other in above) and isinstance(content, dict):
        meant = key if key in above else other
        return f"write {meant} beside {where[0]}, not below it"
    return f"remove it; keys here are {', '.join(sorted(known))}" if known else "remove it"


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """The keys that a mapping there may have."""
    models = [model]
    for part in location:
        below = [each.model_fields[part] for each in models if isinstance(part, str) and part in each.model_fields]
        inside = [found for field in below for found in _models(field.annotation)]
        models = inside or models
    return {name for each in models for name in each.model_fields} - NOT_WRITTEN


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 -- any type
    if isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models(each)


def _at(content: Any, where: Path) -> Any:  # noqa: ANN401 -- as above
    for part in where:
        content = content[part]
    return content


def _of_value(error: ErrorDetails, value: Any, model: type[BaseModel]) -> Explanation | None:  # noqa: ANN401 -- as above
    kind, limits = error["type"], error.get("ctx", {})
    if kind.startswith("string_") and isinstance(value, str):
        return _of_text(kind, value, str(limits.get("pattern", "")))
    if kind == "less_than_equal":
        return f"{value} is more than {limits['le']}", f"write at most {limits['le']}"
    if kind == "greater_than_equal":
        return f"{value} is less than {limits['ge']}", f"write at least {limits['ge']}"
    if kind == "literal_error":
        return _of_choice(value, str(limits.get("expected", "")))
    return _of_type(kind, value, sorted(_keys_at(model, error["loc"])) if error["loc"] else [])


def _of_choice(value: Any, expected: str) -> Explanation:  # noqa: ANN401 -- as above
    allowed = [each.strip("'") for each in re.split(r", | or ", expected)]
    if allowed == ["True"]:
        return f"{_shown(value)} means nothing here", "write true, or remove the key"
    likely = near(str(value), set(allowed))
    return f"{_shown(value)} is not one of {', '.join(allowed)}", f"did you mean {likely}?" if likely else "name one"


_PATTERNS: Mapping[str, Explanation] = {
    r"^[a-z0-9][a-z0-9-]*$": ("is not a name for a flow", "use small letters, digits and hyphens"),
    r"^[0-9*#]$": ("is not a key of a telephone", 'write one of 0 to 9, "*" and "#"'),
    r"^https?://[^\s/]+\S*$": (
        "is not an address",
        "begin it with https://, or name a file in Telnyx's storage: media",
    ),
}


def _of_text(kind: str, value: str, pattern: str) -> Explanation | None:
    if kind == "string_too_short":
        return "is empty", "write something, or leave the key out"
    if pattern not in _PATTERNS:
        return None
    reason, remedy = _PATTERNS[pattern]
    small = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")
    suggested = f": {small}" if small and "hyphens" in remedy else ""
    return f"{_shown(value)} {reason}", remedy + suggested


def _of_type(kind: str, value: Any, keys: list[str]) -> Explanation | None:  # noqa: ANN401 -- as above
    """Another kind of value than what stands there."""
    if kind.startswith("bool_"):
        return f"{_shown(value)} is neither true nor false", "write true or false, without quotes"
    if kind.startswith("int_"):
        return f"{_shown(value)} is not a whole number", "write a number, without quotes"
    return _of_another_type(kind, value, keys) if kind.endswith("_type") else None


def _of_another_type(kind: str, value: Any, keys: list[str]) -> Explanation | None:  # noqa: ANN401 -- as above
    if value is None:
        return "is empty", f"write something {'below' if kind == 'dict_type' else 'after'} it"
    if kind == "dict_type" and isinstance(value, list):
        return "is a list", "write names without dashes, each with a colon: `welcome:`"
    if kind in {"string_type", "tuple_type"} or {"text", "media"} <= set(keys):
        return _of_what_is_no_text(value)
    if isinstance(value, (bool, int, float, str)) and keys:
        return f"{_shown(value)} is not enough", f"write keys below it, of {', '.join(keys)}"
    return None


def _of_what_is_no_text(value: Any) -> Explanation | None:  # noqa: ANN401 -- as above
    if isinstance(value, bool):
        reason = f"YAML reads yes, no, on and off as true and false, and this as {_shown(value)}"
        return reason, f'write the word in quotes: "{"yes" if value else "no"}"'
    if isinstance(value, (int, float, date)):
        return f"YAML reads it as the {_kind_of(value)} {value}, not as text", "write it in quotes"
    return None


def _kind_of(value: object) -> str:
    return "date" if isinstance(value, date) else "number"


def _shown(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
