"""`dialtone campaigns suppress import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Put every number of a list on the suppression list: CSV or JSON lines with a column `number`; other columns "
        "are passed over. If a row has no clear number, nothing is imported."
    )
    parser.add_argument("list", metavar="LIST", help="a file, s3://bucket/key, or - for standard input")
    parser.add_argument("--reason", required=True, help="why, as it is kept with each number")
    parser.add_argument(
        "--like",
        default="",
        metavar="NUMBER",
        help="a number in E.164: those without their country's code are read as of the same country",
    )
    parser.add_argument("--skip-invalid", action="store_true", help="import the others where rows have no clear number")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_suppress_run"), action="import")
