"""Runs `dialtone flow diff`."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.cli.flow import STANDARD_OUTPUT
from infra.cli.flow_draw_run import picture, write
from infra.cli.options import name_project
from infra.flowkit.drawing.beside_flows import noticed_beside
from infra.flowkit.drawing.change_summary import summary
from infra.flowkit.drawing.difference import compared
from infra.flowkit.drawing.file_graph import numbers_to
from infra.flowkit.drawing.graph import Graph
from infra.flowkit.drawing.hours import hours_beside
from infra.flowkit.drawing.versions import (
    Text,
    at_revision,
    changed_between,
    flow_in,
    is_flow,
    lies_beside_flows,
    read_file,
)
from infra.output.terminal import BOLD, painted

NOTHING = "Nothing changed: neither flows nor numbers nor calendars."

DIFFERENT = 1
"""The exit status that `--exit-code` asks for, as git has it."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different about a flow, or about a file beside the flows, which has no picture."""

    name: str
    sentences: tuple[str, ...]
    graph: Graph | None = None


def run(given: argparse.Namespace) -> int:
    """Compare. Raises DialtoneError for what cannot be read."""
    changes = [change for change in _changes(given) if change.sentences]
    if given.format == "text":
        sys.stdout.write(_in_words(changes))
    elif changes:
        _draw(changes, given.format, given.output, _versions(given.old, given.new))
    elif given.output == STANDARD_OUTPUT:
        print(NOTHING, file=sys.stderr)
    return DIFFERENT if changes and given.exit_code else 0


def _in_words(changes: list[Change]) -> str:
    if not changes:
        return f"{NOTHING}\n"
    return "\n".join(
        f"{painted(change.name, BOLD)}\n" + "".join(f"  {sentence}\n" for sentence in change.sentences)
        for change in changes
    )


def _versions(old: str, new: str) -> str:
    """What is compared with what."""
    was = f"{old}@HEAD" if _names_a_file(old) and not new and not _parted(old)[2] else old
    return f"what changed from {was} to {new or 'the files as they lie'}"


def _draw(changes: list[Change], form: str, output: str, versions: str) -> None:
    """The flows as pictures; what lies beside them in words, where a picture cannot show it."""
    drawn = [change for change in changes if change.graph]
    if drawn:
        pictures = {
            change.name: picture(change.graph, form, change.sentences, f"{change.name}: {versions}")
            for change in drawn
            if change.graph
        }
        write(pictures, form, output)
    for change in changes:
        if change.graph is None:
            print("\n  ".join([change.name, *change.sentences]), file=sys.stderr)


def _changes(given: argparse.Namespace) -> list[Change]:
    old, new, folder = given.old, given.new, given.flows
    if _names_a_file(old):
        file, _, revision = _parted(old)
        lies_in = _found(_parted(new or file)[0], folder).parent
        if revision or new:
            return [_of_flow(_text(old, folder), _text(new or file, folder), lies_in)]
        now = _text(file, folder)
        return [_of_flow(_text(f"{file}@HEAD", folder), now, lies_in)]
    if new and _names_a_file(new):
        raise DialtoneError(f"{old} is a revision and {new} a file: write {new}@{old} in front of {new}")
    name_project(given)
    return [_of_file(file, old, new, folder) for file in changed_between(folder, old, new)]


def _of_file(file: Path, old: str, new: str, folder: Path) -> Change:
    was, now = at_revision(file, old), at_revision(file, new) if new else _as_it_lies(file)
    if lies_beside_flows(file):
        return Change(file.relative_to(folder).as_posix(), tuple(noticed_beside(file, was, now)))
    return _of_flow(was, now, folder)


def _of_flow(old: Text | None, new: Text | None, folder: Path) -> Change:
    was, now = (flow_in(text) if text and is_flow(text) else None for text in (old, new))
    named = now or was
    if named is None:
        return Change("", ())
    sentences = tuple(summary(was, now))
    if not sentences:
        return Change(named.name, ())
    hours = {name: words for flow in (was, now) if flow for name, words in hours_beside(flow, folder).items()}
    graph = compared(was, now, tuple(numbers_to(named.name, folder)), hours)
    return Change(named.name, sentences, graph)


def _names_a_file(name: str) -> bool:
    return _parted(name)[0].endswith((".yaml", ".yml")) or Path(name).is_file()


def _parted(name: str) -> tuple[str, str, str]:
    """A file, an @ and a revision; a file alone may have an @ in its name."""
    return name.rpartition("@") if "@" in name and not Path(name).exists() else (name, "", "")


def _found(name: str, folder: Path) -> Path:
    """The file as it is named, or, where there is none, as it lies among the flows."""
    return Path(name) if Path(name).exists() or "/" in name else folder / name


def _text(name: str, folder: Path) -> Text:
    written, _, revision = _parted(name)
    file = _found(written, folder)
    if not revision:
        return read_file(file)
    found = at_revision(file, revision)
    if found is None:
        raise DialtoneError(f"{file} was not there at {revision}: name a revision that has it")
    return found


def _as_it_lies(file: Path) -> Text | None:
    return read_file(file) if file.is_file() else None
