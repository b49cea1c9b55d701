"""`dialtone calls list`: the calls that there were, the newest first."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dialtone.adapters.calls_table import KEEP_DAYS
from dialtone.domain.errors import DialtoneError
from infra import aws
from infra.calls.lanes import list_lines
from infra.calls.selection import ago_or_moment
from infra.calls.story import leg_json
from infra.cli.calls_options import add_selection, columns, listing, selection
from infra.cli.recordings_options import add_stack
from infra.console import Console
from infra.custody.selection import moment

if TYPE_CHECKING:
    import argparse

    from infra.calls.listing import Page

DEFAULT_LIMIT, MOST_LIMIT = 50, 1_000
MOST_READ = 10_000
"""Calls that one command looks at: 5,000 read units and the keys, less than a tenth of a cent."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        f"List calls by when they began, the newest first. They are kept {KEEP_DAYS} days. One command looks at"
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
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Print a line for each call, and how to go on."""
    if not 1 <= given.limit <= MOST_LIMIT:
        raise DialtoneError(f"--limit {given.limit} is not possible: say a number from 1 to {MOST_LIMIT:,}")
    now = datetime.now(UTC)
    since = ago_or_moment(given.since, now) if given.since else now - timedelta(days=KEEP_DAYS)
    # A clock of Telnyx's, or of a line that runs faster than time, may be ahead of ours.
    until = moment(given.until, end=True).astimezone(UTC) if given.until else now + timedelta(days=1)
    with aws.explained():
        page = listing(given).page(selection(given, given.outcome), since, until, given.limit, MOST_READ)
    _show(page, as_json=given.json)
    if page.until:
        print(_how_to_go_on(page, given.limit), file=sys.stderr)
    elif not page.calls:
        print("no such calls", file=sys.stderr)
    return 0


def _show(page: Page, *, as_json: bool) -> None:
    if as_json:
        for call in page.calls:
            print(json.dumps(leg_json(call), ensure_ascii=True))
    elif page.calls:
        console = Console()
        for line, colour in list_lines(list(page.calls), columns(terminal=sys.stdout.isatty())):
            console.line(line, colour)


def _how_to_go_on(page: Page, limit: int) -> str:
    until = page.until.isoformat().replace("+00:00", "Z") if page.until else ""
    why = (
        "there may be more" if len(page.calls) >= limit else f"stopped after {page.read:,} calls, older ones may match"
    )
    return f"{why}: go on with --to {until}"
