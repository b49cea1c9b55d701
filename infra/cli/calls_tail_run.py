"""Runs `dialtone calls tail`."""

import argparse
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime

from control.timeline import described
from infra.cli.calls import LOOK_SECONDS
from infra.cli.calls_access import columns, listing, selection
from infra.operations import aws
from infra.operations.calls.following import Following, News
from infra.operations.calls.lanes import SHORT_ID, one_line
from infra.output.terminal import BOLD, Console, printable


def run(given: argparse.Namespace) -> int:
    """Print a line for each thing that happens, until it is interrupted, which is how it ends."""
    console, ends = Console(), time.monotonic() + given.seconds
    following = Following(listing(given), selection(given), datetime.now(UTC))
    with suppress(KeyboardInterrupt):
        _follow(following, console, ends, as_json=given.json)
    print(f"{following.count} calls were followed", file=sys.stderr)
    return 0


def _follow(following: Following, console: Console, ends: float, *, as_json: bool) -> None:
    last, crowded, looked = "", False, False
    while True:
        try:
            with aws.explained():
                news = following.look(datetime.now(UTC))
        except aws.AwsSilent as silent:
            if not looked:
                raise
            print(f"{silent}; still following", file=sys.stderr)
            news = []
        looked = True
        for each in news:
            if as_json:
                _print_json(each)
            else:
                last = _print(each, last, console)
        if following.left_out and not crowded:
            said = f"{following.left_out} more calls are open than can be followed: add --number or --flow"
            print(said, file=sys.stderr)
        crowded = bool(following.left_out)
        if (left := ends - time.monotonic()) <= 0:
            return
        time.sleep(min(LOOK_SECONDS, left))


def _print(news: News, last: str, console: Console) -> str:
    """A line, under a head where it is about another call than the line before. Returns the call."""
    session = news.call.session_id
    if session != last:
        console.line(printable(f"{session[:SHORT_ID]}  {described(news.call)}"), BOLD)
    line, colour = one_line(news.row, columns(terminal=console.out.isatty()) - 2)
    console.line(f"  {line}", colour)
    return session


def _print_json(news: News) -> None:
    call = news.call
    known = {"call_session_id": call.session_id, "flow": call.flow, "from": call.from_number, "to": call.to_number}
    print(json.dumps(known | asdict(news.row), ensure_ascii=True), flush=True)
