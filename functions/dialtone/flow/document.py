"""A YAML file, with the position of everything in it and the problems found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.composer import Composer, ComposerError
from yaml.constructor import SafeConstructor
from yaml.reader import ReaderError

from dialtone.domain.errors import FlowInvalid

Path = tuple[str | int, ...]

Model = TypeVar("Model", bound=BaseModel)


class Place(NamedTuple):
    """A position in a file, counted from 1."""

    line: int
    column: int


TOP = Place(1, 1)

_NO_NUMBER = re.compile(r"[-+0-9_.]*:.*|0[0-9]+")
"""18:00 is a time and 0042 an account: only YAML 1.1 reads them as numbers to the base of 60 and 8."""

_NUMBERS = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})


class Problem(NamedTuple):
    """A problem at one position of a file, and its remedy."""

    path: Path
    place: Place
    step: str
    """'' if it concerns no step."""
    reason: str
    remedy: str

    def overlaps(self, path: Path) -> bool:
        """Whether both concern the same thing, or one something inside the other."""
        shorter = min(len(path), len(self.path))
        return path[:shorter] == self.path[:shorter]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content as plain values, with the position of each, and the problems found so far.

    Code that checks a document further reports to it and goes on, so that people see all problems at once.
    """

    file: str
    text: str
    content: Any = None
    """None if the file is empty or is not YAML."""
    places: dict[Path, Place] = field(default_factory=dict)
    """The position of each value; for a mapping's value, that of its key."""
    repeated: tuple[tuple[Path, Place], ...] = ()
    """Keys that occur twice in a mapping, and where."""
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, file: str, text: str) -> Document:
        """Parse it. What is not YAML, or more of YAML than plain values, is a problem of the document."""
        # libyaml takes UTF-8, which half a surrogate pair has no form in.
        with suppress(yaml.YAMLError, RecursionError, UnicodeEncodeError):
            return cls._walked(file, text, _FastLoader(text))
        return cls.read_slowly(file, text)

    @classmethod
    def read_slowly(cls, file: str, text: str) -> Document:
        """The same by PyYAML's own parser alone, whose words about what is not YAML are the better ones."""
        walk = _Walk()
        try:
            return cls._walked(file, text, _PlainLoader(text))
        except yaml.MarkedYAMLError as error:
            from dialtone.flow.explanations import yaml_slip  # noqa: PLC0415 -- a start from cold need not load it

            slip = yaml_slip(error, text)
            walk.report((), Place(slip.line + 1, slip.column + 1), slip.reason, slip.remedy)
        except ReaderError as error:
            place = Place(text.count("\n", 0, error.position) + 1, 1)
            remedy = "save it as UTF-8 text without control characters"
            walk.report((), place, f"not YAML: {error.reason}", remedy)
        except RecursionError:
            walk.report((), TOP, "not YAML that can be read: nested too deep", "nest it less")
        return cls(file, text, problems=walk.problems)

    @classmethod
    def _walked(cls, file: str, text: str, loader: _FastLoader | _PlainLoader) -> Document:
        walk = _Walk()
        content = walk.content(loader)
        return cls(file, text, content, walk.places, tuple(walk.repeated), walk.problems)

    def place(self, path: Path) -> Place:
        """Where it stands, or the nearest thing around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, TOP)

    def line(self, path: Path) -> int:
        """The line of what stands at the path, or of the nearest thing around it."""
        return self.place(path).line

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
        """A flow's steps by name, as written; empty if the file has none."""
        steps = self.at(("steps",))
        return steps if isinstance(steps, dict) else {}

    def walk(self) -> Iterator[tuple[Path, Any]]:
        """Everything in the file, in its order."""
        for path in self.places:
            yield path, self.at(path)

    def report(self, path: Path, step: str, reason: str, remedy: str) -> None:
        """Add a problem, unless one is known already of which this may be a consequence."""
        if not any(problem.overlaps(path) for problem in self.problems):
            self.problems.append(Problem(path, self.place(path), step, reason, remedy))

    def validate(self, model: type[Model], content: Any, path: Path = (), step: str = "") -> Model | None:  # noqa: ANN401 -- whatever the file holds
        """The value at the path, validated as the model; None if there are problems, which it reports."""
        try:
            return model.model_validate(content)
        except ValidationError as invalid:
            from dialtone.flow.explanations import explained  # noqa: PLC0415 -- a start from cold need not load it

            for where, reason, remedy in explained(invalid.errors(include_url=False), model, content):
                self.report((*path, *where), step, *self._with_comment((*path, *where), reason, remedy))
        return None

    def named(self, model: type[Model], name: str, kind: str, begin_with: str) -> Model | None:
        """What a file of its own holds, such as a calendar, which says its name under the key `kind`.

        None if there are problems, which it reports; `begin_with` is the remedy for a document of another kind.
        """
        if not isinstance(self.content, dict):
            self.report((), "", f"is not a {kind}", f"begin with {begin_with}")
            return None
        found = self.validate(model, self.content)
        says = self.content.get(kind)
        if says != name:
            self.report((kind,), "", f"the {kind} is named {says}", f"name its file {says}.yaml")
        return None if self.problems else found

    def _with_comment(self, path: Path, reason: str, remedy: str) -> tuple[str, str]:
        """The same, where a comment has taken the value away."""
        if path not in self.places or self.at(path) is not None:
            return reason, remedy
        from dialtone.flow.explanations import commented  # noqa: PLC0415 -- as above

        place = self.places[path]
        line = self.text.splitlines()[place.line - 1 : place.line]
        return commented(reason, remedy, "".join(line)[place.column - 1 :])

    @property
    def error(self) -> FlowInvalid:
        """The first problem, to be raised."""
        first = self.problems[0]
        return FlowInvalid(self.file, first.place.line, first.step, first.reason, first.remedy)

    def checked(self) -> Document:
        """Itself. Raises FlowInvalid with the first problem, if there is one."""
        if self.problems:
            raise self.error
        return self


