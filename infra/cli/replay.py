"""`dialtone replay`: events that failed by a fault of ours are run again after the fix."""

import argparse

from infra.cli.commands import later
from infra.cli.stack_option import add_stack


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Run events again that failed by a fault of ours, such as an error in a flow, once that is fixed and deployed. "
        "Nobody is rung, spoken to or asked anything: calls that are over get their record, and recordings are kept."
    )
    parser.add_argument("names", nargs="*", metavar="EVENT|SESSION", help="these events, or all of these calls")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="everything that is parked")
    which.add_argument("--list", action="store_true", help="show what is parked, and run nothing")
    which.add_argument("--show", action="store_true", help="print the named events as JSON, and run nothing")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.replay_run"))
