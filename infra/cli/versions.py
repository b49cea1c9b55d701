"""`dialtone versions`: the published versions of the menus, which of them takes calls, and who changed that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "List the published versions of the menus, the newest first, and which takes new calls."
    parser.add_argument("--changes", action="store_true", help="list who published and went back, and when")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.versions_run"))