class _PlainComposer(Composer):
    """YAML without aliases: a few lines of them can stand for more than fits into any memory."""

    # PyYAML's own and no others: libraries beside us (AWS SAM's translator) teach SafeLoader tags for everybody.
    yaml_constructors = SafeConstructor.yaml_constructors
    yaml_multi_constructors = SafeConstructor.yaml_multi_constructors

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 -- as PyYAML has it
        parser: Any = self  # which of the two it is, its subclass says
        if parser.check_event(yaml.AliasEvent):
            raise ComposerError(None, None, "an alias stands here", parser.peek_event().start_mark)
        return super().compose_node(parent, index)


class _PlainLoader(_PlainComposer, yaml.SafeLoader):
    """PyYAML's own parser, which says best what is wrong."""


class _FastLoader(_PlainComposer, yaml.CSafeLoader):
    """libyaml's parser, which takes a fifth of the time."""

    def __init__(self, text: str) -> None:
        yaml.CSafeLoader.__init__(self, text)
        Composer.__init__(self)


@dataclass(slots=True)
class _Walk:
    """From PyYAML's nodes to plain values."""

    places: dict[Path, Place] = field(default_factory=dict)
    repeated: list[tuple[Path, Place]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def report(self, path: Path, place: Place, reason: str, remedy: str) -> None:
        if not any(problem.path == path for problem in self.problems):
            self.problems.append(Problem(path, place, "", reason, remedy))

    def content(self, loader: _FastLoader | _PlainLoader) -> Any:  # noqa: ANN401 -- whatever the file holds
        node = loader.get_single_node()
        return None if node is None else self._value(loader, node, ())

    def _value(self, loader: _FastLoader | _PlainLoader, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 -- as above
        self.places.setdefault(path, _place(node.start_mark))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(loader, each, (*path, position)) for position, each in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return self._scalar(loader, node, path)
        content: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(loader, key_node, path)
            if key in content:
                self.repeated.append(((*path, key), _place(key_node.start_mark)))
                reason = f"{key} appears twice"
                self.report((*path, key), _place(key_node.start_mark), reason, "remove or rename one of the two")
            elif key is not None:
                self.places[*path, key] = _place(key_node.start_mark)
                content[key] = self._value(loader, value_node, (*path, key))
        return content

    def _key(self, loader: _FastLoader | _PlainLoader, node: yaml.Node, path: Path) -> str | None:
        written = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        key = self._scalar(loader, node, (*path, written))
        key = str(key) if type(key) in {int, date} else key
        if isinstance(key, str):
            return key
        reason = f"{written} cannot be a key: YAML reads it as {key!r}"
        self.report((*path, written), _place(node.start_mark), reason, "write it in quotes")
        return None

    def _scalar(self, loader: _FastLoader | _PlainLoader, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 -- as above
        if node.tag in _NUMBERS and _NO_NUMBER.fullmatch(node.value):
            return node.value
        try:
            return loader.construct_object(node)
        except yaml.MarkedYAMLError as error:
            self.report(path, _place(error.problem_mark), f"not YAML: {error.problem}", "remove the tag")
        except (ValueError, LookupError, AttributeError):
            # PyYAML's own answers to a date that no calendar has (2026-13-45), a number without digits, `!!bool maybe`.
            reason = f"{node.value} looks like a {node.tag.rpartition(':')[2]} and is not one"
            self.report(path, _place(node.start_mark), reason, "write it in quotes")
        return None


def _place(mark: yaml.Mark | None) -> Place:
    return Place(mark.line + 1, mark.column + 1) if mark else TOP
