"""Runs `dialtone logs`."""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from control.call_filters import ago_or_moment, began, moment
from control.listing import Listing
from dialtone.domain.errors import DialtoneError
from infra.cli.calls_access import columns
from infra.operations import aws
from infra.operations.calls.lanes import wrap
from infra.operations.logs.insights import Found, Insights
from infra.operations.logs.lines import Wanted, lines
from infra.operations.logs.queries import CALL, ERRORS, FUNNEL, SLOW, Query, of_alarm, saved
from infra.operations.stack_outputs import Deployed, deployed, region_of
from infra.output.terminal import BOLD, Console, can_draw, printable

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

DEFAULT_HOURS = 3
AROUND_A_CALL = timedelta(minutes=10)
"""Before its first event, and after its last: recordings are archived and sweeps look meanwhile."""
AFTER_A_CALL = timedelta(hours=1)

MOST_LINES = 1_000
GAP = "  "


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be looked for."""

    queries: tuple[Query, ...]
    wanted: Wanted
    since: datetime
    until: datetime


def run(given: argparse.Namespace) -> int:
    """Print what was found; 0 for nothing, too."""
    region = region_of(given.stack, given.region)
    stack = deployed(given.stack, region)
    with aws.explained():
        asked = _asked(given, stack)
        groups = _log_groups(stack, asked.queries)
        logs = aws.client("logs", stack.region)
        if given.lines or os.environ.get("AWS_ENDPOINT_URL"):
            return _print_lines(given, asked, logs, groups)
        insights = Insights(logs, _progress)
        for query in asked.queries:
            names = [groups[each] for each in query.log_groups]
            found = insights.run(query.text, names, asked.since, asked.until)
            _progress("")
            _print_found(query, found, as_json=given.json, several=len(asked.queries) > 1)
    return 0


def _asked(given: argparse.Namespace, stack: Deployed) -> _Asked:
    now = datetime.now(UTC)
    until = moment(given.until, end=True).astimezone(UTC) if given.until else now
    since = ago_or_moment(given.since, now) if given.since else until - timedelta(hours=DEFAULT_HOURS)
    if given.call:
        session, first, last = _call(given.call, stack, now)
        since, until = (since if given.since else first), (until if given.until else last)
        return _Asked((saved(CALL, session),), Wanted(call=session), since, until)
    if since >= until:
        raise DialtoneError(
            f"--since {since:%Y-%m-%dT%H:%M} is not before --to {until:%Y-%m-%dT%H:%M}: give an earlier --since"
        )
    if given.alarm:
        if given.lines:
            raise DialtoneError("a runbook's queries count and sort, which --lines cannot: leave it out")
        return _Asked(tuple(of_alarm(given.alarm)), Wanted(), since, until)
    if given.flow:
        return _Asked((saved(FUNNEL, given.flow),), Wanted(flow=given.flow), since, until)
    name = ERRORS if given.errors else SLOW
    return _Asked((saved(name),), Wanted(errors=given.errors, slow=given.slow), since, until)


def _call(named: str, stack: Deployed, now: datetime) -> tuple[str, datetime, datetime]:
    """The session that is meant, and when to look: as long as the call lasted, and what comes after it."""
    calls = Listing(aws.client("dynamodb", stack.region), stack.output("CallsTableName"))
    try:
        session = calls.find(named, now)
    except DialtoneError:
        if not UUID.fullmatch(named):
            raise
        return named, now - timedelta(hours=DEFAULT_HOURS), now  # it may be in the log though the table never had it
    legs = [leg for leg in calls.store.legs(session) if leg.initiated_at or leg.answered_at or leg.ended_at]
    first = min(map(began, legs), default=now - timedelta(hours=DEFAULT_HOURS))
    last = max((datetime.fromisoformat(leg.ended_at) if leg.ended_at else now for leg in legs), default=now)
    return session, first - AROUND_A_CALL, min(last + AFTER_A_CALL, now)


def _log_groups(stack: Deployed, queries: Sequence[Query]) -> Mapping[str, str]:
    """The log groups that are read, by their names in the template."""
    pages = (
        aws.client("cloudformation", stack.region).get_paginator("list_stack_resources").paginate(StackName=stack.name)
    )
    made = {
        each["LogicalResourceId"]: each.get("PhysicalResourceId", "")
        for page in pages
        for each in page["StackResourceSummaries"]
    }
    wanted = {group for query in queries for group in query.log_groups}
    if missing := sorted(group for group in wanted if not made.get(group)):
        raise DialtoneError(f"the stack {stack.name} has no {', '.join(missing)}: deploy this version of it")
    return {group: made[group] for group in wanted}


def _print_lines(given: argparse.Namespace, asked: _Asked, logs: object, groups: Mapping[str, str]) -> int:
    if given.alarm:
        raise DialtoneError("the local stack has no Logs Insights, which a runbook's queries need: run this on AWS")
    if not given.lines:
        print("the local stack has no Logs Insights: these are the log lines", file=sys.stderr)
    found = lines(logs, sorted(groups.values()), asked.wanted, asked.since, asked.until)
    shown = list(islice(found, MOST_LINES + 1))
    for line in shown[:MOST_LINES]:
        print(line.text if given.json else printable(str(line)))
    if len(shown) > MOST_LINES:
        print(f"the first {MOST_LINES:,} lines: add a later --since for the following ones", file=sys.stderr)
    if not shown:
        print("no such lines", file=sys.stderr)
    return 0


def _print_found(query: Query, found: Found, *, as_json: bool, several: bool) -> None:
    if as_json:
        for row in found.rows:
            print(json.dumps(row, ensure_ascii=True))
    else:
        console = Console()
        if several:
            console.line(f"{' '.join(query.services)}: {query.text.strip().splitlines()[0]}", BOLD)
        for line in table(found.rows, columns(terminal=sys.stdout.isatty())):
            console.line(line)
    count = f"{len(found.rows)} rows" if found.rows else "nothing found"
    read = f"{found.records_scanned:,.0f} lines, {found.bytes_scanned / 1e6:,.1f} MB read"
    print(f"{count}; {read}, ${found.dollars:.6f}", file=sys.stderr)


def table(rows: Sequence[Mapping[str, str]], width: int) -> list[str]:
    """The rows in columns, or each as its values by name where the columns would be wider than the terminal."""
    if not rows:
        return []
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [names, *([printable(row.get(name, "")) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if sum(widths) + len(GAP) * (len(widths) - 1) <= width:
        return [GAP.join(f"{each:{room}}" for each, room in zip(row, widths, strict=True)).rstrip() for row in cells]
    shown = []
    for row in rows:
        said = GAP.join(f"{name}={value}" for name, value in row.items() if value)
        first, *more = wrap(said, max(20, width - 2)) or [""]
        shown += [first, *(f"  {line}" for line in more)]
    return shown


def _progress(said: str) -> None:
    """One line that is written over, on a terminal only."""
    if can_draw(sys.stderr, os.environ):
        print(f"\r\x1b[K{said}", end="", file=sys.stderr, flush=True)
