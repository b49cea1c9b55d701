"""`dialtone recordings hold` and `release`: what may not be deleted, until somebody says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    on = parser.prog.split()[-1] == "hold"
    parser.description = (
        "Put recordings under legal hold: no erasure and no retention deletes them until they are released."
        if on
        else "Release recordings from their legal hold: they may be erased, and expire."
    )
    parser.add_argument("names", nargs="+", metavar="RECORDING|SESSION", help="a recording, or all of a call's")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_hold_run"), on=on)
