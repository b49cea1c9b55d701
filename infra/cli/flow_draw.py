"""`dialtone flow draw`: pictures of phone menus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flows_option import add_flows_to

if TYPE_CHECKING:
    import argparse


STANDARD_OUTPUT = "-"

ENDINGS = {"mermaid": "mmd", "svg": "svg", "html": "html"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("drawn", nargs="*", metavar="FLOW", help="a flow's file or name (default: all of them)")
    parser.add_argument("--format", choices=tuple(ENDINGS), default="svg", help="(default: svg)")
    add_output_to(parser)
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
