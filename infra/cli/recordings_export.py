"""`dialtone recordings export`: recordings in a folder that anybody can check without us."""

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
        "Copy audio, metadata and transcripts into a folder, with a manifest and their hashes, which "
        "`sha256sum -c SHA256SUMS` checks. Interrupted, the same command goes on."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FOLDER", help="empty, not there yet, or begun before"
    )
    add_selection(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_export_run"))
