"""A flow's YAML, with the line of everything in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from dialtone.errors import FlowInvalid

Path = tuple[str | int, ...]


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


def read_source(file: str, text: str) -> Source:
    """Parse it. Raises FlowInvalid for what is not YAML, says a key twice, or uses more of YAML than plain values."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Path, int] = {}
        content = None if node is None else _value(file, loader, node, (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FlowInvalid(file, line, "", f"not YAML: {error.problem}", "mend the line, or the one above it") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise FlowInvalid(
            file, 1, "", f"not YAML: {error}", "save it as UTF-8 text without control characters"
        ) from None
    finally:
        loader.dispose()
    return Source(file, content, lines)


def _value(file: str, loader: yaml.SafeLoader, node: yaml.Node, path: Path, lines: dict[Path, int]) -> Any:  # noqa: ANN401 -- whatever the file holds
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(file, loader, each, (*path, place), lines) for place, each in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node)
    content: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node)
        key = str(key) if type(key) is int else key
        if not isinstance(key, str):
            raise FlowInvalid(file, key_node.start_mark.line + 1, "", f"{key!r} cannot be a key", "write it in quotes")
        if key in content:
            line = key_node.start_mark.line + 1
            raise FlowInvalid(file, line, "", f"{key} stands here twice", "remove or rename one of the two")
        lines[*path, key] = key_node.start_mark.line + 1
        content[key] = _value(file, loader, value_node, (*path, key), lines)
    return content
