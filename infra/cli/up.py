"""`dialtone up`: the whole line, running on this machine until it is interrupted."""

import argparse
import math

from infra.cli.commands import later
from infra.cli.console import CONSOLE_PORT
from infra.cli.options import add_agent_to, add_flows_to, port

CLOUD_PORT, CARRIER_PORT = 4566, 4580
"""Fixed, so that other programs can be configured with them."""

PHONE_PORT = 4581
"""Where telephones of this machine ring in: the page in a browser, and `dialtone call --line`."""

REAL_TIME = 1.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--cloud-port", type=port, default=CLOUD_PORT, help=f"of the AWS APIs (default: {CLOUD_PORT})")
    parser.add_argument(
        "--carrier-port", type=port, default=CARRIER_PORT, help=f"of Telnyx's (default: {CARRIER_PORT})"
    )
    parser.add_argument(
        "--phone-port",
        type=port,
        default=PHONE_PORT,
        help=f"of the phone in a browser, and of `dialtone call --line` (default: {PHONE_PORT})",
    )
    parser.add_argument(
        "--console-port", type=port, default=CONSOLE_PORT, help=f"of the console (default: {CONSOLE_PORT})"
    )
    parser.add_argument("--pace", type=_pace, default=REAL_TIME, help="seconds of a call per second (default: 1)")
    add_agent_to(parser)
    add_flows_to(parser)
    parser.set_defaults(run=later("infra.cli.up_run"))


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = 0.0
    if not 0 < pace < math.inf:
        raise argparse.ArgumentTypeError(f"{text}: give a number above 0: 1 is real time, 10 is ten times as fast")
    return pace
