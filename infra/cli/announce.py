"""`dialtone announce`: let a flow talk to everybody on a list."""

import argparse
import re

from dialtone.domain.campaigns.campaign import GREETING_END, PREMIUM, RetryRule, Window, WindowInvalid
from dialtone.domain.campaigns.estimate_assumptions import CALL_SECONDS, TELNYX_MINUTE_DOLLARS
from dialtone.domain.campaigns.outcomes_and_redials import OUTCOMES
from infra.cli.commands import later
from infra.cli.options import add_flows_to, add_stack

_PRICE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:/\s*(s|min|h))?")
_PER = {None: 1.0, "s": 1.0, "min": 60.0, "h": 3_600.0}
_DURATION = re.compile(r"([0-9]+)\s*(s|m|h|d)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_RETRY = re.compile(r"([a-z_]+)=([0-9]{1,2})@([0-9]+[smhd])")

MOST_RATE = 30.0
"""Dials a second that Telnyx takes of an account, as a sum over five seconds."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Dial everybody on a list with a flow: within calling hours in the recipient's time, at an even rate, "
        "nobody twice, and nobody on the suppression list. The list is checked first; if the check fails, nobody "
        "is dialled."
    )
    parser.add_argument("--to", required=True, metavar="LIST", help="CSV or JSON lines: a file, s3://bucket/key, or -")
    parser.add_argument("--flow", required=True, help="the flow; the list's columns are its inputs")
    parser.add_argument("--from", dest="caller", required=True, help="the caller ID, one of your numbers at Telnyx")
    parser.add_argument(
        "--consent",
        required=True,
        metavar="WHY",
        help="why these people may be called; stored with the campaign",
    )
    parser.add_argument("--at", default="", metavar="TIME", help="when to begin: 2026-11-30T17:00+01:00 (default: now)")
    parser.add_argument("--rate", type=_rate, default=1.0, help="dials a second, 5/s, or 90/min (default: 1/s)")
    parser.add_argument(
        "--max-in-flight", type=_count, default=100, metavar="CALLS", help="simultaneous calls (default: 100)"
    )
    parser.add_argument(
        "--window", type=_window, default=Window(), help="calling hours, in the recipient's time (default: 09:00-20:00)"
    )
    parser.add_argument(
        "--weekly-limit",
        type=_count,
        default=3,
        metavar="CALLS",
        help="maximum calls to one number in seven days, over all campaigns",
    )
    parser.add_argument(
        "--retry",
        action="append",
        type=_retry,
        default=[],
        metavar="OUTCOME=TIMES@PAUSE",
        help="dial again, such as busy=2@10m or no_answer=1@2h; may be given again",
    )
    parser.add_argument(
        "--last-round", type=_seconds, default=0, metavar="PAUSE", help="one last round after this pause, such as 4h"
    )
    parser.add_argument(
        "--detection",
        choices=(GREETING_END, PREMIUM),
        default=GREETING_END,
        help=f"of machines: {GREETING_END} takes a fax for a machine, or for a person; {PREMIUM} reports it, and costs "
        f"more (default: {GREETING_END})",
    )
    parser.add_argument(
        "--name", default="", help="the campaign's name; the same list may be dialled again under another name"
    )
    parser.add_argument("--ignore", action="append", default=[], metavar="COLUMN", help="a column to ignore")
    parser.add_argument("--skip-invalid", action="store_true", help="dial the remaining rows if some are refused")
    parser.add_argument("--refused", metavar="FILE", default="", help="write every refused row there, as JSON lines")
    parser.add_argument("--dry-run", action="store_true", help="check the list and show the estimate; dial nobody")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")
    parser.add_argument(
        "--call-seconds",
        type=_count,
        default=CALL_SECONDS,
        help=f"of a call, for the estimate (default: {CALL_SECONDS})",
    )
    parser.add_argument(
        "--minute-price",
        type=_dollars,
        default=TELNYX_MINUTE_DOLLARS,
        metavar="DOLLARS",
        help=f"of Telnyx, for the estimate (default: {TELNYX_MINUTE_DOLLARS}, as in the USA)",
    )
    parser.add_argument(
        "--detection-price",
        type=_dollars,
        default=0.0,
        metavar="DOLLARS",
        help="Telnyx's price of machine detection per call, for the estimate (default: 0, not estimated)",
    )
    add_flows_to(parser)
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.announce_run"))


def _rate(text: str) -> float:
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) / _PER[found[2]] if found else 0.0
    if not 0 < rate <= MOST_RATE:
        raise argparse.ArgumentTypeError(
            f"{text}: give a rate such as 5/s, 90/min or 600/h; Telnyx accepts up to {MOST_RATE:.0f} a second"
        )
    return rate


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 10_000:  # noqa: PLR2004 -- said in the message
        raise argparse.ArgumentTypeError(f"{text}: give a number from 1 to 10,000")
    return int(text)


def _dollars(text: str) -> float:
    if not _PRICE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text}: give dollars such as 0.007")
    return float(text)


def _window(text: str) -> Window:
    try:
        return Window.read(text)
    except WindowInvalid as invalid:
        raise argparse.ArgumentTypeError(str(invalid)) from None


def _seconds(text: str) -> int:
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: give a pause such as 10m, 2h or 1d")
    return int(found[1]) * _SECONDS[found[2]]


def _retry(text: str) -> RetryRule:
    found = _RETRY.fullmatch(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: give outcome, times and pause, such as busy=2@10m")
    if found[1] not in OUTCOMES:
        raise argparse.ArgumentTypeError(f"{found[1]} is not an outcome: {', '.join(OUTCOMES)}")
    return RetryRule(found[1], int(found[2]), _seconds(found[3]))
