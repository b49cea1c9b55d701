"""`dialtone campaigns pause`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Let a campaign dial nobody more, within two seconds. Calls that are under way go on."
    parser.add_argument("campaign", metavar="ID", help="as `dialtone campaigns list` shows it")
    parser.add_argument("--reason", default="", help="a note for the next operator")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="pause")
