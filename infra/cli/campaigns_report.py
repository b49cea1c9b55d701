"""`dialtone campaigns report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Say what came of a campaign. --csv has a row for each recipient who was looked at, with what the list gave;"
        " what would be a formula in a spreadsheet is defused."
    )
    parser.add_argument("campaign", metavar="ID", help="as `dialtone campaigns list` shows it")
    parser.add_argument("--csv", default="", metavar="FILE", help="write the results there; - for standard output")
    parser.add_argument("--svg", default="", metavar="FILE", help="draw the report there")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="report")
