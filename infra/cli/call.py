"""`dialtone call`: a telephone in the terminal, on the stack that runs on this machine."""

import argparse
from datetime import datetime
from pathlib import Path

from dialtone.domain.errors import DialtoneError
from infra.cli.commands import later
from infra.cli.options import add_agent_to, add_flows_to, port
from infra.cli.up import PHONE_PORT
from infra.phone.key_help import KEYS
from infra.phone.moment import moment

CALLER = "+15550142"
"""Who calls unless --as says otherwise: the caller of conversations."""

FASTEST = 1_000
"""Times as fast as life; beyond it the machine is what takes the time."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = "Call a number of a stack on this machine, and hear what a caller hears."
    parser.epilog = f"keys:\n{KEYS}\n\nFlows are read again when they are saved: edit, press r, hear it."
    parser.add_argument("number", nargs="?", help="the number to call, e.g. +15550100, or a flow's name")
    parser.add_argument("--as", dest="caller", help=f"the caller's number, or withheld (default: {CALLER})")
    add_flows_to(parser)
    parser.add_argument("--speed", type=_speed, help="playing speed; 2 is twice as fast (default: 1)")
    parser.add_argument(
        "--at",
        type=_moment,
        metavar="TIME",
        help="time of the call in UTC, such as 2026-12-24T10:00 (default: now, or as in the script)",
    )
    parser.add_argument("--script", type=Path, metavar="FILE", help="play a conversation, such as main-menu.test.yaml")
    parser.add_argument(
        "--named", default="", metavar="NAME", help="which conversation of the file (default: the first)"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="append this call as a conversation to a file")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy recordings and transcripts to this folder")
    parser.add_argument(
        "--audio", action="store_true", help="speak aloud, if a speech program such as espeak-ng is installed"
    )
    add_agent_to(parser)
    parser.add_argument(
        "--line", action="store_true", help="call the line that `dialtone up` runs, instead of starting one"
    )
    parser.add_argument(
        "--phone-port",
        type=port,
        metavar="PORT",
        help=f"of that line, as `up` shows it (default: {PHONE_PORT})",
    )
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    """A line that is up needs nothing of what starts one."""
    rings_in = given.line or given.phone_port is not None
    return later("infra.cli.call_line_run" if rings_in else "infra.cli.call_run")(given)


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except DialtoneError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"{text}: give a factor above 0, up to {FASTEST}")
    return speed
