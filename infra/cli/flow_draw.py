"""`dialtone flow draw`: pictures of phone menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to
from infra.cli.port_option import port

if TYPE_CHECKING:
    import argparse


STANDARD_OUTPUT = "-"

DEFAULT_FORMAT = "svg"

WATCH_PORT = 4590
"""Fixed, so that a page that was left open finds the next one."""

ENDINGS = {"mermaid": "mmd", "svg": "svg", "html": "html"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("drawn", nargs="*", metavar="FLOW", help="a flow's file or name (default: all of them)")
    parser.add_argument("--format", choices=tuple(ENDINGS), help=f"(default: {DEFAULT_FORMAT})")
    add_output_to(parser)
    parser.add_argument("--watch", action="store_true", help="show a page that follows what is saved, until Ctrl-C")
    parser.add_argument("--port", type=port, default=WATCH_PORT, help=f"of that page (default: {WATCH_PORT})")
    add_flows_to(parser)
    parser.set_defaults(run=later("infra.cli.flow_draw_run"))


def add_output_to(parser: argparse.ArgumentParser) -> None:
    """Add where the pictures go."""
    parser.add_argument(
        "--output",
        default=STANDARD_OUTPUT,
        metavar="PLACE",
        help="a folder, which gets one file for each flow, or a file such as menu.svg (default: -, print)",
    )
