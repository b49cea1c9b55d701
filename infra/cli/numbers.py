"""`dialtone numbers`: the account's phone numbers, and where each leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to
from infra.cli.stack_option import add_stack_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_stack_to(parser)
    add_flows_to(parser)
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.set_defaults(run=later("infra.cli.numbers_run"))
