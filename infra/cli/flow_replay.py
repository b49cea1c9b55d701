"""`dialtone flow replay`: where callers of real calls would have gone in other flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to
from infra.cli.stack_option import add_stack

if TYPE_CHECKING:
    import argparse

MOST_CALLS = 1_000
"""That one command plays: a call takes some fifty milliseconds and a few read units."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Play real calls again, on this machine: on the flows that led them, and on the flows of the project. Each"
        " caller presses the same keys at the same steps, and hangs up where they did. Nothing is sent to Telnyx."
    )
    parser.add_argument("sessions", nargs="*", metavar="SESSION", help="a call, as for `dialtone calls show`")
    parser.add_argument("--last", type=int, metavar="N", help="the newest N calls that a flow led and that are over")
    add_flows_to(parser)
    parser.add_argument(
        "--version", type=int, metavar="N", help="on this published version, not on the flows of the project"
    )
    add_stack(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=later("infra.cli.flow_replay_run"))
