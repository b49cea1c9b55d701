"""Where a file names steps, flows, voices, languages and numbers; its problems do not hide them."""

from collections.abc import Iterator
from typing import Any

from dialtone.flow.data_files import NUMBER_COLUMN, NamedData
from dialtone.flow.document import Document, Path
from dialtone.flow.in_call_keys import RINGING_WORDS
from dialtone.flow.parser import STEP_KINDS
from dialtone.flow.step import NEXT, ON_ERROR

KEYED = ("keys", "callback")
"""Keys of a step under which keys of a phone stand, each with the step that it leads to."""

_PATHS = {where for kind in STEP_KINDS.values() for where in kind.paths} - {"branch", "split", *KEYED}

_AFTER_HANGUP = frozenset({"on_hangup", "on_hangup_connected", "on_hangup_recorded"})
"""Keys under which a step stands that follows the hang-up, alone or as `next`."""

NAMING_KEYS = {NEXT, ON_ERROR, "go", *_AFTER_HANGUP} | {where for where in _PATHS if "." not in where}
"""Keys of a step that name the step to go to."""

NAMING_KEYS_WITHIN = {where for where in _PATHS if "." in where} | {f"{key}.next" for key in _AFTER_HANGUP}
"""The same within a mapping: `consent.declined`."""

_OF_THE_FLOW: tuple[Path, ...] = (("start",), ("last_resort",), ("on_hangup",), ("record", "consent", "declined"))
"""Where steps are named outside of steps."""

_IN_A_STEP = 3
"""Length of the path of something inside a step."""

LANGUAGES_BY_KEY = "choose_language"
"""The kind of step whose `keys` name languages."""

FREE_KEYS = frozenset({*_AFTER_HANGUP, "given", "send", "set", "steps", "transcription", "when"})
"""Keys of mappings in which `voice` and `language` are names of the flow's own, or are no speech's."""

_OF_A_LANGUAGE = 2
"""Length of the path of one of the flow's `languages`."""


def step_names(document: Document) -> Iterator[Path]:
    """Where the names of steps of this flow stand."""
    yield from (path for path in _OF_THE_FLOW if path in document.places)
    for name, content in document.steps().items():
        yield from _step_names(content, ("steps", name))


def flow_names(document: Document) -> Iterator[tuple[Path, str]]:
    """Where other flows are named, in a flow."""
    for path, value in document.walk():
        if len(path) > _IN_A_STEP and path[-2:] == ("go", "flow") and isinstance(value, str):
            yield path, value


def steps_of_others(document: Document) -> Iterator[tuple[Path, str, str]]:
    """Where steps of other flows are named: the place, the flow, the step."""
    for path, flow in flow_names(document):
        step = document.at((*path[:-1], "step"))
        if isinstance(step, str):
            yield (*path[:-1], "step"), flow, step


def routes(numbers: Document) -> Iterator[tuple[str, list[tuple[Path, dict[str, Any]]]]]:
    """Called numbers, and the routes of each, written in full."""
    for number, written in numbers.content.items() if isinstance(numbers.content, dict) else ():
        listed = written if isinstance(written, list) else [written]
        paths = [(number, place) for place in range(len(listed))] if isinstance(written, list) else [(number,)]
        in_full = [{"flow": each} if isinstance(each, str) else each for each in listed]
        yield number, [(path, each) for path, each in zip(paths, in_full, strict=True) if isinstance(each, dict)]


def leads_to(numbers: Document) -> Iterator[tuple[Path, str]]:
    """Where flows are named, in a numbers file."""
    for _, routed in routes(numbers):
        for path, route in routed:
            if isinstance(route.get("flow"), str):
                yield (*path, "flow"), route["flow"]


def goes_by(numbers: Document) -> Iterator[tuple[Path, str]]:
    """Where calendars are named, in a numbers file."""
    for path, route in (each for _, routed in routes(numbers) for each in routed):
        yield from (((*path, key), route[key]) for key in ("open", "closed") if isinstance(route.get(key), str))


def caller_conditions(document: Document) -> Iterator[tuple[Path, str]]:
    """Where callers are asked for: in the routes of a numbers file, in the branches of a flow."""
    for path, value in document.walk():
        listed = path[-2:-1] == ("caller",) and isinstance(path[-1], int)
        key = path[:-1] if listed else path
        route = key[-1:] == ("caller",) and key[:1] != ("steps",)
        if isinstance(value, (str, int)) and (route or key[-2:] == ("when", "caller")):
            yield path, str(value)


