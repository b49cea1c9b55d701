"""`dialtone calls show`: what happened on a call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Show what happened on a call: what its caller did and heard, what Telnyx reported, which commands were sent, "
        "its recordings and what it cost. Keys are shown as they are stored: asterisks, unless the flow keeps them."
    )
    parser.add_argument(
        "call", metavar="CALL", help="its session, a leg, the beginning of either, or a call-control id"
    )
    add_stack(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print it as JSON")
    form.add_argument("--html", type=Path, metavar="FILE", help="write it as a page of its own, with the lanes drawn")
    parser.set_defaults(run=later("infra.cli.calls_show_run"))
