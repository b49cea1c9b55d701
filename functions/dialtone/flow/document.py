"""A flow's YAML, with the line of everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.composer import ComposerError
from yaml.constructor import SafeConstructor
from yaml.reader import ReaderError

from dialtone.domain.errors import FlowInvalid

Path = tuple[str | int, ...]

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's content as plain values, and where each stands."""

    file: str
    content: Any
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """The line of what stands at the path, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, step: str, reason: str, remedy: str) -> FlowInvalid:
        """The error that names this place."""
        return FlowInvalid(self.file, self.line(path), step, reason, remedy)


def validated(source: Source, model: type[Model], content: Any, path: Path = (), step: str = "") -> Model:  # noqa: ANN401 -- whatever the file holds
    """What stands at the path as the model has it. Raises FlowInvalid with the first fault."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _fault(source, path, step, content, error) from None


def _fault(source: Source, path: Path, step: str, content: Any, error: ValidationError) -> FlowInvalid:  # noqa: ANN401 -- as above
    first = error.errors(include_url=False, include_context=False)[0]
    where = _as_written(first["loc"], content)
    if first["type"] in {"extra_forbidden", "missing"} and where[-1:] != first["loc"][-1:]:
        where = (*where, first["loc"][-1])
    named = ".".join(str(part) for part in where)
    if first["type"] == "extra_forbidden":
        return source.fault((*path, *where), step, f"{named} is not a key here", "remove it, or look its name up")
    if first["type"] == "missing":
        return source.fault((*path, *where), step, f"{named} is missing", f"add {named}")
    said = first["msg"].removeprefix("Value error, ")
    return source.fault((*path, *where), step, f"{named}: {said}" if named else said, "mend the value")


def _as_written(location: Path, content: Any) -> Path:  # noqa: ANN401 -- as above
    """The part of a model's location that stands in the file: what a short way of writing leaves out is left out."""
    where: Path = ()
    for part in location:
        named = isinstance(content, dict) and part in content
        counted = isinstance(content, list) and isinstance(part, int) and part < len(content)
        if named or counted:
            content, where = content[part], (*where, part)
    return where


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: a few lines of them can stand for more than fits into any memory."""

    # PyYAML's own and no others: libraries beside us (AWS SAM's translator) teach SafeLoader tags for everybody.
    yaml_constructors = SafeConstructor.yaml_constructors
    yaml_multi_constructors = SafeConstructor.yaml_multi_constructors

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 -- as PyYAML has it
        if self.check_event(yaml.AliasEvent):
            alias = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML's own
            raise ComposerError(None, None, "an alias stands here", alias.start_mark)
        return super().compose_node(parent, index)


def read_source(file: str, text: str) -> Source:
    """Parse it. Raises FlowInvalid for what is not YAML, says a key twice, or uses more of YAML than plain values."""
    lines: dict[Path, int] = {}
    try:
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        content = None if node is None else _value(file, loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowInvalid(file, line, "", f"not YAML: {error.problem}", "mend the line, or the one above it") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        remedy = "save it as UTF-8 text without control characters"
        raise FlowInvalid(file, line, "", f"not YAML: {error.reason}", remedy) from None
    except RecursionError:
        raise FlowInvalid(file, 1, "", "not YAML that can be read: nested too deep", "nest it less") from None
    return Source(file, content, lines)


def _value(file: str, loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:  # noqa: ANN401 -- whatever the file holds
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, loader, each, (*path, place), lines) for place, each in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _scalar(file, loader, node)
    content: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = _scalar(file, loader, key_node)
        key = str(key) if type(key) in {int, date} else key
        if not isinstance(key, str):
            written = key_node.value if isinstance(key_node, yaml.ScalarNode) else "a list or mapping"
            reason = f"{written} cannot be a key: YAML reads it as {key!r}"
            raise FlowInvalid(file, key_node.start_mark.line + 1, "", reason, "write it in quotes")
        if key in content:
            line = key_node.start_mark.line + 1
            raise FlowInvalid(file, line, "", f"{key} stands here twice", "remove or rename one of the two")
        lines[*path, key] = key_node.start_mark.line + 1
        content[key] = _value(file, loader, value_node, (*path, key), lines)
    return content


def _scalar(file: str, loader: yaml.SafeLoader, node: yaml.Node) -> Any:  # noqa: ANN401 -- whatever stands there
    try:
        return loader.construct_object(node)
    except (ValueError, LookupError, AttributeError):
        # PyYAML's own answers to a date that no calendar has (2026-13-45), a number without digits, `!!bool maybe`.
        reason = f"{node.value} looks like a {node.tag.rpartition(':')[2]} and is none"
        raise FlowInvalid(file, node.start_mark.line + 1, "", reason, "write it in quotes") from None
