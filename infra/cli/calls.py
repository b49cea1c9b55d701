"""`dialtone calls`: the calls that there were, and those that go on. The arguments of its commands."""

import argparse
from pathlib import Path

from infra.cli.commands import add_commands, later
from infra.cli.options import add_stack

DEFAULT_LIMIT, MOST_LIMIT = 50, 1_000

MOST_READ = 10_000
"""Calls that one command looks at: 5,000 read units and the keys, less than a tenth of a cent."""

LOOK_SECONDS = 2.0
FOREVER = float("inf")


def _list(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "List calls, newest first, for as long as the table keeps them. One command reads"
        f" {MOST_READ:,} at most, and says how to continue."
    )
    _add_selection(parser)
    parser.add_argument(
        "--outcome", default="", help="with this outcome: completed, hung-up, busy, failed, …; or a status: answered, …"
    )
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--since", default="", metavar="AGO", help="begun within this time: 15m, 2h, 3d (default: all)")
    when.add_argument("--from", default="", dest="since", metavar="TIME", help="begun at or after: 2026-11-30T14:00")
    parser.add_argument("--to", default="", dest="until", metavar="TIME", help="begun before; a day includes all of it")
    parser.add_argument("--limit", type=int, default=DEFAULT_LIMIT, help=f"calls per page (default: {DEFAULT_LIMIT})")
    add_stack(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON object per line")
    form.add_argument("--csv", action="store_true", help="print CSV for spreadsheets")
    parser.set_defaults(run=later("infra.cli.calls_list_run"))


def _show(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Show a call's timeline: what the caller did and heard, Telnyx's events, the commands sent, recordings and "
        "cost. Digits are shown as stored: asterisks, unless the flow keeps them."
    )
    parser.add_argument("call", metavar="CALL", help="session id, leg id, the beginning of either, or call-control id")
    add_stack(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print it as JSON")
    form.add_argument("--html", type=Path, metavar="FILE", help="write it as an HTML page, with the lanes drawn")
    parser.set_defaults(run=later("infra.cli.calls_show_run"))


def _tail(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        f"Follow calls as they happen, up to a few dozen at once, until Ctrl-C. Polls every {LOOK_SECONDS:.0f} s: "
        f"about 7 read units per open call, two cents an hour for ten calls."
    )
    _add_selection(parser)
    add_stack(parser)
    parser.add_argument(
        "--for", type=_seconds, default=FOREVER, dest="seconds", metavar="SECONDS", help="stop after this time"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    parser.set_defaults(run=later("infra.cli.calls_tail_run"))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"{text}: give a number of seconds above 0, such as 600")
    return seconds


def _add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which calls are meant."""
    parser.add_argument("--number", default="", metavar="NUMBER", help="from or to this number")
    parser.add_argument("--flow", default="", help="handled by this flow")


ACTIONS = {
    "list": (_list, "list calls by number, time, flow or outcome, newest first"),
    "show": (_show, "show a call's timeline in lanes of caller, Telnyx and Dialtone"),
    "tail": (_tail, "follow calls as they happen, until Ctrl-C"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
