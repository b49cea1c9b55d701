"""`dialtone recordings list`: what the ledger has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.recordings_selection import add_selection
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "List recordings, the oldest first. The whole table is read: it has no order by time."
    add_selection(parser)
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line, under the metadata's names")
    parser.set_defaults(run=later("infra.cli.recordings_list_run"))
