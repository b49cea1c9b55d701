"""`dialtone flow diff`: what a change does to callers, in words and in a picture."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dialtone.domain.errors import DialtoneError
from infra.cli.flow_draw import STANDARD_OUTPUT, add_output_to, numbers_to, picture, write
from infra.cli.flows_option import add_flows_to, name_project
from infra.flowkit.drawing.change_summary import noticed
from infra.flowkit.drawing.difference import compared
from infra.flowkit.drawing.versions import Text, at_revision, changed_between, flow_in, is_flow, read_file

if TYPE_CHECKING:
    import argparse

    from dialtone.flow.flow import Flow

DIFFERENT = 1
"""The exit status that `--exit-code` asks for, as git has it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions of a flow, None where there was or is none."""

    name: str
    old: Flow | None
    new: Flow | None
    numbers: tuple[str, ...]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("old", metavar="OLD", help="a file, a file at a git revision (menu.yaml@HEAD~1), or a revision")
    parser.add_argument("new", metavar="NEW", nargs="?", default="", help="likewise; without it, the files as they lie")
    parser.add_argument("--format", choices=("text", "mermaid", "svg", "html"), default="text", help="(default: text)")
    add_output_to(parser)
    add_flows_to(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 where there are differences")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Compare. Raises DialtoneError for what cannot be read."""
    changes = [(pair, tuple(noticed(pair.old, pair.new))) for pair in _pairs(given)]
    changes = [(pair, sentences) for pair, sentences in changes if sentences]
    if given.format == "text":
        sys.stdout.write(_in_words(changes))
    elif changes:
        write(
            {
                pair.name: picture(compared(pair.old, pair.new, pair.numbers), given.format, sentences)
                for pair, sentences in changes
            },
            given.format,
            given.output,
        )
    elif given.output == STANDARD_OUTPUT:
        print("No flow changed.", file=sys.stderr)
    return DIFFERENT if changes and given.exit_code else 0


def _in_words(changes: list[tuple[Pair, tuple[str, ...]]]) -> str:
    if not changes:
        return "No flow changed.\n"
    return "\n".join(
        f"{pair.name}\n" + "".join(f"  {sentence}\n" for sentence in sentences) for pair, sentences in changes
    )


def _pairs(given: argparse.Namespace) -> list[Pair]:
    old, new, folder = given.old, given.new, given.flows
    if _names_a_file(old):
        file = old.rpartition("@")[0] if "@" in old and not Path(old).exists() else old
        return [_pair(_text(old), _text(new or file), Path(new.partition("@")[0] or file).parent)]
    if new and _names_a_file(new):
        raise DialtoneError(f"{old} is a revision and {new} a file: write {new}@{old} in front of {new}")
    name_project(given)
    files = changed_between(folder, old, new)
    pairs = (
        _pair(at_revision(file, old), at_revision(file, new) if new else _as_it_lies(file), folder) for file in files
    )
    return [pair for pair in pairs if pair.old or pair.new]


def _names_a_file(name: str) -> bool:
    return name.partition("@")[0].endswith((".yaml", ".yml")) or Path(name).is_file()


def _text(name: str) -> Text:
    if "@" in name and not Path(name).exists():
        file, _, revision = name.rpartition("@")
        found = at_revision(Path(file), revision)
        if found is None:
            raise DialtoneError(f"{file} was not there at {revision}")
        return found
    return read_file(Path(name))


def _as_it_lies(file: Path) -> Text | None:
    return read_file(file) if file.is_file() else None


def _pair(old: Text | None, new: Text | None, folder: Path) -> Pair:
    was, now = (flow_in(text) if text and is_flow(text) else None for text in (old, new))
    named = now or was
    name = named.name if named else ""
    return Pair(name, was, now, tuple(numbers_to(name, folder)))
