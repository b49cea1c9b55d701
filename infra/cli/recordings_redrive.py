"""`dialtone recordings redrive`: what was given up, or is stuck, is archived again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Put the jobs of the archive's dead-letter queue back on its queue, and queue again what has been saved for "
        "minutes and is not verified. With names: queue just those again."
    )
    parser.add_argument("names", nargs="*", metavar="RECORDING|SESSION", help="only these, whatever became of them")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.recordings_redrive_run"))
