"""Runs `dialtone calls list`."""

import argparse
import json
import sys
from datetime import UTC, datetime

from control.call_filters import ago_or_moment, kept, moment
from control.listing import Page
from control.timeline import leg_json
from dialtone.domain.errors import DialtoneError
from infra.cli.calls import MOST_LIMIT, MOST_READ
from infra.cli.calls_access import columns, listing, selection
from infra.operations import aws
from infra.operations.calls.lanes import list_lines
from infra.operations.calls.spreadsheet import as_csv
from infra.output.terminal import Console


def run(given: argparse.Namespace) -> int:
    """Print a line for each call, and how to go on."""
    if not 1 <= given.limit <= MOST_LIMIT:
        raise DialtoneError(f"--limit {given.limit} is not possible: give a number from 1 to {MOST_LIMIT:,}")
    now = datetime.now(UTC)
    begin = ago_or_moment(given.since, now) if given.since else datetime.min.replace(tzinfo=UTC)
    end = moment(given.until, end=True).astimezone(UTC) if given.until else datetime.max.replace(tzinfo=UTC)
    since, until = kept(begin, end, now)
    with aws.explained():
        page = listing(given).page(selection(given, given.outcome), since, until, given.limit, MOST_READ)
    if given.csv:
        sys.stdout.write(as_csv(leg_json(call) for call in page.calls))
    else:
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
