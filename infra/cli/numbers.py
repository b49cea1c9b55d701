"""`dialtone numbers`: the account's phone numbers, and where each leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.checkout import FLOWS
from infra.cli.commands import later
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_stack_to(parser)
    parser.add_argument("--flows", type=Path, default=FLOWS, help="where the flows lie (default: functions/flows)")
    parser.set_defaults(run=later("infra.cli.numbers_run"))
