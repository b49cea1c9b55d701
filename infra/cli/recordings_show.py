"""`dialtone recordings show`: all that is known of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Show the ledger's entry of a recording, or those of a call, with their objects in the bucket."
    parser.add_argument("name", metavar="RECORDING|SESSION", help="a recording, by its name or Telnyx's id, or a call")
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=later("infra.cli.recordings_show_run"))
