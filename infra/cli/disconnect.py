"""`dialtone disconnect`: puts back what was at Telnyx before the first `dialtone connect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Let the numbers ring what they rang before, and undo the application and its profile."
    add_stack_to(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be put back, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.disconnect_run"))
