"""`dialtone after-restore`: gives a restored calls table back what a restore leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Show what a restored calls table lacks (expiry of items, point-in-time recovery, deletion protection, its "
        "stream and the functions that read it), ask, and give it back. Where it lacks nothing, nothing is done: "
        "interrupted, it is run again."
    )
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show it, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.after_restore_run"))
