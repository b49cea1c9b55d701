"""`dialtone uninstall`: deletes a stack, and nothing silently with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Show what would be lost with a stack and what would stay, ask, take its protection off, and delete it. "
        "Tables, buckets and the archive's dead letters stay."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and delete nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.uninstall_run"))
