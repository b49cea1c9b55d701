"""The most common mistakes in YAML and in flows, as sentences with a remedy. Loaded only if something is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from inspect import isclass
from types import UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, Tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import yaml
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
"""The keys and places that lead to a value, as pydantic has them."""

Explanation = tuple[str, str]
"""The reason and the remedy."""

NOT_WRITTEN = frozenset({"name", "calendar"})
"""Fields of steps that the parser sets."""

OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "choices": ("keys",),
    "options": ("keys",),
    "if": ("when",),
    "condition": ("when",),
    "conditions": ("when",),
    "then": ("next", "to"),
    "goto": ("next", "to"),
    "go_to": ("next", "to"),
    "target": ("to",),
    "else": ("otherwise",),
    "default": ("otherwise",),
    "retries": ("tries",),
    "timeout": ("wait_seconds",),
    "ring": ("ring_seconds",),
    "timeout_seconds": ("wait_seconds",),
    "music": ("hold",),
}
"""The names that other products, and people, use for it."""

_LONGEST_SHOWN = 60


class Slip(NamedTuple):
    """A mistake in the YAML itself. Line and column are counted from 0."""

    line: int
    column: int
    reason: str
    remedy: str


# YAML


def yaml_slip(error: yaml.MarkedYAMLError, text: str) -> Slip:
    """The mistake that probably caused PyYAML's error."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = [*text.splitlines(), ""]
    if (tab := _tab(lines, line)) is not None:
        return Slip(tab, 0, "is indented with a tab, which YAML does not take", "indent with spaces")
    if (cut := next(filter(None, map(_CUT_BRACKET.match, lines[: line + 1])), None)) is not None:
        in_bracket = lines.index(cut.string)
        reason = "a bracket is opened here, and # begins a comment in it"
        return Slip(in_bracket, cut.start("bracket"), reason, 'write the key in quotes: "#"')
    if error.context_mark and (opened := _never_closed(error.context or "")):
        return Slip(error.context_mark.line, error.context_mark.column, *opened)
    above = _CUT_OFF.match(lines[line - 1]) if line else None
    if above and "expected <block end>" in (error.problem or ""):
        return Slip(line - 1, above.end("before") + 1, "the text ends here, for # begins a comment", _QUOTE_ALL)
    return Slip(line, column, *_at_the_mark(error, lines[min(line, len(lines) - 1)], column))


_CUT_OFF = re.compile(r"""(?P<before>[^#"']*\S)[ \t]+#""")
"""A line that a comment ends, after unquoted text."""

_CUT_BRACKET = re.compile(r"""[^"'#]*(?P<bracket>[\[{])[^\]}"']*[\s,]#""")
"""A line that a comment ends, inside brackets."""

_QUOTE_ALL = "write the whole text in quotes"


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
    """The nearest line up to this one that is indented with a tab."""
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


def explained(
    errors: Sequence[ErrorDetails],
    model: type[BaseModel],
    content: Any,  # noqa: ANN401 -- whatever the file holds
) -> Iterator[tuple[Path, str, str]]:
    """Pydantic's errors as (place in the content, reason, remedy): one per mistake, which may cause several."""
    of_keys = [error for error in errors if error["type"] in {"extra_forbidden", "missing"}]
    by_mapping: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for error in of_keys:
        by_mapping.setdefault(error["loc"][:-1], []).append(error)
    too_deep = {str(error["loc"][-1]) for error in errors if error["type"] == "extra_forbidden" and error["loc"][1:]}
    for error in errors:
        if error["type"] == "missing" and not error["loc"][1:] and error["loc"][0] in too_deep:
            continue  # it exists, below another key
        if error not in of_keys:
            where = _as_written(error["loc"], content)
            yield where, *_of_one_value(error, model, content, where)
        elif together := by_mapping.pop(error["loc"][:-1], []):
            yield from _of_keys(together, model, content)


def commented(reason: str, remedy: str, written: str) -> Explanation:
    """The same for a key whose value is empty; `written` is its line from the value on."""
    found = re.match(r"[^#]*?(?<=[\s:-])(?P<comment>#.*)", written)
    if not found:
        return reason, remedy
    shown = found["comment"].rstrip()[:_LONGEST_SHOWN]
    return f"{reason}: # begins a comment", f'write it in quotes: "{shown}"'


def _as_written(location: tuple[int | str, ...], content: Any) -> Path:  # noqa: ANN401 -- as above
    """The part of a model's location that exists in the file, without the parts that a short form leaves out."""
    where: Path = ()
    for part in location:
        named = isinstance(content, dict) and part in content
        counted = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if named or counted:
            content, where = content[part], (*where, part)
    return where


def _of_one_value(error: ErrorDetails, model: type[BaseModel], content: Any, where: Path) -> Explanation:  # noqa: ANN401 -- as above
    named = ".".join(map(str, where))
    is_key = error["loc"][-1:] == ("[key]",)
    value = where[-1] if is_key else _at(content, where)
    explained = (_of_name(str(value), where) if is_key else None) or _of_value(error, value, model)
    if explained is None:
        reason, _, remedy = error["msg"].removeprefix("Value error, ").partition("; ")
        explained = reason, remedy or "fix the value"
    return (f"{named}: {explained[0]}" if named else explained[0]), explained[1]


def _of_name(key: str, where: Path) -> Explanation | None:
    """For a key that should be a variable's name, and cannot be one."""
    if "when" not in where[:-1] and where[:1] not in {("given",), ("set",)}:
        return None
    meant = re.sub(r"[^a-z0-9_.]+", "_", key.lower()).strip("_.")
    remedy = f"did you mean {meant}?" if meant else "name it in small letters"
    return "is not a variable's name, which has small letters, digits, _ and dots", remedy


