"""`dialtone rollback-code`: back to the version before, without building anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Let the webhook function's version before take webhooks again; menus that were published stay. A deployment "
        "that is going on is stopped instead. Nothing else of the stack changes."
    )
    add_stack_to(parser)
    parser.add_argument("--undo", action="store_true", help="go forth again, to the version that was deployed last")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask; for scripts")
    parser.set_defaults(run=later("infra.cli.rollback_code_run"))
