"""`dialtone campaigns list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse

DEFAULT_LIMIT = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "List campaigns, the newest first, with how far each is."
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"at most so many (default: {DEFAULT_LIMIT})")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.campaigns_run"), what="list")
