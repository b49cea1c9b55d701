"""`dialtone recordings verify`: whether the bucket still holds what the ledger says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.recordings_selection import add_selection
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Read each recording's audio, transcript and metadata in the bucket again, hash it, and hold it to the ledger. "
        "The exit status is 1 if anything differs."
    )
    add_selection(parser)
    add_stack(parser)
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep the place in this file; if it is there already, go on from that place",
    )
    parser.set_defaults(run=later("infra.cli.recordings_verify_run"))
