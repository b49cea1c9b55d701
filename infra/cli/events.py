"""`dialtone events`: what is sent to the event bus. The arguments of its command."""

import argparse

from infra.cli.commands import add_commands, later
from infra.cli.options import add_stack


def _resend(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Resend the events named in the dead-letter queue; with sessions, or --since, all events of those calls. "
        "They keep their ids, so that consumers can ignore duplicates."
    )
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="only these calls")
    parser.add_argument(
        "--since", default="", metavar="AGO", help="calls begun within this time: 2h, 3d; or since a TIME"
    )
    parser.add_argument("--until", default="", metavar="TIME", help="with --since: calls begun before")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.events_resend_run"))


ACTIONS = {"resend": (_resend, "resend events that could not be sent, or all of a period")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