def _of_keys(errors: Sequence[ErrorDetails], model: type[BaseModel], content: Any) -> Iterator[tuple[Path, str, str]]:  # noqa: ANN401 -- as above
    """The problems with the keys of one mapping: a missing key and an unknown one are often one mistake."""
    location = errors[0]["loc"][:-1]
    where, known = _as_written(location, content), _keys_at(model, location)
    extra = [str(error["loc"][-1]) for error in errors if error["type"] == "extra_forbidden"]
    missing = [str(error["loc"][-1]) for error in errors if error["type"] == "missing"]
    if not missing and any(map(_LANGUAGE.fullmatch, extra)) and "media" in known:
        extra = [key for key in extra if not _LANGUAGE.fullmatch(key)] or extra
    for key in [*extra]:
        if missing and (likely := _meant(key, set(missing))):
            missing.remove(likely)
            extra.remove(key)
            yield (*where, key), f"{_dotted(where, key)} is not a key here", f"did you mean {likely}?"
    if missing and extra:
        first, *others = extra
        reason = f"{_dotted(where, first)} is not a key here, and {' and '.join(missing)} {_is(missing)} missing"
        if others:
            reason = (
                f"{' and '.join(_dotted(where, key) for key in extra)} are not keys here, and "
                + reason.partition(", and ")[2]
            )
        yield (*where, first), reason, f"write {' and '.join(_EXAMPLES.get(key, key) for key in missing)}"
        return
    for key in missing:
        yield (*where, key), f"{_dotted(where, key)} is missing", f"add {_EXAMPLES.get(key, _dotted(where, key))}"
    for key in extra:
        remedy = _remedy_for_key(key, known, _keys_at(model, ()), where)
        yield (*where, key), f"{_dotted(where, key)} is not a key here", remedy


_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Za-z0-9]{2,8})*")

_EXAMPLES: Mapping[str, str] = {"when": "`when: {caller: …}`", "to": "`to: <step>`"}
"""Examples of values, for keys whose names do not suggest one."""


def _dotted(where: Path, key: str) -> str:
    return ".".join(map(str, (*where, key)))


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def near(word: str, known: Collection[str]) -> str:
    """The name that was probably meant; '' if none is similar."""
    return next(iter(get_close_matches(word.lower(), list(known), 1)), "")


def _meant(key: str, known: Collection[str]) -> str:
    """The key that was probably meant: another product's word for it, or a typing error; '' if none is similar."""
    other = next((each for each in OTHER_NAMES.get(key, ()) if each in known), "")
    return other or near(key, known)


def _remedy_for_key(key: str, known: Collection[str], above: Collection[str], where: Path) -> str:
    if likely := _meant(key, known):
        return f"did you mean {likely}?"
    if where and (
        beside := key if key in above else next((each for each in OTHER_NAMES.get(key, ()) if each in above), "")
    ):
        return f"write {beside} beside {where[0]}, not below it"
    return f"remove it; keys here are {', '.join(sorted(known))}" if known else "remove it"


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    """The keys that a mapping there may have; empty if it may have any."""
    there: list[Any] = [model]
    for part in location:
        there = [found for each in there for found in _within(each, part)] or there
    plain = [found for each in there for found in _choices(each)]
    models = [each for each in plain if isclass(each) and issubclass(each, BaseModel)]
    return {written for each in models for written in _written(each)} - NOT_WRITTEN


def _written(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the keys that flows use for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _within(kind: Any, part: int | str) -> Iterator[Any]:  # noqa: ANN401 -- any type
    """The types of values inside a value of this type; the part may be the name of one of several types."""
    for tag in getattr(kind, "__metadata__", ()):
        if isinstance(tag, Tag):
            yield from _choices(get_args(kind)[0]) if tag.tag == part else ()
            return
    if isclass(kind) and issubclass(kind, BaseModel):
        if part in _written(kind):
            yield from _choices(_written(kind)[str(part)].annotation, tagged=True)
    elif get_origin(kind) in {dict, Mapping} and isinstance(part, str):
        yield from _choices(get_args(kind)[1], tagged=True)
    elif get_origin(kind) in {tuple, list} and isinstance(part, int):
        yield from _choices(get_args(kind)[0], tagged=True)


def _choices(kind: Any, *, tagged: bool = False) -> Iterator[Any]:  # noqa: ANN401 -- as above
    """The types that a union allows; with their tags if those count."""
    metadata = getattr(kind, "__metadata__", ())
    if tagged and any(isinstance(each, Tag) for each in metadata):
        yield kind
    elif metadata:
        yield from _choices(get_args(kind)[0], tagged=tagged)
    elif get_origin(kind) in {Union, UnionType}:
        for each in get_args(kind):
            yield from _choices(each, tagged=tagged)
    else:
        yield kind


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
    """For a value of another type than expected."""
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
    if isinstance(value, (list, dict)):
        return _of_several(kind, value, keys)
    if kind in {"string_type", "tuple_type"} or {"text", "media"} <= set(keys):
        return _of_what_is_no_text(value) or (f"{_shown(value)} is not a list", "write a list: a dash before each")
    if keys:
        return f"{_shown(value)} is not enough", f"write keys below it, of {', '.join(keys)}"
    return f"{_shown(value)} is not enough", "write names below it, each with a colon and a value"


def _of_several(kind: str, value: Any, keys: list[str]) -> Explanation:  # noqa: ANN401 -- as above
    """For a list or a mapping where something else is expected."""
    if kind == "tuple_type":
        return "is a mapping, and a list is wanted", "write a dash before each: `- …`"
    called = "list" if isinstance(value, list) else "mapping"
    if kind == "string_type":
        return f"is a {called}, and one text is wanted", "write the text alone"
    return f"is a {called}", f"write keys below it, of {', '.join(keys)}" if keys else "write one value"


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
