"""`dialtone replay`: events that failed by a fault of ours are run again after the fix."""

import argparse

from infra.cli.commands import later
from infra.cli.options import add_stack


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Replay parked webhooks that failed because of a bug or a broken flow, once the fix is deployed. Nobody is "
        "dialled or spoken to: the replay completes the records of ended calls and archives their recordings."
    )
    parser.add_argument(
        "names", nargs="*", metavar="EVENT|SESSION", help="events, or sessions for all events of a call"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="everything that is parked")
    which.add_argument("--list", action="store_true", help="list parked events, and replay nothing")
    which.add_argument("--show", action="store_true", help="print the named events as JSON, and replay nothing")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.replay_run"))