def calendars(document: Document) -> Iterator[tuple[Path, str]]:
    """Where calendars are named, in a flow."""
    for name, content in document.steps().items():
        if isinstance(content, dict) and isinstance(content.get("hours"), str):
            yield ("steps", name, "hours"), content["hours"]


def rotas(document: Document) -> Iterator[tuple[Path, str]]:
    """Where rotas are named, in a flow."""
    for name, content in document.steps().items():
        if isinstance(content, dict) and isinstance(content.get("on_call"), str):
            yield ("steps", name, "on_call"), content["on_call"]


def data_files(document: Document) -> Iterator[NamedData]:
    """Where data files are named, in a flow or a numbers file, and which columns are asked for."""
    for path, value in document.walk():
        if not isinstance(value, str):
            continue
        beside = document.at(path[:-1])
        if path[-1] == "in" and isinstance(beside, dict) and beside.keys() <= {"in", "column"}:
            yield NamedData(path, value, (str(beside.get("column", NUMBER_COLUMN)),))
        elif path[:1] == ("steps",) and path[2:] == ("find",):
            asked = [*_keys(beside.get("where")), *_listed(beside.get("gives"))]
            yield NamedData(path, value, tuple(dict.fromkeys(asked)))
        elif path[:1] == ("steps",) and path[2:] == ("data",) and isinstance(beside, dict) and "directory" in beside:
            asked = [*_listed(beside.get("extension")), *_listed(beside.get("spell")), *_listed(beside.get("gives"))]
            yield NamedData(path, value, tuple(dict.fromkeys(asked)))


def _keys(written: Any) -> list[str]:  # noqa: ANN401 -- whatever the file holds
    return list(map(str, written)) if isinstance(written, dict) else []


def _listed(written: Any) -> list[str]:  # noqa: ANN401 -- as above
    if isinstance(written, str):
        return [written]
    return list(map(str, written)) if isinstance(written, list) else []


def voices(document: Document) -> Iterator[tuple[Path, str]]:
    """Where voices are named: in a mapping under `voice`, or for a language."""
    for path, value in document.walk():
        if isinstance(value, str) and (_is_language(path) or _named(path, "voice")):
            yield path, value


def languages(document: Document) -> Iterator[tuple[Path, str]]:
    """Where languages are named, but for prompts in several of them."""
    for path, value in document.walk():
        offered = path[-2:-1] == ("keys",) and LANGUAGES_BY_KEY in (document.at(path[:-2]) or ())
        if isinstance(value, str) and (offered or _named(path, "language")):
            yield path, value
        if _is_language(path):
            yield path, str(path[1])


def numbers(document: Document) -> Iterator[tuple[Path, str]]:
    """Where numbers are named that are rung or shown."""
    for name, content in document.steps().items():
        if isinstance(content, dict):
            for key in ("transfer", *RINGING_WORDS):
                yield from _numbers(content.get(key), ("steps", name, key))
            if "text" in content:
                yield from _numbers(content.get("to"), ("steps", name, "to"))
                yield from _numbers(content.get("from"), ("steps", name, "from"))
            if "caller_id" in content:
                yield from _numbers(content["caller_id"], ("steps", name, "caller_id"))


def _numbers(callee: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 -- whatever the file holds
    if isinstance(callee, dict):
        yield from _numbers(callee.get("to"), (*path, "to"))
    elif isinstance(callee, list):
        for place, each in enumerate(callee):
            yield from _numbers(each, (*path, place))
    elif callee is not None and not str(callee).startswith(("sip:", "sips:", "{")):
        yield path, str(callee).partition(",")[0]


def _is_language(path: Path) -> bool:
    return path[:1] == ("languages",) and len(path) == _OF_A_LANGUAGE


def _named(path: Path, key: str) -> bool:
    return path[-1:] == (key,) and not FREE_KEYS.intersection(map(str, path[-2:-1]))


def _step_names(content: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401 -- whatever the file holds
    """Where a step names others, as it is written."""
    for key, value in content.items() if isinstance(content, dict) else ():
        here = (*path, key)
        if key in {"branch", "split"} and isinstance(value, list):
            yield from ((*here, place, "to") for place, case in enumerate(value) if isinstance(case, dict))
        elif key == "go" and isinstance(value, dict):
            if "flow" not in value:
                yield (*here, "step")
        elif key in KEYED and isinstance(value, dict):
            if LANGUAGES_BY_KEY not in content:
                yield from ((*here, each) for each in value)
        elif isinstance(value, dict):
            yield from ((*here, each) for each in value if f"{key}.{each}" in NAMING_KEYS_WITHIN)
        elif key in NAMING_KEYS:
            yield here
