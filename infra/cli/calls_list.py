"""`dialtone calls list`: the calls that there were, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.calls_options import add_selection
from infra.cli.commands import later
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse


DEFAULT_LIMIT, MOST_LIMIT = 50, 1_000
MOST_READ = 10_000
"""Calls that one command looks at: 5,000 read units and the keys, less than a tenth of a cent."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "List calls by when they began, the newest first, as long as the table keeps them. One command looks at"
        f" {MOST_READ:,} at most, and says how to go on."
    )
    add_selection(parser)
    parser.add_argument(
        "--outcome", default="", help="that ended so: completed, hung-up, busy, failed, …; or answered, …"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument(
        "--since", default="", metavar="AGO", help="begun so long ago at most: 15m, 2h, 3d (default: all)"
    )
    when.add_argument("--from", default="", dest="since", metavar="TIME", help="begun then or later: 2026-11-30T14:00")
    parser.add_argument("--to", default="", dest="until", metavar="TIME", help="begun before then; a day to its end")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"of a page (default: {DEFAULT_LIMIT})")
    add_stack(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON object a line")
    form.add_argument("--csv", action="store_true", help="print a table for spreadsheets")
    parser.set_defaults(run=later("infra.cli.calls_list_run"))
