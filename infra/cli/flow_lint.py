"""`dialtone flow lint`: what is wrong with phone menus, where, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.commands import later

if TYPE_CHECKING:
    import argparse

FORMATS = ("text", "json", "github", "sarif")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="folders of flows, or flows (default: the nearest project)",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to tell it (default: text)")
    parser.add_argument("--strict", action="store_true", help="let warnings count as errors")
    parser.add_argument("--rules", action="store_true", help="list the rules, and look at no flow")
    parser.add_argument("--explain", metavar="RULE", help="show a rule's page, and look at no flow")
    parser.set_defaults(run=later("infra.cli.flow_lint_run"))
