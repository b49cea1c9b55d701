"""`dialtone events`: what is sent to the event bus. The arguments of its command."""

import argparse

from infra.cli.commands import add_commands, later
from infra.cli.stack_option import add_stack


def _resend(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Send again what could not be sent: what the dead-letter queue of events names. With sessions, or --since: all "
        "events of those calls. They go out under the ids that they had, so that consumers pass over what they have."
    )
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="only these calls")
    parser.add_argument("--since", default="", metavar="AGO", help="calls begun so long ago at most: 2h, 3d; or a TIME")
    parser.add_argument("--until", default="", metavar="TIME", help="with --since: begun before then")
    add_stack(parser)
    parser.set_defaults(run=later("infra.cli.events_resend_run"))


ACTIONS = {"resend": (_resend, "send events again: those that could not be sent, or all of a time")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    add_commands(parser, "action", ACTIONS)
