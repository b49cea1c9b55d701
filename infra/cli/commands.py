"""Commands whose modules are imported once a command is named: `dialtone --help` needs none of them."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class CommandParser(argparse.ArgumentParser):
    """Imports its command's module before it parses that command's arguments."""

    module = ""

    def parse_known_args(  # type: ignore[override] # typeshed has overloads for other kinds of namespace
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse, as argparse does for a sub-command."""
        if self.module:
            import_module(self.module).configure(self)
        return super().parse_known_args(args, namespace)


def later(module: str) -> Callable[[argparse.Namespace], int]:
    """A module's `run`, which is imported when the command runs: its help needs neither AWS's nor Telnyx's SDK."""

    def run(given: argparse.Namespace) -> int:
        status: int = import_module(module).run(given)
        return status

    return run


def add_commands(parser: argparse.ArgumentParser, kind: str, commands: Mapping[str, tuple[str, str]]) -> None:
    """Give a parser its sub-commands: by name, the module that has `configure`, and a line of help."""
    named = parser.add_subparsers(required=True, metavar=kind, parser_class=CommandParser)
    for name, (module, summary) in commands.items():
        named.add_parser(name, help=summary).module = module
