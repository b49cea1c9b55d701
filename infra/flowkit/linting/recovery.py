"""All faults of a flow, not only the first: what the language's reader refuses is taken out, and it reads on.

The reader is the one that runs on Lambda; so the linter refuses what it refuses, and nothing here knows why.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from dialtone.adapters.flow_library import read_numbers, text_beside
from dialtone.domain.errors import FlowInvalid
from dialtone.flow.calendars import read_calendar
from dialtone.flow.document import read_source
from dialtone.flow.loader import DIVIDE, check_size
from dialtone.flow.parser import read_flow
from infra.flowkit.linting.written import Place, Written, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path as File

    from dialtone.flow.document import Path
    from dialtone.flow.flow import Flow

MAX_FAULTS = 50
"""Of one file: each costs a reading of the whole, and nobody mends more than that at once."""

NEUTRAL = "hangup"
"""What stands for a step that was taken out, so that those that lead to it need not be."""

_IN_A_STEP = 3
"""Length of the path of something inside a step."""

_Dumper: type[yaml.SafeDumper | yaml.CSafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the reader refuses, and where."""

    path: Path
    place: Place
    step: str
    reason: str
    remedy: str
    exact: bool
    """Whether the path is the very thing; else it only begins on the same line."""

    def is_told_by(self, path: Path, line: int) -> bool:
        """Whether what a rule found there is this."""
        if not self.exact:
            return line == self.place.line
        shorter = min(len(path), len(self.path))
        return shorter > 0 and path[:shorter] == self.path[:shorter]


def read_through(file: File, written: Written) -> tuple[Flow | None, list[Fault]]:
    """The flow, or everything that keeps it from being one."""
    try:
        flow = read_flow(file.name, written.text)
    except FlowInvalid as refused:
        return None, list(_faults(file, written)) or [_first(refused, written)]
    too_large = _too_large(file)
    return (None, [_first(too_large, written)]) if too_large else (flow, [])


def _too_large(file: File) -> FlowInvalid | None:
    """What is wrong where the flow and all that it leads to are more than is kept of a flow."""
    try:
        check_size(file.stem, lambda name: text_beside(file.parent, name))
    except FlowInvalid as refused:
        # Whatever else is wrong with a file that it leads to is reported where that file is looked at.
        return refused if refused.remedy == DIVIDE else None
    return None


def number_faults(file: File, written: Written) -> Iterator[Fault]:
    """What keeps a numbers file from being used: the first fault of it."""
    try:
        read_numbers(file.parent)
    except FlowInvalid as refused:
        yield _first(refused, written)


def calendar_faults(file: File, written: Written) -> Iterator[Fault]:
    """What keeps a calendar from being gone by: the first fault of it."""
    try:
        read_calendar(file.stem, written.text)
    except FlowInvalid as refused:
        yield _first(refused, written)


def _first(refused: FlowInvalid, written: Written) -> Fault:
    path = written.path_at(refused.line)
    return Fault(path, _line_of(refused.line, written), refused.step, refused.reason, refused.remedy, exact=False)


def _faults(file: File, written: Written) -> Iterator[Fault]:
    try:
        read_source(file.name, written.text)
    except FlowInvalid as refused:
        yield _first(refused, written)
        return
    content: Any = copy.deepcopy(written.content)
    taken_from: set[str] = set()
    for _ in range(MAX_FAULTS):
        # One key a line, so that a fault's line names the very thing, however it was written.
        text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)
        try:
            read_flow(file.name, text)
        except FlowInvalid as refused:
            path = parse(text).path_at(refused.line)
            if not (_is_step(path) and path[1] in taken_from):  # else it misses only what was taken out
                place = written.place(path)
                yield Fault(path, place, refused.step, refused.reason, refused.remedy, exact=True)
            if not _take_out(content, path, file.stem):
                return
            if len(path) >= _IN_A_STEP:
                taken_from.add(str(path[1]))
        else:
            return


def _is_step(path: Path) -> bool:
    return len(path) == _IN_A_STEP - 1 and path[0] == "steps"


def _take_out(content: Any, path: Path, name: str) -> bool:  # noqa: ANN401 -- whatever the file holds
    """Put something harmless there, or nothing. False where nothing would be left to read."""
    if not path or path == ("steps",) or not isinstance(content, dict):
        return False
    around = content
    for part in path[:-1]:
        around = around[part]
    if path == ("flow",):
        if around["flow"] == name:
            return False
        around["flow"] = name
    elif _is_step(path):
        if around[path[1]] == NEUTRAL:
            return False
        around[path[1]] = NEUTRAL
    else:
        del around[path[-1]]
    return True


def _line_of(line: int, written: Written) -> Place:
    lines = written.text.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return Place(line, len(text) - len(text.lstrip()) + 1)
