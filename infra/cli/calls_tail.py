"""`dialtone calls tail`: calls as they happen."""

from __future__ import annotations

import argparse

from infra.cli.calls_options import add_selection
from infra.cli.commands import later
from infra.cli.stack_option import add_stack

LOOK_SECONDS = 2.0
FOREVER = float("inf")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        f"Follow calls as they happen, some dozens at once, until Ctrl-C. Looks every {LOOK_SECONDS:.0f} s:"
        " some 7 read units for each call on the line, two cents an hour for ten calls."
    )
    add_selection(parser)
    add_stack(parser)
    parser.add_argument("--for", type=_seconds, default=FOREVER, dest="seconds", metavar="SECONDS", help="and end then")
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=later("infra.cli.calls_tail_run"))


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds > 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return seconds
