"""`dialtone flow diff`: what a change does to callers, in words and in a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cli.commands import later
from infra.cli.flow_draw import add_output_to
from infra.cli.flows_option import add_flows_to

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("old", metavar="OLD", help="a file, a file at a git revision (menu.yaml@HEAD~1), or a revision")
    parser.add_argument("new", metavar="NEW", nargs="?", default="", help="likewise; without it, the files as they lie")
    parser.add_argument("--format", choices=("text", "mermaid", "svg", "html"), default="text", help="(default: text)")
    add_output_to(parser)
    add_flows_to(parser)
    parser.add_argument("--exit-code", action="store_true", help="exit with 1 where there are differences")
    parser.set_defaults(run=later("infra.cli.flow_diff_run"))
