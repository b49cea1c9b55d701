"""Commands whose modules are imported once a command is named: `dialtone --help` needs none of them."""

from __future__ import annotations

import argparse
from importlib import import_module
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from infra.cli.examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Configure = Callable[[argparse.ArgumentParser], None]


class Help(argparse.HelpFormatter):
    """Fills paragraphs, and leaves text that is in lines as it is."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" in text:
            return "".join(f"{indent}{line}\n" for line in text.splitlines())
        return super()._fill_text(text, width, indent)


class CommandParser(argparse.ArgumentParser):
    """Has its command's arguments added before it parses them: until then, nothing of the command is imported."""

    configure: str | Configure = ""
    """What adds them, or its `module:function` in this folder; '' once that is done."""

    commands: Mapping[str, CommandParser] = {}
    """By name, those below it."""

    def prepare(self) -> None:
        """Have the command's arguments, and an example of them."""
        if not self.configure:
            return
        configure, self.configure = self.configure, ""
        self.formatter_class = Help
        (resolve_name(f"infra.cli.{configure}") if isinstance(configure, str) else configure)(self)
        if example := EXAMPLES.get(self.prog):
            self.epilog = f"{self.epilog}\n\nexample:\n  {example}" if self.epilog else f"example:\n  {example}"

    def parse_known_args(  # type: ignore[override] # typeshed has overloads for other kinds of namespace
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, as argparse does for a sub-command."""
        self.prepare()
        return super().parse_known_args(args, namespace)


def later(module: str) -> Callable[[argparse.Namespace], int]:
    """A module's `run`, which is imported when the command runs: its help needs neither AWS's nor Telnyx's SDK."""

    def run(given: argparse.Namespace) -> int:
        status: int = import_module(module).run(given)
        return status

    return run


def add_commands(
    parser: argparse.ArgumentParser, kind: str, commands: Mapping[str, tuple[str | Configure, str]]
) -> None:
    """Add sub-commands: name → the function (or `module:function`) that adds their arguments, and a line of help."""
    named = parser.add_subparsers(required=True, metavar=kind, parser_class=CommandParser)
    for name, (configure, summary) in commands.items():
        named.add_parser(name, help=summary).configure = configure
    if isinstance(parser, CommandParser):
        parser.commands = named.choices
