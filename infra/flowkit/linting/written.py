"""A file as it was written: its values, and the line and column of each.

The flow language has its own reader, which says what a flow means and stops at the first fault. The linter needs the
columns, and the values of a file that has faults; it takes them from libyaml, which is ten times as fast.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dialtone.flow.document import Path

_Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML is built without libyaml on some systems."""

_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""PyYAML's answers to what is no YAML, to impossible dates and numbers, to a key that is a list, and to nesting without
end. The language's own reader says what is wrong."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins, counted from 1."""

    line: int
    column: int


TOP = Place(1, 1)


@dataclass(frozen=True, slots=True)
class Written:
    """A file's text, its values, and their places."""

    text: str
    content: Any
    """None where it cannot be told."""
    places: dict[Path, Place]
    twice: list[tuple[Path, Place]]
    """Keys that stand in the same mapping a second time, and where."""

    def place(self, path: Path) -> Place:
        """Where it stands: the key of a mapping's value, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, TOP)

    def path_at(self, line: int) -> Path:
        """The innermost thing that begins on a line; for a line where nothing begins, () ."""
        begun = [path for path, place in self.places.items() if place.line == line]
        return max(begun, key=len, default=())

    def at(self, path: Path) -> Any:  # noqa: ANN401 -- whatever stands there
        """The value at a path, None if there is none."""
        value = self.content
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def steps(self) -> dict[str, Any]:
        """The steps by name, as written; empty where the file has none."""
        steps = self.at(("steps",))
        return steps if isinstance(steps, dict) else {}

    def walk(self) -> Iterator[tuple[Path, Any]]:
        """Everything in the file, in its order."""
        for path in self.places:
            yield path, self.at(path)


def parse(text: str) -> Written:
    """Read what can be read; never fails."""
    walk = _Walk()
    content = None
    with contextlib.suppress(*_UNREADABLE):
        content = walk.read(text)
    return Written(text, content, walk.places, walk.twice)


@dataclass(slots=True)
class _Walk:
    places: dict[Path, Place] = field(default_factory=dict)
    twice: list[tuple[Path, Place]] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set)

    def read(self, text: str) -> Any:  # noqa: ANN401 -- whatever the file holds
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else self._value(loader, node, ())

    def _value(self, loader: Any, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 -- PyYAML's two loaders; any value
        if id(node) in self._seen:
            raise ValueError("an alias: the language has none, and a few lines of them can stand for gigabytes")
        self._seen.add(id(node))
        self.places.setdefault(path, _place(node))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, each, (*path, place)) for place, each in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return loader.construct_object(node)
        content: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node)
            key = key_node.value if type(key) in {int, date} else key
            here = (*path, key)
            if key in content:
                self.twice.append((here, _place(key_node)))
                continue
            self.places[here] = _place(key_node)
            content[key] = self._value(loader, value_node, here)
        return content


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
