"""`dialtone rollback`: an earlier version of the menus takes new calls again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Let an earlier version of the menus take new calls again, within seconds. While a version is tried, this ends "
        "the trial. Calls in progress end on the version that they began with."
    )
    parser.add_argument(
        "--to",
        type=int,
        metavar="VERSION",
        help="this version, 0 for the flows deployed with the code (default: the one before)",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.rollback_run"))
