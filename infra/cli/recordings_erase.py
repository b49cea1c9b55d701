"""`dialtone recordings erase`: what there is of a person's calls, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Erase calls: recordings, transcripts and metadata in the bucket with all their versions, Telnyx's copies and "
        "transcriptions, and in the table numbers, variables and what events said. A receipt without personal data "
        "stays."
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--caller", metavar="NUMBER", help="all calls from, or to, this number")
    which.add_argument("--session", action="append", metavar="ID", help="this call; may be given again")
    which.add_argument(
        "--receipts", action="store_true", help="all calls with a receipt again, once a backup of the table is restored"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would go, and erase nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_erase_run"))
