"""`dialtone publish`, `versions` and `rollback`: their arguments."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_flows_to, add_stack

PERCENTS = range(1, 100)


def publish(parser: argparse.ArgumentParser) -> None:
    """`dialtone publish`: the flows as they are now take new calls, without a deployment."""
    parser.description = (
        "Check the flows, play their conversations, show what callers will notice, and publish them for new calls "
        "within seconds. Calls in progress keep their version."
    )
    add_flows_to(parser)
    parser.add_argument("-m", "--message", default="", help="a description, for `dialtone versions`")
    parser.add_argument(
        "--percent", type=_percent, default=100, metavar="N", help="try it on N %% of new calls, by caller"
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


def versions(parser: argparse.ArgumentParser) -> None:
    """`dialtone versions`: the published versions of the flows, which of them takes calls, and who changed that."""
    parser.description = "List the published flow versions, newest first, and which is live."
    parser.add_argument("--changes", action="store_true", help="list publications and rollbacks, with time and author")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.versions_run"))


def rollback(parser: argparse.ArgumentParser) -> None:
    """`dialtone rollback`: an earlier version of the flows takes new calls again."""
    parser.description = (
        "Go back to an earlier flow version for new calls, within seconds. During a trial, this ends the trial. "
        "Calls in progress keep their version."
    )
    parser.add_argument(
        "--to",
        type=int,
        metavar="VERSION",
        help="the version, 0 for the flows deployed with the code (default: the previous one)",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.rollback_run"))
