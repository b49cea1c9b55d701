"""`dialtone campaigns suppress list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Show which numbers no campaign dials, why, and who put them there."
    parser.add_argument("number", nargs="?", default="", metavar="NUMBER", help="only this one, in E.164")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="list")
