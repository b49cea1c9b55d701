"""`dialtone campaigns show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse

LOOK_SECONDS = 2.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Show how a campaign stands: counts, rate, time left, and the last calls that failed."
    parser.add_argument("campaign", metavar="ID", help="as `dialtone campaigns list` shows it")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--watch", action="store_true", help=f"look every {LOOK_SECONDS:.0f} s until it is over, or Ctrl-C"
    )
    form.add_argument("--json", action="store_true", help="as JSON")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="show")
