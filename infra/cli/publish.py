"""`dialtone publish`: the menus as they are now take new calls, without a deployment."""

from __future__ import annotations

import argparse

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to
from infra.cli.stack_option import add_stack

PERCENTS = range(1, 100)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Check the menus, play their conversations, show what callers will notice, and let them take new calls within "
        "seconds. Calls in progress end on the version that they began with."
    )
    add_flows_to(parser)
    parser.add_argument("-m", "--message", default="", help="what this version is about, for `dialtone versions`")
    parser.add_argument(
        "--percent", type=_percent, default=100, metavar="N", help="try it on N %% of the new calls, by caller"
    )
    parser.add_argument(
        "--number", action="append", default=[], metavar="NUMBER", help="only on calls to this number (repeatable)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.publish_run"))


def _percent(text: str) -> int:
    if not text.isdecimal() or int(text) not in PERCENTS:
        raise argparse.ArgumentTypeError("must be from 1 to 99; without it every new call is taken")
    return int(text)
